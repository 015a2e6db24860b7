"""From a fit and a saving to the records that a run is told in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from savings.adjustments import METER, STIPULATED
from savings.record import (
    DailyColumns,
    Figure,
    FindingRecord,
    FitColumns,
    ModelRecord,
    MonthRow,
    ParameterRecord,
)
from savings.uncertainty.interval import Method
from savings.wording import wording_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.findings import Finding
    from savings.input_record import Column
    from savings.uncertainty.interval import Interval

_BESIDE = (Method.REML, Method.GUIDELINE14, Method.GUIDELINE14_126, Method.HAC, Method.OLS)
LEAST_YEAR_DAYS = 330


def known(value: float) -> float | None:
    """Return a number, None where it is none: JSON has neither NaN nor infinity."""
    return float(value) if math.isfinite(value) else None


def column(values: NDArray[np.float64]) -> Column:
    """Return an array (n,) as a column of a record."""
    return tuple(known(value) for value in values.tolist())


def figure(found: Interval, unit: str) -> Figure:
    """Return an interval as a figure."""
    return Figure(
        value=found.value, low=known(found.low), high=known(found.high), unit=unit,
        standard_error=known(found.standard_error),
    )  # fmt: skip


def saving_figure(saving: AvoidedUse, unit: str) -> Figure:
    """Return the saving itself."""
    return Figure(
        value=saving.savings, low=known(saving.low), high=known(saving.high), unit=unit,
        standard_error=known(saving.standard_error),
    )  # fmt: skip


def percent_figure(saving: AvoidedUse) -> Figure | None:
    """Return the saving in percent of the adjusted baseline; None where that is not positive."""
    if not math.isfinite(saving.percent):
        return None
    return Figure(value=saving.percent, low=known(saving.percent_low), high=known(saving.percent_high), unit="%")


def finding_record(finding: Finding) -> FindingRecord:
    """Return a finding as a record."""
    return FindingRecord(
        code=finding.code, severity=finding.severity.value, message=str(finding.message), cure=str(finding.cure),
        days=finding.days, wording=wording_of(finding.message), cure_wording=wording_of(finding.cure),
    )  # fmt: skip


def model_record(baseline: Baseline) -> ModelRecord:
    """Return the model with its parameters and statistics."""
    model, fit = baseline.model, baseline.statistics
    return ModelRecord(
        form=model.form, terms=model.terms, n=fit.n, p=fit.p, r2=known(fit.r2), r2_adj=known(fit.r2_adj),
        rmse=known(fit.rmse), cv_rmse=known(fit.cv_rmse), nmbe=known(fit.nmbe),
        autocorrelation=known(fit.autocorrelation), n_effective=known(fit.n_effective),
        condition_number=known(fit.condition_number),
        parameters=tuple(
            ParameterRecord(
                name=each.name, value=each.value, standard_error=known(each.standard_error), t=known(each.t),
                unit=each.unit,
            )
            for each in model.parameters
        ),
    )  # fmt: skip


def fit_columns(baseline: Baseline) -> FitColumns:
    """Return the baseline's rows as they were measured and as the model has them."""
    table = baseline.table
    return FitColumns(
        start=tuple(str(start) for start in table.start),
        measured=tuple(table.energy.tolist()),
        predicted=tuple((table.energy - baseline.residuals).tolist()),
        residual=tuple(baseline.residuals.tolist()),
    )


def month_rows(saving: AvoidedUse, unit: str) -> tuple[MonthRow, ...]:
    """Return the calendar months of the reporting period."""
    months = saving.start.astype("datetime64[M]").astype(str)
    total, rows = 0.0, []
    for month in saving.by_month:
        total += month.saving.value
        rows.append(
            MonthRow(
                month=month.month, rows=int((months == month.month).sum()), measured=month.measured,
                adjusted=month.adjusted, adjustments=month.adjustments, saving=figure(month.saving, unit),
                cumulative=total,
            )
        )  # fmt: skip
    return tuple(rows)


def daily_columns(saving: AvoidedUse) -> DailyColumns:
    """Return the reporting period by local day, with the interval of the sum up to each day."""
    day, at = np.unique(saving.start.astype("datetime64[D]"), return_inverse=True)

    def daily(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(at, values), np.float64)

    low, high = saving.cumulative_band(np.flatnonzero(np.diff(at, append=len(day))))
    saved = daily(saving.saving)
    return DailyColumns(
        day=tuple(str(each) for each in day),
        measured=tuple(daily(saving.measured).tolist()),
        adjusted=tuple(daily(saving.adjusted).tolist()),
        adjustments=tuple(daily(saving.spread.sum(axis=0)).tolist()),
        saving=tuple(saved.tolist()),
        cumulative=tuple(np.cumsum(saved).tolist()),
        cumulative_low=column(low),
        cumulative_high=column(high),
    )


def error_parts(saving: AvoidedUse) -> dict[str, float]:
    """Return the standard errors of a saving by cause; in quadrature they make its own."""
    parts = {"events": 0.0, "stipulated": 0.0, "meter": 0.0}
    for each in saving.adjustments:
        cause = {STIPULATED: "stipulated", METER: "meter"}.get(each.reason, "events")
        parts[cause] = math.hypot(parts[cause], each.standard_error)
    joined = math.hypot(*parts.values())
    return {"model": math.sqrt(max(saving.standard_error**2 - joined**2, 0.0)), **parts}


def methods_beside(saving: AvoidedUse, unit: str) -> dict[str, Figure]:
    """Return the saving by every method of uncertainty that needs no refit, adjustments joined."""
    return {method.value: figure(saving.by_method(method), unit) for method in _BESIDE}
