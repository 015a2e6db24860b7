"""What drivers brought on the days before, as columns of their own beside those of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.days_before import LEAST_KNOWN, before, mean_of_days_before
from savings.input_record import DriverColumn
from savings.run_table import column_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.aligned import AlignedFigure
    from telemetry.plan import Plan

_LABEL = {"fr": "{}, jours précédents (constante de temps de {} j)", "en": "{}, days before (time constant of {} d)"}


class DaysBefore(NamedTuple):
    """Columns of the days before, and why each row is lost with them."""

    drivers: tuple[DriverColumn, ...]
    reasons: tuple[str, ...]


def with_days_before(plan: Plan, figure: AlignedFigure) -> DaysBefore:
    """Return what the drivers of a figure that last brought on the days before; first rows know too little of them."""
    reasons, found = list(figure.reasons), []
    for driver in plan.drivers_of(figure.meter):
        if not driver.lasts_days:
            continue
        column = figure.drivers[driver.point]
        values = mean_of_days_before(figure.clock.start, column.value, driver.lasts_days)
        for row in np.flatnonzero(np.isnan(values)).tolist():
            reasons[row] = reasons[row] or f"{driver.point}: less than {LEAST_KNOWN:.0%} of the days before is known"
        found.append(  # a mean even of amounts: nothing is made for each of its tonnes
            DriverColumn(
                name=before(driver.point), label=_label(column.row.name, driver.lasts_days), role="linear",
                unit=column.row.unit, is_total=False, values=column_of(values),
            )
        )  # fmt: skip
    return DaysBefore(tuple(found), tuple(reasons))


def _label(name: Mapping[str, str], days: float) -> dict[str, str]:
    """Return the name of the column by language."""
    of = {"fr": f"{days:g}".replace(".", ","), "en": f"{days:g}"}
    return {
        language: _LABEL.get(language, "{} ({})").format(text, of.get(language, f"{days:g}"))
        for language, text in name.items()
    }
