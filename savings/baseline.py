"""The baseline: a model chosen and fitted to the rows that may be used, with what must be known about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from savings.choice import check_candidates, choose_model, default_candidates
from savings.driver_checks import check_condition, check_signs, condition_number, numeric_columns, varies
from savings.findings import refuse_stops
from savings.models.changepoint import neighbours
from savings.statistics import fit_statistics, lag_one_autocorrelation
from savings.sufficiency import check_baseline, usable_rows
from savings.uncertainty.case import told_by
from savings.uncertainty.reml import noise_posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.findings import Finding
    from savings.models.model import Model
    from savings.statistics import FitStatistics
    from savings.table import Table
    from savings.uncertainty.case import Told
    from savings.uncertainty.reml import NoisePosterior


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline:
    """A fitted model and the rows it was fitted to."""

    table: Table  # the rows used, all of them with energy and every driver; drivers without effect are not in it
    model: Model
    residuals: NDArray[np.float64]  # measured less predicted (n,) [unit]
    weights: NDArray[np.float64]  # (n,) of each residual's square: 1 for days and hours, 1 / days for months
    statistics: FitStatistics
    findings: tuple[Finding, ...]
    excluded: tuple[tuple[str, str], ...]  # (start as ISO, reason) of rows left out

    @cached_property
    def told(self) -> Told:
        """What the residuals tell of their noise."""
        return told_by(self.table, self.model, self.residuals, self.weights)

    @cached_property
    def noise(self) -> NoisePosterior:
        """What that says about the noise, by day; by month for bills."""
        return noise_posterior(self.told)

    @cached_property
    def noise_within_years(self) -> NoisePosterior:
        """The same where nothing is taken to come back: what is sought within a year stands out from this."""
        return noise_posterior(self.told.without_waves()) if self.told.waves.shape[1] else self.noise

    def noise_size(self, day: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return the size of the noise on days (d,) by that of an average day of the baseline (d,)."""
        first = self.table.start[0].astype("datetime64[D]")
        return self.told.spread.at((day.astype("datetime64[D]") - first).astype(np.int64))


def fit_baseline(table: Table, *, candidates: tuple[str, ...] | None = None, robust: bool = False) -> Baseline:
    """Choose and fit a model; InsufficientDataError, with all findings, where no number may be given.

    Without `candidates`, days and months get the change-point family, hours TOWT or the mean if the week explains
    nothing. Linear drivers and categories that explain nothing are dropped, which a finding says; TOWT and ratio keep
    theirs. `robust` gives rows far from the model less weight (Huber).
    """
    wanted = default_candidates(table.frequency) if candidates is None else candidates
    check_candidates(wanted, table.frequency)
    usable, excluded = usable_rows(table)
    findings = refuse_stops(check_baseline(table, usable), place="baseline")
    used = table.take(usable)
    used = used.keep_drivers(tuple(driver.name for driver in used.drivers if varies(driver)))
    chosen = choose_model(used, wanted, robust=robust)
    return assemble(chosen.table, chosen.model, chosen.weights, (*findings, *chosen.findings), excluded)


def assemble(
    table: Table,
    model: Model,
    weights: NDArray[np.float64],
    findings: tuple[Finding, ...],
    excluded: tuple[tuple[str, str], ...],
) -> Baseline:
    """Return a baseline from a fitted model: its residuals, statistics and what they say."""
    predicted = model.predict(table)
    residuals = table.energy - predicted
    number = condition_number(numeric_columns(table))
    statistics = fit_statistics(
        table.energy,
        predicted,
        p=model.p,
        autocorrelation=lag_one_autocorrelation(residuals * np.sqrt(weights), neighbours(table)),
        condition_number=number,
    )
    return Baseline(
        table=table,
        model=model,
        residuals=residuals,
        weights=weights,
        statistics=statistics,
        findings=(*findings, *check_condition(number), *check_signs(model)),
        excluded=excluded,
    )
