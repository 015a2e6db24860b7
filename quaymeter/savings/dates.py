"""Times as people and loggers write them: ISO, French, English, American; with an offset or without.

How a column is written is decided for the whole column: 03/04 is March or April, but not one in one row and the
other in the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.compute as pc  # type: ignore[import-untyped] # pyarrow brings no types

from telemetry.errors import TransferError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MONTHS = (
    ("jan", "janv", "january", "janvier"), ("feb", "fev", "fevr", "february", "fevrier"), ("mar", "mars", "march"),
    ("apr", "avr", "april", "avril"), ("may", "mai"), ("jun", "juin", "june"), ("jul", "juil", "july", "juillet"),
    ("aug", "aou", "aout", "august"), ("sep", "sept", "september", "septembre"), ("oct", "october", "octobre"),
    ("nov", "november", "novembre"), ("dec", "december", "decembre"),
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_ACCENTS = str.maketrans("éèûôà", "eeuoa", ".")

_TIME = r"(?:[T\s]+(?P<h>\d{1,2})\s*[:hH]\s*(?P<m>\d{2})?(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<p>[AaPp]\.?[Mm]\.?)?)?"
_ZONE = r"\s*(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?\s*$"
_DAY = (
    r"^\s*(?:[A-Za-z]{3,8}\.?,?\s+)?(?P<a>\d{1,4})\s*[-/.\s]"
    r"\s*(?P<b>\d{1,4}|\pL{3,9}\.?)\s*(?:[-/.\s]\s*(?P<c>\d{2,4}))?"
)
_COMPACT = r"^\s*(?P<a>(?:19|20)\d\d)(?P<b>\d\d)(?P<c>\d\d)"
_COMPACT_TIME = r"(?:[T_\s]?(?P<h>\d\d):?(?P<m>\d\d)(?::?(?P<s>\d\d))?(?P<p>))?"
_WORDS_FIRST = r"^\s*(?P<b>\pL{3,9})\.?\s+(?P<a>\d{1,2}),?\s+(?P<c>\d{4})"
_ISO = r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?$"
_EPOCH = r"^\s*\d{10}(?:\d{3})?(?:\.\d+)?\s*$"
_LAYOUTS = (_DAY + _TIME + _ZONE, _COMPACT + _COMPACT_TIME + _ZONE, _WORDS_FIRST + _TIME + _ZONE)
_FIELDS = ("a", "b", "c", "h", "m", "s", "p", "z")


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenTimes:
    """A column of times as it stands in the file, before any zone."""

    wall: NDArray[np.datetime64]  # (n,) [s] as written; NaT where it cannot be read
    offset_s: NDArray[np.float64]  # (n,) offset written beside it [s]; NaN where none is
    order: str  # "ymd", "dmy", "mdy" or "epoch"
    unreadable: dict[int, str]  # row → cell


def read_times(column: pa.Array, *, order: str = "", place: str = "--time") -> WrittenTimes:
    """Read a column of times.

    Parameters
    ----------
    order
        `dmy` or `mdy` where it is known; else it is found from days above 12, or from what keeps the file in order.

    Raises
    ------
    TransferError
        Where no time can be read, or day and month cannot be told apart.
    """
    text = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    if len(text) and pc.all(pc.match_substring_regex(text.slice(0, 100), _EPOCH)).as_py():
        return _epoch(text)
    plain = _plain(text)
    if plain is not None:
        return plain
    fields = _fields(text)
    first, second, third = _integers(fields["a"]), _months(fields["b"]), _integers(fields["c"])
    named = ~np.char.isdigit(fields["b"])
    chosen = "ymd" if np.nanmax(first, initial=0) > 31 else (order or _order(first, second, third, named, place))
    year, month, day = _ordered(chosen, first, second, third, named=named)
    wall = _wall(year, month, day, fields)
    lost = np.flatnonzero(np.isnat(wall))
    if len(lost) > len(wall) / 2:
        example = next((str(text[int(row)]) for row in lost if str(text[int(row)])), "")
        raise TransferError(
            f"{len(lost)} of {len(wall)} times cannot be read, as {example!r}", place=place,
            cure="times are written like 2024-03-31 02:00, 31/03/2024 02:00 or 2024-03-31T02:00:00+02:00; is it the "
            "right column?",
        )  # fmt: skip
    return WrittenTimes(
        wall=wall, offset_s=_offsets(fields["z"]), order=chosen,
        unreadable={int(row): str(text[int(row)]) for row in lost},
    )  # fmt: skip


def _plain(text: pa.Array) -> WrittenTimes | None:
    """Read ISO times without offsets at once, where all of them are such: the commonest file, and the longest."""
    if not len(text) or not pc.all(pc.match_substring_regex(text, _ISO)).as_py():
        return None
    try:
        wall = np.asarray(text.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False)).astype("datetime64[s]")
    except pa.ArrowInvalid:  # a day that does not exist
        return None
    return WrittenTimes(wall=wall, offset_s=np.full(len(text), np.nan), order="ymd", unreadable={})


def _fields(text: pa.Array) -> dict[str, NDArray[np.str_]]:
    """Return the parts of each time as text (n,), from the first layout that fits it."""
    parts = {name: np.full(len(text), "", object) for name in _FIELDS}
    open_ = np.ones(len(text), np.bool_)
    for layout in _LAYOUTS:
        found = pc.extract_regex(text, layout)
        fits = open_ & np.asarray(found.is_valid().to_numpy(zero_copy_only=False))
        for number, name in enumerate(found.type):
            column = np.asarray(found.field(number).to_pylist(), object)
            parts[name.name][fits] = column[fits]
        open_ &= ~fits
        if not open_.any():
            break
    return {name: column.astype(str) for name, column in parts.items()}


def _integers(cells: NDArray[np.str_]) -> NDArray[np.float64]:
    return np.where(cells == "", "nan", cells).astype(np.float64)


def _months(cells: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return the second part of a date as a number, names of months in French and English among them."""
    kinds, index = np.unique(cells, return_inverse=True)
    numbers = [_month(str(kind)) for kind in kinds]
    return np.array(numbers, np.float64)[index]


def _month(cell: str) -> float:
    if cell.isdigit():
        return float(cell)
    return float(MONTHS.get(cell.lower().translate(_ACCENTS), np.nan))


def _order(
    first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64],
    named: NDArray[np.bool_], place: str,
) -> str:  # fmt: skip
    """Tell days from months: by numbers above 12, else by which reading keeps the file in order."""
    if np.all(named | np.isnan(second)):
        return "dmy"
    if np.all(np.isnan(third)):
        return "my"
    day_first, month_first = bool(np.nanmax(first) > 12), bool(np.nanmax(np.where(named, 0, second)) > 12)
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    if not day_first:
        steps = [_disorder(*_ordered(order, first, second, third, named=named)) for order in ("dmy", "mdy")]
        if steps[0] != steps[1]:
            return "dmy" if steps[0] < steps[1] else "mdy"
    raise TransferError(
        "days and months cannot be told apart" if not day_first else "some dates have the day first, some the month",
        place=place, cure="say how they are written: --dates dmy (31/12/2024) or --dates mdy (12/31/2024)",
    )  # fmt: skip


def _disorder(year: NDArray[np.float64], month: NDArray[np.float64], day: NDArray[np.float64]) -> float:
    """Return how far apart neighbouring dates are in all [d]: the right reading runs on, the wrong one jumps."""
    return float(np.nansum(np.abs(np.diff(year * 372 + month * 31 + day))))


def _ordered(
    order: str, first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64],
    *, named: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return year, month and day (n,)."""
    if order == "ymd":
        return first, second, np.where(np.isnan(third), 1.0, third)
    if order == "my":
        return second, first, np.ones(len(first))
    year = np.where(third < 70, third + 2000, np.where(third < 100, third + 1900, third))
    if order == "mdy":
        return year, np.where(named, second, first), np.where(named, first, second)
    return year, second, first


def _wall(
    year: NDArray[np.float64], month: NDArray[np.float64], day: NDArray[np.float64], fields: dict[str, NDArray[np.str_]]
) -> NDArray[np.datetime64]:
    """Return wall-clock times (n,) [s], NaT where a part is out of its range; 24:00 is the next day's 00:00."""
    hour, minute, second = (np.nan_to_num(_integers(fields[name])) for name in ("h", "m", "s"))
    half = np.char.lower(np.char.replace(fields["p"], ".", ""))
    hour = np.where(half == "pm", hour % 12 + 12, np.where(half == "am", hour % 12, hour))
    sound = (year >= 1900) & (year < 2200) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    sound &= (hour < 24) & (minute < 60) & (second < 60) | ((hour == 24) & (minute == 0) & (second == 0))
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(sound, day - 1, 0).astype("timedelta64[D]")
    sound &= days.astype("datetime64[M]") == months
    seconds = np.where(sound, hour * 3600 + minute * 60 + second, 0).astype("timedelta64[s]")
    return np.where(sound, days.astype("datetime64[s]") + seconds, np.datetime64("NaT", "s"))


def _offsets(cells: NDArray[np.str_]) -> NDArray[np.float64]:
    """Return written offsets (n,) [s east of UTC], NaN where none is written."""
    kinds, index = np.unique(cells, return_inverse=True)
    return np.array([_offset(str(kind)) for kind in kinds], np.float64)[index]


def _offset(cell: str) -> float:
    if not cell:
        return float("nan")
    if cell in {"Z", "UTC", "GMT"}:
        return 0.0
    digits = cell[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4] or 0) * 60
    return float(-seconds if cell[0] == "-" else seconds)


def _epoch(text: pa.Array) -> WrittenTimes:
    """Read seconds or milliseconds since 1970-01-01 UTC."""
    fits = np.asarray(pc.match_substring_regex(text, _EPOCH).to_numpy(zero_copy_only=False))
    numbers = np.array([float(cell) if fit else np.nan for cell, fit in zip(text.to_pylist(), fits, strict=True)])
    seconds = np.where(numbers > 1e11, numbers / 1000, numbers)
    wall = np.where(fits, np.nan_to_num(seconds).astype("datetime64[s]"), np.datetime64("NaT", "s"))
    unreadable = {int(row): str(text[int(row)]) for row in np.flatnonzero(~fits)}
    return WrittenTimes(wall=wall, offset_s=np.zeros(len(text)), order="epoch", unreadable=unreadable)
