"""The normalised saving of a run: what the measure saves in a year of the baseline's conditions.

S = 365 d / h · Σ (ŷ_before - ŷ_after) over the baseline's last year, h the length of its rows. In quadrature join the
error of the meters, which read both periods, and what option A stipulates, as they join the avoided use. Given only
where both periods have seen a year: a sum without a summer is no year, and is called none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from savings.baseline import fit_baseline
from savings.findings import InsufficientDataError
from savings.meter_error import scale_error
from savings.normalised import normalised_savings
from savings.option_a import option_a
from savings.run_records import LEAST_YEAR_DAYS, figure
from savings.run_table import EVENT, event_rows, stipulated_factor
from telemetry.plan import Option, Status

if TYPE_CHECKING:
    from savings.baseline import Baseline
    from savings.input_record import MeterInput, RunInput
    from savings.record import Figure
    from savings.run_table import PeriodRows
    from savings.table import Table
    from savings.uncertainty.interval import Interval
    from telemetry.plan import Plan

YEAR_DAYS = 365
LEAST_FITTED_DAYS = 300  # of the reporting model once events are left out: two months it may bridge, not a season


def normalised_figure(
    given: RunInput, meter: MeterInput, baseline: Baseline, before: PeriodRows, after: PeriodRows
) -> Figure | None:
    """Return the saving in a year under the baseline's conditions; None where either period lacks part of a year.

    The reporting model is fitted without the days of accepted events, which are no part of what the measure does.
    """
    conditions = _last_year(before.table.take(before.table.valid))
    routine = _without_events(meter, after)
    if min(_days(conditions), _days(_with_events(after))) < LEAST_YEAR_DAYS or _days(routine.table) < LEAST_FITTED_DAYS:
        return None
    try:
        later = fit_baseline(routine.table)
    except InsufficientDataError:
        return None
    found = _to_a_year(normalised_savings(baseline, later, conditions, confidence=given.plan.confidence), conditions)
    both = [_to_a_year_of(each, conditions) for each in (baseline, later)]
    metered = scale_error(meter, before.table_rows, routine.table_rows, both[0], both[1])
    return figure(found.widened(math.hypot(metered, _stipulated(given.plan, found))), before.table.unit)


def _last_year(table: Table) -> Table:
    """Return the rows of a table's last year: seasons of a longer baseline must not count twice."""
    if not len(table):
        return table
    end = table.start[-1] + np.timedelta64(int(table.hours[-1] * 3600), "s")
    return table.take(table.start >= end - np.timedelta64(YEAR_DAYS + 1, "D"))


def _days(table: Table) -> float:
    """Return how much valid time a table has [d]."""
    return float(table.hours[table.valid].sum()) / 24.0


def _with_events(period: PeriodRows) -> Table:
    """Return a period's rows with those of excluded events: they were seen, whatever is made of them."""
    rows = [not reason or reason.startswith(EVENT) for reason in period.reasons]
    return period.everything.take(np.array(rows, np.bool_))


def _without_events(meter: MeterInput, period: PeriodRows) -> PeriodRows:
    """Return a period without the rows of accepted events."""
    kept = np.ones(len(period.table), np.bool_)
    for event in meter.events:
        if event.status is Status.ACCEPTED:
            kept &= ~event_rows(period.table, event)
    return period._replace(table=period.table.take(kept), table_rows=period.table_rows[kept])


def _to_a_year(found: Interval, conditions: Table) -> Interval:
    """Return a total over conditions as that of a year."""
    scale = YEAR_DAYS * 24.0 / float(conditions.hours.sum())
    return found._replace(
        value=scale * found.value, low=scale * found.low, high=scale * found.high,
        standard_error=scale * found.standard_error,
    )  # fmt: skip


def _to_a_year_of(fitted: Baseline, conditions: Table) -> float:
    """Return the use of a year that a model gives for conditions [unit]."""
    rows = conditions.keep_drivers(tuple(driver.name for driver in fitted.table.drivers))
    return float(fitted.model.predict(rows).sum()) * YEAR_DAYS * 24.0 / float(conditions.hours.sum())


def _stipulated(plan: Plan, found: Interval) -> float:
    """Return what the stipulations of option A leave open in a saving [unit]."""
    if plan.option is not Option.A or not plan.stipulations:
        return 0.0
    part = found._replace(value=found.value / stipulated_factor(plan), standard_error=0.0)
    return option_a(part, plan.stipulations).interval.standard_error
