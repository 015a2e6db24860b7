"""Drawings over time: use and baseline, residuals, the saving as it adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locales.words import noted
from reports.charts.axes import Key, legend, legend_height, panel, rounded_out
from reports.charts.canvas import MEASURED, MODELLED, OUT, SAVED, SOFT, Canvas, numbers
from reports.figures import percent, shown
from telemetry.plan import Status

if TYPE_CHECKING:
    from locales.words import Words
    from reports.charts.axes import Panel
    from reports.charts.canvas import Numbers
    from reports.part import Part

WEEK = 7
A_DAY, A_BILL = noted("%(unit)s a day"), noted("%(unit)s a bill")


def measured_and_baseline(part: Part, say: Words, width: float) -> str:
    """Draw what was measured and what the baseline says, in both periods."""
    keys = [Key(say("measured"), MEASURED), Key(say("baseline model, adjusted"), MODELLED, "dash"),
            Key(say("baseline period"), SOFT, "tint")]  # fmt: skip
    accepted = [each.event for each in part.run.events if each.event.status is Status.ACCEPTED]
    if accepted:
        keys.append(Key(say("non-routine event"), OUT, "tint"))
    fit = part.run.fit
    if fit is None:
        return ""
    before = _by_day(fit.start, fit.measured, fit.predicted)
    daily = part.run.daily
    after = _by_day(daily.day, daily.measured, daily.adjusted) if daily else (np.array([]),) * 3
    values = np.concatenate([before[1], before[2], after[1], after[2]])
    canvas, axes = _over_time(part, say, width, keys, values, _use_title(part, say), with_zero=True)
    periods = part.given.plan.periods
    if periods:
        axes.tint(_number(str(periods.baseline_from)), _number(str(periods.baseline_to)) + 1, SOFT)
    for event in accepted:
        axes.tint(_number(str(event.first_day)), _number(str(event.last_day)) + 1, OUT, fade=0.25)
    for day, measured, model in (before, after):
        if part.is_monthly:
            axes.line(day, measured, MEASURED, width=1.6)
            axes.dots(day, measured, MEASURED, size=4, fade=1)
            axes.line(day, model, MODELLED, width=1.6, dash="5 3")
        elif len(day):
            axes.line(*_on_calendar(day, measured), MEASURED, width=0.7, fade=0.3)
            axes.line(*_weekly(day, measured), MEASURED, width=2)
            axes.line(*_weekly(day, model), MODELLED, width=1.8, dash="5 3")
    return canvas.svg()


def residuals(part: Part, say: Words, width: float) -> str:
    """Draw measured less model over the baseline."""
    fit = part.run.fit
    if fit is None:
        return ""
    day, measured, predicted = _by_day(fit.start, fit.measured, fit.predicted)
    keys = [Key(say("measured less model"), MEASURED, "dots")]
    if not part.is_monthly:
        keys.append(Key(say("mean of four weeks"), MODELLED))
    gap = measured - predicted
    canvas, axes = _over_time(part, say, width, keys, gap, _use_title(part, say), days=day, tall=0.8)
    axes.level(0.0)
    axes.dots(day, gap, MEASURED, size=5 if part.is_monthly else 2.6)
    if not part.is_monthly:
        axes.line(*_means(day, gap, 4 * WEEK), MODELLED, width=2)
    return canvas.svg()


def cusum(part: Part, say: Words, width: float) -> str:
    """Draw the saving as it adds up, with its interval."""
    daily = part.run.daily
    if daily is None:
        return ""
    confidence = percent(say, part.given.plan.confidence, 0)
    keys = [Key(say("saving since the start of the reporting period"), SAVED),
            Key(say("its %(confidence)s interval", confidence=confidence), SAVED, "tint")]  # fmt: skip
    low, high, total = numbers(daily.cumulative_low), numbers(daily.cumulative_high), numbers(daily.cumulative)
    day = np.array([_number(text) for text in daily.day])
    known = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)], total, [0.0]])
    canvas, axes = _over_time(part, say, width, keys, known, shown(say, part.run.unit), days=day)
    axes.area(*_where_known(day, low, high), SAVED)
    axes.level(0.0)
    axes.line(day, total, SAVED, width=2)
    return canvas.svg()


def _over_time(  # noqa: PLR0913 – what a panel over time is made of
    part: Part, say: Words, width: float, keys: list[Key], values: Numbers, title: str, *,
    days: Numbers | None = None, with_zero: bool = False, tall: float = 1.0,
) -> tuple[Canvas, Panel]:  # fmt: skip
    """Return a drawing whose panel runs over days, axes and legend drawn."""
    top = legend_height(width, keys) + 24
    canvas = Canvas(width, top + 34 + tall * (175 if width > 500 else 170))
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    ends = rounded_out(min(low, 0.0) if with_zero else low, high)
    span = (days[0], days[-1] + 1) if days is not None else _whole_span(part)
    axes = panel(canvas, (float(span[0]), float(span[1])), ends, top=top)
    axes.y_axis(say, title)
    axes.time_axis(say)
    legend(canvas, keys)
    return canvas, axes


def _whole_span(part: Part) -> tuple[float, float]:
    return _number(part.rows.start[0]), _number(part.rows.start[-1]) + 1


def _use_title(part: Part, say: Words) -> str:
    return say(A_BILL if part.is_monthly else A_DAY, unit=shown(say, part.run.unit))


def _number(text: str) -> float:
    """Return a day as days since 1970."""
    return float(np.datetime64(text[:10], "D").astype(np.int64))


def _by_day(
    start: tuple[str, ...], one: tuple[float, ...], other: tuple[float, ...]
) -> tuple[Numbers, Numbers, Numbers]:
    """Return rows by local day: days (d,), and the sums of both columns, scaled up where hours of a day are missing."""
    day, at, count = np.unique(
        np.array([text[:10] for text in start], "datetime64[D]"), return_inverse=True, return_counts=True
    )
    whole = count.max() / count
    sums = [np.bincount(at, np.array(column)) * whole for column in (one, other)]
    return day.astype(np.float64), sums[0], sums[1]


def _on_calendar(day: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """Return every day from first to last (c,), NaN where there is no value."""
    grid = np.arange(day[0], day[-1] + 1)
    column = np.full(len(grid), np.nan)
    column[(day - day[0]).astype(np.int64)] = values
    return grid, column


def _weekly(day: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    return _means(day, values, WEEK)


def _means(day: Numbers, values: Numbers, length: int) -> tuple[Numbers, Numbers]:
    """Return means over centred windows of days that are at least half there, NaN elsewhere."""
    grid, column = _on_calendar(day, values)
    known = np.isfinite(column)
    if len(grid) < length:
        return grid, column
    ones = np.ones(length)
    count = np.convolve(known, ones, "same")
    total = np.convolve(np.where(known, column, 0.0), ones, "same")
    return grid, np.where(count >= length / 2, total / np.maximum(count, 1), np.nan)


def _where_known(day: Numbers, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the days that have an interval: one is computed for some days of a long period only."""
    known = np.isfinite(low) & np.isfinite(high)
    return day[known], low[known], high[known]
