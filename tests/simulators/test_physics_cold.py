"""Ammonia and humid air against CoolProp, and the figures that are quoted from them."""

from __future__ import annotations

import numpy as np
import pytest
from CoolProp.CoolProp import HAPropsSI, PropsSI

from simulators.physics import humid_air, refrigerant

KELVIN = 273.15
PASCAL_A_BAR = 1e5


def cycle_cop(evaporating_c: float, condensing_c: float) -> float:
    """Return the COP of ammonia's cycle: 70 % isentropic, 5 K superheat, 2 K subcooling."""
    low, high = (PropsSI("P", "T", t + KELVIN, "Q", 1, "R717") for t in (evaporating_c, condensing_c))
    suction = ("P", low, "T", evaporating_c + 5.0 + KELVIN, "R717")
    drawn, entropy = PropsSI("H", *suction), PropsSI("S", *suction)
    pressed = PropsSI("H", "P", high, "S", entropy, "R717")
    liquid = PropsSI("H", "P", high, "T", condensing_c - 2.0 + KELVIN, "R717")
    return float((drawn - liquid) / ((pressed - drawn) / 0.70))


def test_saturation_follows_coolprop_both_ways() -> None:
    """From −60 to +65 °C the pressure is right within 3e-5 of it and the temperature within 0.002 K."""
    temperatures = np.arange(-60.0, 65.1, 0.5)
    exact = np.array([PropsSI("P", "T", t + KELVIN, "Q", 1, "R717") for t in temperatures]) / PASCAL_A_BAR
    np.testing.assert_allclose(refrigerant.saturation_pressure_bar(temperatures), exact, rtol=3e-5)
    np.testing.assert_allclose(refrigerant.saturation_temperature_c(exact), temperatures, atol=0.002)


@pytest.mark.parametrize(("temperature_c", "pressure_bar"), [(35.0, 13.50), (40.0, 15.55), (-33.33, 1.0133)])
def test_saturation_gives_the_figures_of_the_trade(temperature_c: float, pressure_bar: float) -> None:
    """35 °C is 13.5 bar, 40 °C 15.6 bar, and under one atmosphere ammonia boils at −33.3 °C."""
    assert refrigerant.saturation_pressure_bar(temperature_c) == pytest.approx(pressure_bar, rel=2e-3)


def test_a_gauge_reads_nothing_at_one_atmosphere() -> None:
    """Gauge pressures are absolute ones less an atmosphere."""
    assert refrigerant.gauge_bar(1.01325) == pytest.approx(0.0)
    assert refrigerant.gauge_bar(13.5) == pytest.approx(12.487, abs=1e-3)


def test_the_efficiency_follows_the_cycle_of_coolprop() -> None:
    """From −40 to 0 °C and 15 to 40 °C the share of Carnot's COP is within 0.004 of the cycle's, mostly 0.002."""
    pairs = [(te, tc) for te in range(-40, 1, 4) for tc in range(15, 41, 5)]
    errors = [
        abs(float(refrigerant.compressor_cop(te, tc, 1.0)) - cycle_cop(te, tc)) * (tc - te) / (te + KELVIN)
        for te, tc in pairs
    ]
    assert max(errors) < 0.004
    assert float(np.median(errors)) < 0.002


@pytest.mark.parametrize(("evaporating_c", "low", "high"), [(-30.0, 0.019, 0.022), (-8.0, 0.026, 0.034)])
def test_a_kelvin_of_condensing_costs_what_the_brief_says(evaporating_c: float, low: float, high: float) -> None:
    """From 29 to 37 °C a kelvin costs 1.9 to 2.2 % of a frozen store's power and 2.6 to 3.4 % of a chill store's."""
    condensing = np.array([29.0, 31.0, 33.0, 36.0])
    power = 1.0 / refrigerant.compressor_cop(evaporating_c, condensing)
    more = 1.0 / refrigerant.compressor_cop(evaporating_c, condensing + 1.0)
    assert np.all((more / power - 1.0 > low) & (more / power - 1.0 < high))


def test_a_vanishing_lift_does_not_make_cold_free() -> None:
    """Below a lift of 8 K the COP stays what it is there, also where condensing falls below evaporating."""
    at_least = refrigerant.compressor_cop(0.0, 8.0)
    np.testing.assert_array_equal(refrigerant.compressor_cop(0.0, [8.0, 3.0, -5.0]), np.full(3, at_least))


def test_scalars_and_arrays_agree_and_nan_stays() -> None:
    """Every law takes a number or an array, and what is not known stays unknown."""
    temperatures = np.array([-30.0, np.nan, 25.0])
    laws = (
        refrigerant.saturation_pressure_bar,
        lambda t: refrigerant.compressor_cop(t, 35.0),
        humid_air.saturation_pressure_bar,
        lambda t: humid_air.humidity_ratio(t, 80.0),
        lambda t: humid_air.enthalpy_kj_per_kg(t, 0.002),
        lambda t: humid_air.density_kg_per_m3(t, 0.002),
        lambda t: humid_air.relative_humidity(t, 0.0001),
    )
    for law in laws:
        whole = law(temperatures)
        assert np.isnan(whole[1])
        assert float(law(-30.0)) == whole[0]
        assert float(law(25.0)) == whole[2]


@pytest.mark.parametrize("temperature_c", [-40.0, -22.0, -10.0, -0.5, 0.5, 5.0, 12.0, 25.0, 39.0])
@pytest.mark.parametrize("humidity", [30.0, 95.0])
def test_humid_air_follows_coolprop(temperature_c: float, humidity: float) -> None:
    """Over ice and over water: ratio within 0.1 %, enthalpy within 0.03 kJ/kg, density within 0.15 %."""
    state = ("T", temperature_c + KELVIN, "P", 101_325.0, "R", humidity / 100.0)
    ratio = humid_air.humidity_ratio(temperature_c, humidity)
    assert ratio == pytest.approx(HAPropsSI("W", *state), rel=1e-3)
    assert humid_air.enthalpy_kj_per_kg(temperature_c, ratio) == pytest.approx(HAPropsSI("H", *state) / 1e3, abs=0.03)
    density = (1.0 + HAPropsSI("W", *state)) / HAPropsSI("V", *state)
    assert humid_air.density_kg_per_m3(temperature_c, ratio) == pytest.approx(density, rel=1.5e-3)
    assert humid_air.relative_humidity(temperature_c, ratio) == pytest.approx(humidity, rel=1e-9)


def test_air_that_holds_too_much_is_saturated() -> None:
    """Relative humidity ends at 100 %."""
    assert humid_air.relative_humidity(-20.0, 0.01) == 100.0


def test_an_open_door_lets_in_what_the_formula_says() -> None:
    """3 m by 3.5 m between −22 °C and +12 °C: 6.5 kg/s, 316 kW, from the formula written out by hand."""
    inner, outer = humid_air.humidity_ratio(-22.0, 85.0), humid_air.humidity_ratio(12.0, 75.0)
    dense, thin = humid_air.density_kg_per_m3(-22.0, inner), humid_air.density_kg_per_m3(12.0, outer)
    flow_m = (2.0 / (1.0 + (dense / thin) ** (1.0 / 3.0))) ** 1.5
    by_hand = 0.221 * 10.5 * dense * (1.0 - thin / dense) ** 0.5 * (9.81 * 3.5) ** 0.5 * flow_m
    exchange = humid_air.door_exchange_kg_per_s(dense, thin, 3.0, 3.5)
    assert exchange == pytest.approx(float(by_hand), rel=1e-12)
    gain_kw = exchange * (humid_air.enthalpy_kj_per_kg(12.0, outer) - humid_air.enthalpy_kj_per_kg(-22.0, inner))
    assert gain_kw == pytest.approx(316.0, rel=0.02)


def test_a_door_exchanges_alike_whichever_side_is_colder() -> None:
    """The law is read from the denser side, and nothing moves between equals."""
    assert humid_air.door_exchange_kg_per_s(1.30, 1.25, 2.0, 3.0) == humid_air.door_exchange_kg_per_s(
        1.25, 1.30, 2.0, 3.0
    )
    assert humid_air.door_exchange_kg_per_s(1.25, 1.25, 2.0, 3.0) == 0.0
