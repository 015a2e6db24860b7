"""Where the kinds of a scenario are read: what no plant reads would do nothing, and that would be called the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.climate.weather import Climate
from simulators.day import UNIX, Day
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from simulators.plant import Plant
    from simulators.scenario import Scenario
    from telemetry.site import Site

NOWHERE = "null"  # the kind of measure that does nothing, and may do so anywhere
_STEP_S = 900


class _Listener:
    """Worlds in which nothing is in force, that note what they are asked for."""

    count = 1
    steps = 86_400 // _STEP_S

    def __init__(self) -> None:
        self.measures: set[tuple[str, str]] = set()  # (kind, asset)
        self.happenings: set[tuple[str, str]] = set()

    def share(self, kind: str, asset: str) -> NDArray[np.float64]:
        self.measures.add((kind, asset))
        return np.zeros((1, self.steps))

    def happening(self, kind: str, asset: str, default: float = 0.0) -> NDArray[np.float64]:
        self.happenings.add((kind, asset))
        return np.full((1, self.steps), default)


def refuse_unread(scenario: Scenario, site: Site, plants: Sequence[Plant]) -> None:
    """Refuse a measure or a happening at an asset where no plant reads its kind.

    A plant asks every day for all that it reads, whether or not it is in force: a day in which nothing happens tells.

    Parameters
    ----------
    plants
        Plants built for this alone: they are a day older afterwards.

    Raises
    ------
    ConfigurationError
        At the first such table, with the assets where its kind is read.
    """
    measures = [each for each in scenario.measures if each.kind != NOWHERE]
    if not measures and not scenario.happenings:
        return
    heard = _heard(scenario, plants)
    assets = {asset.key for asset in site.assets}
    for measure in measures:
        place = f"scenario {scenario.name}, measure of {measure.demonstrator}"
        _refuse(measure.kind, measure.asset, heard.measures, assets, place)
    for happening in scenario.happenings:
        place = f"scenario {scenario.name}, happening from {happening.start}"
        _refuse(happening.kind, happening.asset, heard.happenings, assets, place)


def _heard(scenario: Scenario, plants: Sequence[Plant]) -> _Listener:
    """Let the plants live through a day and return what they asked for."""
    day = Day((scenario.begins - UNIX).days, _STEP_S)
    weather, heard = Climate(scenario.seed, []).weather(day), _Listener()
    flows: dict[str, NDArray[np.float64]] = {}
    for plant in plants:
        flows.update(plant.advance(day, heard, weather, flows).flows)  # type: ignore[arg-type] # asked as worlds are
    return heard


def _refuse(kind: str, asset: str, read: set[tuple[str, str]], assets: Collection[str], place: str) -> None:
    if (kind, asset) in read and asset in assets:
        return
    where = sorted(each for found, each in read if found == kind and each in assets)
    cause = f"nothing here reads {kind}" if asset in assets else f'"{asset}" is no asset of the site'
    if asset in assets and where:
        cause = f'{kind} changes nothing at "{asset}"'
    known = f"{kind} can be at {', '.join(where)}" if where else f"no plant of this port reads {kind}: leave it out"
    raise ConfigurationError(cause, place=place, cure=f"{did_you_mean(asset, where)}{known}")
