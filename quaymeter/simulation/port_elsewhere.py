"""A port that is simulated in a process of its own, while this one reads its sensors."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quaymeter.simulation.elsewhere import made_elsewhere
from simulators.outputs import Amounts, Flow, Level, Mean, Switch
from simulators.port import Port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.scenario import Scenario
    from telemetry.site import Site

Row = Level | Mean | Flow | Switch


@dataclass(frozen=True, kw_only=True, eq=False)
class SeenDay:
    """What sensors see of a day."""

    day: Day
    outputs: Mapping[str, Output]

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a few tables: two hundred small arrays would take a fifth of the time that the physics takes."""
        rows, lone = defaultdict[type[Row], dict[str, NDArray[np.float64]]](dict), {}
        for key, output in self.outputs.items():
            if isinstance(output, Amounts):
                lone[key] = output
            else:
                rows[type(output)][key] = output.values
        tables = {kind: (tuple(of_kind), np.stack(tuple(of_kind.values()))) for kind, of_kind in rows.items()}
        return _unpacked, (self.day, tables, lone)


def _unpacked(
    day: Day, tables: Mapping[type[Row], tuple[tuple[str, ...], NDArray[np.float64]]], lone: dict[str, Output]
) -> SeenDay:
    """Return a day as it was before it travelled."""
    rows = {key: kind(row) for kind, (keys, table) in tables.items() for key, row in zip(keys, table, strict=True)}
    return SeenDay(day=day, outputs=lone | rows)


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
