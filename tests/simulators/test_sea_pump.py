"""The pump's laws: known values, affinity, inverse directions, and the check run of the design brief."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.climate.tide import Tide
from simulators.plants.pump import Pump

if TYPE_CHECKING:
    from numpy.typing import NDArray

PUMP = Pump()
RESISTANCE = 8.5e-4  # intake, clean strainer and pipes [m/(m3/h)²]
PLANT_M = 10.0
DENSITY = 1026.0


@pytest.fixture(scope="module")
def tide_m() -> NDArray[np.float64]:
    """Return a year of tide at 15 minutes, without surge."""
    return Tide().level_m(1_735_689_600 + 900.0 * np.arange(365 * 96))


def test_power_of_a_known_duty() -> None:
    """100 m3/h against 13 m at 66 % and 93 %: ρ·g·Q·H/η by hand is 5.92 kW."""
    speed = PUMP.speed(100.0, 13.0 - RESISTANCE * 1e4, RESISTANCE)
    efficiency = float(PUMP.efficiency(speed, 100.0))
    by_hand = 1026 * 9.81 * (100 / 3600) * 13.0 / (efficiency * 0.93) / 1000
    assert float(PUMP.power_kw(speed, 100.0, DENSITY)) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(5.92, rel=0.01)


@given(st.floats(0.3, 1.0))
def test_affinity_holds_without_static_head(speed: float) -> None:
    """Q ~ n, H ~ n², P ~ n³ where all head is friction."""
    full, slow = PUMP.flow(1.0, 0.0, RESISTANCE), PUMP.flow(speed, 0.0, RESISTANCE)
    assert slow / full == pytest.approx(speed, rel=1e-9)
    assert PUMP.head_m(speed, slow) / PUMP.head_m(1.0, full) == pytest.approx(speed**2, rel=1e-9)
    ratio = PUMP.power_kw(speed, slow, DENSITY) / PUMP.power_kw(1.0, full, DENSITY)
    assert ratio == pytest.approx(speed**3, rel=1e-9)


def test_affinity_fails_with_static_head() -> None:
    """Against the tide a pump at half speed lifts nothing at all."""
    assert PUMP.flow(0.5, 8.0, RESISTANCE) == 0.0
    assert PUMP.flow(1.0, 8.0, RESISTANCE) > 100.0


@given(st.floats(10.0, 120.0), st.floats(0.0, 12.0))
def test_speed_and_flow_are_inverse(flow: float, static_m: float) -> None:
    """The speed for a flow gives that flow back, and both heads meet."""
    speed = PUMP.speed(flow, static_m, RESISTANCE)
    assert PUMP.flow(speed, static_m, RESISTANCE) == pytest.approx(flow, rel=1e-9)
    assert PUMP.head_m(speed, flow) == pytest.approx(static_m + RESISTANCE * flow**2, rel=1e-9)


def test_check_run_at_fixed_speed(tide_m: NDArray[np.float64]) -> None:
    """Over the tide of a year: 118 to 141 m3/h and 0.088 kWh/m3."""
    flow = PUMP.flow(1.0, PLANT_M - tide_m, RESISTANCE)
    power = PUMP.power_kw(1.0, flow, DENSITY)
    assert flow.min() == pytest.approx(118, rel=0.01)
    assert flow.max() == pytest.approx(141, rel=0.01)
    assert power.sum() / flow.sum() == pytest.approx(0.088, abs=5e-4)


def test_check_run_at_constant_flow(tide_m: NDArray[np.float64]) -> None:
    """100 m3/h: 3.9 to 8.3 kW, 0.061 kWh/m3, 30 % less for each m3 and 46 % less energy than at fixed speed."""
    static_m = PLANT_M - tide_m
    power = PUMP.power_kw(PUMP.speed(100.0, static_m, RESISTANCE), 100.0, DENSITY)
    assert power.min() == pytest.approx(3.9, rel=0.02)
    assert power.max() == pytest.approx(8.3, rel=0.015)
    assert power.mean() / 100 == pytest.approx(0.061, abs=6e-4)
    flow = PUMP.flow(1.0, static_m, RESISTANCE)
    fixed = PUMP.power_kw(1.0, flow, DENSITY)
    assert 1 - power.mean() / 100 / (fixed.sum() / flow.sum()) == pytest.approx(0.30, abs=0.01)
    assert 1 - power.mean() / fixed.mean() == pytest.approx(0.46, abs=0.01)


def test_each_metre_of_tide_costs_what_physics_says() -> None:
    """0.0043 kWh/m3 for each metre at 65 %: the head term of the design brief, drive losses aside."""
    flat = Pump(efficiency_fall=0.0, best_efficiency=0.65, drive_efficiency=1.0)
    power = [flat.power_kw(flat.speed(100.0, static_m, RESISTANCE), 100.0, DENSITY) for static_m in (5.0, 6.0)]
    assert float(power[1] - power[0]) / 100 == pytest.approx(0.0043, abs=5e-5)


def test_arrays_scalars_and_gaps_agree() -> None:
    """An array gives what its elements give one by one; NaN gives NaN."""
    static_m = np.array([1.0, 9.0, np.nan])
    flows = PUMP.flow(1.0, static_m, RESISTANCE)
    powers = PUMP.power_kw(1.0, flows, DENSITY)
    for index, each in enumerate(static_m[:2]):
        assert flows[index] == PUMP.flow(1.0, float(each), RESISTANCE)
        assert powers[index] == PUMP.power_kw(1.0, float(flows[index]), DENSITY)
    assert np.isnan(flows[2])
    assert np.isnan(powers[2])
