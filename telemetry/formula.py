"""Formulas of derived points: arithmetic over named inputs and a handful of functions, nothing else."""

from __future__ import annotations

import ast

from telemetry.errors import ContractError

FUNCTIONS = frozenset({"abs", "min", "max", "sqrt", "exp", "log"})
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


def names_in(formula: str) -> frozenset[str]:
    """Return the inputs that a formula uses; raises ContractError where it is not a formula.

    >>> sorted(names_in("4.0989 / 3.6 * flow * (t_out - t_in)"))
    ['flow', 't_in', 't_out']
    """
    if len(formula) > LONGEST:
        raise ContractError(f"formula of {len(formula)} characters", cure=f"at most {LONGEST}")
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        cause = getattr(error, "msg", "cannot be read")
        raise ContractError(f"not a formula: {cause}", cure="write arithmetic over the inputs' names") from None
    for node in ast.walk(tree):
        _check(node)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - called


def _check(node: ast.AST) -> None:
    """Refuse everything that is not arithmetic."""
    number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
    if isinstance(node, ast.Call) and not (call and not node.keywords):
        raise ContractError("a function that formulas do not have", cure=f"known: {', '.join(sorted(FUNCTIONS))}")
    if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Constant) and not number):
        raise ContractError(
            f"`{type(node).__name__}` has no place in a formula", cure="use names, numbers, + - * / ** and brackets"
        )
