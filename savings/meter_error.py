"""What the meters' own accuracy leaves open in a saving: an error of scale that both periods share.

    u² = Σ_c ((A_c - M_c) · a_c / √3)²

with A_c and M_c what carrier c (a point of the figure) would have used and did use, and a_c the largest error of its
class, taken as uniform within its limits (GUM 4.3.7); the interval joins them as such (`uncertainty.reml`). A meter
that reads 1 % too much does so before and after, so only the difference carries the error; a meter changed between the
periods has two errors, which this does not know.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from savings.adjustments import METER, Adjustment, whole_period
from savings.findings import Finding, Severity
from savings.run_table import numbers
from savings.value import baseline_shares
from savings.wording import said
from telemetry.accuracy import relative_accuracy
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.input_record import MeterInput
    from savings.run_table import PeriodRows


def meter_error(
    meter: MeterInput, before: PeriodRows, after: PeriodRows, saving: AvoidedUse
) -> tuple[tuple[Adjustment, ...], tuple[Finding, ...]]:
    """Return the meters' error as an adjustment of 0 over the whole period, and which of them have no class."""
    classes = _classes(meter)
    unknown = tuple(each.point for each in meter.meter.points if classes.get(each.point) is None)
    columns = {point: numbers(values) for point, values in meter.carriers.items()}
    try:
        shares = baseline_shares({point: values[before.table_rows] for point, values in columns.items()})
    except ContractError:  # a baseline that adds up to nothing: no share, and no figure to speak of either
        return (), _unknown(unknown)
    rows, adjusted = after.table_rows[saving.rows], float(saving.adjusted.sum())
    used = {point: float(np.nansum(values[rows])) * after.factor for point, values in columns.items()}
    limits = _limits(classes, {point: shares[point] * adjusted - used[point] for point in columns})
    days, error = whole_period(saving.totals.reporting), _joined(limits)
    adjustment = Adjustment(days=days, amount=0.0, standard_error=error, reason=METER, limits=limits)
    found = (adjustment,) if limits else ()
    return found, _unknown(unknown)


def scale_error(
    meter: MeterInput, before: NDArray[np.intp], after: NDArray[np.intp], use_before: float, use_after: float
) -> float:
    """Return the meters' error in a difference of two uses, each shared out as its own rows of the input were [unit].

    `before` and `after` (n,) are the rows of the input that tell how the carriers share in each use.
    """
    columns = {point: numbers(values) for point, values in meter.carriers.items()}
    try:
        first, second = (
            baseline_shares({point: values[rows] for point, values in columns.items()}) for rows in (before, after)
        )
    except ContractError:  # a use that adds up to nothing has no shares, and no error of scale
        return 0.0
    differences = {point: first[point] * use_before - second[point] * use_after for point in columns}
    return _joined(_limits(_classes(meter), differences))


def _classes(meter: MeterInput) -> dict[str, float | None]:
    """Return the largest relative error of each point's class."""
    return {each.point: relative_accuracy(each.accuracy_class) for each in meter.sources if each.role == "energy"}


def _limits(classes: dict[str, float | None], differences: dict[str, float]) -> tuple[float, ...]:
    """Return by how much each carrier's own meter may at most falsify its difference [unit]."""
    largest = (abs(each) * (classes.get(point) or 0.0) for point, each in differences.items())
    return tuple(limit for limit in largest if limit > 0.0)


def _joined(limits: tuple[float, ...]) -> float:
    """Return the standard error of independent errors, each even within its limits."""
    return math.hypot(*limits) / math.sqrt(3.0)


def _unknown(points: tuple[str, ...]) -> tuple[Finding, ...]:
    if not points:
        return ()
    return (
        Finding(
            code="meter_accuracy_unknown",
            severity=Severity.INFO,
            message=said("The interval is without the own error of {points:name}, whose accuracy is not known.",
                         points=points),
            cure=said("declare `accuracy` of the meter in the site file, as class 1 or 0.5 %"),
            days=points,
        ),
    )  # fmt: skip
