"""Holds what a plant says against what the site file declares of its assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulators.outputs import Amounts, Flow, Level, Mean, Output, Switch
from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telemetry.site import Point

SITE = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
_OF_KIND: Mapping[Kind, tuple[type, ...]] = {
    Kind.GAUGE: (Level, Mean),
    Kind.COUNTER: (Flow,),
    Kind.STATE: (Switch,),
    Kind.EVENT: (Amounts,),
}


def points_of(*assets: str, without: tuple[str, ...] = ()) -> list[Point]:
    """Return the points that the site declares for assets, but those made by somebody else."""
    return [point for point in SITE.points if point.asset in assets and point.key not in without]


def check(points: list[Point], outputs: Mapping[str, Output], steps: int) -> None:
    """Require that each point is made, in the way of its kind, of the right length and within its range."""
    assert points
    for point in points:
        output = outputs[point.key]
        assert isinstance(output, _OF_KIND[point.kind]), point.key
        assert output.values.shape[-1] == (1_440 if isinstance(output, Switch) else steps), point.key
        quantity = QUANTITIES[point.quantity]
        low = quantity.minimum if point.valid_min is None else point.valid_min
        high = quantity.maximum if point.valid_max is None else point.valid_max
        assert low <= output.values.min(), point.key
        assert output.values.max() <= high, point.key
        assert not isinstance(output, Flow) or output.values.min() >= 0.0, point.key
