"""Derived points on the rows of a plan: evaluated hour by hour, known as their inputs were, missing where these are."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from storage.aligned import aligned
from storage.catalogue import apply_site
from storage.derived import amounts_fit
from storage.engine import connect
from storage.overview import points_by_key
from storage.row_clock import row_clock
from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan
from telemetry.site import DerivedPoint
from tests.storage.aligned_site import NAME, POINTS, a_plan, a_site, midnight_s, steady, steps, store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from storage.aligned import AlignedFigure, PointColumn
    from telemetry.plan import Plan

SPRING, AUTUMN = date(2025, 3, 27), date(2025, 10, 23)  # the fourth day has 23 hours, or 25
HOURS = {SPRING: np.array([24, 24, 24, 23, 24, 24, 24]), AUTUMN: np.array([24, 24, 24, 25, 24, 24, 24])}
SOON_S, LATER_S = 9 * 86_400, 25 * 86_400  # after the first midnight
INNER = slice(1, -1)  # a register's first and last reading leave a little of the outermost days unknown


def derived(name: str, quantity: str, unit: str, formula: str, **inputs: str) -> DerivedPoint:
    """Return a derived point of the pump."""
    keys = {name: f"quay/pump/{point}" for name, point in inputs.items()}
    return DerivedPoint(key=f"quay/pump/{name}", name=NAME, quantity=quantity, unit=unit, formula=formula, inputs=keys)


KPIS = (
    derived("above", "temperature_difference", "K", "t - 4", t="t_air"),
    derived("load", "temperature_difference", "K", "on * above", on="on", above="above"),  # derived of derived
    derived("heat", "thermal_energy", "kW.h", "gas * t", gas="gas", t="t_air"),
    derived("when_on", "thermal_energy", "kW.h", "gas / on", gas="gas", on="on"),
    derived("chilled", "mass", "kg", "landed * t", landed="landed", t="t_air"),
)
METER = MeterPlan(id="heat", name=NAME, unit="kW.h", points=(MeteredPoint(point="quay/pump/energy"),))

Stored = dict[str, tuple["NDArray[np.int64]", "NDArray[np.float64]"]]


def week(first: date) -> tuple[NDArray[np.int64], NDArray[np.float64], Stored]:
    """Return the instants of a week and an hour [s], the hour of the UTC day of each, and steady readings."""
    ts = steps(first, first + timedelta(days=8))
    ts = ts[ts <= midnight_s(first + timedelta(days=7)) + 3600]
    return ts, ts % 86_400 / 3600, steady(ts, int(ts[0]))


def swinging(ts: NDArray[np.int64], hour: NDArray[np.float64]) -> Stored:
    """Return 20 °C and 2 m3 an hour while it is on, from 12 to 18 h UTC, else 10 °C and none."""
    on = (hour >= 12) & (hour < 18)
    gained = np.append(0.0, np.cumsum(np.where(on, 0.5, 0.0))[:-1])
    return {"t_air": (ts, np.where(on, 20.0, 10.0)), "gas": (ts, gained), "on": (ts, on.astype(np.float64))}


def without(columns: Stored, gone: Mapping[str, NDArray[np.bool_]]) -> Stored:
    """Return readings less some of them."""
    kept = {name: (columns[name][0][~mask], columns[name][1][~mask]) for name, mask in gone.items()}
    return columns | kept


def a_week_of(first: date, frequency: str = "daily") -> Plan:
    """Return the plan whose baseline is the week, all derived points its drivers."""
    last = first + timedelta(days=6)
    drivers = tuple(DriverPlan(point=kpi.key) for kpi in KPIS)
    return a_plan(
        first, last, last + timedelta(days=1), meters=(METER,), drivers=drivers, static_factors=(), frequency=frequency
    )


def applied(dsn: str, first: date, *, landed_s: float = 900.0) -> None:
    """Apply the site with its derived points."""
    points = [dataclasses.replace(each, period_s=landed_s) if each.key.endswith("landed") else each for each in POINTS]
    site = dataclasses.replace(a_site(a_week_of(first)), points=tuple(points), derived_points=KPIS)
    apply_site(dsn, site, who="test")


def figure(dsn: str, first: date, *, known_s: int | None = None, frequency: str = "daily") -> AlignedFigure:
    """Return the rows of the week, as known so long after its first midnight [s]."""
    plan, last = a_week_of(first, frequency), first + timedelta(days=6)
    known_at = None if known_s is None else at(first, known_s)
    with connect(dsn, autocommit=True) as connection:
        return aligned(connection, "quay", "Europe/Paris", plan, last_day=last, known_at=known_at).figures[0]


def at(first: date, seconds: int) -> datetime:
    """Return a moment after the first midnight."""
    return datetime.fromtimestamp(midnight_s(first) + seconds, UTC)


def driver(found: AlignedFigure, name: str) -> PointColumn:
    """Return one derived driver."""
    return found.drivers[f"quay/pump/{name}"]


def test_a_product_is_that_of_hours(any_engine_dsn: str) -> None:
    """A row holds the mean, or the sum, of the products hour by hour, which is not the product of the day's own."""
    applied(any_engine_dsn, SPRING)
    ts, hour, columns = week(SPRING)
    store(any_engine_dsn, columns | swinging(ts, hour), received=at(SPRING, SOON_S))
    found, hours = figure(any_engine_dsn, SPRING), HOURS[SPRING]
    of_means = 6 / hours * (10 + 60 / hours - 4)  # twice what it is on hours, or nearly
    np.testing.assert_allclose(driver(found, "load").value, 6 * (20 - 4) / hours, rtol=1e-9)
    assert (driver(found, "load").value > 1.5 * of_means).all()
    np.testing.assert_allclose(driver(found, "heat").value[INNER], 12.0 * 20, rtol=1e-9)
    month = figure(any_engine_dsn, SPRING, frequency="monthly")
    np.testing.assert_allclose(driver(month, "load").value, [6 * 16 * 5 / 119, 6 * 16 * 2 / 48], rtol=1e-9)
    np.testing.assert_allclose(driver(month, "heat").value, [5 * 240.0, 2 * 240.0], rtol=2e-3)


@pytest.mark.parametrize("first", [SPRING, AUTUMN])
def test_days_of_23_and_25_hours_sum_right(database: str, first: date) -> None:
    """A day of 25 hours holds 25 hours of heat, one of 23 holds 23, and a mean is the same on all."""
    applied(database, first)
    store(database, week(first)[2], received=at(first, SOON_S))
    found, hours = figure(database, first), HOURS[first]
    np.testing.assert_allclose(driver(found, "heat").value[INNER], 0.5 * 10 * hours[INNER], rtol=1e-9)
    np.testing.assert_allclose(driver(found, "load").value, 6.0, rtol=1e-12)
    assert driver(found, "load").coverage[INNER].tolist() == [1.0] * 5
    hourly = driver(figure(database, first, frequency="hourly"), "heat").value
    assert len(hourly) == hours.sum()
    np.testing.assert_allclose(hourly[24:-24], 5.0, rtol=1e-9)


def test_a_late_reading_of_an_input_was_not_known(database: str) -> None:
    """An hour of temperatures that comes late changes the derived drivers now, not as known before it came."""
    applied(database, SPRING)
    ts, hour, columns = week(SPRING)
    columns |= swinging(ts, hour)
    start = midnight_s(SPRING) + 2 * 86_400 + 14 * 3600
    late = (ts >= start) & (ts < start + 3600)
    store(database, without(columns, {"t_air": late}), received=at(SPRING, SOON_S))
    then = figure(database, SPRING)
    store(database, {"t_air": (ts[late], np.full(4, 35.0))}, received=at(SPRING, LATER_S))
    now = figure(database, SPRING)
    for name in ("load", "heat"):
        changed = ~np.isclose(driver(now, name).value, driver(then, name).value, rtol=1e-6)
        assert np.flatnonzero(changed).tolist() == [2]
        for column in ("value", "coverage", "readings"):
            known, before, after = (
                getattr(driver(each, name), column)
                for each in (figure(database, SPRING, known_s=SOON_S), then, figure(database, SPRING, known_s=LATER_S))
            )
            np.testing.assert_allclose(known, before, rtol=1e-12)
            np.testing.assert_allclose(after, getattr(driver(now, name), column), rtol=1e-12)
    assert figure(database, SPRING, known_s=SOON_S).reasons == then.reasons


def test_a_row_is_covered_as_its_least_known_input(database: str) -> None:
    """Hour by hour the least of the inputs' counts: what either lacks is missing, and a row says how much is left."""
    applied(database, SPRING)
    ts, _, columns = week(SPRING)
    since = (ts - midnight_s(SPRING)) / 3600
    bad = {
        "t_air": (since >= 30) & (since < 36) | (since >= 54) & (since < 57),
        "on": (since >= 32) & (since < 35) | (since >= 60) & (since < 63),
    }  # six hours and three among them; then three hours each, apart
    store(database, without(columns, bad), received=at(SPRING, SOON_S))
    store(database, {name: (ts[mask], np.ones(mask.sum())) for name, mask in bad.items()},
          received=at(SPRING, SOON_S), quality=2)  # fmt: skip
    found = figure(database, SPRING)
    np.testing.assert_allclose(driver(found, "load").coverage[:4], [1.0, 18 / 24, 18 / 24, 1.0], rtol=1e-12)
    np.testing.assert_allclose(driver(found, "above").coverage[:4], [1.0, 18 / 24, 21 / 24, 1.0], rtol=1e-12)
    assert np.isnan(driver(found, "load").value[:4]).tolist() == [False, True, True, False]
    assert found.reasons[1] == "quay/pump/above: 24 bad readings, 75% of its time is known, 90% are needed"


def test_a_gap_of_a_register_within_a_row(database: str) -> None:
    """What a register gained over a gap within a day is in the derived amount, unless another input lacks it too."""
    applied(database, SPRING)
    ts, _, columns = week(SPRING)
    since = (ts - midnight_s(SPRING)) / 3600
    first, second = (since > 33) & (since < 39), (since > 105) & (since < 111)
    store(database, without(columns, {"gas": first | second, "t_air": second}), received=at(SPRING, SOON_S))
    heat = driver(figure(database, SPRING), "heat")
    assert heat.value[1] == pytest.approx(120.0)
    assert heat.coverage[1] == pytest.approx(1.0)
    assert 0.7 < heat.coverage[4] < 0.9
    assert np.isnan(heat.value[4])


def test_an_hour_without_an_answer_is_missing(database: str) -> None:
    """Where a formula has no answer, as in a division by zero, nothing is known: the hour is not taken as nought."""
    applied(database, SPRING)
    ts, _, columns = week(SPRING)
    since = (ts - midnight_s(SPRING)) / 3600
    off = (since >= 34) & (since < 36) | (since >= 56) & (since < 62)
    store(database, columns | {"on": (ts, np.where(off, 0.0, 1.0))}, received=at(SPRING, SOON_S))
    found = driver(figure(database, SPRING), "when_on")
    np.testing.assert_allclose(found.coverage[:3], [1.0, 22 / 24, 18 / 24], rtol=1e-2)
    assert found.value[1] == pytest.approx(12.0)  # of 22 hours, scaled up
    assert np.isnan(found.value[2])


def test_a_days_amount_stays_with_its_day(database: str) -> None:
    """An amount of a whole day does not fall into one of its hours: what is made of it is made by the day, then too."""
    applied(database, SPRING, landed_s=86_400.0)
    store(database, week(SPRING)[2], received=at(SPRING, SOON_S))
    assert driver(figure(database, SPRING), "chilled").value.tolist() == [10.0] * 7
    assert driver(figure(database, SPRING, known_s=SOON_S), "chilled").value.tolist() == [10.0] * 7


def test_amounts_of_coarser_history_do_not_fit_an_hour(database: str) -> None:
    """A quarter's amounts fit an hour, but not where a stretch of their history came by the day; gauges always do."""
    applied(database, SPRING)
    clock = row_clock(SPRING, date(2025, 3, 31), "daily", "Europe/Paris")
    with connect(database, autocommit=True) as connection:
        known = points_by_key(connection, "quay")
        landed, t_air = known["quay/pump/landed"], known["quay/pump/t_air"]
        assert amounts_fit(connection, [landed], 3600.0, clock.first, clock.end)
        for point in (landed, t_air):
            connection.execute(
                "INSERT INTO history_cadence (point_id, cadence_s, starts, ends) VALUES (%s, 86400, %s, %s)",
                (point.id, at(SPRING, -86_400), at(SPRING, 86_400)),
            )
        assert not amounts_fit(connection, [landed, t_air], 3600.0, clock.first, clock.end)
        assert amounts_fit(connection, [t_air], 3600.0, clock.first, clock.end)
        assert amounts_fit(connection, [landed], 3600.0, at(SPRING, 2 * 86_400), clock.end)
        assert amounts_fit(connection, [landed], 86_400.0, clock.first, clock.end)


def test_hours_of_a_zone_of_half_hours() -> None:
    """The hour that midnight cuts belongs to the day in which it begins; where midnight cuts none, rows stay."""
    clock = row_clock(date(2025, 3, 1), date(2025, 3, 2), "daily", "Asia/Kolkata")
    hours = clock.in_hours()
    assert (hours.hours.tolist(), len(hours.buckets_us)) == ([24.0, 24.0], 49)
    assert (hours.edges_us - clock.edges_us).tolist() == [1_800_000_000] * 3
    assert hours.row_of(clock.edges_us[1:2] - 1_800_000_000).tolist() == [0]
    paris = row_clock(date(2025, 10, 26), date(2025, 10, 27), "daily", "Europe/Paris")
    assert paris.in_hours().edges_us.tolist() == paris.edges_us.tolist()
    assert paris.in_hours().hours.tolist() == [25.0, 24.0]
