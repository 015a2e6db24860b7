"""An analysis as a document for programs: the keys are a contract, figures are plain numbers, nothing is rounded."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from quaymeter.savings.read import inside
from savings.adjustments import whole_period
from savings.reach import covered_share, lacking_ends, lacking_rows
from savings.table import Frequency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quaymeter.savings.analysis import Analysis
    from quaymeter.savings.read import Reading
    from savings.findings import Finding
    from savings.table import Table


def analysis_document(found: Analysis) -> dict[str, Any]:
    """Return everything of an analysis; figures are null where a finding forbids them."""
    saving, baseline = found.saving, found.baseline
    question = found.question
    document = {
        "savings": saving and saving.savings, "low": saving and saving.low, "high": saving and saving.high,
        "confidence": question.confidence,
        "percent": saving and saving.percent, "percent_low": saving and saving.percent_low,
        "percent_high": saving and saving.percent_high,
        "unit": found.reading.table.unit,
        "method": saving.method if saving else question.method,
        "measured": saving and float(saving.measured.sum()),
        "adjusted_baseline": saving and float(saving.adjusted.sum()),
        "model": baseline and baseline.model.form,
        "terms": list(baseline.model.terms) if baseline else [],
        "parameters": _parameters(found), **_statistics(found),
        "coverage": coverage_document(found),
        "findings": [finding_document(each) for each in found.findings],
        "excluded": [{"period": period, "start": start, "reason": reason} for period, start, reason in found.excluded],
        "periods": analysis_periods(found),
        "source": found.reading.facts,
        "daily": _daily(found),
    }  # fmt: skip
    return {key: plain(value) for key, value in document.items()}


def analysis_periods(found: Analysis) -> dict[str, str | None]:
    """Return the periods that were asked for, and the days that the saving is summed over."""
    question, saving = found.question, found.saving
    return {
        "baseline": question.baseline.text, "reporting": question.reporting.text if question.reporting else None,
        "summed": " to ".join(whole_period(saving.totals.reporting)) if saving else None,
    }  # fmt: skip


def reading_document(reading: Reading, table: Table, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return an aligned table as columns, with what was found in the file and in its values."""
    columns = table_columns(table)
    document = {
        "frequency": str(table.frequency), "unit": table.unit, "rows": len(table),
        "drivers": [
            {"name": each.name, "role": str(each.role), "unit": each.unit, "is_total": each.is_total}
            for each in table.drivers
        ],
        "coverage": float(table.coverage.mean()) if len(table) else 0.0,
        "findings": [finding_document(each) for each in findings],
        "source": reading.facts, "columns": columns,
    }  # fmt: skip
    return {key: plain(value) for key, value in document.items()}


def table_columns(table: Table) -> dict[str, list[Any]]:
    """Return a table's columns by heading."""
    return {
        "start": [str(start) for start in table.start],
        "hours": table.hours.tolist(),
        "energy": table.energy.tolist(),
        **{driver.name: driver.values.tolist() for driver in table.drivers},
        "coverage": table.coverage.tolist(),
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {**asdict(finding), "severity": str(finding.severity), "days": list(finding.days)}


def plain(value: Any) -> Any:  # noqa: ANN401 – whatever JSON can hold
    """Return a value as JSON holds it: numbers of numpy as Python's, those that are none as null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def coverage_document(found: Analysis) -> dict[str, Any]:
    """Return how much of each period is there: rows, those that lack at its ends too; usable rows; share of time."""
    table, question = found.reading.table, found.question
    periods = {"baseline": question.baseline, "reporting": question.reporting}
    document: dict[str, Any] = {}
    for name, period in periods.items():
        if period is None:
            continue
        within = inside(table, period)
        left_out = len([1 for each, _, _ in found.excluded if each == name])
        rows, own = int(within.sum()), table.take(within)
        lacking = lacking_ends(own, period.start, period.end)
        document[name] = {
            "rows": rows + lacking_rows(own, lacking), "used": rows - left_out, "coverage": covered_share(own, lacking),
        }  # fmt: skip
    return document


def _parameters(found: Analysis) -> list[dict[str, Any]]:
    if found.baseline is None:
        return []
    return [
        {
            "name": each.name, "value": each.value, "standard_error": each.standard_error, "t": each.t,
            "unit": each.unit,
        }
        for each in found.baseline.model.parameters
    ]  # fmt: skip


def _statistics(found: Analysis) -> Mapping[str, Any]:
    names = ("n", "p", "r2", "r2_adj", "rmse", "cv_rmse", "nmbe", "autocorrelation", "n_effective", "condition_number")
    if found.baseline is None:
        return dict.fromkeys(names)
    return {name: getattr(found.baseline.statistics, name) for name in names}


def _daily(found: Analysis) -> list[dict[str, Any]]:
    """Return the reporting period day by day (bill by bill for months); the baseline's where there is no reporting."""
    if found.saving is not None:
        start, measured, adjusted = found.saving.start, found.saving.measured, found.saving.adjusted
    elif found.baseline is not None and found.question.reporting is None:
        table = found.baseline.table
        start, measured, adjusted = table.start, table.energy, found.baseline.model.predict(table)
    else:
        return []
    monthly = found.reading.table.frequency is Frequency.MONTHLY
    day, measured, adjusted, rows = by_day(start, measured, adjusted, monthly=monthly)
    saved = adjusted - measured
    return [
        {
            "day": str(day[k]), "measured": measured[k], "adjusted_baseline": adjusted[k], "saving": saved[k],
            "cumulative": total, "rows": int(rows[k]),
        }
        for k, total in enumerate(np.cumsum(saved))
    ]  # fmt: skip


def by_day(
    start: NDArray[np.datetime64],
    measured: NDArray[np.float64],
    adjusted: NDArray[np.float64],
    *,
    monthly: bool = False,
) -> tuple[NDArray[np.datetime64], NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Sum rows by local day: day, measured, adjusted and number of rows (d,). Months stay as they are."""
    if monthly:
        return start.astype("datetime64[D]"), measured, adjusted, np.ones(len(start), np.intp)
    days, index, counts = np.unique(start.astype("datetime64[D]"), return_inverse=True, return_counts=True)
    measured_sum, adjusted_sum = (
        np.bincount(index, each, len(days)).astype(np.float64) for each in (measured, adjusted)
    )
    return days, measured_sum, adjusted_sum, counts
