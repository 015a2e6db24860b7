"""An engineer's file as a table for the savings: rows of use and drivers, and everything that was done to get there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quaymeter.savings.columns import Files
from quaymeter.savings.drivers import read_drivers
from quaymeter.savings.meter import Meter, read_meter
from quaymeter.savings.notes import Notes, accept, check_accepted, counted, days_of_wall, some
from quaymeter.savings.plausible import unit_change
from quaymeter.savings.request import check_together
from quaymeter.savings.rows import LENGTHS_S, Rows, rows_for, summed
from savings.table import Frequency, Table
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from quaymeter.savings.request import Period, Request
    from savings.findings import Finding


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A file read."""

    table: Table
    reasons: NDArray[np.object_]  # (m,) why a row cannot be used, "" where it can
    findings: tuple[Finding, ...]
    facts: dict[str, Any]  # where the data are from: file, hash, column, zone


def read(request: Request) -> Reading:
    """Read a request's files.

    Raises
    ------
    TransferError
        Where a file cannot be read or lacks a column, or its times are not clear.
    ConfigurationError
        Where what is asked for does not go together.
    """
    check_accepted(request.accepted)
    check_together(request)
    notes = Notes()
    files = Files(request, notes)
    meter = read_meter(files, request, notes)
    _check_frequency(meter, request)
    rows = rows_for(meter.series, request.frequency, files.tz)
    energy, covered = _energy(meter, rows, request, notes)
    drivers, shares = read_drivers(files, request, rows, notes)
    table = Table(
        frequency=request.frequency, start=rows.wall, hours=rows.hours, energy=energy, drivers=drivers,
        coverage=np.minimum.reduce([covered, *shares]), unit=meter.unit.code,
    )  # fmt: skip
    _tell_rows(meter, rows, table, request, notes)
    return Reading(
        table=table, reasons=_reasons(table, covered, request),
        findings=tuple(accept(notes.findings, request.accepted)), facts=_facts(request, files, meter),
    )  # fmt: skip


def _energy(
    meter: Meter, rows: Rows, request: Request, notes: Notes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return use by row (m,), NaN where too little of a row is covered, and the share that is."""
    filled = summed(meter.series, rows, blurred=False)
    enough = filled.covered >= request.least_coverage - 1e-9
    partial = enough & (filled.covered < 1 - 1e-9)
    if partial.any():
        days = days_of_wall(rows.wall[partial])
        notes.info(
            "rows_scaled", f"{counted(int(partial.sum()), 'row')} with {request.least_coverage:.0%} or more of their "
            f"time are scaled up to the whole: {some(days)}.", "--least-coverage 1 leaves them out", days,
        )  # fmt: skip
    return np.where(enough, filled.total / np.maximum(filled.covered, 1e-9), np.nan), filled.covered


def _check_frequency(meter: Meter, request: Request) -> None:
    if meter.series.step_s <= 1.5 * LENGTHS_S[request.frequency]:
        return
    fits = next((each for each in Frequency if meter.series.step_s <= 1.5 * LENGTHS_S[each]), Frequency.MONTHLY)
    raise ConfigurationError(
        f"the meter is read every {meter.series.step_s / 3600:g} hours, too seldom for {request.frequency} rows",
        place=f"--freq {request.frequency}", cure=f"--freq {fits}",
    )  # fmt: skip


def _tell_rows(meter: Meter, rows: Rows, table: Table, request: Request, notes: Notes) -> None:
    if rows.own and request.frequency is Frequency.MONTHLY:
        notes.info("billing_periods", "Rows are the meter's own periods, drivers are brought to them.")
    elif rows.own:
        begins = np.unique([str(wall)[11:16] for wall in rows.wall]).tolist()
        note = notes.info if set(begins) <= {"00:00", "01:00", "23:00"} else notes.warn
        note(
            "days_not_local", f"The meter's {request.frequency} values begin at {' or '.join(begins[:3])} on the "
            "site's clock; rows follow them and drivers are brought to them.",
            "where the stamps mean local days whatever their offset: --wall-time; where they stand at the end of an "
            "interval: --stamp end",
        )  # fmt: skip
    if meter.open_end:
        notes.info("last_bill_open", "The last bill has no end in the file and is left out.", "add a row with its end")
    change = unit_change(table.energy, scattered=table.frequency is not Frequency.HOURLY)
    if change is not None:
        days = days_of_wall(table.start[change[1]])
        notes.stop(
            "units_mixed", f"{counted(int(change[1].sum()), 'row')} of {meter.heading!r} differ from the rest by a "
            f"factor of about {change[0]:,.0f}, as Wh from kWh: {some(days)}.",
            "bring the column to one unit; if use truly changed so, --exclude these days", days,
        )  # fmt: skip


def _reasons(table: Table, covered: NDArray[np.float64], request: Request) -> NDArray[np.object_]:
    """Say of each row why it cannot be used."""
    reasons = np.full(len(table), "", object)
    for driver in reversed(table.drivers):
        reasons[~np.isfinite(driver.values)] = f"no {driver.name}"
    low = ~np.isfinite(table.energy)
    reasons[low] = [
        f"readings of {share:.0%} of its time, {request.least_coverage:.0%} are needed" for share in covered[low]
    ]
    return reasons


def inside(table: Table, period: Period) -> NDArray[np.bool_]:
    """Tell which rows (n,) lie in a period: begin in it and end in it, give or take half a row, of bills a day."""
    end = table.start + (table.hours * 3600).astype("timedelta64[s]")
    slack = np.minimum(table.hours * 1800, 86400).astype("timedelta64[s]")
    whole: NDArray[np.bool_] = period.holds(table.start) & (end - slack <= period.end)
    return whole


def gap_findings(reading: Reading, period: Period, name: str) -> list[Finding]:
    """Name the rows of a period that cannot be used, by cause."""
    notes = Notes()
    rows = inside(reading.table, period)
    lost = rows & ~np.isfinite(reading.table.energy)
    cure = "bring the missing readings; as it is, these rows are in no sum"
    total = int(rows.sum())
    if lost.any():
        days = days_of_wall(reading.table.start[lost])
        notes.warn(
            "gaps", f"The meter lacks {counted(int(lost.sum()), 'row')} of {total:,} in the {name} period: "
            f"{some(days)}.", cure, days,
        )  # fmt: skip
    for driver in reading.table.drivers:
        gone = rows & ~np.isfinite(driver.values)
        if gone.any():
            days = days_of_wall(reading.table.start[gone])
            notes.warn(
                "driver_gaps", f"{driver.name!r} lacks {counted(int(gone.sum()), 'row')} of {total:,} in the {name} "
                f"period: {some(days)}.", f"{cure}; where an empty cell means none, write 0", days,
            )  # fmt: skip
    return notes.findings


def _facts(request: Request, files: Files, meter: Meter) -> dict[str, Any]:
    return {
        "file": request.path.name,
        "sha256": _sha256(request.path),
        "also": [opened.file.path for opened in files.opened[1:]],
        "separator": files.opened[0].file.separator,
        "energy": meter.heading,
        "register": meter.register,
        "readings": meter.readings,
        "interval_s": meter.series.step_s,
        "zone": files.tz,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
