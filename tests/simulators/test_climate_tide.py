"""The tide at any date: arguments and corrections against published figures and UTide, heights against Boulogne."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from simulators.climate.constituents import BOULOGNE, Constituent, arguments, longitudes, nodal
from simulators.climate.tide import Tide

LATITUDE_DEG = 50.73
NAMES = [line.name for line in BOULOGNE]
# The harmonic analysis of 2025: V0 at 2025-01-01T00Z [deg], f [1] and u [deg] of the middle of that year.
OF_2025 = {
    "M2": (324.65, 0.964, 0.22),
    "S2": (0.00, 1.002, -0.02),
    "N2": (46.70, 0.964, 0.49),
    "M4": (289.30, 0.930, 0.45),
    "K2": (201.81, 1.311, 2.14),
    "MS4": (324.65, 0.967, 0.20),
    "L2": (62.60, 1.001, -21.32),
    "NU2": (207.24, 0.969, -0.03),
    "MN4": (11.35, 0.929, 0.72),
    "MU2": (289.30, 0.980, 1.37),
}


def seconds(year: int, month: int = 1, day: int = 1, hour: int = 0) -> float:
    """Return an instant of UTC [s since 1970]."""
    return datetime(year, month, day, hour, tzinfo=UTC).timestamp()


def instants(first: int, last: int, step_s: float) -> np.ndarray:
    """Return the instants from one New Year to another [s since 1970]."""
    return np.arange(seconds(first), seconds(last), step_s)


def turns(levels: np.ndarray) -> np.ndarray:
    """Return the indices of high and low waters in a series of levels."""
    slopes = np.diff(levels)
    return np.flatnonzero(slopes[1:] * slopes[:-1] <= 0) + 1


def apart(one: np.ndarray, other: np.ndarray | float) -> np.ndarray:
    """Return how far angles lie apart, without whole turns [deg]."""
    return np.abs((np.asarray(one) - other + 180.0) % 360.0 - 180.0)


def schureman(node_deg: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return f [1] and u [deg] of M2 and K2 by the closed formulas of Schureman (1958), given N [deg]."""
    node = np.radians(node_deg)
    tilt = np.arccos(0.91370 - 0.03569 * np.cos(node))
    nu = np.arcsin(0.08968 * np.sin(node) / np.sin(tilt))
    half = (node + np.pi) % (2 * np.pi) - np.pi
    xi = half - 2 * np.arctan(0.64412 * np.tan(half / 2)) - nu
    square = np.sin(tilt) ** 2
    return {
        "M2": (np.cos(tilt / 2) ** 4 / 0.9154, np.degrees(2 * xi - 2 * nu)),
        "K2": (
            np.sqrt(19.0444 * square**2 + 2.7702 * square * np.cos(2 * nu) + 0.0981),
            -np.degrees(np.arctan2(square * np.sin(2 * nu), square * np.cos(2 * nu) + 0.0727)),
        ),
    }


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_corrections_of_2025_are_those_of_the_analysis(name: str) -> None:
    """V0 within 0.1°, f within 0.01, u within 0.5°, for each of the ten constituents."""
    index = NAMES.index(name)
    argument, factor, angle = OF_2025[name]
    found = nodal(BOULOGNE, np.array([seconds(2025, 7, 2)]), LATITUDE_DEG)[index, 0]
    assert apart(arguments(BOULOGNE, np.array([seconds(2025)]))[index, 0], argument) < 0.1
    assert abs(found) == pytest.approx(factor, abs=0.01)
    assert apart(np.degrees(np.angle(found)), angle) < 0.5


@pytest.mark.parametrize("name", ["M2", "K2"])
def test_corrections_follow_the_moons_nodes_as_schureman_says(name: str) -> None:
    """Over two turns of the nodes the sums of satellites stay near Schureman's closed formulas."""
    ts_s = instants(1990, 2028, 10 * 86_400.0)
    found = nodal(BOULOGNE, ts_s, LATITUDE_DEG)[NAMES.index(name)]
    factor, angle = schureman(longitudes(ts_s)[3])[name]
    assert np.abs(np.abs(found) - factor).max() < 0.015
    assert apart(np.degrees(np.angle(found)), angle).max() < 0.8


@pytest.mark.parametrize("year", [1953, 1987, 2000, 2025, 2040])
def test_arguments_and_corrections_agree_with_another_program(year: int) -> None:
    """UTide, which counts from other longitudes, gives the same arguments and corrections in any year."""
    harmonics = pytest.importorskip("utide.harmonics", reason="UTide is not installed")
    constants = pytest.importorskip("utide._ut_constants").ut_constants
    instant = datetime(year, 5, 17, 6, tzinfo=UTC)
    days = np.array([instant.toordinal() + instant.hour / 24.0])
    known = [str(name) for name in constants["const"]["name"]]
    factor, turn, argument = harmonics.FUV(
        days, days[0], [known.index(name) for name in NAMES], LATITUDE_DEG, [0, 0, 0, 0]
    )
    ts_s = np.array([instant.timestamp()])
    found = nodal(BOULOGNE, ts_s, LATITUDE_DEG)[:, 0]
    assert np.abs(np.abs(found) - factor[0]).max() < 0.001
    assert apart(np.degrees(np.angle(found)), 360.0 * turn[0]).max() < 0.1
    assert apart(arguments(BOULOGNE, ts_s)[:, 0], 360.0 * argument[0]).max() < 0.1


def test_mean_longitudes_are_those_of_meeus() -> None:
    """The worked example 47.a of Meeus, 1992 April 12 0h: L' = 134.290°; perigee and node as tabulated for J2000."""
    moon = longitudes(np.array([seconds(1992, 4, 12)]))[0]
    assert apart(moon, 134.290182)[0] < 0.001
    node = longitudes(np.array([seconds(2000, 1, 1, 12)]))[3]
    assert node[0] == pytest.approx(125.04452)


def test_lines_move_at_their_speeds() -> None:
    """The arguments grow by the speeds of the analysis: 28.9841043 deg/h for M2, 30 for S2."""
    speeds = {"M2": 28.9841043, "S2": 30.0, "N2": 28.4397296, "K2": 30.0821373, "L2": 29.5284789, "NU2": 28.5125831}
    moved = np.diff(arguments(BOULOGNE, seconds(2025, 3, 1, 3) + np.array([0.0, 3_600.0])))[:, 0]
    for name, speed in speeds.items():
        assert moved[NAMES.index(name)] % 360.0 == pytest.approx(speed, abs=1e-4)


def test_ranges_of_2025_are_those_of_boulogne() -> None:
    """Least 2.9 m, median 6.2 m, greatest 9.2 m; ten of twenty constituents leave 0.35 m at the greatest springs."""
    levels = Tide().level_m(instants(2025, 2026, 300.0))
    ranges = np.abs(np.diff(levels[turns(levels)]))
    assert ranges.min() == pytest.approx(2.9, abs=0.2)
    assert np.median(ranges) == pytest.approx(6.2, abs=0.1)
    assert ranges.max() == pytest.approx(9.2, abs=0.35)


def test_highest_and_lowest_tides_of_nineteen_years() -> None:
    """LAT 0.18 m and HAT 9.86 m above chart datum within 0.2 m, the mean is mean sea level."""
    levels = Tide().level_m(instants(2006, 2025, 1_200.0))
    assert levels.min() == pytest.approx(0.18, abs=0.2)
    assert levels.max() == pytest.approx(9.86, abs=0.2)
    assert levels.mean() == pytest.approx(5.03, abs=0.005)


def test_mean_springs_are_moon_and_sun_together() -> None:
    """With M2 and S2 alone, high waters reach MHWS 8.94 m and low waters MLWS 1.12 m, but for the nodes."""
    lines = tuple(line for line in BOULOGNE if line.name in {"M2", "S2"})
    levels = Tide(lines=lines).level_m(instants(2006, 2025, 1_200.0))
    tide = Tide(lines=lines)
    springs = np.cos(tide.springs(instants(2006, 2025, 1_200.0))) > 0.999
    highs = turns(levels)[springs[turns(levels)]]
    assert levels[highs][levels[highs] > 5.03].mean() == pytest.approx(8.94, abs=0.03)
    assert levels[highs][levels[highs] < 5.03].mean() == pytest.approx(1.12, abs=0.03)


def test_springs_come_every_fortnight() -> None:
    """The beat of M2 and S2 is 14.765 days, and ranges are greater at its springs than at its neaps."""
    tide, ts_s = Tide(), instants(2025, 2026, 600.0)
    beat_days = 360.0 / np.degrees(np.diff(np.unwrap(tide.springs(ts_s))).mean() * 144)
    assert beat_days == pytest.approx(14.765, abs=0.001)
    levels = tide.level_m(ts_s)
    away = np.abs(levels - 5.03)
    spring, neap = np.cos(tide.springs(ts_s)) > 0.9, np.cos(tide.springs(ts_s)) < -0.9
    assert away[spring].max() > 1.5 * away[neap].max()


def test_high_water_of_m2_is_where_its_phase_is_nought() -> None:
    """The phase that sea temperature and turbidity follow is nought at the high water of M2."""
    tide = Tide()
    ts_s = instants(2025, 2026, 60.0)[:1440]
    no_sun = Constituent(name="S2", amplitude_m=0.0, phase_deg=0.0, doodson=(2, 0, 0, 0))
    only = Tide(lines=(BOULOGNE[0], no_sun))
    highest = int(np.argmax(only.level_m(ts_s)))
    assert np.cos(tide.lunar(ts_s))[highest] > 0.999


def test_one_instant_is_as_many() -> None:
    """A scalar gives what it gives in an array, in whatever company."""
    tide, ts_s = Tide(), instants(2025, 2026, 7_000.0)
    levels = tide.level_m(ts_s)
    assert tide.level_m(ts_s[100])[0] == pytest.approx(levels[100], abs=1e-9)
    assert tide.level_m(ts_s[40:60]) == pytest.approx(levels[40:60], abs=1e-9)


def test_a_time_that_is_none_has_no_argument() -> None:
    """NaN stays NaN, it does not become a tide."""
    assert np.isnan(arguments(BOULOGNE, np.array([np.nan]))).all()
    assert np.isnan(nodal(BOULOGNE, np.array([np.nan]), LATITUDE_DEG)).all()
