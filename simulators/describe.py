"""A scenario in figures: its drivers by month, and the use and the truth of each demonstrator."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.survey import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.survey import Survey
    from simulators.truth import TruthRow


def describe(found: Survey) -> dict[str, Any]:
    """Return a survey as a JSON document: scenario, seed, period, drivers by month, demonstrators."""
    scenario = found.scenario
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "site": found.site.id,
        "points": len(found.site.points),
        "seed": scenario.seed,
        "step_s": scenario.step_s,
        "begins": scenario.begins.isoformat(),
        "period": {"from": found.first.isoformat(), "to": found.last.isoformat()},
        "drivers": {"units": {driver.name: driver.unit for driver in DRIVERS}, "monthly_mean": _by_month(found)},
        "demonstrators": [_demonstrator(found, name) for name in scenario.demonstrators],
    }


def _by_month(found: Survey) -> list[dict[str, Any]]:
    """Return the mean of each driver by calendar month."""
    months = np.array([day.strftime("%Y-%m") for day in found.dates])
    return [
        {"month": str(month)}
        | {name: round(float(values[months == month].mean()), 3) for name, values in found.drivers.items()}
        for month in np.unique(months)
    ]


def _demonstrator(found: Survey, name: str) -> dict[str, Any]:
    measures = [measure for measure in found.scenario.measures if measure.demonstrator == name]
    start_s = min(found.scenario.instant_s(measure.start, found.site.timezone) for measure in measures)
    first_day = datetime.fromtimestamp(start_s, found.site.timezone).date()  # as truth counts days: by local midnight
    by_point: dict[str, list[TruthRow]] = defaultdict(list)
    for row in found.truth:
        if row.demonstrator == name:
            by_point[row.point].append(row)
    return {
        "id": name,
        "measures": [{"kind": measure.kind, "asset": measure.asset, "from": measure.start} for measure in measures],
        "in_force_from": first_day.isoformat(),
        "points": [
            {"point": point, "unit": rows[0].unit, "before": _sums(row for row in rows if row.day < first_day)}
            | {"after": _sums(row for row in rows if row.day >= first_day), "monthly": _monthly(rows)}
            for point, rows in by_point.items()
        ],
    }


def _monthly(rows: list[TruthRow]) -> list[dict[str, Any]]:
    months: dict[str, list[TruthRow]] = defaultdict(list)
    for row in rows:
        months[row.day.strftime("%Y-%m")].append(row)
    return [{"month": month, **_sums(found)} for month, found in months.items()]


def _sums(rows: Iterable[TruthRow]) -> dict[str, float]:
    """Add up use, the use there would have been, and what was truly saved."""
    both = np.array([(row.without, row.with_) for row in rows]).reshape(-1, 2).sum(axis=0)
    without, use = float(both[0]), float(both[1])
    percent = 100 * (without - use) / without if without else 0.0
    return {
        "use": round(use, 3),
        "without": round(without, 3),
        "saving": round(without - use, 3),
        "percent": round(percent, 3),
    }
