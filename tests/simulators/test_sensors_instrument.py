"""Instruments: what an accuracy means, how large errors are, what a register shows."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.sensors.instrument import FIXED_SHARE, MOST_FIXED, NOISE_SHARE, instrument_of
from telemetry.accuracy import Accuracy, accuracy_of, full_scale
from tests.fixtures.small_port import POINT

if TYPE_CHECKING:
    from telemetry.site import Point

TS_S = np.arange(1_750_000_000, 1_750_000_000 + 600_000, 60)


def point(quantity: str, unit: str, accuracy: str, *, top: float | None = None) -> Point:
    """Return a gauge with an accuracy."""
    return replace(
        POINT["a/room/set"], quantity=quantity, unit=unit, accuracy_class=accuracy, valid_min=0.0, valid_max=top
    )


@pytest.mark.parametrize(
    ("quantity", "unit", "text", "top", "expected"),
    [
        ("temperature", "Cel", "0.5 K", 40, Accuracy(0.5, 0)),
        ("temperature", "[degF]", "0.5 K", 40, Accuracy(0.5, 0)),
        ("temperature", "Cel", "0.05 K, matched pair", 40, Accuracy(0.05, 0)),
        ("temperature", "Cel", "EN 12830 class 1", 40, Accuracy(1.0, 0)),
        ("temperature", "Cel", "", 40, Accuracy()),
        ("relative_humidity", "%", "3 %", 100, Accuracy(3.0, 0)),
        ("ratio", "%", "0.3 points", 21, Accuracy(0.3, 0)),
        ("gauge_pressure", "bar", "0.25 % FS", 16, Accuracy(0.04, 0)),
        ("gauge_pressure", "bar", "0.5 %", 25, Accuracy(0, 0.005)),
        ("absolute_pressure", "hPa", "1 hPa", 2, Accuracy(0.001, 0)),
        ("level", "m", "1 cm", 11, Accuracy(0.01, 0)),
        ("volume_flow", "m3/h", "0.5 % of value", 300, Accuracy(0, 0.005)),
        ("power", "kW", "class 0.5S", 250, Accuracy(0, 0.005)),
        ("thermal_power", "kW", "MID class 2", 250, Accuracy(0, 0.02)),
        ("ph", "[pH]", "0.1", 14, Accuracy(0.1, 0)),
        ("concentration", "mg/L", "0.05 mg/L", 2, Accuracy(0.05, 0)),
        ("bacteria", "{CFU}/(100.mL)", "", 1e6, Accuracy(0, 0.3)),
        ("temperature", "Cel", "as good as it gets", 40, Accuracy()),
        ("temperature", "Cel", "3 parsecs", 40, Accuracy()),
    ],
)
def test_a_data_sheet_is_understood(quantity: str, unit: str, text: str, top: float, expected: Accuracy) -> None:
    """Every way in which the site file gives an accuracy means so much, and so much of the value."""
    found = accuracy_of(point(quantity, unit, text, top=top))
    assert found.absolute == pytest.approx(expected.absolute)
    assert found.relative == pytest.approx(expected.relative)


def test_full_scale_is_the_far_end_of_the_range() -> None:
    """A range from −40 to 25 has 40 as its full scale, a point without a range none."""
    assert full_scale(replace(POINT["a/room/t"], valid_min=-40.0, valid_max=25.0)) == 40.0
    assert full_scale(POINT["a/room/set"]) == 0.0


def test_errors_are_as_large_as_the_data_sheet_allows() -> None:
    """Over many instruments the whole error has half the accuracy as its standard deviation, and stays within it."""
    sheets = [replace(POINT["a/room/t"], key=f"a/room/t_{number}") for number in range(400)]
    errors = np.array([instrument_of(sheet, 1).measured(np.zeros(200), TS_S[:200]) for sheet in sheets])
    assert np.std(errors) == pytest.approx(0.5 * math.hypot(FIXED_SHARE, NOISE_SHARE), rel=0.1)
    assert np.mean(np.abs(errors) <= 0.5) > 0.95
    assert np.std(errors, axis=1).mean() == pytest.approx(0.5 * NOISE_SHARE, rel=0.02)
    assert np.abs(errors.mean(axis=1)).max() <= 0.5 * FIXED_SHARE * MOST_FIXED + 0.05


def test_noise_is_white_and_normal() -> None:
    """Its autocorrelation is nil and its quantiles are those of the normal distribution."""
    noise = instrument_of(POINT["a/room/t"], 1).measured(np.zeros(len(TS_S)), TS_S)
    noise = (noise - noise.mean()) / noise.std()
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.04
    assert np.mean(np.abs(noise) < 1.0) == pytest.approx(0.6827, abs=0.015)
    assert np.mean(np.abs(noise) < 2.0) == pytest.approx(0.9545, abs=0.01)


def test_another_seed_or_point_is_another_instrument() -> None:
    """The same seed and point have the same errors, anything else has others."""
    zeros, key = np.zeros(5), "a/room/t"
    first = instrument_of(POINT[key], 1).measured(zeros, TS_S[:5])
    assert instrument_of(POINT[key], 1).measured(zeros, TS_S[:5]).tolist() == first.tolist()
    assert instrument_of(POINT[key], 2).measured(zeros, TS_S[:5]).tolist() != first.tolist()
    assert instrument_of(POINT["a/room/t_far"], 1).measured(zeros, TS_S[:5]).tolist() != first.tolist()


def test_an_error_in_percent_leaves_zero_alone_and_nan_unknown() -> None:
    """A motor at rest shows 0 kW; what is not known is not invented."""
    power = instrument_of(POINT["b/meter/power"], 1)
    measured = power.measured(np.array([0.0, math.nan, 50.0]), TS_S[:3])
    assert measured[0] == 0.0
    assert np.isnan(measured[1])
    assert measured[2] == pytest.approx(50.0, rel=0.02)
    assert np.isnan(power.sent(power.limited(np.array([math.nan])))).all()


def test_no_instrument_shows_more_than_its_range() -> None:
    """The ends of the range are as far as it goes."""
    room = instrument_of(POINT["a/room/t"], 1)
    assert room.limited(np.array([-60.0, 0.0, 60.0])).tolist() == [-40.0, 0.0, 40.0]


def test_numbers_are_sent_in_the_declared_unit_with_the_digits_of_the_instrument() -> None:
    """Half a kelvin is told in tenths, 1 % of 7 bar in kilopascals, bacteria in whole numbers."""
    assert instrument_of(POINT["a/room/t"], 1).sent(np.array([-21.8449])).tolist() == [-21.8]
    assert instrument_of(POINT["a/room/p"], 1).sent(np.array([2.43219])).tolist() == [243.0]
    assert instrument_of(POINT["a/room/set"], 1).sent(np.array([2.0])).tolist() == [2.0]
    assert instrument_of(POINT["b/meter/coli"], 1).sent(np.array([6.4])).tolist() == [6.0]


def test_registers_show_full_units_in_the_declared_unit() -> None:
    """Hundredths of a kilowatt-hour, the same in megawatt-hours, and whole pulses."""
    assert instrument_of(POINT["b/meter/energy"], 1).sent_register(np.array([12.3456])).tolist() == [12.34]
    assert instrument_of(POINT["b/meter/energy_2"], 1).sent_register(np.array([12345.678])).tolist() == [12.34567]
    assert instrument_of(POINT["b/meter/water"], 1).sent_register(np.array([1.0, 1.009, 1.01])).tolist() == [
        100,
        100,
        101,
    ]


def test_a_register_begins_again_at_its_modulus() -> None:
    """The last pulse before 2³² is followed by none."""
    water = instrument_of(POINT["b/meter/water"], 1)
    assert water.modulus == 2**32
    assert water.sent_register(np.array([42949672.95, 42949672.96, 42949672.97])).tolist() == [2**32 - 1, 0, 1]


def test_pulses_weigh_what_the_door_says_they_weigh() -> None:
    """What the contract makes of a sent register is what was counted."""
    water = instrument_of(POINT["b/meter/water"], 1)
    sent = water.sent_register(np.array([1234.56]))[0]
    assert sent * POINT["b/meter/water"].pulse_weight == pytest.approx(1234.56)


@given(st.lists(st.floats(0, 1e7), min_size=2, max_size=30))
def test_a_register_never_falls_and_is_the_floor_of_exact_arithmetic(amounts: list[float]) -> None:
    """For any increasing totals, hundredths of a kilowatt-hour agree with decimal arithmetic to the last unit."""
    totals = np.sort(np.array(amounts))
    shown = instrument_of(POINT["b/meter/energy"], 1).sent_register(totals)
    assert (np.diff(shown) >= 0).all()
    for total, digit in zip(totals.tolist(), shown.tolist(), strict=True):
        exact = (Decimal(total) * 100 + Decimal("1e-6")).to_integral_value(ROUND_FLOOR) / 100
        assert abs(Decimal(digit) - exact) <= Decimal("0.0100001")


def test_where_a_register_begins_is_far_from_its_end() -> None:
    """No meter rolls over in its first years by chance."""
    for seed in range(50):
        start = instrument_of(POINT["b/meter/energy"], seed).start
        assert 0 <= start <= 1e6
    assert instrument_of(replace(POINT["b/meter/energy"], modulus=1000.0), 1).start <= 100.0
