"""One door to all methods: totals over any rows of a reporting period, each with its interval.

| method | what it believes |
|---|---|
| reml | noise that is slow, new every day or back every year, weighed by restricted likelihood: the default |
| guideline14 | Guideline 14 with n' and k(M) of Sun & Baltazar (1.26 for hourly models) |
| guideline14_126 | the same with k = 1.26 |
| hac | the residuals' own autocovariances, tapered over 45 days |
| bootstrap | blocks of at least a week change places, the model is fitted anew with its knots |
| ols | independent residuals |
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.refit import refit
from savings.table import Frequency
from savings.uncertainty import bootstrap, guideline14, hac, ols, reml
from savings.uncertainty.case import make_case, positions
from savings.uncertainty.student import two_sided_t

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.baseline import Baseline
    from savings.table import Table
    from savings.uncertainty.case import Case
    from savings.uncertainty.reml import NoisePosterior

DRAWS = 200
_BLOCK = {Frequency.HOURLY: 24 * bootstrap.WEEK, Frequency.DAILY: 2 * bootstrap.WEEK, Frequency.MONTHLY: 1}


class Method(StrEnum):
    """How an interval is made."""

    REML = "reml"
    GUIDELINE14 = "guideline14"
    GUIDELINE14_126 = "guideline14_126"
    HAC = "hac"
    BOOTSTRAP = "bootstrap"
    OLS = "ols"


class Interval(NamedTuple):
    """A value and the two-sided interval that holds the truth with the confidence stated."""

    value: float
    low: float
    high: float
    confidence: float
    method: str
    standard_error: float
    dof: float  # degrees of freedom of t; infinite for percentiles

    def widened(self, standard_error: float) -> Interval:
        """Return the interval with an independent error joined to it: half widths add in quadrature."""
        if standard_error == 0.0:
            return self
        more = two_sided_t(self.confidence, self.dof) * standard_error
        return self._replace(
            low=self.value - float(np.hypot(self.value - self.low, more)),
            high=self.value + float(np.hypot(self.high - self.value, more)),
            standard_error=float(np.hypot(self.standard_error, standard_error)),
        )


class Totals:
    """Totals of adjusted baseline less measured, over any rows of one reporting period.

    Parameters
    ----------
    baseline
        The fitted baseline.
    reporting
        Rows of the reporting period, each with energy and every driver; conditions need no energy.
    """

    def __init__(self, baseline: Baseline, reporting: Table) -> None:
        self._baseline = baseline
        self.reporting = reporting
        self.adjusted = baseline.model.predict(reporting)  # (r,) [unit]
        self._places, self._place = np.unique(positions(reporting, baseline.table), return_inverse=True)

    def interval(
        self, rows: NDArray[np.bool_] | None = None, *, confidence: float = 0.9, method: str = Method.REML
    ) -> Interval:
        """Return the saving over a mask of rows (r,), all where None, with its interval [unit]."""
        mask = np.ones(len(self.reporting), np.bool_) if rows is None else rows
        return self.intervals(mask[None], confidence=confidence, method=method)[0]

    def intervals(
        self,
        rows: NDArray[np.bool_] | NDArray[np.float64],
        *,
        confidence: float = 0.9,
        method: str = Method.REML,
        limits: NDArray[np.float64] | None = None,
    ) -> tuple[Interval, ...]:
        """Return the savings over T masks of rows (T, r), each with its interval [unit].

        Weights in place of masks give weighted totals: prices by row [EUR a unit], or contrasts of two sets of rows.
        A day of which some hours are asked for counts by their share. Guideline 14 knows the weighted adjusted
        baseline only: it takes no contrast. `limits` (T, L) are independent errors of each total that lie anywhere
        within ± so much, as a meter's in its class [unit].
        """
        kind = Method(method)
        bounded = np.zeros((len(rows), 0)) if limits is None else limits
        values = rows @ (self.adjusted - self.reporting.energy)
        low, high, error, dof = self._spread(kind, rows, confidence, bounded)
        found = tuple(
            Interval(float(v), float(v - a), float(v + b), confidence, kind.value, float(e), dof)
            for v, a, b, e in zip(values, low, high, error, strict=True)
        )
        if kind is Method.REML or not bounded.any():  # the default has joined them exactly
            return found
        beside = np.sqrt((bounded**2).sum(axis=1) / 3.0)
        return tuple(each.widened(float(more)) for each, more in zip(found, beside, strict=True))

    def prediction(self, *, confidence: float = 0.9) -> Interval:
        """Return the predicted total with what the parameters alone leave open: for conditions, which have no noise."""
        targets = np.ones((1, len(self._places)))
        half = float(reml.half_widths(self._case, self.noise, targets, confidence, process=False)[0])
        dof, value = self.noise.dof, float(self.adjusted.sum())
        error = half / two_sided_t(confidence, dof)
        return Interval(value, value - half, value + half, confidence, Method.REML.value, error, dof)

    @property
    def noise(self) -> NoisePosterior:
        """What the baseline's residuals say about their noise, by day; by month for bills."""
        return self._baseline.noise

    @property
    def baseline_table(self) -> Table:
        """The rows that the baseline was fitted to."""
        return self._baseline.table

    @property
    def noise_within_years(self) -> NoisePosterior:
        """The same where nothing is taken to come back: what is sought within a year stands out from this."""
        return self._baseline.noise_within_years

    @cached_property
    def _case(self) -> Case:
        return make_case(self._baseline, self.reporting)

    def _spread(
        self,
        method: Method,
        rows: NDArray[np.bool_] | NDArray[np.float64],
        confidence: float,
        limits: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
        """Return how far the interval reaches down and up, the standard errors (T,), and the degrees of freedom."""
        if method is Method.BOOTSTRAP:
            return self._resampled(rows, confidence)
        if method in {Method.GUIDELINE14, Method.GUIDELINE14_126}:
            dof = float(max(self._baseline.statistics.n - self._baseline.statistics.p, 1))
            half = np.array([self._guideline14(mask, confidence, method) for mask in rows])
            return half, half, half / two_sided_t(confidence, dof), dof
        targets = self._targets(rows)
        if method is Method.REML:
            errors, dof = reml.standard_errors(self._case, self.noise, targets), self.noise.dof
            plain = reml.mixture_half_widths(errors, self.noise, confidence)
            half = reml.joined_half_widths(errors, self.noise, confidence, limits, plain)
            beside = np.sqrt((limits**2).sum(axis=1) / 3.0)
            return half, half, np.hypot(plain / two_sided_t(confidence, dof), beside), dof
        error, dof = (ols if method is Method.OLS else hac).standard_errors(self._case.of_one_size(), targets)
        half = two_sided_t(confidence, dof) * error
        return half, half, error, dof

    def _targets(self, rows: NDArray[np.bool_] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share (T, m) of each place that the masks ask for."""
        asked = np.zeros((len(rows), len(self._places)))
        np.add.at(asked.T, self._place, rows.T.astype(np.float64))
        return asked / np.bincount(self._place)

    def _guideline14(
        self, weights: NDArray[np.bool_] | NDArray[np.float64], confidence: float, method: Method
    ) -> float:
        mask = weights != 0
        statistics, frequency = self._baseline.statistics, self._baseline.table.frequency
        months = float(self.reporting.hours[mask].sum()) / guideline14.HOURS_PER_MONTH
        plain = method is Method.GUIDELINE14_126
        return guideline14.savings_uncertainty(
            n=statistics.n,
            p=statistics.p,
            n_effective=statistics.n_effective,
            cv_rmse=statistics.cv_rmse,
            adjusted=float(weights @ self.adjusted),
            rows=int(mask.sum()),
            k=guideline14.K_GUIDELINE if plain else guideline14.k_factor(frequency, months),
            confidence=confidence,
        )

    def _resampled(
        self, rows: NDArray[np.bool_] | NDArray[np.float64], confidence: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
        error = self._targets(rows) @ self._errors.T
        tail = (1.0 - confidence) / 2
        low, high = np.quantile(error, 1.0 - tail, axis=1), -np.quantile(error, tail, axis=1)
        return low, high, error.std(axis=1, ddof=1), float("inf")

    @cached_property
    def _errors(self) -> NDArray[np.float64]:
        baseline = self._baseline

        def again(energy: NDArray[np.float64]) -> NDArray[np.float64]:
            model = refit(baseline.model, baseline.table.with_energy(energy), weight=baseline.weights)
            return model.predict(self.reporting)

        return bootstrap.errors(
            baseline.table.energy - baseline.residuals,
            baseline.residuals,
            p=baseline.model.p,
            refit=again,
            place=self._place,
            block=_BLOCK[baseline.table.frequency],
            draws=DRAWS,
        )


def total_interval(
    baseline: Baseline, reporting: Table, *, confidence: float = 0.9, method: str = Method.REML
) -> Interval:
    """Return adjusted baseline less measured over the valid rows of a reporting period, with its interval [unit]."""
    return Totals(baseline, reporting.take(reporting.valid)).interval(confidence=confidence, method=method)
