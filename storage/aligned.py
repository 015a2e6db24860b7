"""Energy and drivers of a plan's figures as columns on one clock, each row with its coverage or with why it is lost.

| kind of point | what a row holds |
|---|---|
| gauge, state | the mean by time |
| counter | what the register gained, scaled up to the whole row where a little of it is missing |
| event, steady (an interval meter) | the sum, scaled up likewise |
| event, now and then (a landing) | the sum; nothing where nothing came while the point was alive, by its silence |
| derived | the mean or sum of what the formula gives hour by hour, hours being those of UTC |

A row is lost where less than LEAST_COVERAGE of its time is known of the meter or of a driver, or where a register of
the meter was reset. What no bucket tells is missing, never nought.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from storage.as_known import known_buckets
from storage.derived import amounts_fit, derived_of, made_of, read_derived
from storage.overview import points_by_key
from storage.row_clock import row_clock
from storage.series import VALUE_COLUMN, WIDTHS_S, Resolution, readings
from telemetry.errors import ContractError
from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from storage.engine import Connection
    from storage.overview import PointRow
    from storage.row_clock import RowClock
    from storage.series import Columns
    from telemetry.plan import MeterPlan, Periods, Plan

LEAST_COVERAGE = 0.9  # share of a row's time that has to be known
STEADY_PERIODS = 10.0  # an event that may be silent for longer than so many periods comes now and then


@dataclass(frozen=True, kw_only=True, eq=False)
class PointColumn:
    """One point on a clock; columns (n,)."""

    row: PointRow
    value: NDArray[np.float64]  # mean, or amount of the whole row; NaN where it is not known
    coverage: NDArray[np.float64]  # share of the row's time that is known
    readings: NDArray[np.int64]
    bad: NDArray[np.int64]  # readings that count nowhere
    resets: NDArray[np.int64]
    quality: int  # reasons that any of its readings came with (telemetry.quality)

    @property
    def is_total(self) -> bool:
        """Whether a row holds an amount, not a mean."""
        return self.row.kind in (Kind.COUNTER, Kind.EVENT)


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignedFigure:
    """One figure of a plan; all columns (n,), in order of time."""

    meter: MeterPlan
    clock: RowClock
    energy: NDArray[np.float64]  # [unit of the figure]; NaN where a row is lost
    carriers: Mapping[str, NDArray[np.float64]]  # by point, factor applied: they add up to `energy`
    coverage: NDArray[np.float64]
    drivers: Mapping[str, PointColumn]  # by point, in the order of the plan
    points: Mapping[str, PointColumn]  # of the figure
    reasons: tuple[str, ...]  # "" where a row may be used


class Aligned(NamedTuple):
    """All figures of a plan, and the points that watch its static factors."""

    figures: tuple[AlignedFigure, ...]
    watched: Mapping[str, PointColumn]  # by local day
    days: RowClock  # of `watched`


def aligned(
    connection: Connection, site: str, timezone: str, plan: Plan, *, last_day: date, known_at: datetime | None = None
) -> Aligned:
    """Load all that a plan needs from its baseline's first day to `last_day`, a local day that is over.

    With `known_at` readings that arrived later are left out, also of what points are derived from. Raises
    ContractError where the plan has no periods, or names a point that the site does not have.
    """
    if plan.periods is None:
        raise ContractError(
            "the plan has no periods", place=f"demonstrator {plan.id}", cure="give it a baseline and a reporting period"
        )
    known = points_by_key(connection, site)
    clock = row_clock(
        plan.periods.baseline_from, last_day, plan.frequency, timezone, cuts=period_edges(plan.periods)
    )  # fmt: skip
    days = row_clock(plan.periods.baseline_from, last_day, "daily", timezone)
    asked = {point.point for meter in plan.meters for point in meter.points}
    asked |= {driver.point for meter in plan.meters for driver in plan.drivers_of(meter)}
    columns = _columns(connection, _rows(known, sorted(asked), plan), known, clock, known_at)
    watched = {factor.point for factor in plan.static_factors if factor.point}
    seen = _columns(connection, _rows(known, sorted(watched), plan), known, days, known_at)
    figures = tuple(_figure(plan, meter, clock, columns) for meter in plan.meters)
    return Aligned(figures=figures, watched=seen, days=days)


def period_edges(periods: Periods) -> tuple[date, ...]:
    """Return the days on which a period begins or the day after one ends: no row may lie on both sides of one."""
    ends = [last for last in (periods.baseline_to, periods.reporting_to) if last is not None]
    return periods.baseline_from, periods.reporting_from, *(last + timedelta(days=1) for last in ends)


def _rows(known: Mapping[str, PointRow], keys: Sequence[str], plan: Plan) -> list[PointRow]:
    missing = [key for key in keys if key not in known]
    if missing:
        cure = "declare it in the site file, or correct the plan"
        raise ContractError(f"unknown point {missing[0]!r}", place=f"demonstrator {plan.id}", cure=cure)
    return [known[key] for key in keys]


def _columns(
    connection: Connection,
    rows: Sequence[PointRow],
    known: Mapping[str, PointRow],
    clock: RowClock,
    known_at: datetime | None,
) -> dict[str, PointColumn]:
    """Read points and put them on a clock."""
    measured = [row for row in rows if row.derived is None]
    window = (clock.first, clock.end, clock.resolution)
    found = readings(connection, sorted(row.id for row in measured), *window)
    if known_at is not None:
        found = known_buckets(connection, found, measured, clock, known_at)
    columns = {row.key: _on(clock, row, found) for row in measured}
    derived = (row for row in rows if row.derived is not None)
    return columns | {row.key: _derived(connection, row, known, clock, known_at) for row in derived}


def _derived(
    connection: Connection, row: PointRow, known: Mapping[str, PointRow], clock: RowClock, known_at: datetime | None
) -> PointColumn:
    """Evaluate a derived point on hours and put them on a clock: a product of daily means is no mean of the product.

    Where an amount that it is made of belongs to more than an hour (a day's landings), the clock's own buckets serve,
    in the whole table: the rows before and after are made alike.
    """
    inputs = [known[key] for key in made_of(row, known)]
    if amounts_fit(connection, inputs, WIDTHS_S[Resolution.HOUR], clock.first, clock.end):
        clock = clock.in_hours()
    window = (clock.first, clock.end, clock.resolution)
    if known_at is None:
        return _on(clock, row, read_derived(connection, row, known, *window))
    found = readings(connection, sorted(point.id for point in inputs), *window)
    return _on(clock, row, derived_of(row, known, known_buckets(connection, found, inputs, clock, known_at)))


def _on(clock: RowClock, row: PointRow, found: Columns) -> PointColumn:
    """Put one point's buckets on a clock."""
    own = found["point_id"] == row.id
    index = clock.row_of(found["ts"][own])
    n = len(clock)
    value = found[VALUE_COLUMN[row.kind]][own]
    answered = ~np.isnan(value)  # a formula may have no answer where all its inputs are known: nothing is known then

    def added(name: str, where: NDArray[np.bool_] | float = 1.0) -> NDArray[np.float64]:
        return np.bincount(index, np.nan_to_num(found[name][own].astype(np.float64)) * where, n).astype(np.float64)

    valid_s, width_s = added("valid_s", answered), clock.hours * 3600.0
    if row.kind in (Kind.GAUGE, Kind.STATE):
        with np.errstate(invalid="ignore", divide="ignore"):
            amount = np.bincount(index, np.nan_to_num(value) * found["valid_s"][own], n) / valid_s
        coverage = np.minimum(1.0, valid_s / width_s)
    else:
        shared = _beside(added("spread_s") > 0)
        amount, coverage = _amounts(clock, row, index, value, valid_s, added("spread_s", answered), shared)
    return PointColumn(
        row=row, value=amount.astype(np.float64), coverage=coverage, readings=added("n").astype(np.int64),
        bad=added("n_bad").astype(np.int64), resets=added("resets").astype(np.int64),
        quality=int(np.bitwise_or.reduce(found["quality"][own], initial=0)),
    )  # fmt: skip


def _amounts(
    clock: RowClock,
    row: PointRow,
    index: NDArray[np.intp],
    value: NDArray[np.float64],
    valid_s: NDArray[np.float64],
    spread_s: NDArray[np.float64],
    shared: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the amount (n,) of each row, NaN where nothing is known, and the share of it that is known.

    `shared` (n,) says beside which rows there is a gap too.
    """
    n, width_s = len(clock), clock.hours * 3600.0
    given = np.bincount(index[~np.isnan(value)], minlength=n) > 0
    total = np.bincount(index, np.nan_to_num(value), n)
    if row.kind == Kind.EVENT and row.derived is None and row.silent_after_s > STEADY_PERIODS * row.period_s:
        alive = _alive(clock, given, row.silent_after_s)
        return np.where(alive, total, np.nan), alive.astype(np.float64)
    # A gap that neither neighbour shares began and ended within its row: what was gained is known, if not when.
    within = (spread_s > 0) & ~shared
    valid_s = np.where(within, valid_s + spread_s, valid_s)
    booked_s = np.minimum(np.where(within, valid_s, valid_s + spread_s), width_s)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.where(given & (booked_s > 0), total * width_s / booked_s, np.nan)
    return whole, np.minimum(1.0, valid_s / width_s)


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows (n,) have a neighbour for which a mask (n,) holds."""
    beside = np.zeros(len(mask), np.bool_)
    beside[1:] |= mask[:-1]
    beside[:-1] |= mask[1:]
    return beside


def _alive(clock: RowClock, given: NDArray[np.bool_], silent_after_s: float) -> NDArray[np.bool_]:
    """Return in which rows (n,) a point was alive: rows with events, and the rows within its silence after one."""
    end_s, start_s = clock.edges_us[1:] / 1e6, clock.edges_us[:-1] / 1e6
    last_end = np.maximum.accumulate(np.where(given, end_s, -np.inf))
    next_start = np.minimum.accumulate(np.where(given, start_s, np.inf)[::-1])[::-1]
    # Up to the end of a silence after the last event; within a pause between two, if it is no longer than a silence.
    pause = np.where(np.isfinite(next_start), next_start, end_s) - last_end
    alive: NDArray[np.bool_] = given | (pause <= silent_after_s)
    return alive


def _figure(plan: Plan, meter: MeterPlan, clock: RowClock, columns: Mapping[str, PointColumn]) -> AlignedFigure:
    points = {each.point: columns[each.point] for each in meter.points}
    drivers = {each.point: _known(columns[each.point]) for each in plan.drivers_of(meter)}
    carriers = {each.point: each.factor * columns[each.point].value for each in meter.points}
    reasons = [""] * len(clock)
    for column in (*points.values(), *drivers.values()):
        _note(reasons, column, is_meter=column.row.key in points)
    energy = np.sum([*carriers.values()], axis=0)
    known = np.minimum.reduce([column.coverage for column in points.values()]) >= LEAST_COVERAGE
    usable = known & ~np.any([column.resets > 0 for column in points.values()], axis=0) & np.isfinite(energy)
    return AlignedFigure(
        meter=meter, clock=clock, energy=np.where(usable, energy, np.nan),
        carriers={key: np.where(usable, value, np.nan) for key, value in carriers.items()},
        coverage=np.minimum.reduce([column.coverage for column in (*points.values(), *drivers.values())]),
        drivers=drivers, points=points, reasons=tuple(reasons),
    )  # fmt: skip


def _known(column: PointColumn) -> PointColumn:
    """Return a driver without the values of rows of which too little is known."""
    return replace(column, value=np.where(column.coverage < LEAST_COVERAGE, np.nan, column.value))


def _note(reasons: list[str], column: PointColumn, *, is_meter: bool) -> None:
    """Say of each row why a point makes it useless; what was said first stays."""
    key = column.row.key
    short = (column.coverage < LEAST_COVERAGE) | np.isnan(column.value)
    wrong = short | (column.resets > 0) if is_meter else short
    for row in np.flatnonzero(wrong).tolist():
        if reasons[row]:
            continue
        if not short[row]:
            reasons[row] = f"{key}: its register was reset"
        elif column.readings[row] == 0 and column.bad[row] == 0 and column.coverage[row] == 0:
            reasons[row] = f"{key}: no reading"
        else:
            bad = f"{column.bad[row]} bad readings, " if column.bad[row] else ""
            reasons[row] = (
                f"{key}: {bad}{column.coverage[row]:.0%} of its time is known, {LEAST_COVERAGE:.0%} are needed"
            )
