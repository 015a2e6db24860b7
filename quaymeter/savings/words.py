"""An analysis in plain words: how much, how sure, by which method, from which data, and what would change it."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table as Grid
from rich.text import Text

from quaymeter.savings.document import analysis_periods, coverage_document
from quaymeter.savings.notes import counted
from quaymeter.savings.unit_names import UNITS, Unit
from savings.findings import Severity
from savings.table import Frequency

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from quaymeter.savings.analysis import Analysis
    from savings.avoided_use import AvoidedUse
    from savings.findings import Finding
    from savings.models.model import Model

STYLES = {Severity.STOP: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
FORMS = {
    "mean": "a constant use", "2P": "a straight line", "3PC": "constant, then rising with its driver (cooling)",
    "3PH": "falling with its driver, then constant (heating)", "4P": "two slopes that meet at a knot",
    "5P": "heating, constant, cooling", "TOWT": "hour of the week and temperature", "ratio": "use for each unit made",
}  # fmt: skip
METHODS = {
    "reml": "generalised least squares, the residuals' memory estimated by restricted likelihood",
    "guideline14": "ASHRAE Guideline 14 fractional savings uncertainty, with k(M) of Sun and Baltazar",
    "guideline14_126": "ASHRAE Guideline 14 fractional savings uncertainty, with k = 1.26",
    "hac": "the residuals' own autocovariances, tapered over 45 days",
    "ols": "least squares that takes the residuals for independent",
    "bootstrap": "block bootstrap of a week or more, knots fitted anew each time",
}


def figure(value: float) -> str:
    """Return a number to four figures, thousands grouped.

    >>> figure(9972.83), figure(0.012346)
    ('9,973', '0.01235')
    """
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    decimals = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 8)}f}"


def written(value: float, form: str) -> str:
    """Return a number in a form of Python's, and a dash where it is none.

    >>> written(0.123, ".1%"), written(float("nan"), ".3f")
    ('12.3%', '–')
    """
    return format(value, form) if math.isfinite(value) else "–"


def shown_unit(code: str) -> str:
    """Return a UCUM code as people read it."""
    return UNITS.get(code, Unit(code=code, sort=UNITS["kW.h"].sort)).shown


def show_analysis(found: Analysis, console: Console) -> None:
    """Write an analysis for a person."""
    for part in _parts(found):
        console.print(part)


def findings_grid(findings: tuple[Finding, ...]) -> Grid:
    """Return findings as a table."""
    grid = Grid(title="Findings", title_justify="left", box=None, pad_edge=False, show_header=False)
    for _ in range(2):
        grid.add_column(overflow="fold")
    for each in findings:
        cure = Text(f"\n→ {each.cure}", style="dim") if each.cure else Text()
        grid.add_row(
            Text(f"{each.severity} ", style=STYLES[each.severity]), Text(f"{each.code}: {each.message}") + cure
        )
    return grid


def _parts(found: Analysis) -> Iterator[RenderableType]:
    if found.stopped:
        yield Text("No figure can be given.", style="bold red")
    elif found.saving is not None:
        yield from _how_much(found, found.saving)
    if found.baseline is not None:
        yield from _model(found)
    yield from _data(found)
    if found.saving is not None:
        yield from _what_would_change(found, found.saving)
    if found.findings:
        yield findings_grid(found.findings)


def _how_much(found: Analysis, saving: AvoidedUse) -> Iterator[RenderableType]:
    unit = shown_unit(found.reading.table.unit)
    adjusted, measured = float(np.sum(saving.adjusted)), float(np.sum(saving.measured))
    period = analysis_periods(found)["summed"]
    yield Text(
        f"Saved: {figure(saving.savings)} {unit}, between {figure(saving.low)} and {figure(saving.high)} "
        f"with {saving.confidence:.0%} confidence", style="bold",
    )  # fmt: skip
    yield Text(
        f"That is {_percent(saving)} of the {figure(adjusted)} {unit} that would have been used "
        f"from {period} without the measure{_when(found)}; {figure(measured)} {unit} were."
    )
    if saving.low > 0:
        verdict = "How sure: the whole interval is above zero: a saving is shown."
    elif saving.high < 0:
        verdict = "How sure: the whole interval is below zero: more was used than without the measure."
    else:
        verdict = "How sure: the interval holds zero: these data do not show a saving, nor rule one out."
    yield Text(verdict)
    yield Text(
        f"Method: avoided use, the baseline adjusted to the reporting period's conditions less the measured use; "
        f"interval by {METHODS.get(saving.method, saving.method)} ({saving.method})."
    )


def _percent(saving: AvoidedUse) -> str:
    """Return the percent with its interval, or say that there is none."""
    if not math.isfinite(saving.percent):
        return "no meaningful percent"
    if not math.isfinite(saving.percent_low):
        return f"{saving.percent:.1f} % (without a meaningful interval in percent)"
    return f"{saving.percent:.1f} % (between {saving.percent_low:.1f} and {saving.percent_high:.1f} %)"


def _when(found: Analysis) -> str:
    """Say in how many rows of the period, where not all of them could be compared; else nothing."""
    cover = coverage_document(found)["reporting"]
    if cover["used"] == cover["rows"]:
        return ""
    rows = {Frequency.HOURLY: "hours", Frequency.DAILY: "days", Frequency.MONTHLY: "months"}
    of = f"{cover['used']:,} of {cover['rows']:,} {rows[found.reading.table.frequency]}"
    summed, asked = analysis_periods(found)["summed"], analysis_periods(found)["reporting"]
    also = "" if summed == asked else f"; asked for: {asked}"
    return f", in the {of} that could be compared ({cover['used'] / cover['rows']:.0%} of the time{also})"


def _waves(model: Model) -> str:
    """Return where a model has waves of a year, as words."""
    places = [f"the slope of {name}" if name else "the base" for name in model.waves]
    return f", with a wave of a year in {' and '.join(places)}" if places else ""


def _model(found: Analysis) -> Iterator[RenderableType]:
    baseline = found.baseline
    if baseline is None:
        return
    model, fit = baseline.model, baseline.statistics
    form = "; ".join(FORMS.get(part, part) for part in model.form.split("+"))
    drivers = f" of {', '.join(model.terms)}" if model.terms else ""
    yield Text(f"Model: {model.form}{drivers} ({form}){_waves(model)}, fitted to {found.question.baseline.text}.")
    if model.p <= 30:
        grid = Grid(box=None, pad_edge=False)
        for heading in ("parameter", "value", "± standard error", "t", "unit"):
            grid.add_column(heading, justify="left" if heading in {"parameter", "unit"} else "right")
        for each in model.parameters:
            t = written(each.t, ".1f")
            unit = Text("/".join(shown_unit(part) for part in each.unit.split("/")) if each.unit else "")
            grid.add_row(Text(each.name), figure(each.value), figure(each.standard_error), t, unit)
        yield grid
    else:
        yield Text(f"{model.p} parameters; --json lists them.")
    yield Text(
        f"Fit: n = {fit.n}, p = {fit.p}, R² adjusted {written(fit.r2_adj, '.3f')}, CV(RMSE) "
        f"{written(fit.cv_rmse, '.1%')}, NMBE {written(round(fit.nmbe, 4) + 0.0, '.2%')}, autocorrelation "
        f"{written(fit.autocorrelation, '.2f')} ({written(fit.n_effective, '.0f')} independent rows)."
    )


def _data(found: Analysis) -> Iterator[RenderableType]:
    facts = found.reading.facts
    also = f" with {', '.join(facts['also'])}" if facts["also"] else ""
    interval = facts["interval_s"] / 60
    every = f"{interval:g} minutes" if interval < 120 else f"{interval / 60:g} hours"
    yield Text(
        f"Data: {facts['file']}{also}, meter {facts['energy']!r} read every {every}, local time {facts['zone']}, "
        f"{found.reading.table.frequency} rows."
    )
    for name, cover in coverage_document(found).items():
        yield Text(
            f"  {name}: {cover['used']:,} of {counted(cover['rows'], 'row')} used, {cover['coverage']:.1%} covered"
        )
    few = f"read for less than {found.request.least_coverage:.0%} of its time"
    reasons = Counter(
        (period, few if reason.startswith("readings of") else reason) for period, _, reason in found.excluded
    )
    for (period, reason), count in reasons.most_common(8):
        yield Text(f"  left out of {period}: {counted(count, 'row')}, {reason}")


def _what_would_change(found: Analysis, saving: AvoidedUse) -> Iterator[RenderableType]:
    unit = shown_unit(found.reading.table.unit)
    measured = float(np.sum(saving.measured))
    yield Text("What would change it:")
    yield Text(f"  a meter that reads 1 % high or low since the measure: {figure(abs(measured) / 100)} {unit}")
    days = np.asarray(saving.adjusted - saving.measured)
    if len(days):
        biggest = int(np.argmax(np.abs(days)))
        yield Text(f"  its largest single row, {saving.start[biggest]}: {figure(float(days[biggest]))} {unit}")
    missing = sum(period == "reporting" for period, _, _ in found.excluded)
    if missing and len(days):
        share = saving.savings / len(days) * missing
        yield Text(f"  the {counted(missing, 'row')} left out, if they saved like the others: {figure(share)} {unit}")
    yield Text("  anything else that changed on site (opening hours, plant, set points): none of it is adjusted here")
