"""Plots that an auditor asks for: use and baseline, residuals, CUSUM, model against drivers, coverage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from quaymeter.savings.curves import Band, bins, cusum_band
from quaymeter.savings.document import by_day
from quaymeter.savings.words import shown_unit
from savings.curves import curve, partial
from savings.table import Frequency

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from quaymeter.savings.analysis import Analysis
    from quaymeter.savings.request import Period
    from savings.baseline import Baseline
    from savings.table import Driver

STYLE = Path(__file__).with_suffix(".mplstyle")
DOTS_PER_INCH = 120
MEASURED, MODELLED, SAVED, OUT = "#0b5c8a", "#d1495b", "#2a9d8f", "#e9a03b"


def write_plots(found: Analysis, folder: Path) -> list[Path]:
    """Draw an analysis into a folder and return the files.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(fname=STYLE):
        figures = {"coverage": _coverage(found)}
        if found.baseline is not None:
            figures["measured-and-baseline"] = _measured(found, found.baseline)
            figures["residuals"] = _residuals(found, found.baseline)
            if _figures_of(found.baseline):
                figures["model"] = _model(found, found.baseline)
        if found.saving is not None:
            figures["cusum"] = _cusum(found, cusum_band(found))
        return [_save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _save(figure: Figure, path: Path) -> Path:
    for axis in figure.axes:
        if max(map(abs, axis.get_ylim())) >= 10_000:
            axis.yaxis.set_major_formatter("{x:,.0f}")
    figure.savefig(path, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return path


def _axes(
    rows: int, title: str, *, columns: int = 1, height: float = 2.4, share: bool = True
) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(10, 0.8 + height * rows), layout="constrained")
    made = figure.subplots(rows, columns, sharex=share and columns == 1, squeeze=False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure, list(made.ravel())


def _unit(found: Analysis, *, a: str = "") -> str:
    """Return the unit of a row for an axis."""
    unit = shown_unit(found.reading.table.unit) or "use"
    per = {Frequency.HOURLY: "day", Frequency.DAILY: "day", Frequency.MONTHLY: "period"}[found.reading.table.frequency]
    return f"[{unit} a {a or per}]"


def _is_monthly(found: Analysis) -> bool:
    return found.reading.table.frequency is Frequency.MONTHLY


def _measured(found: Analysis, baseline: Baseline) -> Figure:
    """Draw what was measured and what the baseline says, in the baseline period and after the measure."""
    question = found.question
    title = "Measured use and adjusted baseline"
    figure, axes = _axes(2 if found.saving else 1, f"{title} – {found.reading.facts['file']}")
    axis = axes[0]
    monthly = _is_monthly(found)
    parts = [(baseline.table.start, baseline.table.energy, baseline.model.predict(baseline.table))]
    if found.saving is not None:
        parts.append((found.saving.start, found.saving.measured, found.saving.adjusted))
    for number, part in enumerate(parts):
        days, measured, adjusted, _ = by_day(*part, monthly=monthly)
        _line(axis, days, measured, MEASURED, "" if number else "measured", monthly=monthly)
        _line(axis, days, adjusted, MODELLED, "" if number else "baseline model", monthly=monthly)
    axis.set_ylabel(f"use {_unit(found)}")
    axis.set_ylim(bottom=min(0.0, axis.get_ylim()[0]))
    _shade(axis, question.baseline, "0.5", "baseline period")
    axis.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0))
    if found.saving is not None:
        days, measured, adjusted, _ = by_day(*parts[1], monthly=monthly)
        _bars(axes[1], days, adjusted - measured, monthly=monthly)
        axes[1].set_ylabel(f"saving {_unit(found)}")
        axes[1].set_title("adjusted baseline less measured, in the reporting period")
    return figure


def _shade(axis: Axes, period: Period, color: str, label: str) -> None:
    """Lay a tint over a period."""
    begin, end = ((moment - np.datetime64(0, "s")) / np.timedelta64(1, "D") for moment in (period.start, period.end))
    axis.axvspan(begin, end, color=color, alpha=0.08, lw=0, label=label)


def _line(
    axis: Axes, days: NDArray[np.datetime64], values: NDArray[np.float64], color: str, label: str, *, monthly: bool
) -> None:
    """Draw days faintly with means of a week over them; months with points. Gaps stay gaps."""
    if monthly:
        axis.plot(days, values, "o-", color=color, ms=3, lw=1.2, label=label or None)
        return
    grid = np.arange(days[0], days[-1] + 1)
    filled = np.full(len(grid), np.nan)
    filled[np.searchsorted(grid, days)] = values
    axis.plot(grid, filled, color=color, lw=0.6, alpha=0.35)
    weeks = len(grid) // 7
    if weeks < 4:
        axis.plot(grid, filled, color=color, lw=1.2, label=label or None)
        return
    blocks = filled[: 7 * weeks].reshape(weeks, 7)
    enough = np.isfinite(blocks).sum(axis=1) >= 4
    means = np.full(weeks, np.nan)
    means[enough] = np.nanmean(blocks[enough], axis=1)
    label = f"{label}, mean of a week" if label else ""
    axis.plot(grid[3 : 7 * weeks : 7], means, color=color, lw=1.6, label=label or None)


def _bars(axis: Axes, days: NDArray[np.datetime64], values: NDArray[np.float64], *, monthly: bool) -> None:
    width = np.timedelta64(20 if monthly else 1, "D")
    axis.bar(days, values, width=width, color=np.where(values >= 0, SAVED, OUT).tolist())
    axis.axhline(0, color="0.3", lw=0.8)


def _residuals(found: Analysis, baseline: Baseline) -> Figure:
    """Draw residuals of the baseline over time and against each figure that drives it."""
    drivers = [each for each in baseline.table.drivers if not each.is_kind]
    title = f"Residuals of the baseline, measured less model – {baseline.model.form}"
    figure, axes = _axes(1 + len(drivers), title, share=False)
    per_row = {Frequency.HOURLY: "hour"}.get(found.reading.table.frequency, "")
    axes[0].plot(baseline.table.start, baseline.residuals, ".", ms=2.5, alpha=0.5, color=MEASURED)
    axes[0].set_title(f"over time, autocorrelation {baseline.statistics.autocorrelation:.2f}")
    for axis, driver in zip(axes[1:], drivers, strict=True):
        axis.plot(driver.values, baseline.residuals, ".", ms=2.5, alpha=0.4, color=MEASURED)
        centre, mean = bins(driver.values, baseline.residuals)
        axis.plot(centre, mean, "o-", color=MODELLED, ms=3.5, lw=1.2, label="mean of equal groups")
        axis.set_xlabel(_named(driver))
        axis.legend(loc="upper right")
    for axis in axes:
        axis.axhline(0, color="0.3", lw=0.8)
        axis.set_ylabel(f"residual\n{_unit(found, a=per_row)}")
    return figure


def _named(driver: Driver) -> str:
    unit = shown_unit(driver.unit)
    return f"{driver.name} [{unit}]" if unit else driver.name


def _cusum(found: Analysis, band: Band) -> Figure:
    """Draw the saving as it adds up, with its interval."""
    unit = shown_unit(found.reading.table.unit) or "use"
    confidence = f"{found.question.confidence:.0%}"
    figure, (axis,) = _axes(1, f"Cumulative saving, with its {confidence} interval", height=3.6)
    axis.fill_between(band.at, band.low, band.high, color=SAVED, alpha=0.2, lw=0, label=f"{confidence} interval")
    axis.plot(band.days, band.total, color=SAVED, lw=1.6, label="adjusted baseline less measured, summed")
    axis.axhline(0, color="0.3", lw=0.8)
    axis.set_ylabel(f"saved since the start of reporting [{unit}]")
    axis.legend(loc="upper left")
    return figure


def _figures_of(baseline: Baseline) -> list[Driver]:
    """Return the drivers of the model that are figures, not kinds."""
    return [each for each in baseline.table.drivers if not each.is_kind and each.name in baseline.model.terms]


def _model(found: Analysis, baseline: Baseline) -> Figure:
    """Draw use against each driver: points with the other drivers' part taken to their mean, and the model."""
    drivers = _figures_of(baseline)
    columns = min(2, len(drivers))
    figure, axes = _axes(-(-len(drivers) // columns), f"Model against its drivers – {baseline.model.form}",
                         columns=columns, height=3.4, share=False)  # fmt: skip
    per = {Frequency.HOURLY: "hour"}.get(found.reading.table.frequency, "day")
    for axis, driver in zip(axes, drivers, strict=False):
        line = curve(baseline, driver.name)
        if line is None:
            energy = baseline.table.energy / baseline.table.span
            axis.plot(driver.values, energy, ".", ms=2, alpha=0.25, color=MEASURED, label="hours, measured")
            axis.plot(*bins(driver.values, energy), "o", ms=5, color=MEASURED, label="measured, mean of equal groups")
            modelled = bins(driver.values, baseline.model.predict(baseline.table) / baseline.table.span)
            axis.plot(*modelled, "-", color=MODELLED, lw=2, label="model, mean of equal groups")
        else:
            points = partial(baseline, driver.name)
            label = (
                "measured" if len(drivers) == 1 and len(baseline.model.terms) == 1 else "measured, others at their mean"
            )
            axis.plot(driver.values, points, ".", ms=3, alpha=0.45, color=MEASURED, label=label)
            axis.plot(*line, color=MODELLED, lw=2, label="model")
        axis.set_xlabel(_named(driver))
        axis.set_ylabel(f"use {_unit(found, a=per)}")
        axis.legend(loc="best")
    for axis in axes[len(drivers) :]:
        axis.set_axis_off()
    return figure


def _coverage(found: Analysis) -> Figure:
    """Draw how much of each row is behind it, and which rows are left out."""
    table, question = found.reading.table, found.question
    periods = {"baseline": question.baseline, "reporting": question.reporting}
    figure, (axis,) = _axes(1, f"Coverage: share of valid time behind each row – {found.reading.facts['file']}")
    axis.plot(table.start, 100 * table.coverage, ".", ms=2.5, color=MEASURED, label="row")
    dropped = np.array([start for _, start, _ in found.excluded], "datetime64[s]")
    if len(dropped):
        place = np.clip(np.searchsorted(table.start, dropped), 0, len(table) - 1)
        axis.plot(dropped, 100 * table.coverage[place], "x", ms=5, color=MODELLED, label="left out")
    for (name, period), color in zip(periods.items(), (MEASURED, SAVED), strict=True):
        if period is not None:
            _shade(axis, period, color, f"{name} period")
    axis.set_ylim(-4, 106)
    axis.set_ylabel("valid time [%]")
    axis.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0))
    return figure
