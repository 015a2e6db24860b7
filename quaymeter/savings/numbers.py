"""Numbers as people and loggers write them: decimal comma, thousands separators, units in cells, codes for "no value".

How a column is written is decided for the whole column, never cell by cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.compute as pc  # type: ignore[import-untyped] # pyarrow brings no types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MISSING = (
    "", "na", "n/a", "nan", "null", "none", "-", "--", "---", "#n/a", "#na", "n.a.", "nd", "n.d.", "#n/d", "missing",
    "manquant", "absent", "invalid", "bad", "#value!", "#valeur!", "#ref!", "#div/0!", "?", "inf", "-inf",
)  # fmt: skip
# What loggers write for "no value": below every lawful reading, or all nines or all bits set far above the rest.
LOW_CODES = (-99.99, -99.9, -999.0, -999.9, -999.99, -9999.0, -9999.9, -99999.0, -999999.0, -32768.0, -2147483648.0)
HIGH_CODES = (999.9, 9999.0, 9999.9, 99999.0, 99999.9, 999999.0, 9999999.0, 65535.0, 2147483647.0, 4294967295.0)
AWAY = 3.0  # a high code counts as one only this many times above everything else

_NUMBER = (
    r"^(?P<number>[-+−]?[\d.,'’ \x{00a0}\x{202f}\x{2009}]*\d[.,]?(?:[eE][-+]?\d+)?)[\s\x{00a0}]*(?P<unit>[^\d\s].*)?$"
)
_SPACES = r"(\d)['’ \x{00a0}\x{202f}\x{2009}](\d{3})"


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberColumn:
    """One column of numbers."""

    values: NDArray[np.float64]  # (n,), NaN where there is none
    units: NDArray[np.object_] | None = None  # (n,) unit each cell carries, "" for none; None where no cell does
    decimal: str = "."
    ambiguous: bool = False  # `1,234` and nothing says whether that is a thousand or one
    codes: dict[float, int] = field(default_factory=dict)  # code for "no value" → how many
    unreadable: dict[int, str] = field(default_factory=dict)  # row → cell that is no number


def read_numbers(
    column: pa.Array, *, separator: str = ",", decimal: str = "", codes: Sequence[float] | None = None
) -> NumberColumn:
    """Read a column of text.

    Parameters
    ----------
    separator
        Between the file's columns: where it is `,` a comma inside a number groups thousands, unless shown otherwise.
    decimal
        `.` or `,` where it is known; else it is found.
    codes
        Values that mean "no value"; None looks for the usual ones, an empty list keeps all.
    """
    text = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    empty = pc.is_in(pc.utf8_lower(text), pa.array(MISSING))
    parts = pc.extract_regex(pc.if_else(empty, pa.scalar(""), text), _NUMBER)
    number, unit = parts.field(0), pc.utf8_trim_whitespace(parts.field(1))
    number = _twice(number, _SPACES, r"\1\2")
    mark, ambiguous = (decimal, False) if decimal else _decimal_mark(number, separator)
    other = "," if mark == "." else "."
    grouped = pc.match_substring_regex(number, rf"^[-+−]?\d{{1,3}}([{other}]\d{{3}})+([{mark}]\d*)?$")
    odd = pc.and_not(pc.match_substring(number, other), grouped)  # 1.2.3 is no number
    number = pc.if_else(odd, pa.scalar(""), number)
    plain = pc.replace_substring(pc.replace_substring(number, other, ""), "−", "-")
    plain = pc.replace_substring(plain, mark, ".")
    values, wrong = _floats(plain)
    unreadable = {
        int(row): str(text[int(row)])
        for row in np.flatnonzero((np.isnan(values) | wrong) & ~np.asarray(empty.to_numpy(zero_copy_only=False)))
    }
    cleaned, found = _without_codes(values, codes)
    has_unit = pc.any(pc.not_equal(unit, "")).as_py()
    return NumberColumn(
        values=cleaned, units=np.asarray(unit.to_pylist(), dtype=object) if has_unit else None, decimal=mark,
        ambiguous=ambiguous, codes=found, unreadable=unreadable,
    )  # fmt: skip


def _twice(column: pa.Array, pattern: str, into: str) -> pa.Array:
    """Replace matches that may overlap: `1 234 567` has two."""
    return pc.replace_substring_regex(pc.replace_substring_regex(column, pattern, into), pattern, into)


def _decimal_mark(number: pa.Array, separator: str) -> tuple[str, bool]:
    """Return the decimal mark of a column, and whether it could as well be the other."""
    both = number.filter(pc.and_(pc.match_substring(number, ","), pc.match_substring(number, ".")))
    if len(both):
        text = both[0].as_py()
        return ("," if text.rfind(",") > text.rfind(".") else "."), False
    for mark, other in ((",", "."), (".", ",")):
        marked = number.filter(pc.match_substring(number, mark))
        if not len(marked):
            continue
        if pc.any(pc.match_substring_regex(marked, rf"^[-+−]?\d{{1,3}}([{mark}]\d{{3}}){{2,}}$")).as_py():
            return other, False  # 1,234,567
        groups = pc.all(pc.match_substring_regex(marked, rf"^[-+]?[1-9]\d{{0,2}}[{mark}]\d{{3}}$")).as_py()
        everywhere = len(marked) == len(number.filter(pc.not_equal(number, "")))
        if not groups or mark == ".":
            return mark, groups and not everywhere and separator == ";"
        return (other if separator == "," else mark), everywhere == (separator == ",")
    return ".", False


def _floats(plain: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers (n,), NaN where there is none, and which cells are no numbers although something is there."""
    held = pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)
    try:
        values = np.asarray(held.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:
        values = np.array([_float(cell) for cell in held.to_pylist()])
    wrong = np.isnan(values) & np.asarray(held.is_valid().to_numpy(zero_copy_only=False))
    return np.where(np.isfinite(values), values, np.nan), wrong


def _float(cell: str | None) -> float:
    try:
        return float("nan") if cell is None else float(cell)
    except ValueError:
        return float("nan")


def _without_codes(
    values: NDArray[np.float64], codes: Sequence[float] | None
) -> tuple[NDArray[np.float64], dict[float, int]]:
    """Take out values that mean "no value"."""
    wanted = list(codes) if codes is not None else _usual_codes(values)
    found = {code: int(np.sum(values == code)) for code in wanted}
    return np.where(np.isin(values, wanted), np.nan, values), {code: count for code, count in found.items() if count}


def _usual_codes(values: NDArray[np.float64]) -> list[float]:
    """Return the usual codes that stand clear of all other values of a column."""
    seen = set(np.unique(values[np.isfinite(values)]).tolist())
    low, high = [code for code in LOW_CODES if code in seen], [code for code in HIGH_CODES if code in seen]
    rest = np.array([value for value in seen if value not in low and value not in high])
    if not len(rest):
        return low
    floor, ceiling = float(rest.min()), float(max(rest.max(), 1.0))
    return [code for code in low if code < min(floor, -1.0)] + [code for code in high if code > AWAY * ceiling]
