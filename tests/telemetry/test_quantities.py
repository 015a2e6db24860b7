"""Quantities and units: what is legal, and conversions that can be checked by hand."""

from __future__ import annotations

import pytest

from telemetry.errors import ContractError
from telemetry.quantities import QUANTITIES, Quantity
from telemetry.site import Kind
from telemetry.units import canonical, conversion, quantity_of


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.name)
def test_canonical_unit_converts_to_itself(quantity: Quantity) -> None:
    """A value in the canonical unit comes out to the last digit."""
    assert conversion(quantity.name, quantity.unit) == (1.0, 0.0)
    assert quantity.minimum < quantity.maximum
    assert quantity.kinds


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "expected"),
    [
        ("temperature", "K", 273.15, 0.0),
        ("temperature", "[degF]", 32.0, 0.0),
        ("temperature", "[degF]", -40.0, -40.0),
        ("temperature_difference", "[degF]", 9.0, 5.0),
        ("temperature_difference", "Cel", 5.0, 5.0),
        ("gauge_pressure", "Pa", 250_000.0, 2.5),
        ("gauge_pressure", "[psi]", 100.0, 6.894757293),
        ("absolute_pressure", "hPa", 1013.25, 1.01325),
        ("volume_flow", "m3/s", 0.01, 36.0),
        ("volume_flow", "L/s", 10.0, 36.0),
        ("mass_flow", "t/h", 1.5, 1500.0),
        ("conductivity", "S/m", 4.0, 40.0),
        ("conductivity", "uS/cm", 150.0, 0.15),
        ("energy", "MJ", 36.0, 10.0),
        ("energy", "J", 3.6e6, 1.0),
        ("duration", "h", 2.0, 7200.0),
        ("bacteria", "{CFU}/mL", 1.0, 100.0),
        ("gas_concentration", "%", 0.01, 100.0),
    ],
)
def test_known_conversions(quantity: str, unit: str, value: float, expected: float) -> None:
    """Conversions agree with values that a reader can check by hand."""
    assert canonical(quantity, unit, value) == pytest.approx(expected, abs=1e-9)


def test_energy_and_power_are_different_things() -> None:
    """Energy may not be a gauge, and power may be nothing else."""
    assert Kind.GAUGE not in QUANTITIES["energy"].kinds
    assert QUANTITIES["power"].kinds == {Kind.GAUGE}
    assert Kind.COUNTER not in QUANTITIES["temperature"].kinds


def test_unknown_unit_names_the_legal_ones() -> None:
    """An unknown unit is refused with the units that would do."""
    with pytest.raises(ContractError, match=r'unit "kwh" is not one of energy.*did you mean "kW\.h".*legal: kW\.h'):
        conversion("energy", "kwh")


def test_unknown_quantity_is_explained() -> None:
    """A misspelt quantity comes with the nearest one; a wild one with the list."""
    with pytest.raises(ContractError, match="did you mean"):
        quantity_of("temprature")
    with pytest.raises(ContractError, match="known: "):
        quantity_of("xyzzy")
