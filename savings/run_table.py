"""From the rows of a run's input to the tables of its two periods, with the reason of every row that is left out."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.adjustments import row_days, share_within, whole_period
from savings.day_types import hours_alike
from savings.reach import check_ends, covered_share, lacking_ends, lacking_rows
from savings.record import CoverageRecord, Excluded
from savings.reporting_checks import outside_range
from savings.table import Driver, Frequency, Role, Table
from telemetry.errors import ContractError
from telemetry.plan import EventMethod, NonRoutineEvent, Option, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from savings.findings import Finding
    from savings.input_record import Column, DriverColumn, MeterInput, RunInput
    from telemetry.plan import DayTypes, Plan

BASELINE, REPORTING = "baseline", "reporting"
BEYOND = "beyond what the baseline has seen"
EVENT = "non-routine event: "  # and its title
_UNUSED = {  # why the fit or the sum passed over a row that the input let through
    BASELINE: "not used by the fit: too little of it is covered, a value twice, or an error code",
    REPORTING: "a kind that the baseline never saw, or an error code",
}


class PeriodRows(NamedTuple):
    """One period of one figure: all its rows, and the table of those that the input lets through."""

    name: str
    at: NDArray[np.intp]  # (k,) rows of the input that lie in the period
    start: NDArray[np.datetime64]  # (k,)
    reasons: tuple[str, ...]  # (k,) "" or why the row is not in the table
    unread: tuple[bool, ...]  # (k,) whether the row's readings are not enough, as the input says
    everything: Table  # (k,)
    asked: tuple[np.datetime64, np.datetime64]  # from the first instant to the end, not included [s]
    table: Table
    table_rows: NDArray[np.intp]  # (n,) rows of the input that the table holds
    factor: float  # what is stipulated (option A): the table's energy is the input's times this


def period_rows(given: RunInput, meter: MeterInput) -> tuple[PeriodRows, PeriodRows]:
    """Return the rows of the baseline and of the reporting period: those that lie in it with all of their days.

    Days of an accepted event are left out of the baseline whatever its method, since an indicator of their own would
    take all that they say; out of the reporting period only where the event is to be excluded.

    Raises
    ------
    ContractError
        If the plan has no periods, or the columns differ in length.
    """
    periods = given.plan.periods
    if periods is None:
        raise ContractError(
            "its plan has no periods", place=f"demonstrator {given.plan.id}",
            cure="give it a baseline and a reporting period, in the site file or with a revision of the plan",
        )  # fmt: skip
    factor = stipulated_factor(given.plan)
    whole = _table(given, meter, factor)
    last = min(periods.reporting_to or given.reporting_to, given.reporting_to)
    accepted = [event for event in meter.events if event.status is Status.ACCEPTED]
    excluded = [event for event in accepted if event.method is EventMethod.EXCLUDED]
    return (
        _period(BASELINE, meter, whole, periods.baseline_from, periods.baseline_to, accepted, factor),
        _period(REPORTING, meter, whole, periods.reporting_from, last, excluded, factor),
    )


def within_range(period: PeriodRows, baseline: Table) -> PeriodRows:
    """Return a period without the rows that have a driver beyond the baseline's range by more than a tenth of it."""
    reasons = dict(zip(period.at.tolist(), period.reasons, strict=True))
    out = np.zeros(len(period.table), np.bool_)
    for driver in baseline.drivers:
        if driver.is_kind:
            continue
        beyond = outside_range(driver.values, period.table.driver(driver.name).values)
        reasons |= {int(row): f"{driver.name}: {BEYOND}" for row in period.table_rows[beyond & ~out]}
        out |= beyond
    kept = ~out
    return period._replace(
        reasons=tuple(reasons[row] for row in period.at.tolist()), table=period.table.take(kept),
        table_rows=period.table_rows[kept],
    )  # fmt: skip


def stipulated_factor(plan: Plan) -> float:
    """Return what the measured part is multiplied by: the product of what option A stipulates, else 1."""
    return math.prod(each.value for each in plan.stipulations) if plan.option is Option.A else 1.0


def excluded_rows(
    period: PeriodRows, used: NDArray[np.datetime64], found: Iterable[tuple[str, str]] = ()
) -> tuple[Excluded, ...]:
    """Return every row of a period that is in no sum, in order of time.

    `used` are the starts (m,) of the rows in the fit or the sum, `found` the reasons that the fit gave by start.
    """
    later = dict(found)
    left = (np.array(period.reasons) != "") | ~np.isin(period.start, used)
    return tuple(
        Excluded(
            period=period.name,
            start=(start := str(period.start[row])),
            reason=period.reasons[row] or later.get(start) or _UNUSED[period.name],
        )
        for row in np.flatnonzero(left)
    )


def coverage_of(period: PeriodRows, used: Table | None) -> CoverageRecord:
    """Return how much of a period is there, and of its rows how many are used, from which day to which."""
    lacking = lacking_ends(period.everything, *period.asked)
    days = whole_period(used) if used is not None and len(used) else None
    return CoverageRecord(
        period=period.name, rows=len(period.start) + lacking_rows(period.everything, lacking),
        used=0 if used is None else len(used), coverage=covered_share(period.everything, lacking),
        used_from=days and date.fromisoformat(days[0]), used_to=days and date.fromisoformat(days[1]),
    )  # fmt: skip


def end_findings(period: PeriodRows, used: NDArray[np.bool_]) -> tuple[Finding, ...]:
    """Return what says that readings of a reporting period begin late or end early.

    `used` (n,) are the table's rows in the sum. Rows that somebody left out, as those of an event, have been read.
    """
    lost = np.isin(period.at, period.table_rows[~used]) | np.array(period.unread, np.bool_)
    return tuple(check_ends(period.everything.take(~lost), *period.asked))


def event_rows(table: Table, event: NonRoutineEvent) -> NDArray[np.bool_]:
    """Mask (n,) of rows that have a day of an event; a month has many days."""
    days = event.first_day.isoformat(), event.last_day.isoformat()
    mask: NDArray[np.bool_] = share_within(table.start, table.hours, days) > 0.0
    return mask


def column_of(values: NDArray[np.float64]) -> Column:
    """Return an array (n,) as a column of a record, null for NaN."""
    return tuple(None if np.isnan(value) else value for value in values.tolist())


def numbers(column: Column) -> NDArray[np.float64]:
    """Return a column of a record as an array (n,), NaN for null."""
    return np.array([np.nan if value is None else value for value in column], np.float64)


def _period(
    name: str, meter: MeterInput, whole: Table, first: date, last: date, events: list[NonRoutineEvent], factor: float
) -> PeriodRows:
    """Return the rows of which every day lies from the first day to the last: a month that either cuts is in none."""
    begins, ends = row_days(whole.start, whole.hours)
    day, end = np.datetime64(first, "D"), np.datetime64(last, "D") + 1
    at = np.flatnonzero((begins >= day) & (ends <= end))
    reasons = np.array(meter.reasons, object)[at]
    unread = tuple((reasons != "").tolist())
    for event in events:
        reasons[(reasons == "") & event_rows(whole, event)[at]] = EVENT + event.title
    kept = at[reasons == ""]
    return PeriodRows(
        name=name, at=at, start=whole.start[at], reasons=tuple(str(reason) for reason in reasons), unread=unread,
        everything=whole.take(at), asked=(day.astype("datetime64[s]"), end.astype("datetime64[s]")),
        table=whole.take(kept), table_rows=kept, factor=factor,
    )  # fmt: skip


def _table(given: RunInput, meter: MeterInput, factor: float) -> Table:
    """Return all rows of a figure as one table, its energy times what is stipulated."""
    return Table(
        frequency=Frequency(given.plan.frequency),
        start=np.array(meter.start, "datetime64[s]"),
        hours=np.array(meter.hours, np.float64),
        energy=numbers(meter.energy) * factor,
        drivers=tuple(
            Driver(
                name=each.name, role=Role(each.role), values=_values(each, given.plan.day_types), unit=each.unit,
                is_total=each.is_total,
            )
            for each in meter.drivers
        ),
        coverage=np.array(meter.coverage, np.float64),
        unit=meter.meter.unit,
    )  # fmt: skip


def _values(driver: DriverColumn, day_types: DayTypes) -> NDArray[np.float64]:
    """Return a driver as an array (n,); of the day that hours count as, the one that the plan takes for the same."""
    values = numbers(driver.values)
    return hours_alike(day_types, values) if driver.role == Role.WEEK.value else values
