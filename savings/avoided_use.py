"""Avoided use: what would have been used under the conditions of the reporting period, less what was.

savings = Σ (adjusted baseline + non-routine adjustments - measured)   (IPMVP: avoided energy consumption)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.adjustments import spread_adjustments
from savings.findings import refuse_stops
from savings.noise_checks import check_memory, check_season_of_noise
from savings.reporting_checks import check_reporting
from savings.suspect_values import without_codes
from savings.uncertainty.interval import Interval, Method, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.adjustments import Adjustment
    from savings.baseline import Baseline
    from savings.findings import Finding
    from savings.table import Table


@dataclass(frozen=True, kw_only=True)
class MonthSaving:
    """One calendar month of a saving."""

    month: str  # ISO, 2025-11
    measured: float  # [unit]
    adjusted: float  # adjustments included [unit]
    adjustments: float  # [unit]
    saving: Interval  # [unit]


@dataclass(frozen=True, kw_only=True, eq=False)
class AvoidedUse:
    """A saving with its interval, and the rows it is made of; energies in the unit of the table."""

    savings: float
    low: float
    high: float
    confidence: float
    percent: float  # of the adjusted baseline [%]
    percent_low: float  # NaN, as percent_high, where an end has no positive adjusted baseline
    percent_high: float
    standard_error: float
    method: str
    baseline: Baseline
    start: NDArray[np.datetime64]  # (m,) of the rows used
    measured: NDArray[np.float64]  # (m,)
    adjusted: NDArray[np.float64]  # (m,) adjustments included
    saving: NDArray[np.float64]  # (m,)
    adjustments: tuple[Adjustment, ...]
    findings: tuple[Finding, ...]  # of the reporting period; those of the fit are the baseline's
    coverage: float  # share of the period that has energy and all drivers, by hours
    totals: Totals  # intervals of any other rows
    rows: NDArray[np.bool_]  # (r,) which of the reporting period's rows were used, m of them

    @property
    def cumulative(self) -> NDArray[np.float64]:
        """Saving up to and with each row (m,): the CUSUM [unit]."""
        return np.cumsum(self.saving)

    def cumulative_band(self, last: NDArray[np.intp] | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return low and high (k,) of the cumulative saving, each end of the same confidence [unit].

        `last` (k,) are the rows up to which, and with which, is summed; every row (m,) where None.
        """
        ends = np.arange(len(self.start)) if last is None else last
        rows = np.arange(len(self.start)) <= ends[:, None]
        band = adjusted_intervals(self.totals, rows, self.adjustments, self.confidence, self.method)
        return np.array([each.low for each in band]), np.array([each.high for each in band])

    def by_method(self, method: str) -> Interval:
        """Return the same saving with the interval of another method of uncertainty."""
        everything = np.ones((1, len(self.start)), np.bool_)
        return adjusted_intervals(self.totals, everything, self.adjustments, self.confidence, method)[0]

    @property
    def by_month(self) -> tuple[MonthSaving, ...]:
        """The calendar months of the period, each with its interval; months are not independent of each other."""
        month = self.start.astype("datetime64[M]")
        months = np.unique(month)
        rows = month == months[:, None]
        spread = self.spread
        found = adjusted_intervals(self.totals, rows, self.adjustments, self.confidence, self.method)
        return tuple(
            MonthSaving(
                month=str(each), measured=float(self.measured[own].sum()), adjusted=float(self.adjusted[own].sum()),
                adjustments=float(spread[:, own].sum()), saving=interval,
            )
            for each, own, interval in zip(months, rows, found, strict=True)
        )  # fmt: skip

    @property
    def spread(self) -> NDArray[np.float64]:
        """What each adjustment adds to each row (A, m) [unit]."""
        return spread_adjustments(self.totals.reporting, self.adjustments)


def avoided_use(
    baseline: Baseline,
    reporting: Table,
    *,
    confidence: float = 0.9,
    method: str = Method.REML,
    adjustments: Sequence[Adjustment] = (),
) -> AvoidedUse:
    """Return what was saved over the valid rows of a reporting period.

    Parameters
    ----------
    baseline
        The fitted baseline.
    reporting
        Rows of the reporting period; rows without energy or a driver, or with an error code as one, are left out
        and lower the coverage.
    confidence
        Two-sided, between 0 and 1.
    method
        One of `Method`.
    adjustments
        Non-routine adjustments; their errors join the interval.

    Raises
    ------
    InsufficientDataError
        If a finding forbids a figure: no rows, a driver missing, periods the wrong way round.
    ContractError
        If an adjustment lies outside the period.
    ValueError
        If the confidence is not between 0 and 1 or the method is unknown.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    findings = refuse_stops(check_reporting(baseline.table, reporting), place="reporting period")
    names = tuple(driver.name for driver in baseline.table.drivers)
    known = without_codes(reporting.keep_drivers(names))
    # A category that the baseline never saw has no prediction: a finding names it, the row cannot count.
    predictable = known.valid & np.isfinite(baseline.model.predict(known))
    used = known.take(predictable)
    totals = Totals(baseline, used)
    spread = spread_adjustments(used, adjustments)
    adjusted = totals.adjusted + spread.sum(axis=0)
    everything = np.ones((1, len(used)), np.bool_)
    total = adjusted_intervals(totals, everything, adjustments, confidence, method)[0]
    if total.method == Method.REML:  # the others do not ask how long noise lasts, nor in which season it is large
        findings = (*findings, *check_memory(totals), *check_season_of_noise(baseline))
    measured = float(used.energy.sum())
    percent_low, percent_high = percent_interval(total.low, total.high, measured)
    return AvoidedUse(
        savings=total.value, low=total.low, high=total.high, confidence=confidence,
        percent=percent_of_adjusted(total.value, measured), percent_low=percent_low, percent_high=percent_high,
        standard_error=total.standard_error,
        method=total.method, baseline=baseline, start=used.start, measured=used.energy, adjusted=adjusted,
        saving=adjusted - used.energy, adjustments=tuple(adjustments), findings=findings,
        coverage=float(used.hours.sum() / reporting.hours.sum()), totals=totals, rows=predictable,
    )  # fmt: skip


def percent_of_adjusted(saving: float, measured: float) -> float:
    """Return a saving by the adjusted baseline that it implies [%]; NaN where that is not positive.

    What was measured is known, so each end of the interval has its own adjusted baseline.

    >>> percent_of_adjusted(20.0, 80.0)
    20.0
    """
    adjusted = measured + saving
    return 100.0 * saving / adjusted if adjusted > 0 else float("nan")


def percent_interval(low: float, high: float, measured: float) -> tuple[float, float]:
    """Return the ends of a saving's interval by the adjusted baselines that they imply, the lower first [%].

    Both are NaN unless both adjusted baselines are positive: with one that is not, percents do not follow the saving.

    >>> percent_interval(0.0, 20.0, 80.0)
    (0.0, 20.0)
    """
    ends = percent_of_adjusted(low, measured), percent_of_adjusted(high, measured)
    if np.isnan(ends).any():
        return float("nan"), float("nan")
    return min(ends), max(ends)


def adjusted_intervals(
    totals: Totals,
    rows: NDArray[np.bool_] | NDArray[np.float64],
    adjustments: Sequence[Adjustment],
    confidence: float,
    method: str,
) -> tuple[Interval, ...]:
    """Return the intervals of masks or weights of rows (T, m) with the adjustments joined.

    The error of one adjustment goes with the share of it that lies within the rows; those of different events are
    independent. Causes with limits are joined exactly by the default method, all else in quadrature.
    """
    if not adjustments:
        return totals.intervals(rows, confidence=confidence, method=method)
    days = spread_adjustments(totals.reporting, [_one(each) for each in adjustments])
    share = rows @ days.T  # (T, A)
    limits = np.hstack([share[:, at, None] * np.array(each.limits) for at, each in enumerate(adjustments)])
    plain = totals.intervals(rows, confidence=confidence, method=method, limits=np.abs(limits))
    amount = np.array([each.amount for each in adjustments])
    joined = np.sqrt(share**2 @ np.array([each.unbounded_error for each in adjustments]) ** 2)
    return tuple(
        each._replace(value=each.value + more, low=each.low + more, high=each.high + more).widened(wider)
        for each, more, wider in zip(plain, (share @ amount).tolist(), joined.tolist(), strict=True)
    )


def _one(each: Adjustment) -> Adjustment:
    """Return an adjustment of one unit, to see how it is spread."""
    return type(each)(days=each.days, amount=1.0, standard_error=0.0)
