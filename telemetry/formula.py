"""Formulas of derived points: arithmetic over named inputs and a handful of functions, nothing else."""

from __future__ import annotations

import ast
import operator
import threading
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

# CPython 3.11 counts the depth of all threads' parsing together, and raises SystemError where two parse at once.
_PARSING = threading.Lock()
_OF_ONE: Mapping[str, Callable[..., Any]] = {"abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log}
_OF_SEVERAL: Mapping[str, Callable[..., Any]] = {"min": np.minimum, "max": np.maximum}
_OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS = frozenset({*_OF_ONE, *_OF_SEVERAL})
_ALLOWED = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Pow,
    ast.USub,
    ast.Name,
    ast.Load,
    ast.Call,
    ast.Constant,
    ast.Compare,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
)
LONGEST = 500  # characters
LARGEST = 1e300  # of a number that is written down


def names_in(formula: str) -> frozenset[str]:
    """Return the inputs that a formula uses; raises ContractError where it is not a formula.

    >>> sorted(names_in("4.0989 / 3.6 * flow * (t_out - t_in)"))
    ['flow', 't_in', 't_out']
    """
    return _names(_parsed(formula))


def evaluate(formula: str, inputs: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """Return the value of a formula over columns (n,) of its inputs.

    Where an input is NaN, and where arithmetic has no answer (a division by zero, the logarithm of a negative number, a
    figure beyond what a float holds), there is no value: NaN, never an exception. A comparison is 1 or 0.
    Raises ContractError where it is not a formula, or where an input is missing.

    >>> evaluate("heat / energy", {"heat": [9.0, 1.0], "energy": [3.0, 0.0]}).tolist()
    [3.0, nan]
    """
    tree = _parsed(formula)
    names = _names(tree)
    if missing := sorted(names.difference(inputs)):
        raise ContractError(f"formula without a value of `{missing[0]}`", cure="give every input a column")
    columns = {name: np.asarray(inputs[name], np.float64) for name in names}
    with np.errstate(all="ignore"):
        value = np.asarray(_value(tree.body, columns), np.float64)
    # Also where arithmetic would forget that an input is missing: NaN ** 0 is 1.
    known = reduce(np.logical_and, map(np.isfinite, columns.values()), np.isfinite(value))
    return np.where(known, value, np.nan)


def _parsed(formula: str) -> ast.Expression:
    """Parse a formula; raises ContractError for anything that is not arithmetic."""
    if len(formula) > LONGEST:
        raise ContractError(f"formula of {len(formula)} characters", cure=f"at most {LONGEST}")
    try:
        with _PARSING:
            tree = ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        cause = getattr(error, "msg", "cannot be read")
        raise ContractError(f"not a formula: {cause}", cure="write arithmetic over the inputs' names") from None
    for node in ast.walk(tree):
        _check(node)
    return tree


def _names(tree: ast.Expression) -> frozenset[str]:
    """Return the names that are not functions."""
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - called


def _value(node: ast.AST, columns: Mapping[str, NDArray[np.float64]]) -> Any:  # noqa: ANN401  a float or a column
    """Return the value of a checked node, numpy's floats all the way: they do not raise."""
    match node:
        case ast.Constant(value=number):
            return np.float64(number)  # type: ignore[arg-type]  # `_check` lets numbers through alone
        case ast.Name(id=name):
            return columns[name]
        case ast.UnaryOp(operand=operand):
            return -_value(operand, columns)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, columns), _value(right, columns))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(one, columns) for one in (left, *others)]
            holds = [_OPERATORS[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            return np.asarray(reduce(np.logical_and, holds), np.float64)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            values = [_value(one, columns) for one in arguments]
            return _OF_ONE[name](*values) if name in _OF_ONE else reduce(_OF_SEVERAL[name], values)
    raise AssertionError(node)  # `_check` lets nothing else through


def _check(node: ast.AST) -> None:
    """Refuse everything that is not arithmetic."""
    number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
    if isinstance(node, ast.Call) and not (call and not node.keywords):
        raise ContractError("a function that formulas do not have", cure=f"known: {', '.join(sorted(FUNCTIONS))}")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        _check_arguments(node.func.id, len(node.args))
    if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Constant) and not number):
        raise ContractError(
            f"`{type(node).__name__}` has no place in a formula", cure="use names, numbers, + - * / ** and brackets"
        )
    if isinstance(node, ast.Constant) and not abs(node.value) <= LARGEST:  # type: ignore[arg-type]  # a number
        raise ContractError("a number beyond what can be computed with", cure=f"at most {LARGEST:g}")


def _check_arguments(function: str, given: int) -> None:
    """Refuse a function with too few or too many arguments."""
    if function in _OF_ONE and given != 1:
        raise ContractError(f"`{function}` of {given} figures", cure=f"write `{function}(x)`")
    if function in _OF_SEVERAL and given < 2:
        raise ContractError(f"`{function}` of {given} figures", cure=f"write `{function}(a, b)`")
