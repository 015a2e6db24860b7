"""Recorded data from CSV (plain or gzip) and Parquet: rows with UTC times, local time handled in the open.

A file's times are one of: with an offset of their own (taken as they are), in a fixed offset, or in a zone with
daylight saving. In a zone one hour a year happens twice and one not at all. The first needs a rule; the second means
that the file is not in that zone's wall time (most meters stay in standard time), so it is refused with its line.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types

from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})


class Fold(StrEnum):
    """What the hour means that happens twice when clocks go back."""

    REFUSE = "refuse"
    FIRST = "first"  # summer time
    SECOND = "second"  # winter time
    IN_ORDER = "in_order"  # a time seen for the second time is the second: for files that hold both hours


@dataclass(frozen=True, kw_only=True)
class RecordedColumn:
    """One column of a file and the point it belongs to."""

    column: str  # heading, or the number of the column (from 0) in a file without headings
    point: str  # key `area/asset/name`
    unit: str  # UCUM code of the file's values; converted by the gateway, like any device's


@dataclass(frozen=True, kw_only=True)
class RecordedLayout:
    """How a file is to be read."""

    time_column: str
    tz: tzinfo
    columns: tuple[RecordedColumn, ...]
    fold: Fold = Fold.REFUSE
    header: bool = True  # CSV: whether the first line holds headings


class RecordedRow(NamedTuple):
    """One row: values are in the order of the layout's columns, None where the file has nothing."""

    line: int  # 1-based line of the CSV file, or row of the Parquet file
    ts_ms: int  # [ms since 1970-01-01 UTC]
    values: tuple[float | None, ...]


class _RawRow(NamedTuple):
    line: int
    time: str | datetime
    values: Sequence[str | float | None]


def parse_tz(text: str) -> tzinfo:
    """Return a zone by name (`Europe/Paris`, `UTC`) or a fixed offset (`UTC+01:00`, `-06:00`)."""
    digits = text.removeprefix("UTC").removeprefix("GMT")
    if digits[:1] in {"+", "-"}:
        hours, _, minutes = digits[1:].partition(":")
        if hours.isdigit() and (minutes or "0").isdigit() and int(hours) <= 14:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            return timezone(-offset if digits[0] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TransferError(
            f'"{text}" is no time zone',
            cure="give a zone such as Europe/Paris, or a fixed offset such as UTC+01:00 (many meters keep winter time)",
        ) from error


def read_recorded(path: Path, layout: RecordedLayout) -> Iterator[RecordedRow]:
    """Yield the rows of a file in its order, with a bounded use of memory.

    Raises
    ------
    TransferError
        With file and line, for a time or a value that cannot be read or is not clear.
    """
    reader = _parquet_rows if path.suffix == ".parquet" else _csv_rows
    clock = _Clock(path, layout)
    for raw in reader(path, layout):
        values = tuple(_value(path, raw.line, value) for value in raw.values)
        yield RecordedRow(raw.line, clock.utc_ms(raw.line, raw.time), values)


class _Clock:
    """Turns a file's times into UTC, remembering what the doubled hour has shown so far."""

    def __init__(self, path: Path, layout: RecordedLayout) -> None:
        self._path = path
        self._tz = layout.tz
        self._fold = layout.fold
        self._seen: set[datetime] = set()  # ambiguous times met: an hour's worth a year

    def utc_ms(self, line: int, text: str | datetime) -> int:
        when = text if isinstance(text, datetime) else self._parse(line, text)
        if when.tzinfo is None:
            when = self._localised(line, when)
        return round((when - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))

    def _parse(self, line: int, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise _bad(
                self._path, line, f'"{text}" is no time', "times are written like 2018-03-11 02:00:00"
            ) from error

    def _localised(self, line: int, when: datetime) -> datetime:
        early, late = when.replace(tzinfo=self._tz, fold=0), when.replace(tzinfo=self._tz, fold=1)
        if early.utcoffset() == late.utcoffset():
            return early
        if early.astimezone(UTC).astimezone(self._tz).replace(tzinfo=None) != when:
            raise _bad(
                self._path,
                line,
                f"{when} does not exist in {self._tz}: clocks went forward over it",
                "the file is probably in standard time all year: give a fixed offset such as UTC-06:00",
            )
        return late if self._second(line, when) else early

    def _second(self, line: int, when: datetime) -> bool:
        if self._fold is Fold.REFUSE:
            raise _bad(
                self._path,
                line,
                f"{when} happens twice in {self._tz}: clocks went back over it",
                "say which it is with fold: first, second, or in_order where the file holds both",
            )
        if self._fold is not Fold.IN_ORDER:
            return self._fold is Fold.SECOND
        again = when in self._seen
        self._seen.add(when)
        return again


def _csv_rows(path: Path, layout: RecordedLayout) -> Iterator[_RawRow]:
    with _opened(path) as stream:
        lines = csv.reader(stream)
        try:
            heading = next(lines) if layout.header else None
            places = [_place(path, heading, name) for name in _names(layout)]
            for cells in lines:
                if cells:
                    picked = [_cell(path, lines.line_num, cells, place) for place in places]
                    yield _RawRow(lines.line_num, picked[0], picked[1:])
        except StopIteration:
            raise TransferError("the file is empty", place=str(path)) from None
        except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
            raise _bad(path, lines.line_num, f"cannot be read: {error}", "is it CSV, in UTF-8?") from error


def _parquet_rows(path: Path, layout: RecordedLayout) -> Iterator[_RawRow]:
    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
        raise TransferError(f"cannot be read: {error}", place=str(path), cure="is it Parquet?") from error
    names = _names(layout)
    for name in names:
        _place(path, file.schema_arrow.names, name)
    line = 0
    for batch in file.iter_batches(columns=list(dict.fromkeys(names))):
        columns = [batch.column(name).to_pylist() for name in names]
        for cells in zip(*columns, strict=True):
            line += 1
            when = cells[0]
            if isinstance(when, date) and not isinstance(when, datetime):
                when = datetime(when.year, when.month, when.day)  # noqa: DTZ001 – local midnight; the zone comes after
            if not isinstance(when, datetime | str):
                raise _bad(path, line, f"{when!r} is no time", "the time column must hold timestamps or text")
            yield _RawRow(line, when, cells[1:])


def _names(layout: RecordedLayout) -> list[str]:
    return [layout.time_column, *(column.column for column in layout.columns)]


def _place(path: Path, heading: Sequence[str] | None, name: str) -> int:
    if heading is not None and name in heading:
        return heading.index(name)
    if heading is None and name.isdigit():
        return int(name)
    have = "it has no headings: give numbers from 0" if heading is None else f"it has {', '.join(heading)}"
    raise TransferError(f'no column "{name}"', place=str(path), cure=have)


def _cell(path: Path, line: int, cells: Sequence[str], place: int) -> str:
    if place >= len(cells):
        raise _bad(path, line, f"has {len(cells)} columns, number {place} is missing", "is the file cut off?")
    return cells[place]


def _value(path: Path, line: int, value: str | float | None) -> float | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
        return None
    try:
        number = float(value)
    except ValueError as error:
        cure = "empty cells and NA are left out; others must be numbers"
        raise _bad(path, line, f'"{value}" is no number', cure) from error
    if math.isnan(number):  # how Parquet files write a gap
        return None
    if math.isinf(number):
        raise _bad(path, line, "the value is infinite", "correct the file, or leave the cell empty")
    return number


def _bad(path: Path, line: int, cause: str, cure: str) -> TransferError:
    return TransferError(cause, place=f"{path}:{line}", cure=cure)


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    with (
        _readable(path),
        gzip.open(path) if path.suffix == ".gz" else path.open("rb") as binary,
        io.TextIOWrapper(cast("IO[bytes]", binary), encoding="utf-8-sig", newline="") as stream,
    ):
        yield stream


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransferError(f"cannot be read: {error}", place=str(path)) from error
