"""A site whose few points are read every quarter of an hour, and a plan over them, for aligned rows and runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from storage.catalogue import apply_site, load_catalogue
from storage.rollups import refresh_all
from storage.writer import Writer
from telemetry.batch import ReadingBatch
from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan, Option, Periods, Plan, StaticFactor
from telemetry.site import DatedValue, Kind, MeterSwap, Site
from tests.storage.building import decoded_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PARIS = ZoneInfo("Europe/Paris")
STEP_S = 900
NAME = {"fr": "x", "en": "x"}
POINTS = (
    small_point("gas", quantity="gas_volume", unit="m3", kind=Kind.COUNTER, period_s=900.0, silent_after_s=2000.0),
    small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER, period_s=900.0, silent_after_s=2000.0,
                modulus=1000.0),
    small_point("t_air", quantity="temperature", unit="Cel", period_s=900.0, silent_after_s=2000.0),
    small_point("on", quantity="state", unit="1", kind=Kind.STATE, period_s=900.0, silent_after_s=2000.0),
    small_point("landed", quantity="mass", unit="t", kind=Kind.EVENT, period_s=900.0, silent_after_s=2 * 86_400.0),
    small_point("set", quantity="temperature", unit="Cel", period_s=900.0, silent_after_s=2000.0),
)  # fmt: skip
METER = MeterPlan(
    id="heat", name=NAME, unit="kW.h",
    points=(
        MeteredPoint(point="quay/pump/gas", factor=10.0, tariff=("gas",)), MeteredPoint(point="quay/pump/energy"),
    ),
)  # fmt: skip
GAS_PRICE = DatedValue(
    id="gas", quantity="thermal_energy", unit="EUR/kW.h", value=0.07, valid_from=datetime(2024, 1, 1, tzinfo=PARIS),
    valid_to=None, source="test",
)  # fmt: skip


def a_plan(first: date, last: date, reporting: date, **changed: Any) -> Plan:
    """Return the plan of heat by gas and electricity."""
    values: dict[str, Any] = {
        "id": "heat", "name": NAME, "measure": NAME, "boundary": NAME, "option": Option.B, "meters": (METER,),
        "drivers": (
            DriverPlan(point="quay/pump/t_air", role="changepoint"), DriverPlan(point="quay/pump/landed"),
            DriverPlan(point="quay/pump/on"),
        ),
        "periods": Periods(baseline_from=first, baseline_to=last, reporting_from=reporting),
        "static_factors": (StaticFactor(id="set", name=NAME, value="2 °C", point="quay/pump/set", tolerance=0.5),),
    }  # fmt: skip
    return Plan(**values | changed)


def a_site(*plans: Plan, swaps: tuple[MeterSwap, ...] = ()) -> Site:
    """Return the site."""
    return small_site(POINTS, demonstrators=plans, meter_swaps=swaps, tariffs=(GAS_PRICE,))


def midnight_s(day: date) -> int:
    """Return the first instant of a local day [s]."""
    return int(datetime(day.year, day.month, day.day, tzinfo=PARIS).timestamp())


def steps(first: date, end: date) -> NDArray[np.int64]:
    """Return the instants of readings (n,) from the first local day to before `end` [s]."""
    return np.arange(midnight_s(first), midnight_s(end), STEP_S, dtype=np.int64)


def steady(ts_s: NDArray[np.int64], origin_s: int) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return readings by point: 0.5 m3 and 1 kWh an hour, 10 °C, always on, 1 t at noon of UTC, set to 2 °C."""
    hours = (ts_s - origin_s) / 3600
    noon = ts_s[ts_s % 86_400 == 43_200]
    return {
        "gas": (ts_s, 0.5 * hours), "energy": (ts_s, np.mod(1.0 * hours, 1000.0)),
        "t_air": (ts_s, np.full(len(ts_s), 10.0)), "on": (ts_s, np.ones(len(ts_s))),
        "landed": (noon, np.ones(len(noon))), "set": (ts_s, np.full(len(ts_s), 2.0)),
    }  # fmt: skip


def store(
    dsn: str,
    columns: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]],
    *,
    received: datetime,
    quality: int = 0,
) -> None:
    """Write readings by point, as if they had arrived at one moment, and bring the roll-ups up to date."""
    catalogue = load_catalogue(dsn, "quay")
    ids = {name: catalogue.points[f"quay/pump/{name}"].point_id for name in columns}
    point_id = np.concatenate([np.full(len(ts), ids[name], np.int32) for name, (ts, _) in columns.items()])
    batch = ReadingBatch(
        point_id=point_id,
        ts_us=np.concatenate([ts for ts, _ in columns.values()]).astype(np.int64) * 1_000_000,
        value=np.concatenate([value for _, value in columns.values()]).astype(np.float64),
        quality=np.full(len(point_id), quality, np.int16),
        received_us=np.full(len(point_id), int(received.timestamp()) * 1_000_000, np.int64),
        message=np.zeros(len(point_id), np.int32),
    )
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch))
    refresh_all(dsn)


def filled(dsn: str, plan: Plan, end: date, *, received: datetime, swaps: tuple[MeterSwap, ...] = ()) -> None:
    """Apply the site with a plan and store steady readings from its baseline's first day to before `end`."""
    apply_site(dsn, a_site(plan, swaps=swaps), who="test")
    first = plan.periods.baseline_from if plan.periods else end
    store(dsn, steady(steps(first, end), midnight_s(first)), received=received)
