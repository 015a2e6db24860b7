"""Derived points out of a real database, against the definition in plain Python over the raw readings."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from storage import series
from storage.catalogue import apply_site, load_catalogue
from storage.derived import read_derived, stream_derived
from storage.engine import connect
from storage.overview import derived_points, points, points_by_key
from storage.rollups import refresh_all
from storage.writer import Writer
from telemetry.errors import ContractError
from telemetry.quality import QualityClass, Reason
from telemetry.site import DerivedPoint, Kind
from tests.storage.building import batch_of, decoded_of, messages_of, small_point, small_site
from tests.storage.segment_reference import Described, expected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.series import Columns

RHO_CP = 4098.9  # of seawater [kJ/(m3 K)]
AUTUMN = datetime(2025, 10, 25, 22, tzinfo=UTC)  # midnight in Paris; the day that begins has 25 hours
DAY = timedelta(days=1)
BAD = int(QualityClass.BAD | Reason.RANGE)

Readings = dict[str, list[tuple[float, float, int]]]  # name → (time [s], value, quality)


def kpi(name: str, quantity: str, unit: str, formula: str, **inputs: str) -> DerivedPoint:
    """Return a derived point of the pump."""
    keys = {name: f"quay/pump/{point}" for name, point in inputs.items()}
    return DerivedPoint(
        key=f"quay/pump/{name}", name={"fr": name}, quantity=quantity, unit=unit, formula=formula, inputs=keys
    )


POINTS = {
    "flow": small_point("flow", quantity="volume_flow", unit="m3/h", period_s=30.0),
    "t_in": small_point("t_in", quantity="temperature", unit="Cel", period_s=30.0),
    "t_out": small_point("t_out", quantity="temperature", unit="Cel", period_s=30.0),
    "energy": small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER, period_s=30.0),
    "landed": small_point("landed", quantity="mass", unit="kg", kind=Kind.EVENT, period_s=900.0),
}
KPIS = (
    kpi("cop", "performance", "1", "thermal / power", thermal="thermal", power="mean_power"),
    kpi("thermal", "thermal_power", "MW", "4.0989 * flow * (t_out - t_in) / 3600",
        flow="flow", t_in="t_in", t_out="t_out"),
    kpi("mean_power", "power", "kW", "4 * energy", energy="energy"),  # of a quarter of an hour
    kpi("specific", "energy_per_mass", "kW.h/t", "1000 * energy / landed", energy="energy", landed="landed"),
    kpi("both", "energy", "kW.h", "energy + energy_2", energy="energy", energy_2="energy"),
)  # fmt: skip


@pytest.fixture
def pump(database: str) -> str:
    """Apply a site with a pump and its derived points."""
    apply_site(database, small_site(list(POINTS.values()), derived_points=KPIS), who="test")
    return database


def store(dsn: str, readings: Readings) -> None:
    """Write readings and roll them up."""
    catalogue = load_catalogue(dsn, "quay")
    rows = [
        (catalogue.points[f"quay/pump/{name}"].point_id, round(at * 1e6), value, quality)
        for name, listed in readings.items()
        for at, value, quality in listed
    ]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(dsn)


def ask(dsn: str, name: str, start: datetime, end: datetime, resolution: str, limit: int | None = None) -> Columns:
    """Read one derived point."""
    with connect(dsn, autocommit=True) as connection:
        known = points_by_key(connection, "quay")
        return read_derived(connection, known[f"quay/pump/{name}"], known, start, end, resolution, limit)


def two_days() -> Readings:
    """Return two uneven days around the change of clocks, with gaps, doubt and bad values."""
    rng = np.random.default_rng(7)
    start = AUTUMN.timestamp() - 86_400
    every = [start + 30 * k for k in range(49 * 120)]
    kept = [at for at in every if rng.random() > 0.2 and not 20_000 < at - start < 26_000]
    quality = rng.choice([0, 0, 0, 1, BAD], (3, len(kept)))
    rise = np.cumsum(rng.uniform(0.0, 2.0, len(kept)))
    return {
        "flow": [(at, 300 + 60 * float(rng.random()), int(q)) for at, q in zip(kept, quality[0], strict=True)],
        "t_in": [(at, 10 + float(rng.random()), int(q)) for at, q in zip(kept[::2], quality[1], strict=False)],
        "t_out": [(at, 15 + float(rng.random()), int(q)) for at, q in zip(kept, quality[2], strict=True)],
        "energy": [(at, float(total), 0) for at, total in zip(kept, rise, strict=True)],
        "landed": [(start + 900 * k, float(rng.integers(100, 900)), 0) for k in range(0, 196, 3)],
    }


def by_hand(readings: Readings, level: str) -> Mapping[str, Mapping[float, Any]]:
    """Return each point's buckets by the definition, straight from the raw readings."""
    return {
        name: expected(
            Described(kind=str(point.kind), silent_s=point.silent_after_s, period_s=point.period_s),
            readings[name],
            level,
            "15m" if name == "landed" else "1m",
        )
        for name, point in POINTS.items()
    }


def mean_of(buckets: Mapping[float, Any], start: float) -> float:
    """Return the mean of a bucket by the definition, NaN where there is none."""
    bucket = buckets.get(start)
    return bucket.integral / bucket.valid_s if bucket and bucket.valid_s else math.nan


def width_of(level: str, start: float) -> float:
    """Return the width of a bucket [s], in Paris."""
    return {"1m": 60.0, "15m": 900.0, "1h": 3600.0}.get(level, 90_000.0 if start == AUTUMN.timestamp() else 86_400.0)


@pytest.mark.parametrize("level", ["1m", "15m", "1h", "1d"])
def test_thermal_power_is_what_the_raw_readings_say(pump: str, level: str) -> None:
    """At every width, over gaps, bad values and a day of 25 hours: the definition, computed apart, bucket by bucket."""
    readings = two_days()
    store(pump, readings)
    columns = ask(pump, "thermal", AUTUMN - DAY, AUTUMN + 2 * DAY, level)
    hand = by_hand(readings, level)
    inputs = [hand[name] for name in ("flow", "t_in", "t_out")]
    starts = sorted({start for one in inputs for start in one})
    assert columns["ts"].tolist() == [round(start * 1e6) for start in starts]
    assert level != "1d" or starts == [AUTUMN.timestamp() - 86_400, AUTUMN.timestamp()]
    for i, start in enumerate(starts):
        flow, t_in, t_out = (mean_of(one, start) for one in inputs)
        power_kw = RHO_CP * flow * (t_out - t_in) / 3600
        assert columns["mean"][i] == pytest.approx(power_kw, rel=1e-9, nan_ok=True)
        found = [one.get(start) for one in inputs]
        valid_s = min(one.valid_s if one else 0.0 for one in found)
        assert columns["valid_s"][i] == pytest.approx(valid_s)
        assert columns["coverage"][i] == pytest.approx(min(1.0, valid_s / width_of(level, start)))
        assert columns["n"][i] == min(one.n if one else 0 for one in found)
        assert columns["n_bad"][i] == sum(one.n_bad for one in found if one)
        reasons = {one.quality for one in found if one}
        assert columns["quality"][i] & Reason.RANGE == max(quality & Reason.RANGE for quality in reasons)
        assert columns["quality"][i] & 3 == max(quality & 3 for quality in reasons)
    assert np.isnan(columns["total"]).all()
    assert np.isnan(columns["increase"]).all()


def test_a_cop_is_made_of_derived_points(pump: str) -> None:
    """A KPI over KPIs takes them in canonical units: kW over kW, though one of them is declared in MW."""
    start = AUTUMN.timestamp()
    every = [start + 30 * k for k in range(61)]
    store(pump, {
        "flow": [(at, 360.0, 0) for at in every],
        "t_in": [(at, 10.0, 0) for at in every],
        "t_out": [(at, 15.0, 0) for at in every],
        "energy": [(at, 500 * k / 120, 0) for k, at in enumerate(every)],
    })  # fmt: skip
    columns = ask(pump, "cop", AUTUMN, AUTUMN + DAY, "15m")
    # 0.1 m3/s of 4,098.9 kJ/(m3 K) warmed by 5 K are 2,049.45 kW; 500 kW are drawn.
    assert columns["mean"].tolist()[:2] == [pytest.approx(2049.45 / 500)] * 2
    assert columns["coverage"].tolist()[:2] == [1.0, 1.0]


def test_energy_per_tonne_of_a_day_of_25_hours(pump: str) -> None:
    """Amounts over amounts: 2,500 kWh in the day's 25 hours over 50 t landed are 50 kWh/t."""
    start = AUTUMN.timestamp()
    energy = [(start + 60 * k, 100 * k / 60, 0) for k in range(26 * 60)]
    landed = [(start + 3600 * k, 2000.0, 0) for k in range(25)]
    store(pump, {"energy": energy, "landed": landed})
    columns = ask(pump, "specific", AUTUMN, AUTUMN + DAY + timedelta(hours=1), "1d")
    assert columns["mean"].tolist() == [pytest.approx(50.0)]
    assert columns["ts"].tolist() == [round(start * 1e6)]
    assert columns["coverage"].tolist() == [pytest.approx(25 * 900 / 90_000)]  # of the landings, known least


def test_an_amount_of_a_quarter_is_not_set_against_a_minute(pump: str) -> None:
    """A quarter's landings stand whole in one of its minutes: against that minute's energy there is no value."""
    start = AUTUMN.timestamp()
    energy = [(start + 30 * k, k / 2, 0) for k in range(121)]
    store(pump, {"energy": energy, "landed": [(start + 900 * k, 1500.0, 0) for k in range(4)]})
    quarters = ask(pump, "specific", AUTUMN, AUTUMN + timedelta(hours=1), "15m")
    assert quarters["mean"].tolist() == [pytest.approx(10.0)] * 4
    minutes = ask(pump, "specific", AUTUMN, AUTUMN + timedelta(hours=1), "1m")
    assert len(minutes) == 60
    assert np.isnan(minutes["mean"]).all()
    assert not minutes["coverage"].any()


def test_an_amount_stands_in_total(pump: str) -> None:
    """A derived energy is an amount of each bucket, and so adds up."""
    store(pump, {"energy": [(AUTUMN.timestamp() + 60 * k, float(k), 0) for k in range(121)]})
    hours = ask(pump, "both", AUTUMN, AUTUMN + DAY, "1h")
    day = ask(pump, "both", AUTUMN, AUTUMN + DAY, "1d")
    assert hours["total"].tolist()[:2] == [pytest.approx(120.0)] * 2
    assert day["total"].tolist() == [pytest.approx(240.0)]
    assert np.isnan(hours["mean"]).all()


def test_a_missing_input_leaves_an_uncovered_bucket(pump: str) -> None:
    """Where one input is silent or only bad, there is a bucket without value, coverage 0, and it says why."""
    start = AUTUMN.timestamp()
    flow = [(start + 30 * k, 360.0, 0) for k in range(60)]
    warm = [(start + 30 * k, 15.0, 0 if k < 30 else BAD) for k in range(60)]
    cold = [(start + 30 * k, 10.0, 0) for k in range(30)]
    store(pump, {"flow": flow, "t_in": cold, "t_out": warm})
    columns = ask(pump, "thermal", AUTUMN, AUTUMN + DAY, "15m")
    assert columns["mean"].tolist() == [pytest.approx(2049.45), pytest.approx(math.nan, nan_ok=True)]
    assert columns["coverage"].tolist() == [1.0, 0.0]
    assert columns["n_bad"].tolist() == [0, 30]
    assert [bool(quality & Reason.RANGE) for quality in columns["quality"].tolist()] == [False, True]


def test_division_by_zero_is_no_value(pump: str) -> None:
    """A pump that stands still has no coefficient of performance, and nothing breaks."""
    every: Sequence[float] = [AUTUMN.timestamp() + 30 * k for k in range(60)]
    still = [(at, 7.0, 0) for at in every]
    store(pump, {"flow": still, "t_in": still, "t_out": still, "energy": still})
    columns = ask(pump, "cop", AUTUMN, AUTUMN + DAY, "15m")
    assert np.isnan(columns["mean"]).all()
    assert columns["coverage"].tolist() == [
        1.0,
        pytest.approx(870 / 900),
    ]  # the last register of all is not differenced


def test_blocks_join_to_the_whole(pump: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in stretches of seven buckets, a derived point and one that is not kept so fine are the same as at once."""
    store(pump, two_days())
    window = (AUTUMN - DAY + timedelta(minutes=7), AUTUMN + DAY)
    whole = ask(pump, "cop", *window, "15m")
    with connect(pump, autocommit=True) as connection:
        known = points_by_key(connection, "quay")
        landed = known["quay/pump/landed"].id
        at_once = series.readings(connection, [landed], *window, "1m")
        monkeypatch.setattr(series, "WINDOW_BUCKETS", 7)
        blocks = list(stream_derived(connection, known["quay/pump/cop"], known, *window, "15m"))
        pieces = list(series.stream_columns(connection, [landed], *window, "1m"))
    assert max(len(block) for block in blocks) <= 7
    for name in whole.names:
        assert np.array_equal(np.concatenate([block[name] for block in blocks]), whole[name], equal_nan=True), name
    for name in at_once.names:
        assert np.array_equal(np.concatenate([block[name] for block in pieces]), at_once[name], equal_nan=True), name


def test_the_limit_is_told(pump: str) -> None:
    """A derived series cut at the limit says so; one that just fits does not."""
    store(pump, {"energy": [(AUTUMN.timestamp() + 60 * k, float(k), 0) for k in range(61)]})
    cut = ask(pump, "both", AUTUMN, AUTUMN + DAY, "15m", limit=3)
    assert (len(cut), cut.truncated) == (3, True)
    assert not ask(pump, "both", AUTUMN, AUTUMN + DAY, "15m", limit=5).truncated


def test_nothing_measured_nothing_derived(pump: str) -> None:
    """Without readings there are no buckets, and raw readings there never are."""
    assert len(ask(pump, "cop", AUTUMN, AUTUMN + DAY, "1h")) == 0
    with pytest.raises(ContractError, match="no raw readings"):
        ask(pump, "cop", AUTUMN, AUTUMN + DAY, "raw")


def test_derived_points_of_a_site(pump: str) -> None:
    """They are listed with canonical unit, kind and the longest period of what they are made of; retired ones apart."""
    apply_site(pump, small_site(list(POINTS.values()), derived_points=KPIS[1:]), who="test")
    with connect(pump, autocommit=True) as connection:
        measured = points(connection, "quay", retired=True)
        rows = {row.key: row for row in derived_points(connection, "quay", measured)}
        known = points_by_key(connection, "quay")
    assert list(rows) == [point.key for point in KPIS[1:]]
    thermal = rows["quay/pump/thermal"]
    assert (thermal.unit, thermal.kind, thermal.asset, thermal.utility) == ("kW", "gauge", "quay/pump", "electricity")
    assert (rows["quay/pump/both"].kind, rows["quay/pump/specific"].period_s) == ("event", 900.0)
    assert known["quay/pump/cop"].retired
    assert thermal.id < 0
