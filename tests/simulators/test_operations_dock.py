"""Air of docks and the weather station: what a door to the quay does, what a lag does, what is shown."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from simulators.day import UNIX, Day
from simulators.operations import dock, station
from simulators.outputs import Level
from simulators.plant import Made, Weather
from simulators.worlds import Worlds

MONDAY = (date(2025, 1, 13) - UNIX).days


def weather(day: Day, air_c: float = 12.0, humidity: float = 80.0) -> Weather:
    """Return a weather that stays as it is."""
    steady = {"sea_c": 12.0, "pressure_bar": 1.015, "tide_m": 5.0, "salinity_psu": 33.5, "turbidity_ntu": 8.0}
    values = {"air_c": air_c, "humidity": humidity, **steady}
    return Weather(**{name: np.full(day.steps, value) for name, value in values.items()})


def level(made: Made, key: str) -> np.ndarray:
    """Return a level at the ends of the steps."""
    output = made.outputs[key]
    assert isinstance(output, Level)
    return output.values


def test_dock_stays_cooler_than_the_quay_and_warms_with_the_shift() -> None:
    """On a hot day the dock lies between its set point and the quay, warmer in the shift than at night."""
    day = Day(MONDAY, 900)
    work = np.zeros((1, 96))
    work[0, 32:64] = 1.0
    plant = dock.build([{"type": "dock", "asset": "a/dock"}], 5)
    made = plant.advance(day, Worlds(count=1, steps=96), weather(day, 30.0, 50.0), {"at_work:a/dock": work})
    air = made.flows["dock_c:a/dock"][0]
    assert air[31] == pytest.approx(6.0 + 0.10 * 24.0, abs=0.01)
    assert air[63] == pytest.approx(6.0 + 0.22 * 24.0, abs=0.01)
    assert made.flows["dock_humidity:a/dock"].max() <= 85.0
    assert level(made, "a/dock/t_air")[0, 63] == pytest.approx(air[63], abs=0.01)


def test_dock_is_not_heated() -> None:
    """On a cold day it is colder than its set point, warmer than the quay, and drier than the quay."""
    day = Day(MONDAY, 3600)
    plant = dock.build([{"type": "dock", "asset": "a/dock"}], 5)
    made = plant.advance(
        day, Worlds(count=1, steps=24), weather(day, -4.0, 80.0), {"at_work:a/dock": np.zeros((1, 24))}
    )
    assert made.flows["dock_c:a/dock"][0, -1] == pytest.approx(6.0 - 0.6 * 10.0, abs=0.01)
    assert made.flows["dock_humidity:a/dock"][0, -1] < 70.0


def test_dock_lags_alike_in_any_step() -> None:
    """Minutes and hours give the same temperature after a day."""
    ends = []
    for step_s in (60, 3600):
        day = Day(MONDAY, step_s)
        plant = dock.build([{"type": "dock", "asset": "a/dock", "follow_h": 8.0}], 5)
        work = {"at_work:a/dock": np.ones((1, day.steps))}
        made = plant.advance(day, Worlds(count=1, steps=day.steps), weather(day, 30.0), work)
        ends.append((level(made, "a/dock/t_air")[0, -1], made.flows["dock_c:a/dock"].mean()))
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


def test_station_shows_the_weather() -> None:
    """Steady weather is shown as it is; a rising one half way to the next mean."""
    day = Day(MONDAY, 900)
    plant = station.build([{"type": "weather_station", "asset": "a/weather"}], 5)
    steady = weather(day)
    rising = Weather(**{**vars(steady), "air_c": np.arange(96.0)})
    made = plant.advance(day, Worlds(count=1, steps=96), rising, {})
    assert level(made, "a/weather/t_air")[0] == pytest.approx(np.arange(96.0) + 0.5)
    assert level(made, "a/weather/pressure")[0] == pytest.approx(1.015)
    assert level(made, "a/weather/humidity")[0] == pytest.approx(80.0)
