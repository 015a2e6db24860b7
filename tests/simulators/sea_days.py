"""Days of seawater plants for tests: plain weather, any shares and happenings, the outputs of days in a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import Day
from simulators.outputs import Flow, Level, Mean, Switch
from simulators.plant import Weather
from simulators.worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.plant import Made, Plant

    Series = dict[str, NDArray[np.float64]]
    Flows = Mapping[str, NDArray[np.float64]]

FIRST = 20_000  # 2024-10-04, a Friday


def weather(day: Day, **changed: float) -> Weather:
    """Return a plain day: tides of 6 m, 12 °C, clear water; anything may be set to a constant."""
    angle = day.middles_s / 3600.0 * np.radians(28.984)
    plain = Weather(
        sea_c=np.full(day.steps, 12.0),
        air_c=np.full(day.steps, 12.0),
        humidity=np.full(day.steps, 80.0),
        pressure_bar=np.full(day.steps, 1.013),
        tide_m=5.0 + 3.0 * np.cos(angle),
        salinity_psu=np.full(day.steps, 34.0),
        turbidity_ntu=np.full(day.steps, 10.0),
    )
    return replace(plain, **{name: np.full(day.steps, value) for name, value in changed.items()})


def worlds(
    day: Day,
    shares: Mapping[tuple[str, str], float | Sequence[float]] | None = None,
    happenings: Mapping[tuple[str, str], float] | None = None,
) -> Worlds:
    """Return worlds in which measures have a share for the whole day: one number, or one for each world."""
    rows = {key: np.atleast_1d(np.asarray(share, np.float64)) for key, share in (shares or {}).items()}
    count = max((len(row) for row in rows.values()), default=1)
    return Worlds(
        count=count,
        steps=day.steps,
        shares={key: np.repeat(row[:, None], day.steps, axis=1) for key, row in rows.items()},
        happenings={key: np.full((1, day.steps), value) for key, value in (happenings or {}).items()},
    )


def pumped(day: Day, asset: str = "port/intake", flow: float = 100.0, sea_c: float = 12.0) -> Series:
    """Return what a pumping station at work tells the others."""
    return {
        f"seawater_available:{asset}": np.ones((1, day.steps)),
        f"seawater_c:{asset}": np.full((1, day.steps), sea_c),
        f"seawater_flow_m3_per_h:{asset}": np.full((1, day.steps), flow),
    }


def shift(day: Day, asset: str, kg_per_h: float, first: int = 5, last: int = 19) -> Series:
    """Return a shift of steady production [h UTC] on every day."""
    hours = (day.starts_s - day.start_s) // 3600
    work = ((hours >= first) & (hours < last)).astype(np.float64)[None]
    return {f"production_kg_per_h:{asset}": kg_per_h * work, f"at_work:{asset}": work}


def run(
    plants: Sequence[Plant],
    days: int,
    step_s: int = 900,
    *,
    first: int = FIRST,
    around: Callable[[Day], Weather] = weather,
    given: Callable[[Day], Flows] = lambda _: {},
    ruled: Callable[[Day], Worlds] = worlds,
) -> Series:
    """Advance plants through days and return every output and flow in one piece each (W, days·n)."""
    pieces: dict[str, list[NDArray[np.float64]]] = {}
    for number in range(first, first + days):
        day = Day(number, step_s)
        flows = dict(given(day))
        for plant in plants:
            made = plant.advance(day, ruled(day), around(day), flows)
            flows.update(made.flows)
            for name, piece in _arrays(made):
                pieces.setdefault(name, []).append(piece)
    return {name: _joined(found) for name, found in pieces.items()}


def _arrays(made: Made) -> list[tuple[str, NDArray[np.float64]]]:
    arrays = list(made.flows.items())
    for key, output in made.outputs.items():
        assert isinstance(output, Level | Mean | Flow | Switch)
        arrays.append((key, np.atleast_2d(output.values)))
    return arrays


def _joined(pieces: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    rows = max(len(piece) for piece in pieces)
    return np.concatenate([np.broadcast_to(piece, (rows, piece.shape[1])) for piece in pieces], axis=1)
