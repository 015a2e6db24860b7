"""The climate of Boulogne: means of the months, persistence, heat waves, water quality; the same in any order."""

from __future__ import annotations

import pickle
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import pytest

from simulators.climate.air import AirParameters
from simulators.climate.weather import Climate
from simulators.day import Day
from simulators.plant import Weather

# MAREL Carnot 2005-2009, by month.
SEA_C = [7.5, 6.7, 7.2, 9.6, 12.7, 15.8, 18.4, 19.0, 18.0, 15.4, 12.0, 8.7]
AIR_C = [5.9, 5.7, 7.1, 10.3, 13.4, 16.1, 18.3, 18.3, 17.1, 14.1, 10.3, 6.2]
SALINITY = [33.1, 33.1, 33.3, 33.8, 33.8, 33.9, 33.7, 33.6, 33.6, 33.8, 33.5, 33.0]
TURBIDITY = [9, 12, 11, 6, 6, 5, 7, 5, 7, 10, 13, 11]
TURBIDITY_95 = [49, 51, 52, 22, 23, 14, 31, 36, 32, 30, 50, 48]
SEEDS = 20
NAMES = [field.name for field in fields(Weather)]


def number(year: int, month: int, day: int) -> int:
    """Return a day number."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) // 86_400


TWENTY_YEARS_S = np.arange(number(2006, 1, 1), number(2026, 1, 1)) * 86_400.0
MONTH = TWENTY_YEARS_S.astype("datetime64[s]").astype("datetime64[M]").astype(int) % 12


@lru_cache(maxsize=1)
def samples() -> dict[str, np.ndarray]:
    """Return twenty years of twenty seeds (20, n, 4) by quantity: four instants a day, at other hours each day."""
    rhythm = 21_600.0 * np.arange(4) + 977.0 * (np.arange(len(TWENTY_YEARS_S)) % 22)[:, None]
    ts_s = (TWENTY_YEARS_S[:, None] + rhythm).ravel()
    made: dict[str, list[np.ndarray]] = {}
    for seed in range(SEEDS):
        climate = Climate(seed)
        parts = {
            "sea": climate.sea.temperature_c,
            "air": climate.air.temperature_c,
            "humidity": climate.air.humidity,
            "surge": climate.sea.surge_m,
            "salinity": climate.quality.salinity_psu,
            "turbidity": climate.quality.turbidity_ntu,
        }
        for name, part in parts.items():
            made.setdefault(name, []).append(part(ts_s).reshape(-1, 4))
    return {name: np.array(series) for name, series in made.items()}


def by_month(values: np.ndarray, quantile: float | None = None) -> list[float]:
    """Return the means of the months, or their quantiles."""
    parts = [values[:, index == MONTH] for index in range(12)]
    return [float(part.mean() if quantile is None else np.quantile(part, quantile)) for part in parts]


@pytest.mark.parametrize(("name", "table"), [("sea", SEA_C), ("air", AIR_C)])
def test_monthly_means_are_those_of_the_record(name: str, table: list[float]) -> None:
    """Within 0.3 K in each of the twelve months, over twenty years of twenty seeds."""
    assert by_month(samples()[name]) == pytest.approx(table, abs=0.3)


@pytest.mark.parametrize(("name", "table", "error_k"), [("sea", SEA_C, 0.21), ("air", AIR_C, 0.29)])
def test_twenty_years_of_one_seed_stray_as_far_as_their_persistence_says(
    name: str, table: list[float], error_k: float
) -> None:
    """A month's mean over twenty years has the standard error of the anomaly it was told, so some months pass 0.3 K.

    The figures are those of an autoregression: 1.0 K at 0.983 a day for the sea, 2.26 K at 0.81 for the air.
    """
    strays = np.array([by_month(one[None]) for one in samples()[name]]) - table
    assert strays.std() == pytest.approx(error_k, rel=0.25)


def test_sea_stays_within_what_was_seen() -> None:
    """All but one instant in a thousand lie between 3.6 and 21.4 °C, give or take the spread of the quantile."""
    low, high = np.quantile(samples()["sea"], [0.0005, 0.9995])
    assert low == pytest.approx(3.6, abs=0.7)
    assert high == pytest.approx(21.4, abs=0.7)
    assert samples()["sea"].min() > 1.5


def test_sea_is_warmer_than_the_air_but_in_spring() -> None:
    """The sea is no colder than the air: 0.7 K warmer on average, much warmer in autumn, a little colder in spring."""
    warmer = np.array(by_month(samples()["sea"])) - by_month(samples()["air"])
    assert warmer.mean() == pytest.approx(np.mean(SEA_C) - np.mean(AIR_C), abs=0.1)
    assert (warmer[[0, 8, 9, 10, 11]] > 0.4).all()
    assert (warmer[3:6] < 0.0).all()


def test_sea_and_air_go_together_as_in_the_record() -> None:
    """Whole temperatures are correlated by about 0.9, seasons included; the anomalies of a day by about 0.45."""
    sea, air = samples()["sea"], samples()["air"]
    assert np.corrcoef(sea.ravel(), air.ravel())[0, 1] == pytest.approx(0.9, abs=0.05)
    days = np.arange(20_000)
    climates = [Climate(seed) for seed in range(8)]
    anomalies = [np.concatenate([getattr(each, of).anomaly.days(days) for each in climates]) for of in ("sea", "air")]
    assert np.corrcoef(anomalies)[0, 1] == pytest.approx(0.45, abs=0.04)


def test_air_is_rarely_much_warmer_than_the_sea() -> None:
    """At the breakwater 2 K or more in 9 % of the hours of the record, here within 4 points; not much of a cold sea."""
    ts_s = (TWENTY_YEARS_S[:, None] + 7_200.0 * np.arange(12)).ravel()
    shares = []
    for seed in range(4):
        climate = Climate(seed, air=AirParameters(quay_factor=1.0))
        shares.append((climate.air.temperature_c(ts_s) > climate.sea.temperature_c(ts_s) + 2.0).mean())
    assert np.mean(shares) == pytest.approx(0.09, abs=0.04)


def test_surge_is_of_the_size_of_the_channel() -> None:
    """Standard deviation 0.15 to 0.2 m, mean nought."""
    assert 0.15 <= samples()["surge"].std() <= 0.20
    assert samples()["surge"].mean() == pytest.approx(0.0, abs=0.01)


def test_salinity_has_the_quantiles_of_the_record() -> None:
    """Medians of the months within 0.15, 1 and 99 % of all within 0.3."""
    salinity = samples()["salinity"]
    assert by_month(salinity, 0.5) == pytest.approx(SALINITY, abs=0.15)
    assert np.quantile(salinity, [0.01, 0.99]) == pytest.approx([30.4, 35.4], abs=0.3)


def test_turbidity_has_the_quantiles_of_the_record() -> None:
    """Medians of the months within 10 %, 95 % figures within 15 %."""
    turbidity = samples()["turbidity"]
    assert by_month(turbidity, 0.5) == pytest.approx(TURBIDITY, rel=0.10)
    assert by_month(turbidity, 0.95) == pytest.approx(TURBIDITY_95, rel=0.15)


def test_storms_and_springs_stir_the_mud() -> None:
    """Turbidity is higher at springs than at neaps, and higher under low pressure than under high."""
    climate = Climate(3)
    ts_s = TWENTY_YEARS_S + 30_000.0
    logarithm = np.log(climate.quality.turbidity_ntu(ts_s))
    springs = np.cos(climate.tide.springs(ts_s))
    assert logarithm[springs > 0.5].mean() > logarithm[springs < -0.5].mean() + 0.3
    assert np.corrcoef(logarithm, climate.air.pressure_bar(ts_s))[0, 1] < -0.2


def test_humidity_falls_while_the_day_warms() -> None:
    """Relative humidity is lower at 14 h than at 2 h UTC, never above 100 %, about 80 % on average."""
    climate = Climate(3)
    afternoon, night = (climate.air.humidity(TWENTY_YEARS_S + hour * 3_600.0) for hour in (14, 2))
    assert night.mean() - afternoon.mean() > 8.0
    assert samples()["humidity"].max() <= 100.0
    assert samples()["humidity"].min() > 10.0
    assert samples()["humidity"].mean() == pytest.approx(81.0, abs=3.0)


def test_quay_swings_more_than_the_breakwater_but_not_around_another_mean() -> None:
    """The factor of the quay widens the day and leaves daily means alone."""
    day = Day(number(2025, 7, 10), 900)
    quay, breakwater = (Climate(3, air=AirParameters(quay_factor=factor)).weather(day).air_c for factor in (2.5, 1.0))
    assert np.ptp(quay) > np.ptp(breakwater)
    assert quay.mean() == pytest.approx(breakwater.mean(), abs=0.1)


def test_heat_wave_reaches_the_record() -> None:
    """With the right peak 19 July reaches the record of 39.6 °C; other days stay as they were."""
    middle = number(2022, 7, 19)
    usual = Climate(3)
    peak_k = 39.6 - usual.weather(Day(middle, 900)).air_c.max()
    hot = Climate(3, [((middle - 3) * 86_400.0, (middle + 4) * 86_400.0, peak_k)])
    assert hot.weather(Day(middle, 900)).air_c.max() == pytest.approx(39.6, abs=0.5)
    assert hot.weather(Day(middle, 900)).humidity.min() < usual.weather(Day(middle, 900)).humidity.min()
    assert hot.weather(Day(middle, 900)).sea_c.tobytes() == usual.weather(Day(middle, 900)).sea_c.tobytes()
    assert hot.weather(Day(middle + 5, 900)).air_c.tobytes() == usual.weather(Day(middle + 5, 900)).air_c.tobytes()
    edges = hot.air.temperature_c(np.arange((middle - 4) * 86_400.0, (middle + 5) * 86_400.0, 60.0))
    assert np.abs(np.diff(edges)).max() < 0.2


@pytest.mark.parametrize("step_s", [60, 300, 3600])
def test_totals_do_not_depend_on_the_step(step_s: int) -> None:
    """The mean of a day is the same in minutes, in hours and in quarter hours, for all that weather is."""
    climate = Climate(3)
    fine, usual = (climate.weather(Day(number(2025, 3, 30), step)) for step in (step_s, 900))
    for name in NAMES:
        assert getattr(fine, name).mean() == pytest.approx(getattr(usual, name).mean(), rel=1e-12)


def test_a_day_is_the_same_whatever_was_asked_before() -> None:
    """Random access, another order, a copy by pickle: the same bytes."""
    straight, astray = Climate(3), Climate(3)
    day = Day(number(2025, 3, 30), 900)
    expected = straight.weather(day)
    for other in (number(2031, 1, 1), number(1999, 6, 1), number(2025, 3, 31)):
        astray.weather(Day(other, 60))
    for climate in (astray, pickle.loads(pickle.dumps(astray))):  # noqa: S301 our own bytes
        found = climate.weather(day)
        assert all(getattr(found, name).tobytes() == getattr(expected, name).tobytes() for name in NAMES)


def test_another_seed_is_another_weather_under_the_same_tide() -> None:
    """Luck differs, the moon does not."""
    ts_s = TWENTY_YEARS_S[:100]
    one, other = Climate(3), Climate(4)
    assert np.abs(one.air.temperature_c(ts_s) - other.air.temperature_c(ts_s)).max() > 1.0
    assert one.tide.level_m(ts_s).tobytes() == other.tide.level_m(ts_s).tobytes()


def test_days_follow_on_without_a_step() -> None:
    """From the last minute of a day to the first of the next nothing jumps, also where blocks of days meet."""
    climate = Climate(3)
    for first in (number(2025, 3, 30), 16 * 1260 - 1):
        today, tomorrow = climate.weather(Day(first, 60)), climate.weather(Day(first + 1, 60))
        for name, most in (("sea_c", 0.02), ("air_c", 0.05), ("tide_m", 0.04), ("pressure_bar", 1e-4)):
            assert abs(getattr(tomorrow, name)[0] - getattr(today, name)[-1]) < most
