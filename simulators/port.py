"""A whole port: its plants in the order in which they need each other, day after day, in all worlds at once."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.climate.weather import Climate
from simulators.day import DAY_S, UNIX, Day
from simulators.measures import Plan
from simulators.outputs import Amounts, Switch
from simulators.places import refuse_unread
from simulators.scenario import months_after
from simulators.truth import TruthBook, boundaries
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from simulators.outputs import Output
    from simulators.plant import Plant, Weather
    from simulators.scenario import HeatWave, Scenario
    from telemetry.site import Site

FOLDER = Path(__file__).parent / "ports"
_OF_THE_PORT_ALONE = (Switch, Amounts)  # outputs without an axis of worlds
WARM_UP_DAYS = 21  # simulated before the first day and thrown away: rooms, tanks and fouling find their level

# Types of plant in the order of a day, each with the module that builds it: a plant needs only what stands above it.
TYPES: Mapping[str, str] = {
    "weather_station": "simulators.operations.station",
    "production": "simulators.operations.production",
    "door": "simulators.operations.doors",
    "goods": "simulators.operations.goods",
    "dock": "simulators.operations.dock",
    "seawater_loop": "simulators.plants.seawater_loop",
    "exchanger": "simulators.plants.exchanger",
    "chlorination": "simulators.plants.chlorination",
    "clean_seawater": "simulators.plants.clean_seawater",
    "cold_room": "simulators.plants.cold_room",
    "condensing_unit": "simulators.plants.condensing_unit",
    "refrigeration": "simulators.plants.refrigeration",
    "ice_plant": "simulators.plants.ice_plant",
    "boiler": "simulators.plants.boiler_points",
    "water_use": "simulators.plants.water_use",
    "clean_seawater_meter": "simulators.plants.clean_seawater_meter",
    "hot_water": "simulators.plants.hot_water",
    "smoking": "simulators.plants.smoking",
    "chemicals": "simulators.plants.chemicals",
    "electricity_meter": "simulators.plants.electricity_meter",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class PortDay:
    """One day of the port as it is."""

    day: Day
    weather: Weather
    outputs: Mapping[str, Output]  # by point of the site; arrays without the axis of worlds
    flows: Mapping[str, NDArray[np.float64]]  # what plants told each other, all worlds
    worlds: Mapping[str, Output]  # by point, all worlds: the truth, for whoever judges an analysis and no one else


class Port:
    """A simulated port; it can be pickled between two days and goes on with the same bytes.

    With `keeps_truth` off, its book of the truth stays empty, and so does that of what is pickled.

    Raises
    ------
    ConfigurationError
        If there is no model of this site, or the model or the scenario says something that nobody knows or reads.
    """

    def __init__(self, site: Site, scenario: Scenario, *, keeps_truth: bool = True) -> None:
        self.site = site
        self.scenario = scenario
        self._plan = Plan(scenario, site.timezone)
        self._points = {point.key for point in site.points}
        judged_by = boundaries(site, scenario)  # in any case: what it refuses is refused
        self._boundaries = judged_by if keeps_truth else ()
        refuse_unread(scenario, site, build_plants(site, scenario.seed))
        self._begin()

    def days(self, first: date, last: date) -> Iterator[PortDay]:
        """Yield the days of UTC from first to last, both included; none before the scenario begins.

        Whatever was asked before, a day is the same: what lies before it is simulated on the way.
        """
        number, end = max(_number(first), _number(self.scenario.begins)), _number(last)
        if number < self._next:
            self._begin()
        while self._next <= end:
            made = self._advance()
            if made.day.number >= number:
                yield made

    def truth(self) -> TruthBook:
        """Return what was true of every day simulated so far."""
        return self._book

    def _begin(self) -> None:
        """Go back to the first day, with the warm-up before it still to do."""
        self._plants = build_plants(self.site, self.scenario.seed)
        waves = [self._heat_wave(wave) for wave in self.scenario.heat_waves]
        self._climate = Climate(self.scenario.seed, waves)
        self._book = TruthBook(self._boundaries, self.site.timezone)
        self._next = _number(self.scenario.begins) - WARM_UP_DAYS

    def _heat_wave(self, wave: HeatWave) -> tuple[float, float, float]:
        """Return a heat wave as (first, last instant [s since 1970-01-01 UTC], peak [K])."""
        start_s = self.scenario.instant_s(wave.start, self.site.timezone)
        end_s = self.scenario.instant_s(wave.end or wave.start, self.site.timezone)
        return float(start_s), float(max(end_s, start_s + DAY_S)), wave.peak_k

    def _advance(self) -> PortDay:
        """Simulate the next day."""
        day = Day(self._next, self.scenario.step_s)
        worlds, weather = self._plan.worlds(day), self._climate.weather(day)
        flows: dict[str, NDArray[np.float64]] = {}
        outputs: dict[str, Output] = {}
        for plant in self._plants:
            made = plant.advance(day, worlds, weather, flows)
            flows.update(made.flows)
            outputs.update(made.outputs)
        if day.number >= _number(self.scenario.begins):
            self._book.add(day, outputs)
        self._next += 1
        real = {key: _as_it_is(output) for key, output in outputs.items() if key in self._points}
        return PortDay(day=day, weather=weather, outputs=real, flows=flows, worlds=outputs)


def has_model(site_id: str) -> bool:
    """Return whether there is a physical model of a site."""
    return (FOLDER / site_id).is_dir()


def build_plants(site: Site, seed: int) -> list[Plant]:
    """Build the plants of a site's model, in the order of a day."""
    tables: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    files = sorted((FOLDER / site.id).glob("*.toml"))
    if not files:
        raise ConfigurationError(
            f"there is no physical model of {site.id}",
            place=str(FOLDER),
            cure=f"one of {', '.join(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))}",
        )
    for path in files:
        for table in tomllib.loads(path.read_text(encoding="utf-8")).get("plants", ()):
            kind = str(table.get("type"))
            if kind not in TYPES:
                hint = did_you_mean(kind, TYPES)
                raise ConfigurationError(
                    f'"{kind}" is no type of plant', place=str(path), cure=f"{hint}known: {', '.join(TYPES)}"
                )
            tables[kind].append(table)
    return [import_module(module).build(tables[kind], seed) for kind, module in TYPES.items() if tables[kind]]


def last_day(months: int, begins: date) -> date:
    """Return the last day of so many months from the first of a scenario."""
    return months_after(begins, months) - timedelta(days=1)


def _number(day: date) -> int:
    return (day - UNIX).days


def _as_it_is(output: Output) -> Output:
    """Return world 0 of an output, without the axis of worlds."""
    return output if isinstance(output, _OF_THE_PORT_ALONE) else type(output)(output.values[0])
