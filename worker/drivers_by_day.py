"""The drivers of hourly rows as their local day has them, for what works too slowly for an hour to tell its use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from savings.table import LEAST_OF_A_DAY, means_of_days
from storage.aligned import LEAST_COVERAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from storage.aligned import AlignedFigure, PointColumn
    from telemetry.plan import Plan

_LABEL = {"fr": "{}, moyenne du jour", "en": "{}, day's mean"}


def with_drivers_by_day(plan: Plan, figure: AlignedFigure) -> AlignedFigure:
    """Return a figure of hourly rows with each driver's mean of the local day; categories stay as they are.

    An hour that lacks a driver is no longer lost where the day's mean is known, and all hours of a day are where it is
    not: coverage and reasons follow.
    """
    start, slow = figure.clock.start, _slow(plan, figure)
    drivers = {
        key: _by_day(start, column) if key in slow else column for key, column in figure.drivers.items()
    }  # fmt: skip
    return replace(
        figure, drivers=drivers, reasons=_reasons(figure, drivers, slow),
        coverage=np.minimum.reduce([column.coverage for column in (*figure.points.values(), *drivers.values())]),
    )  # fmt: skip


def day_mean_label(name: Mapping[str, str]) -> dict[str, str]:
    """Return the name of a driver that rows have the day's mean of, by language."""
    return {language: _LABEL.get(language, "{}").format(text) for language, text in name.items()}


def _slow(plan: Plan, figure: AlignedFigure) -> set[str]:
    """Return the points of the drivers that are no category."""
    return {driver.point for driver in plan.drivers_of(figure.meter) if driver.role != "category"}


def _by_day(start: NDArray[np.datetime64], column: PointColumn) -> PointColumn:
    """Return a driver's means of days, covered as the day is."""
    return replace(
        column, value=means_of_days(start, column.value), coverage=means_of_days(start, column.coverage)
    )  # fmt: skip


def _reasons(figure: AlignedFigure, drivers: Mapping[str, PointColumn], slow: set[str]) -> tuple[str, ...]:
    """Return why each row is lost: what was said of the meter stays, what was said of drivers is found anew."""
    anew = slow - set(figure.points)
    reasons = ["" if reason.partition(": ")[0] in anew else reason for reason in figure.reasons]
    for key, column in drivers.items():
        before, of = figure.drivers[key], " of its day" if key in slow else ""
        share = _known_of_day(figure.clock.start, before.value) if key in slow else before.coverage
        least = LEAST_OF_A_DAY if key in slow else LEAST_COVERAGE
        for row in np.flatnonzero(np.isnan(column.value)).tolist():
            reasons[row] = reasons[row] or f"{key}: {share[row]:.0%} of its time is known, {least:.0%}{of} are needed"
    return tuple(reasons)


def _known_of_day(start: NDArray[np.datetime64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which share of the hours of its day is known, for each row (n,)."""
    return means_of_days(start, np.isfinite(values).astype(np.float64))
