"""Whether data are enough for a baseline: length, coverage, gaps, doubles. Found before the fit, named, with a cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.driver_checks import check_drivers
from savings.findings import Finding, Severity
from savings.stuck_values import check_dead_meter, check_stuck
from savings.suspect_values import check_values, days, table_error_codes, without_codes
from savings.table import Frequency
from savings.wording import counted, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from savings.table import Driver, Table

LEAST_COVERAGE = {Frequency.HOURLY: 0.5, Frequency.DAILY: 0.5, Frequency.MONTHLY: 0.9}  # CalTRACK 2.2
_FEWEST_ROWS = {Frequency.HOURLY: 28 * 24, Frequency.DAILY: 28, Frequency.MONTHLY: 6}
_YEAR_DAYS = 360.0  # a year, less a few days lost at its ends
_LONGEST_GAP_DAYS = {Frequency.HOURLY: 3.0, Frequency.DAILY: 7.0, Frequency.MONTHLY: 45.0}
_GOOD_SHARE, _LEAST_SHARE = 0.9, 0.5


def usable_rows(table: Table) -> tuple[NDArray[np.bool_], tuple[tuple[str, str], ...]]:
    """Return the mask (n,) of rows to use, and (start, reason) of every other: the first reason that applies."""
    doubled = duplicate_rows(table)
    codes = table_error_codes(table)
    reasons = [("duplicate_timestamp", doubled), ("error_code", codes), ("energy_missing", ~np.isfinite(table.energy))]
    reasons += [(f"driver_missing: {driver.name}", ~np.isfinite(driver.values)) for driver in _living(table)]
    reasons.append(("coverage_low", ~(table.coverage >= LEAST_COVERAGE[table.frequency])))
    usable = np.ones(len(table), np.bool_)
    excluded: list[tuple[int, str]] = []
    for reason, mask in reasons:
        excluded += [(int(row), reason) for row in np.flatnonzero(mask & usable)]
        usable &= ~mask
    return usable, tuple((str(table.start[row]), reason) for row, reason in sorted(excluded))


def duplicate_rows(table: Table) -> NDArray[np.bool_]:
    """Mask (n,) of rows to leave out because their time comes twice: the later of equals, all where values differ.

    The hour that summer time repeats is no duplicate: a single hour before 04:00 that comes twice in its day.
    """
    starts, inverse, counts = np.unique(table.start, return_inverse=True, return_counts=True)
    twice = counts > 1
    if table.frequency is Frequency.HOURLY:
        twice &= ~_repeated_by_clock(starts, counts)
    first = np.zeros(len(table), np.bool_)
    first[np.unique(inverse, return_index=True)[1]] = True
    energy = np.where(np.isfinite(table.energy), table.energy, np.inf)
    lowest, highest = np.full(len(starts), np.inf), np.full(len(starts), -np.inf)
    np.minimum.at(lowest, inverse, energy)
    np.maximum.at(highest, inverse, energy)
    differ = (lowest != highest)[inverse]
    mask: NDArray[np.bool_] = twice[inverse] & (differ | ~first)
    return mask


def check_baseline(table: Table, usable: NDArray[np.bool_]) -> tuple[Finding, ...]:
    """Return what must be known about a baseline before it is fitted; `usable` (n,) as from `usable_rows`."""
    return (
        *_check_length(table, usable),
        *_check_coverage(table, usable),
        *_check_gaps(table, usable),
        *_check_duplicates(table),
        *check_values(table),
        *check_stuck(table),
        *check_dead_meter(without_codes(table), is_baseline=True),
        *(check_drivers(table.take(usable)) if usable.any() else ()),
    )


def period_days(table: Table) -> float:
    """Return how long a table reaches from its first instant to its last [d]."""
    if not len(table):
        return 0.0
    seconds = (table.start[-1] - table.start[0]).astype("timedelta64[s]").astype(np.float64)
    return float(seconds / 86400.0 + table.hours[-1] / 24.0)


def _check_length(table: Table, usable: NDArray[np.bool_]) -> Iterator[Finding]:
    """Find a baseline that misses a season, or almost everything."""
    count, fewest, length = int(usable.sum()), _FEWEST_ROWS[table.frequency], period_days(table)
    if not len(table):
        yield Finding(
            code="baseline_empty",
            severity=Severity.STOP,
            message=said("The baseline has no usable row."),
            cure=said("choose a period that has data"),
        )
    elif count < fewest:
        yield Finding(
            code="baseline_too_short",
            severity=Severity.STOP,
            message=counted(
                "The baseline has {count} usable row; {fewest} are the least.",
                "The baseline has {count} usable rows; {fewest} are the least.",
                count=count,
                fewest=fewest,
            ),
            cure=said("take a longer baseline, best twelve months"),
        )
    elif length < _YEAR_DAYS:
        yield Finding(
            code="baseline_too_short",
            severity=Severity.WARNING,
            message=said(
                "The baseline covers {length:.0f} days, less than a whole year: seasons are missing.", length=length
            ),
            cure=said("take twelve months, or report only under conditions that the baseline has seen"),
        )  # fmt: skip


def _check_coverage(table: Table, usable: NDArray[np.bool_]) -> Iterator[Finding]:
    """Find too few usable rows for the time that the baseline spans."""
    length = period_days(table)
    if not length:
        return
    share = float(table.hours[usable].sum()) / 24.0 / length
    if share < _GOOD_SHARE:
        yield Finding(
            code="coverage_low",
            severity=Severity.WARNING if share >= _LEAST_SHARE else Severity.STOP,
            message=said(
                "{share:.0%} of the baseline's {length:.0f} days can be used; 90% are wanted.",
                share=share,
                length=length,
            ),
            cure=said("recover the missing data, or choose a baseline period with fewer gaps"),
        )


def _check_gaps(table: Table, usable: NDArray[np.bool_]) -> Iterator[Finding]:
    """Find stretches without a usable row that are longer than a week (hours: 3 days; months: one month)."""
    used = table.take(usable)
    if len(used) < 2:
        return
    step = np.diff(used.start).astype("timedelta64[s]").astype(np.float64) / 86400.0
    long = np.flatnonzero(step - used.hours[:-1] / 24.0 > _LONGEST_GAP_DAYS[table.frequency] - 1e-6)
    if table.frequency is Frequency.MONTHLY:
        long = np.flatnonzero(step > _LONGEST_GAP_DAYS[table.frequency])
    if len(long):
        ends = [str((used.start[at] + np.timedelta64(int(used.hours[at] * 3600), "s")).astype("M8[D]")) for at in long]
        yield Finding(
            code="gaps",
            severity=Severity.WARNING,
            message=counted(
                "{count} gap, of {longest:.0f} days.",
                "{count} gaps, the longest of {longest:.0f} days.",
                count=len(long),
                longest=(step - used.hours[:-1] / 24.0).max(),
            ),
            cure=said("recover the data; what a gap hides is not in the model"),
            days=tuple(ends),
        )


def _check_duplicates(table: Table) -> Iterator[Finding]:
    """Find times that come twice."""
    doubled = duplicate_rows(table)
    if doubled.any():
        yield Finding(
            code="duplicate_timestamps",
            severity=Severity.WARNING,
            message=counted(
                "{count} row repeats a time; of equal rows one is used, of different ones none.",
                "{count} rows repeat a time; of equal rows one is used, of different ones none.",
                count=int(doubled.sum()),
            ),
            cure=said("find out which rows are right; check how summer time was written"),
            days=days(table, doubled),
        )


def _living(table: Table) -> list[Driver]:
    """Return the drivers that have any value: one that has none is left out, not every row."""
    return [driver for driver in table.drivers if np.isfinite(driver.values).any()]


def _repeated_by_clock(starts: NDArray[np.datetime64], counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mask of times that come twice because summer time ended: before 04:00, one hour of its day, once."""
    day = starts.astype("datetime64[D]")
    hour = (starts - day).astype("timedelta64[s]").astype(np.int64) // 3600
    candidates = (counts == 2) & (hour < 4)
    _, group = np.unique(day, return_inverse=True)
    alone = np.bincount(group, counts > 1)[group] == 1
    repeated: NDArray[np.bool_] = candidates & alone
    return repeated
