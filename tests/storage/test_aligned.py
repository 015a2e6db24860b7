"""Rows of energy and drivers on one clock: days of 23 and 25 hours, gaps, swaps, late data, and what was known when."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from storage.aligned import AlignedFigure, aligned, period_edges
from storage.as_known import _hold_us, _swaps
from storage.buckets import Raw, buckets_of
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.overview import points_by_key
from storage.rollups import rebuild
from storage.row_clock import last_whole_day, row_clock
from storage.series import ROLLED, readings
from telemetry.errors import ContractError
from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan, Periods
from telemetry.site import DerivedPoint, MeterSwap
from tests.storage.aligned_site import NAME, PARIS, a_plan, a_site, filled, midnight_s, steady, steps, store

if TYPE_CHECKING:
    from telemetry.plan import Plan

FIRST, LAST = date(2025, 3, 27), date(2025, 4, 2)  # a day of 23 hours within
PLAN = a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1))
SOON = datetime(2025, 4, 3, 1, tzinfo=UTC)
LATER = datetime(2025, 4, 20, tzinfo=UTC)


def figure(dsn: str, plan: Plan = PLAN, last: date = LAST, known_at: datetime | None = None) -> AlignedFigure:
    """Return the plan's one figure."""
    with connect(dsn, autocommit=True) as connection:
        return aligned(connection, "quay", "Europe/Paris", plan, last_day=last, known_at=known_at).figures[0]


def test_days_of_23_and_25_hours() -> None:
    """Rows begin at local midnight; hours run on through the change of the clock; a cut month is left out."""
    spring = row_clock(date(2025, 3, 29), date(2025, 3, 31), "daily", "Europe/Paris")
    assert spring.hours.tolist() == [24.0, 23.0, 24.0]
    assert str(spring.start[1]) == "2025-03-30T00:00:00"
    autumn = row_clock(date(2025, 10, 26), date(2025, 10, 26), "hourly", "Europe/Paris")
    assert len(autumn) == 25
    assert [str(hour)[11:13] for hour in autumn.start[1:5]] == ["01", "02", "02", "03"]
    months = row_clock(date(2025, 1, 1), date(2025, 4, 15), "monthly", "Europe/Paris")
    assert [str(month)[:7] for month in months.start] == ["2025-01", "2025-02", "2025-03"]
    assert months.hours[2] == 31 * 24 - 1
    assert last_whole_day(datetime(2025, 3, 30, 22, 30, tzinfo=UTC), "Europe/Paris") == date(2025, 3, 30)


def test_a_month_is_cut_where_a_period_begins_or_ends() -> None:
    """Works from 16 to 20 March leave three rows of March, no day lost and none in two rows; so does a last day."""
    edges = period_edges(Periods(
        baseline_from=date(2025, 1, 10), baseline_to=date(2025, 3, 15), reporting_from=date(2025, 3, 21),
        reporting_to=date(2025, 4, 15),
    ))  # fmt: skip
    months = row_clock(date(2025, 1, 10), date(2025, 4, 15), "monthly", "Europe/Paris", cuts=edges)
    assert [str(month)[5:10] for month in months.start] == ["01-10", "02-01", "03-01", "03-16", "03-21", "04-01"]
    assert (months.hours / 24).round().tolist() == [22, 28, 15, 5, 11, 15]
    days = row_clock(date(2025, 1, 10), date(2025, 4, 15), "daily", "Europe/Paris", cuts=edges)
    assert len(days) == 96


def test_rows_add_up_points_by_their_factors(any_engine_dsn: str) -> None:
    """Gas and electricity of each day in one unit, also on the day of 23 hours; drivers by their kind."""
    filled(any_engine_dsn, PLAN, date(2025, 4, 3), received=SOON)
    found = figure(any_engine_dsn)
    hours = np.array([24, 24, 24, 23, 24, 24, 24])
    np.testing.assert_allclose(found.energy, 6.0 * hours, rtol=2e-3)
    np.testing.assert_allclose(found.energy[1:-1], 6.0 * hours[1:-1], rtol=1e-9)
    np.testing.assert_allclose(sum(found.carriers.values()), found.energy)
    assert found.drivers["quay/pump/t_air"].value.tolist() == [10.0] * 7
    assert found.drivers["quay/pump/landed"].value.tolist() == [1.0] * 7
    assert found.drivers["quay/pump/on"].value.tolist() == [1.0] * 7
    assert (found.drivers["quay/pump/landed"].is_total, found.drivers["quay/pump/on"].is_total) == (True, False)
    assert found.reasons == ("",) * 7
    monthly = figure(any_engine_dsn, a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1), frequency="monthly"))
    np.testing.assert_allclose(monthly.energy, [6.0 * hours[:5].sum()], rtol=1e-3)
    hourly = figure(any_engine_dsn, a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1), frequency="hourly"))
    assert len(hourly.energy) == hours.sum()
    np.testing.assert_allclose(hourly.energy[1:-1], 6.0, rtol=1e-9)


def test_a_row_is_lost_for_a_reason(database: str) -> None:
    """What is missing, bad or reset is named; a pause of deliveries is nought; a gap within a day loses nothing."""
    apply_site(database, a_site(PLAN), who="test")
    ts = steps(FIRST, date(2025, 4, 3))
    columns = steady(ts, int(ts[0]))
    day = np.array([str(datetime.fromtimestamp(moment, PARIS).date()) for moment in ts])
    hour = np.array([datetime.fromtimestamp(moment, PARIS).hour for moment in ts])
    bad = (day == "2025-03-28") & (hour >= 6) & (hour < 12)
    gone = {
        "t_air": bad, "gas": (day == "2025-03-31") & (hour >= 9) & (hour < 15),
        "energy": (day == "2025-04-01") & (hour < 3) | (day == "2025-03-31") & (hour > 20),
        "landed": np.isin(columns["landed"][0], ts[np.isin(day, ["2025-03-29", "2025-03-30"])]),
    }  # fmt: skip
    kept = {name: tuple(column[~gone[name]] for column in both) for name, both in columns.items() if name in gone}
    reset = columns["energy"][1][~gone["energy"]] - np.where(kept["energy"][0] >= midnight_s(LAST) + 7200, 100.0, 0.0)
    store(database, columns | kept | {"energy": (kept["energy"][0], reset)}, received=SOON)
    store(database, {"t_air": (ts[bad], np.full(int(bad.sum()), 99.0))}, received=SOON, quality=2)
    found = figure(database)
    assert found.reasons[0] == ""
    assert found.reasons[1] == "quay/pump/t_air: 24 bad readings, 75% of its time is known, 90% are needed"
    assert found.reasons[2:4] == ("", "")
    assert found.drivers["quay/pump/landed"].value[2:4].tolist() == [0.0, 0.0]
    assert found.reasons[4].startswith("quay/pump/energy: 8")
    assert found.reasons[5].startswith("quay/pump/energy: 8")
    assert found.reasons[6] == "quay/pump/energy: its register was reset"
    assert np.isnan(found.energy).tolist() == [False, False, False, False, True, True, True]
    np.testing.assert_allclose(found.carriers["quay/pump/gas"][:4], [120.0, 120.0, 120.0, 115.0], rtol=2e-3)


def test_a_meter_swap_loses_no_row(any_engine_dsn: str) -> None:
    """A new meter that begins elsewhere is counted on from there."""
    at = datetime(2025, 3, 29, 10, tzinfo=UTC)
    before = 10.0 * 0 + (at.timestamp() - midnight_s(FIRST)) / 3600
    swap = MeterSwap(point="quay/pump/energy", at=at, register_before=before, register_after=500.0, by="test")
    apply_site(any_engine_dsn, a_site(PLAN, swaps=(swap,)), who="test")
    ts = steps(FIRST, date(2025, 4, 3))
    columns = steady(ts, int(ts[0]))
    register = np.where(ts >= at.timestamp(), 500.0 + (ts - at.timestamp()) / 3600, columns["energy"][1])
    store(any_engine_dsn, columns | {"energy": (ts, register)}, received=SOON)
    found = figure(any_engine_dsn)
    np.testing.assert_allclose(found.carriers["quay/pump/energy"][1:-1], [24.0, 24.0, 23.0, 24.0, 24.0], rtol=1e-9)
    assert found.reasons == ("",) * 7


def test_what_was_known_before_late_readings_came(database: str) -> None:
    """As known then, the days that came late are lost as they were; today they are there."""
    apply_site(database, a_site(PLAN), who="test")
    ts = steps(FIRST, date(2025, 4, 3))
    late = (ts >= midnight_s(date(2025, 3, 29))) & (ts < midnight_s(date(2025, 3, 30)) + 7200)
    columns = steady(ts, int(ts[0]))
    store(database, {name: (at[~np.isin(at, ts[late])], value[~np.isin(at, ts[late])])
                     for name, (at, value) in columns.items()}, received=SOON)  # fmt: skip
    then = figure(database)
    store(database, {name: (at[np.isin(at, ts[late])], value[np.isin(at, ts[late])])
                     for name, (at, value) in columns.items()}, received=LATER)  # fmt: skip
    assert figure(database).reasons == ("",) * 7
    known = figure(database, known_at=SOON)
    assert known.reasons == then.reasons
    assert [bool(reason) for reason in known.reasons] == [False, False, True, False, False, False, False]
    np.testing.assert_allclose(known.energy, then.energy, rtol=1e-12)
    np.testing.assert_allclose(known.coverage, then.coverage, rtol=1e-12)
    np.testing.assert_allclose(figure(database, known_at=LATER).energy, figure(database).energy)


def test_what_was_known_before_a_correction(database: str) -> None:
    """As known before a day was struck out, it counts; today, and as known after, it is lost."""
    filled(database, PLAN, date(2025, 4, 3), received=SOON)
    before = figure(database)
    catalogue = load_catalogue(database, "quay")
    with connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO correction (point_id, starts, ends, who, why) VALUES (%s, %s, %s, 'A', 'the meter was out')",
            (catalogue.points["quay/pump/gas"].point_id, datetime(2025, 3, 29, tzinfo=PARIS),
             datetime(2025, 3, 30, tzinfo=PARIS)),
        )  # fmt: skip
    rebuild(database, [catalogue.points["quay/pump/gas"].point_id])
    assert [bool(reason) for reason in figure(database).reasons] == [False, False, True, False, False, False, False]
    assert figure(database, known_at=datetime.now(UTC)).reasons == figure(database).reasons
    known = figure(database, known_at=LATER)
    assert known.reasons == before.reasons
    np.testing.assert_allclose(known.energy, before.energy, rtol=1e-12)


@pytest.mark.parametrize("frequency", ["daily", "hourly"])
def test_buckets_are_those_of_the_database(database: str, frequency: str) -> None:
    """Of ragged readings, with bad ones, gaps, rollovers, a reset and a swap, every column is that of the roll-ups."""
    random = np.random.default_rng(7)
    at = datetime(2025, 3, 30, 9, 7, tzinfo=UTC)
    swap = MeterSwap(point="quay/pump/energy", at=at, register_before=995.0, register_after=3.0, by="test")
    apply_site(database, a_site(PLAN, swaps=(swap,)), who="test")
    ts = steps(FIRST, date(2025, 4, 3))
    ts = ts[random.random(len(ts)) > 0.3]
    ts = ts[(ts < midnight_s(LAST) - 90_000) | (ts > midnight_s(LAST))]
    walk = np.cumsum(random.exponential(8.0, len(ts)))
    columns = {
        "gas": (ts, np.where(ts > midnight_s(LAST), walk / 9, walk)), "energy": (ts, np.mod(walk, 1000.0)),
        "t_air": (ts, random.normal(10, 3, len(ts))), "on": (ts, random.integers(0, 2, len(ts)).astype(np.float64)),
        "landed": (ts[::9], random.random(len(ts[::9]))),
    }  # fmt: skip
    is_bad = random.random(len(ts)) < 0.1
    store(database, {name: (when[is_bad[: len(when)]], value[is_bad[: len(when)]])
                     for name, (when, value) in columns.items()}, received=SOON, quality=2)  # fmt: skip
    store(database, columns, received=SOON)
    clock = row_clock(FIRST, LAST, frequency, "Europe/Paris")
    with connect(database, autocommit=True) as connection:
        known = points_by_key(connection, "quay")
        for name in columns:
            point = known[f"quay/pump/{name}"]
            kept = readings(connection, [point.id], clock.first, clock.end, clock.resolution)
            raw = readings(connection, [point.id], clock.first, clock.end + timedelta(days=1))
            made = buckets_of(
                point, Raw(raw["ts"], raw["value"], raw["quality"]), clock.buckets_us,
                _hold_us(connection, point, raw["ts"], LATER), _swaps(connection, point),
            )  # fmt: skip
            for column in set(ROLLED) - {"minimum", "maximum", "quality"}:
                np.testing.assert_allclose(made[column], kept[column], rtol=1e-9, atol=1e-9, err_msg=f"{name} {column}")


def test_derived_points_are_metered_and_drive(database: str) -> None:
    """A derived amount is a figure and a derived level a driver, as measured ones are; for the past too."""
    heat = DerivedPoint(
        key="quay/pump/heat", name=NAME, quantity="thermal_energy", unit="kW.h", formula="10 * gas",
        inputs={"gas": "quay/pump/gas"},
    )  # fmt: skip
    warm = DerivedPoint(
        key="quay/pump/warm", name=NAME, quantity="temperature_difference", unit="K", formula="t - 4",
        inputs={"t": "quay/pump/t_air"},
    )  # fmt: skip
    meter = MeterPlan(id="heat", name=NAME, unit="kW.h", points=(MeteredPoint(point=heat.key),))
    plan = msgspec.structs.replace(PLAN, meters=(meter,), drivers=(DriverPlan(point=warm.key),))
    apply_site(database, dataclasses.replace(a_site(plan), derived_points=(heat, warm)), who="test")
    store(database, steady(steps(FIRST, date(2025, 4, 3)), midnight_s(FIRST)), received=SOON)
    found = figure(database, plan)
    np.testing.assert_allclose(found.energy[1:-1], [120.0, 120.0, 115.0, 120.0, 120.0], rtol=1e-9)
    assert found.drivers[warm.key].value.tolist() == [6.0] * 7
    np.testing.assert_allclose(figure(database, plan, known_at=SOON).energy, found.energy, rtol=1e-12)


def test_a_plan_without_periods_has_no_rows(database: str) -> None:
    """Nothing can be loaded before the periods are given, nor of a point that is not there."""
    apply_site(database, a_site(PLAN), who="test")
    with pytest.raises(ContractError, match="no periods"):
        figure(database, a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1), periods=None))
    plan = a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1), id="x")
    with connect(database, autocommit=True) as connection, pytest.raises(ContractError, match="unknown point"):
        aligned(connection, "elsewhere", "Europe/Paris", plan, last_day=LAST)
