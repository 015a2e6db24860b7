"""Steam properties against IAPWS-IF97 itself, and what leaks through an orifice."""

from __future__ import annotations

import doctest
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from simulators.physics import steam
from simulators.plants import boiler_laws, cold_water

if TYPE_CHECKING:
    from types import ModuleType

TABLE = Path(steam.__file__).with_name("saturation.toml")
BETWEEN_C = np.linspace(1.1, 209.9, 4_001)  # off the table's points


def reference(name: str, temperature_c: np.ndarray, quality: float) -> np.ndarray:
    """Return a property of saturated water (quality 0) or steam (1) in SI units."""
    kelvin = np.asarray(temperature_c) + 273.15
    return np.asarray(PropsSI(name, "T", kelvin, "Q", np.full_like(kelvin, quality), "IF97::Water"))


def test_the_table_is_what_coolprop_says() -> None:
    """Every number of the table is the one of IF97 to ten digits."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    temperature_c = table["first_c"] + table["step_k"] * np.arange(len(table["pressure_bar"]))
    assert temperature_c[[0, -1]].tolist() == [1.0, 210.0]
    for column, name, quality, unit in (
        ("pressure_bar", "P", 0.0, 1e-5),
        ("liquid_kj_per_kg", "H", 0.0, 1e-3),
        ("vapour_kj_per_kg", "H", 1.0, 1e-3),
        ("liquid_kg_per_m3", "D", 0.0, 1.0),
        ("vapour_kg_per_m3", "D", 1.0, 1.0),
    ):
        np.testing.assert_allclose(table[column], unit * reference(name, temperature_c, quality), rtol=1e-9)


def test_enthalpies_are_right_to_a_joule() -> None:
    """Between the points of the table enthalpies of water and steam differ from IF97 by less than 1 J/kg."""
    liquid = 1_000.0 * steam.liquid_enthalpy_kj_per_kg(BETWEEN_C) - reference("H", BETWEEN_C, 0.0)
    vapour = 1_000.0 * steam.vapour_enthalpy_kj_per_kg(BETWEEN_C) - reference("H", BETWEEN_C, 1.0)
    assert np.abs(liquid).max() < 1.0
    assert np.abs(vapour).max() < 1.0


def test_pressure_and_temperature_are_each_other() -> None:
    """Saturation pressure meets IF97 to 2e-5, and its temperature to a millikelvin."""
    pressure_bar = reference("P", BETWEEN_C, 0.0) / 1e5
    np.testing.assert_allclose(steam.saturation_pressure_bar(BETWEEN_C), pressure_bar, rtol=2e-5)
    np.testing.assert_allclose(steam.saturation_temperature_c(pressure_bar), BETWEEN_C, atol=1e-3)


def test_densities_meet_if97() -> None:
    """Densities of water and of steam differ from IF97 by less than 2e-5 of their value."""
    np.testing.assert_allclose(steam.liquid_density_kg_per_m3(BETWEEN_C), reference("D", BETWEEN_C, 0.0), rtol=2e-5)
    np.testing.assert_allclose(steam.vapour_density_kg_per_m3(BETWEEN_C), reference("D", BETWEEN_C, 1.0), rtol=2e-5)


def test_known_values_at_nine_bar() -> None:
    """At 9 bar steam is 175.36 °C, 2773.0 kJ/kg and its water 742.7 kJ/kg, as every steam table says."""
    temperature_c = steam.saturation_temperature_c(9.0)
    assert float(temperature_c) == pytest.approx(175.36, abs=0.01)
    assert float(steam.vapour_enthalpy_kj_per_kg(temperature_c)) == pytest.approx(2773.0, abs=0.1)
    assert float(steam.liquid_enthalpy_kj_per_kg(temperature_c)) == pytest.approx(742.7, abs=0.1)
    assert float(steam.liquid_temperature_c(742.7)) == pytest.approx(175.36, abs=0.02)


@pytest.mark.parametrize(
    "function",
    [
        steam.saturation_pressure_bar,
        steam.liquid_enthalpy_kj_per_kg,
        steam.vapour_enthalpy_kj_per_kg,
        steam.liquid_density_kg_per_m3,
        steam.vapour_density_kg_per_m3,
    ],
)
def test_scalars_and_arrays_agree_and_nothing_is_made_up(function: object) -> None:
    """A scalar gives the array's value; outside the table and for NaN there is no number."""
    assert callable(function)
    temperatures = np.array([[20.0, 85.3], [170.2, 209.0]])
    values = function(temperatures)
    assert values.shape == (2, 2)
    assert float(function(85.3)) == values[0, 1]
    assert np.isnan(function(np.array([0.5, 211.0, np.nan]))).all()


def test_no_pressure_has_no_temperature() -> None:
    """Zero, negative and absent pressures give NaN, without a warning."""
    assert np.isnan(steam.saturation_temperature_c(np.array([0.0, -1.0, np.nan, 50.0]))).all()


def test_napier_known_values() -> None:
    """3.5 mm at 9 bar blows 27 kg/h; 1/8 inch at 150 psig 62.4 lb/h, by 24.24 psia in2."""
    assert float(steam.orifice_kg_per_h(9.0, 3.5)) == pytest.approx(27.25, abs=0.01)
    psia = 150.0 + 14.696
    pounds = float(steam.orifice_kg_per_h(psia * 0.0689476, 25.4 / 8)) / 0.45359237
    assert pounds == pytest.approx(24.24 * psia / 64, rel=1e-3)
    assert pounds == pytest.approx(62.4, abs=0.1)


def test_napier_scales_and_keeps_shapes() -> None:
    """Twice the diameter blows four times as much, twice the pressure twice; NaN stays NaN."""
    blown = steam.orifice_kg_per_h(np.array([4.5, 9.0, np.nan]), np.array([[3.5], [7.0]]))
    assert blown.shape == (2, 3)
    np.testing.assert_allclose(blown[1, :2], 4.0 * blown[0, :2])
    np.testing.assert_allclose(blown[:, 1], 2.0 * blown[:, 0])
    assert np.isnan(blown[:, 2]).all()


def test_siegert_known_value() -> None:
    """Flue gas at 220 °C with 3 % oxygen into air of 20 °C loses 200 (0.66 / 18 + 0.009) = 9.1 %."""
    assert float(steam.siegert_loss_percent(220.0, 20.0, 3.0)) == pytest.approx(9.133, abs=1e-3)
    losses = steam.siegert_loss_percent(np.array([220.0, np.nan]), 20.0, np.array([5.0, 3.0]))
    assert losses[0] > 9.133
    assert np.isnan(losses[1])


def test_heating_values_lie_where_they_are_said_to() -> None:
    """The lower over the higher heating value is 0.90 as on bills, and gas is of type H."""
    assert pytest.approx(0.90, abs=0.005) == steam.GAS_LHV_KWH_PER_M3 / steam.GAS_HHV_KWH_PER_M3
    assert 10.7 <= steam.GAS_HHV_KWH_PER_M3 <= 12.8


@pytest.mark.parametrize("module", [steam, boiler_laws, cold_water])
def test_numbers_in_docstrings_are_true(module: ModuleType) -> None:
    """The numbers that docstrings quote are what the functions give."""
    found = doctest.testmod(module, extraglobs={"np": np})
    assert found.attempted > 0
    assert found.failed == 0
