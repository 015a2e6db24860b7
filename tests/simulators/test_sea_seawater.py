"""Seawater's properties against TEOS-10 and the practical salinity scale, and the figures that are quoted from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gsw  # type: ignore[import-untyped]  # gsw ships no types
import numpy as np
import pytest

from simulators.physics import seawater

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PRESSURE_DBAR = 10.0


def grid(salts: tuple[float, float], warmths: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return practical salinities and temperatures that cover a range."""
    salt, warm = np.meshgrid(np.linspace(*salts, 40), np.linspace(*warmths, 40))
    return salt, warm


# Practical salinities that are 33.5 to 35.2 and 28 to 36.5 g/kg, with temperatures and the error allowed there.
PORT = ((33.343, 35.035), (5.0, 20.0))
WIDE = ((27.868, 36.329), (-1.5, 28.0))


@pytest.mark.parametrize(("span", "allowed"), [(PORT, 0.008), (WIDE, 0.14)])
def test_density_is_that_of_teos_10(span: tuple[tuple[float, float], tuple[float, float]], allowed: float) -> None:
    """The error is the quoted one, in the port's range and in the wide one."""
    salt, warm = grid(*span)
    reference = gsw.rho_t_exact(seawater.absolute_salinity(salt), warm, PRESSURE_DBAR)
    assert np.abs(seawater.density(salt, warm) - reference).max() < allowed


@pytest.mark.parametrize(("span", "allowed"), [(PORT, 0.19), (WIDE, 4.5)])
def test_heat_capacity_is_that_of_teos_10(
    span: tuple[tuple[float, float], tuple[float, float]], allowed: float
) -> None:
    """The error is the quoted one, in the port's range and in the wide one."""
    salt, warm = grid(*span)
    reference = gsw.cp_t_exact(seawater.absolute_salinity(salt), warm, PRESSURE_DBAR)
    assert np.abs(seawater.heat_capacity(salt, warm) - reference).max() < allowed


@pytest.mark.parametrize(("temperature_c", "mj_per_m3_k"), [(5.0, 4.0996), (12.0, 4.0989), (18.5, 4.0971)])
def test_heat_of_a_cubic_metre_is_the_published_figure(temperature_c: float, mj_per_m3_k: float) -> None:
    """Salinity 34.3: 4.0996, 4.0989 and 4.0971 MJ/(m3 K), which the thermal power of the site file rests on."""
    assert seawater.heat_per_volume(34.3, temperature_c) / 1000 == pytest.approx(mj_per_m3_k, abs=1e-4)


def test_freezing_point_is_near_teos_10() -> None:
    """−1.88 °C at 34.3, and within 0.004 K over all salinities of a port."""
    assert seawater.freezing_c(34.3) == pytest.approx(-1.882, abs=5e-4)
    salt = np.linspace(25, 37, 50)
    for air_in_water in (0.0, 1.0):
        reference = gsw.t_freezing(seawater.absolute_salinity(salt), 0.0, air_in_water)
        assert np.abs(seawater.freezing_c(salt) - reference).max() < 4e-3


def test_conductivity_is_that_of_the_practical_salinity_scale() -> None:
    """Within 0.02 % from 24 to 38 and from −2 to 30 °C; the standard's own point is 42.914 mS/cm."""
    salt, warm = grid((24.0, 38.0), (-2.0, 30.0))
    reference = gsw.C_from_SP(salt, warm, 0.0)
    assert np.abs(seawater.conductivity_ms_per_cm(salt, warm) / reference - 1).max() < 2e-4
    assert seawater.conductivity_ms_per_cm(35.0, 15.0) == pytest.approx(42.914, rel=2e-4)


def test_oxygen_saturation_is_the_reference_one() -> None:
    """Garcia and Gordon's solubility as the TEOS-10 toolbox has it, in mass per volume."""
    salt, warm = grid((25.0, 37.0), (-1.0, 28.0))
    per_kg = gsw.O2sol_SP_pt(salt, warm)
    reference = per_kg * 31.9988 * gsw.rho_t_exact(seawater.absolute_salinity(salt), warm, 0.0) * 1e-6
    assert np.abs(seawater.oxygen_saturation_mg_per_l(salt, warm) / reference - 1).max() < 4e-4


FUNCTIONS = [
    seawater.density,
    seawater.heat_capacity,
    seawater.heat_per_volume,
    seawater.conductivity_ms_per_cm,
    seawater.oxygen_saturation_mg_per_l,
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_arrays_scalars_and_gaps_agree(function: Callable[..., NDArray[np.float64]]) -> None:
    """An array gives what its elements give one by one, and only NaN gives NaN."""
    salt, warm = np.array([33.0, 34.0, np.nan]), np.array([[4.0], [np.nan], [20.0]])
    whole = function(salt, warm)
    for row in range(3):
        for column in range(3):
            assert whole[row, column] == pytest.approx(float(function(salt[column], warm[row, 0])), nan_ok=True)
    assert np.isnan(whole).sum() == 5
