"""Columns of one or several files: found by name, read as numbers, placed on the time axis, cleaned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.compute as pc  # type: ignore[import-untyped] # pyarrow brings no types

from quaymeter.savings.clock import NO_INSTANT, Instants, instants
from quaymeter.savings.dates import read_times
from quaymeter.savings.notes import Notes, counted, days_of, days_of_wall, some
from quaymeter.savings.numbers import NumberColumn, read_numbers
from quaymeter.savings.series import DAY_S, Cleaning, cleaned
from quaymeter.savings.source import TextFile, read_text_file, time_parts
from quaymeter.savings.unit_names import NO_UNIT, Unit, factor_between, known_unit, unit_of_heading
from simulators.recorded import Fold
from telemetry.errors import ConfigurationError, ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quaymeter.savings.request import ColumnRequest, Request

_FOLDS = {
    Fold.IN_ORDER: "the first row with a time is summer time, the second winter time",
    Fold.FIRST: "all of them are taken for summer time",
    Fold.SECOND: "all of them are taken for winter time",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """One file with its rows placed in time."""

    file: TextFile
    instants: Instants


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One column, ready to be brought to rows."""

    heading: str
    unit: Unit
    readings: Cleaning
    rows_s: NDArray[np.int64]  # distinct times of all rows, those without a value too [s]
    words: tuple[str, ...] = ()  # of a category written in words: number 0, 1, … means these


class Files:
    """The files of a request; a name is looked for in the first, then in the others."""

    def __init__(self, request: Request, notes: Notes) -> None:
        """Read all of them.

        Raises
        ------
        TransferError
            For a file that cannot be read, or whose times cannot.
        """
        self._request, self._notes = request, notes
        self.opened = [self._open(request.path, request.time)]
        self.opened += [self._open(*_file_and_time(text, request.time)) for text in request.also]
        self.tz = self.opened[0].instants.tz

    def find(self, name: str) -> str | None:
        """Return the heading that a name means, in any of the files; `file.csv#heading` names one of them."""
        found = self._place(name)
        return found[1] if found else None

    def column(self, wanted: ColumnRequest, option: str, *, words: bool = False) -> Column:
        """Return a column's readings in order.

        Raises
        ------
        TransferError
            Where there is no such column.
        ConfigurationError
            Where the unit asked for is not that of the heading.
        """
        place = self._place(wanted.name)
        if place is None:
            raise self.opened[0].file.missing(wanted.name, option)
        opened, heading = place
        text = opened.file.columns[heading]
        categories: tuple[str, ...] = ()
        numbers = read_numbers(
            text, separator=opened.file.separator, decimal=self._request.decimal, codes=self._request.codes
        )
        if words and np.isnan(numbers.values).all() and numbers.unreadable:
            numbers, categories = _coded(text)
        self._tell_numbers(heading, numbers, opened)
        unit = _unit(wanted, heading, opened.file, option)
        values, unit = self._one_unit(heading, numbers, unit, opened)
        there = opened.instants.utc_s != NO_INSTANT
        readings = cleaned(opened.instants.utc_s[there], values[there])
        self._tell_readings(heading, readings)
        return Column(
            heading=heading,
            unit=unit,
            readings=readings,
            rows_s=np.unique(opened.instants.utc_s[there]),
            words=categories,
        )

    def _open(self, path: Path, time: str) -> Opened:
        file = read_text_file(path, time)
        parts = [file.find(time)] if file.find(time) else [file.find(part) for part in time_parts(time)]
        if not parts or any(part is None for part in parts):
            raise file.missing(time, "--time")
        texts = [file.columns[str(part)] for part in parts]
        text = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, " ")
        written = read_times(text, order=self._request.dates, place=f"--time, {file.path}")
        placed = instants(written, self._request.tz, fold=self._request.fold, wall_time=self._request.wall_time)
        _tell_file(self._notes, file)
        _tell_times(self._notes, file, placed, written.unreadable, self._request.fold, written.wall)
        if written.order in {"dmy", "mdy"} and not self._request.dates:
            order = "day before month" if written.order == "dmy" else "month before day"
            self._notes.info(
                "dates_order", f"Dates of {file.path} are read with the {order}.", "--dates says otherwise"
            )
        return Opened(file=file, instants=placed)

    def _place(self, name: str) -> tuple[Opened, str] | None:
        of, hash_, heading = name.rpartition("#")
        for opened in self.opened:
            if hash_ and of and opened.file.path != Path(of).name:
                continue
            found = opened.file.find(heading if hash_ and of else name)
            if found is not None:
                return opened, found
        return None

    def _tell_numbers(self, heading: str, numbers: NumberColumn, opened: Opened) -> None:
        if numbers.codes:
            what = ", ".join(f"{code:g} ({count:,} times)" for code, count in numbers.codes.items())
            self._notes.warn(
                "error_codes", f"{what} in {heading!r} is taken for a missing value.",
                "--missing none keeps them; --missing VALUE names others",
            )  # fmt: skip
        if numbers.ambiguous:
            self._notes.warn(
                "decimal_ambiguous", f"{heading!r} may group thousands or have three decimals; it is read with the "
                f"decimal mark {numbers.decimal!r}.", "say which: --decimal , or --decimal .",
            )  # fmt: skip
        if numbers.unreadable:
            rows = list(numbers.unreadable)
            first = opened.file.first_line + rows[0]
            self._notes.warn(
                "values_unreadable", f"{counted(len(rows), 'cell')} of {heading!r} hold no number, first "
                f"{numbers.unreadable[rows[0]]!r} in line {first} of {opened.file.path}; they count as missing.",
                "correct them in the file",
            )  # fmt: skip

    def _one_unit(
        self, heading: str, numbers: NumberColumn, unit: Unit, opened: Opened
    ) -> tuple[NDArray[np.float64], Unit]:
        """Bring cells that carry units of their own to one."""
        if numbers.units is None:
            return numbers.values, unit
        there = ~np.isnan(numbers.values)
        kinds, counts = np.unique(numbers.units[there].astype(str), return_counts=True)
        written = {str(kinds[place]): known_unit(str(kinds[place])) for place in np.argsort(-counts, kind="stable")}
        units = {text: found or (unit if not text else NO_UNIT) for text, found in written.items()}
        target = unit if unit.code else next(iter(units.values()), NO_UNIT)
        names = ", ".join(repr(text) if text else "none" for text in units)
        try:
            factors = {text: factor_between(each, target, heading) for text, each in units.items()}
        except ContractError:
            self._notes.stop(
                "units_mixed", f"Cells of {heading!r} in {opened.file.path} carry units that cannot be brought to one: "
                f"{names}.", "give the whole column one unit",
            )  # fmt: skip
            return numbers.values, target
        if len(units) > 1:
            self._notes.warn(
                "units_converted", f"Cells of {heading!r} carry different units ({names}); all are converted to "
                f"{target.shown}.", "check that each cell's unit is right",
            )  # fmt: skip
        return numbers.values * np.array([factors.get(str(text), 1.0) for text in numbers.units]), target

    def _tell_readings(self, heading: str, readings: Cleaning) -> None:
        if readings.unsorted:
            self._notes.info("unsorted", f"Rows of {heading!r} are not in order of time; they were sorted.")
        if readings.identical:
            self._notes.info(
                "duplicate_timestamps", f"{counted(readings.identical, 'repeated row')} of {heading!r} say the same "
                "twice; each counts once.",
            )  # fmt: skip
        if len(readings.conflicting_s):
            days = days_of(readings.conflicting_s, self.tz)
            self._notes.warn(
                "duplicate_timestamps", f"{counted(len(readings.conflicting_s), 'time')} of {heading!r} stand in the "
                f"file with different values, on {some(days)}; they are left out.", "keep the right one in the file",
                days,
            )  # fmt: skip


def _file_and_time(text: str, time: str) -> tuple[Path, str]:
    """Read `FILE[:time column]`."""
    name, colon, column = text.rpartition(":")
    return (Path(name), column) if colon and not Path(text).exists() else (Path(text), time)


def _coded(text: pa.Array) -> tuple[NumberColumn, tuple[str, ...]]:
    """Give words of a category numbers, in the order of the alphabet."""
    words = np.asarray(pc.fill_null(pc.utf8_trim_whitespace(text), "").to_pylist(), object).astype(str)
    kinds = sorted(set(words.tolist()) - {""})
    number = {kind: float(place) for place, kind in enumerate(kinds)}
    return NumberColumn(values=np.array([number.get(word, np.nan) for word in words.tolist()])), tuple(kinds)


def _unit(wanted: ColumnRequest, heading: str, file: TextFile, option: str) -> Unit:
    below = file.units.get(heading)
    written = (known_unit(below) if below else None) or unit_of_heading(heading)
    if wanted.unit.code and written and wanted.unit.code != written.code:
        raise ConfigurationError(
            f"the file says {written.shown}, the option says {wanted.unit.shown}", place=f"{option} {heading}",
            cure="leave the unit out of the option, or correct the heading",
        )  # fmt: skip
    return wanted.unit if wanted.unit.code else (written or NO_UNIT)


def _tell_file(notes: Notes, file: TextFile) -> None:
    if file.encoding == "cp1252":
        notes.info("encoding_guessed", f"{file.path} is not UTF-8; it is read as Windows-1252.")
    if file.broken_lines:
        first = f", first line {file.broken_lines[0]}" if file.broken_lines[0] else ""
        notes.warn(
            "rows_broken", f"{counted(len(file.broken_lines), 'line')} of {file.path} have another number of cells "
            f"than the headings{first}; they are left out.", "quote cells that hold the separator",
        )  # fmt: skip


def _tell_times(
    notes: Notes, file: TextFile, placed: Instants, unreadable: dict[int, str], fold: Fold,
    wall: NDArray[np.datetime64],
) -> None:  # fmt: skip
    if unreadable:
        row, cell = next(iter(unreadable.items()))
        notes.warn(
            "times_unreadable", f"{counted(len(unreadable), 'row')} of {file.path} have no time that can be read, "
            f"first {cell!r} in line {file.first_line + row}; they are left out.", "correct them in the file",
        )  # fmt: skip
    doubled = len(wall[placed.twice]) > len(np.unique(wall[placed.twice]))
    in_winter_time = placed.never.any() and not doubled
    if placed.twice.any() and not in_winter_time and np.median(np.abs(np.diff(wall.astype(np.int64)))) < DAY_S:
        days = days_of_wall(wall[placed.twice])
        notes.info(
            "hour_twice", f"{file.path} has rows in the hour that happens twice when summer time ends ({some(days)}): "
            f"{_FOLDS[fold]}.", "--ambiguous says otherwise", days,
        )  # fmt: skip
    if not placed.never.any():
        return
    days = days_of_wall(wall[placed.never])
    message = (
        f"Left out: {counted(int(placed.never.sum()), 'row')} of {file.path} in an hour that {placed.tz} does not have "
        f"({some(days)})."
    )
    if not in_winter_time:
        notes.warn("hour_never", message, "correct these rows, or name the zone the clock kept", days)
    else:
        notes.warn(
            "clock_without_summer_time", f"{message} No hour stands twice in autumn either: the clock probably "
            "kept winter time.", "give the clock's fixed offset, as --tz +01:00", days,
        )  # fmt: skip
