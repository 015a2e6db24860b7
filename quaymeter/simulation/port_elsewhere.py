"""A port that is simulated in a process of its own, while this one reads its sensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quaymeter.simulation.elsewhere import made_elsewhere
from simulators.port import Port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.scenario import Scenario
    from telemetry.site import Site


@dataclass(frozen=True, kw_only=True, eq=False)
class SeenDay:
    """What sensors see of a day."""

    day: Day
    outputs: Mapping[str, Output]


@dataclass(frozen=True, kw_only=True)
class PortElsewhere:
    """The days of a port; each call simulates it anew, and with the physics on another core."""

    site: Site
    scenario: Scenario

    def days(self, first: date, last: date) -> Iterator[SeenDay]:
        """Yield the days of UTC from first to last, both included."""
        return made_elsewhere(_days, self.site, self.scenario, first, last)


def _days(site: Site, scenario: Scenario, first: date, last: date) -> Iterator[SeenDay]:
    for made in Port(site, scenario).days(first, last):
        yield SeenDay(day=made.day, outputs=made.outputs)
