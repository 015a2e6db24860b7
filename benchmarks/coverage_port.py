"""Meters of the simulated port, with and without each measure, and their drivers, hour by hour, kept in a folder.

A port lives for seven years and costs a minute of a core, so each seed is simulated once and kept as
`<scenario>-<seed>-worlds.npz`. Only the physics is asked, without sensors; what meters of their class make of it is
another file's (`coverage_meters`). Derived points are evaluated hour by hour.

Seeds begin in different years: a calendar has holidays on a Monday or a Thursday, and what that does shall not come
back in every port of a study as if it were a bias.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from msgspec import structs

from quaymeter.cli.context import default_site_file
from simulators.outputs import Amounts, Flow, Level, Mean, Switch
from simulators.port import Port, last_day
from simulators.scenario import load_scenario, months_after
from simulators.truth import boundaries
from telemetry.accuracy import relative_accuracy
from telemetry.derived import in_order
from telemetry.formula import evaluate
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.scenario import Scenario
    from telemetry.site import Site

EARLIER_MONTHS = 12  # before the first month of the scenario: a second year of baseline
LIVES = 4  # years of a measure's life that are judged, each beside the two years of the port without it before
MONTHS = EARLIER_MONTHS + 14 + 12 * LIVES
BEGINNINGS = 11  # years in which ports begin: the scenario's and those before it
SETTLING_MONTHS = 12  # before that: ice on coils needs a summer to be what it is in a plant that runs
HOUR_S, HOURS = 3600, 24
# Kept beside the demonstrators' own points: what an engineer may take for a driver instead of the plan's.
ALWAYS = (
    "quay/weather/t_air", "quay/weather/humidity", "quay/weather/pressure", "quay/intake/t_sea_in", "mole/dock/t_air",
    "mole/dock/humidity", "mole/dock/stock", "mole/frozen_1/door", "mole/frozen_2/door", "mole/chill_1/door",
    "estran/cold_store/door", "fillets/chill_room/t_return", "fillets/water/seawater", "fillets/water/effluent",
    "cannery/production/shift_on", "darse/production/shift_on", "cannery/boiler/steam", "cannery/boiler/make_up",
    "cannery/steam_network/condensate_flow", "cannery/boiler/p_steam",
    "darse/boiler/steam", "darse/boiler/condensate_flow", "darse/boiler/p_steam", "darse/production/cooked",
    "estran/gas/kiln_volume", "estran/gas/t_kiln", "estran/hot_water/heat", "estran/hot_water/t_tank",
)  # fmt: skip


class PortHours(NamedTuple):
    """What a seed of a scenario gave, hour by hour."""

    start_s: NDArray[np.int64]  # (n,) first instant of each hour [s since 1970-01-01 UTC]
    series: dict[str, NDArray[np.float64]]  # by point (n,): amounts of meters and events, means of all else
    without: dict[tuple[str, str], NDArray[np.float64]]  # by demonstrator and point (n,): as it were without it
    limits: Mapping[str, float]  # by point: largest error of a meter of its class [1]
    seed: int


@lru_cache(maxsize=2)
def kept_port(folder: Path, scenario: str, seed: int) -> PortHours:
    """Return a seed of a scenario, simulated now if the folder does not hold it."""
    path = folder / f"{scenario}-{seed}-worlds.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez_compressed(part, allow_pickle=False, **_simulated(scenario, seed))
        part.replace(path)
    with np.load(path) as kept:
        return _opened({key: kept[key] for key in kept.files}, seed)


def _simulated(scenario_name: str, seed: int) -> dict[str, NDArray[np.generic]]:
    site = load_site(default_site_file())
    scenario = settled(
        _years_earlier(load_scenario(scenario_name, seed=seed), seed % BEGINNINGS), EARLIER_MONTHS + SETTLING_MONTHS
    )
    port, judged_by = Port(site, scenario, keeps_truth=False), boundaries(site, scenario)
    days = []
    hours: dict[str, list[NDArray[np.float64]]] = {key: [] for key in sorted(_measured(site))}
    without: dict[str, list[NDArray[np.float64]]] = {f"{each.demonstrator}:{each.point}": [] for each in judged_by}
    first = months_after(scenario.begins, SETTLING_MONTHS)
    for made in port.days(first, last_day(MONTHS, first)):
        days.append(made.day.starts_s[:: HOUR_S // made.day.step_s])
        for key, columns in hours.items():
            columns.append(_hourly(made.outputs[key], made.day))
        for each in judged_by:
            output = made.worlds[each.point]
            if not isinstance(output, Flow | Mean):  # `boundaries` has refused what is no amount
                raise TypeError(each.point)
            world = replace(output, values=output.values[each.world if len(output.values) > 1 else 0])
            without[f"{each.demonstrator}:{each.point}"].append(_hourly(world, made.day))
    arrays: dict[str, NDArray[np.generic]] = {"start_s": np.concatenate(days)}
    arrays.update({f"series:{key}": np.concatenate(columns) for key, columns in hours.items()})
    arrays.update({f"without:{key}": np.concatenate(columns) for key, columns in without.items()})
    return arrays


def _years_earlier(scenario: Scenario, years: int) -> Scenario:
    """Return a scenario with all its dates so many years earlier."""

    def earlier(moment: Any) -> Any:  # noqa: ANN401 – None and ages stay
        is_date = moment is not None and not moment.startswith("P")
        return months_after(date.fromisoformat(moment), -12 * years).isoformat() if is_date else moment

    def moved(tables: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(structs.replace(each, start=earlier(each.start), end=earlier(each.end)) for each in tables)

    return structs.replace(
        scenario, begins=months_after(scenario.begins, -12 * years), heat_waves=moved(scenario.heat_waves),
        measures=moved(scenario.measures), happenings=moved(scenario.happenings),
    )  # fmt: skip


def _measured(site: Site) -> set[str]:
    """Return the measured points of all plans, of what their derived drivers are made of, and what else is kept."""
    derived = {point.key: point for point in site.derived_points}
    wanted = {*ALWAYS, *(each.point for plan in site.demonstrators for meter in plan.meters for each in meter.points)}
    wanted |= {each.point for plan in site.demonstrators for meter in plan.meters for each in plan.drivers_of(meter)}
    inputs = {key for each in wanted & set(derived) for step in in_order(derived, each) for key in step.inputs.values()}
    return (wanted | inputs) - set(derived)


def settled(scenario: Scenario, months: int = SETTLING_MONTHS) -> Scenario:
    """Return a scenario that begins so many months earlier, with all that happens on the same days."""

    def moved(each: Any) -> Any:  # noqa: ANN401 – a measure or a happening
        return structs.replace(each, start=_later(each.start, months), end=_later(each.end, months))

    measures, events = [moved(each) for each in scenario.measures], [moved(each) for each in scenario.happenings]
    begins = months_after(scenario.begins, -months)
    return structs.replace(scenario, begins=begins, measures=tuple(measures), happenings=tuple(events))


def _later(moment: str | None, months: int) -> Any:  # noqa: ANN401 – None stays None
    """Return an age in months of the scenario as an age of the one that begins so much earlier; dates stay."""
    if moment is None or not moment.startswith("P"):
        return moment
    if not moment.endswith("M"):
        raise ValueError(f"{moment} is no age in months")
    return f"P{int(moment[1:-1]) + months}M"


def _hourly(output: Output, day: Day) -> NDArray[np.float64]:
    """Return a day of a point by the hour (24,)."""
    if isinstance(output, Amounts):
        hour = (output.ts_s - int(day.starts_s[0])) // HOUR_S
        return np.asarray(np.bincount(np.clip(hour, 0, HOURS - 1), output.values, HOURS), np.float64)
    if isinstance(output, Flow):
        return np.asarray(output.values.reshape(HOURS, -1).sum(axis=1))
    if isinstance(output, Level | Mean | Switch):
        return np.asarray(output.values.reshape(HOURS, -1).mean(axis=1))
    raise TypeError(output)


def _opened(arrays: dict[str, NDArray[np.generic]], seed: int) -> PortHours:
    without = {}
    for key, each in arrays.items():
        kind, _, rest = key.partition(":")
        if kind == "without":
            name, _, point = rest.partition(":")
            without[name, point] = each.astype(np.float64)
    series = {key[7:]: each.astype(np.float64) for key, each in arrays.items() if key.startswith("series:")}
    site = load_site(default_site_file())
    _derive(site, series)
    limits = {point.key: relative_accuracy(point.accuracy_class) or 0.0 for point in site.points if point.key in series}
    return PortHours(arrays["start_s"].astype(np.int64), series, without, limits, seed)


def _derive(site: Site, series: dict[str, NDArray[np.float64]]) -> None:
    """Add every derived point whose inputs are there."""
    derived = {point.key: point for point in site.derived_points}
    for key in derived:
        for step in in_order(derived, key):
            inputs = {name: series[point] for name, point in step.inputs.items() if point in series}
            if step.key not in series and len(inputs) == len(step.inputs):
                series[step.key] = evaluate(step.formula, inputs)
