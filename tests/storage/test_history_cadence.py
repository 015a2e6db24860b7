"""Stretches of history that are coarser than their points are live: what holds there, what is kept, where they end."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.history_cadence import noting
from storage.rollups import rebuild, refresh, refresh_all
from storage.series import Resolution, readings, stream_columns
from storage.transfer import ColumnChunk, ColumnHistory, ImportMapping, import_history, import_parts
from storage.writer import Writer
from telemetry.site import Kind
from tests.storage.building import batch_of, decoded_of, messages_of, small_point, small_site
from tests.storage.segment_reference import Described
from tests.storage.test_rollups import AUTUMN, LEVELS, SPRING, check, make_point, readings_strategy, store, stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.storage.test_rollups import Reading

DAY = 86_400
MONDAY = int(datetime(2026, 3, 1, 23, tzinfo=UTC).timestamp())  # midnight in Paris
Stretch = tuple[float, float, float]


def store_history(dsn: str, point_id: int, rows: Sequence[Reading], cadence_s: float) -> None:
    """Write readings (time [s], value, quality) as one part of a coarser history."""
    batch = batch_of([(point_id, round(moment * 1e6), value, quality) for moment, value, quality in rows])
    with Writer(dsn, gateway="import") as writer:
        writer.write(messages_of(), decoded_of(batch), also=noting(cadence_s, batch, lambda *_: None))


def grown(stretches: Sequence[Stretch], part: Stretch, silent_s: float) -> list[Stretch]:
    """Return stretches of history with one more part, which joins all that are near and of its cadence."""
    starts, ends, cadence = part
    apart = max(2 * cadence, silent_s, 2 * DAY)
    if any(a <= starts and ends <= b and c == cadence for a, b, c in stretches):
        return list(stretches)
    near = [one for one in stretches if one[2] == cadence and one[0] <= ends + apart and one[1] >= starts - apart]
    joined = (min([starts, *(one[0] for one in near)]), max([ends, *(one[1] for one in near)]), cadence)
    return [*(one for one in stretches if one not in near), joined]


points = st.builds(
    Described,
    kind=st.sampled_from(["gauge", "state", "counter", "counter", "event"]),
    silent_s=st.sampled_from([90.0, 1200.0, 10_000.0]),
    period_s=st.sampled_from([30.0, 30.0, 60.0, 900.0, 3600.0, 86400.0]),
    modulus=st.sampled_from([None, 1000.0]),
)


@settings(
    max_examples=int(os.environ.get("QUAYMETER_ROLLUP_EXAMPLES", "40")),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), point=points)
def test_history_and_live_readings_in_any_order(database: str, data: st.DataObject, point: Described) -> None:
    """Parts of history of several cadences and live batches, in any order, end in the figures of the definition."""
    start = data.draw(st.sampled_from([SPRING, AUTUMN]))
    step, away = data.draw(st.sampled_from([60, 900, 3600])), data.draw(st.sampled_from([0, 0, 1, 4, 40]))
    rows = data.draw(readings_strategy(start, step, away))
    batches = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    cadences = data.draw(st.lists(st.sampled_from([None, 60.0, 900.0, 3600.0, 40_000.0]), min_size=4, max_size=4))
    point_id = make_point(database, point)
    for number in data.draw(st.permutations(range(4))):
        part = [row for row, batch in zip(rows, batches, strict=True) if batch == number]
        cadence = cadences[number]
        if part and cadence is None:
            store(database, point_id, part)
        elif part and cadence is not None:
            store_history(database, point_id, part, cadence)
            reach = (min(part)[0], max(part)[0], cadence)
            point = replace(point, stretches=grown(point.stretches, reach, point.silent_s))
        if data.draw(st.booleans()):
            refresh(database)
    refresh_all(database)
    check(database, point_id, point, rows)
    before = {level: stored(database, point_id, level) for level in LEVELS}
    rebuild(database, [point_id])
    check(database, point_id, point, rows)
    assert {level: sorted(stored(database, point_id, level)) for level in LEVELS} == {
        level: sorted(rows) for level, rows in before.items()
    }


CADENCES = pytest.mark.parametrize(("cadence", "finest"), [(900, "15m"), (3600, "1h")])
KEYS = ("quay/pump/power", "quay/pump/state", "quay/pump/energy", "quay/pump/landings", "quay/pump/slow")
SITE = small_site(
    [
        small_point("power", period_s=10.0),
        small_point("state", quantity="state", unit="1", kind=Kind.STATE, period_s=30.0),
        small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER),
        small_point("landings", quantity="mass", unit="t", kind=Kind.EVENT),
        small_point("slow", period_s=3600.0, silent_after_s=7200.0),
    ]
)


def day_part(number: int, cadence: int, until_s: float = np.inf) -> ColumnChunk:
    """Return one day of five points, each read every max(period, cadence) [s]; energy is 0.5 kWh a minute and a bit."""
    times = [np.arange(MONDAY + number * DAY, MONDAY + (number + 1) * DAY, step)
             for step in (cadence, cadence, cadence, cadence, max(cadence, 3600))]  # fmt: skip
    times = [moments[moments < until_s] for moments in times]
    moment = np.concatenate(times)
    which = np.repeat(np.arange(5, dtype=np.int32), [len(one) for one in times])
    energy = (moment - MONDAY) / 120 + np.sin(moment / 7000.0)
    value = np.select([which == 0, which == 1, which == 2, which == 3], [5.0 + 0 * energy, 1.0, energy, 2.0], 7.0)
    order = np.argsort(moment, kind="stable")
    return ColumnChunk(
        key=KEYS, key_index=which[order], ts_us=moment[order].astype(np.int64) * 1_000_000, value=value[order],
        quality=np.zeros(len(order), np.int16),
    )  # fmt: skip


def imported(dsn: str, cadence: int, days: int = 4, until_s: float = np.inf) -> dict[str, int]:
    """Import days of history and roll them up; return the points' numbers by the end of their key."""
    apply_site(dsn, SITE, who="test")
    history = ColumnHistory(
        name="coarse", fingerprint=f"by {cadence}", parts=days, cadence_s=cadence,
        chunks=lambda first: (day_part(number, cadence, until_s) for number in range(first, days)),
    )  # fmt: skip
    import_parts(dsn, history, site="quay", who="test")
    refresh_all(dsn)
    entries = load_catalogue(dsn, "quay").points
    return {key.rpartition("/")[2]: entries[key].point_id for key in KEYS}


def inside(rows: dict[float, dict[str, float]], days: int) -> list[dict[str, float]]:
    """Return the rows whose bucket lies whole within the first days of the history."""
    return [row for start, row in sorted(rows.items()) if MONDAY <= start < MONDAY + days * DAY]


@CADENCES
def test_hours_and_days_of_coarse_history_are_whole(database: str, cadence: int, finest: str) -> None:
    """Gauge, state, counter and event are covered and good in every hour and day; nothing finer is kept."""
    ids = imported(database, cadence)
    for name in ("power", "state", "energy", "landings"):
        for level, count in (("1h", 72), ("1d", 3)):
            rows = inside(stored(database, ids[name], level), 3)
            assert len(rows) == count, (name, level)
            assert [row["coverage"] for row in rows] == pytest.approx([1.0] * count), (name, level)
            assert {row["quality"] for row in rows} == {0}, (name, level)
        for level in ("1m", "15m", "1h"):
            assert bool(stored(database, ids[name], level)) == (LEVELS[level] >= LEVELS[finest]), (name, level)


@CADENCES
def test_energy_of_a_day_is_the_difference_of_the_register(database: str, cadence: int, finest: str) -> None:
    """Each day gains what the register went up by between its midnights, and its hours add up to that."""
    ids = imported(database, cadence)
    days, hours = (inside(stored(database, ids["energy"], level), 3) for level in ("1d", "1h"))
    register = [(k * DAY) / 120 + np.sin((MONDAY + k * DAY) / 7000.0) for k in range(4)]
    assert [row["increase"] for row in days] == pytest.approx(np.diff(register).tolist())
    assert sum(row["increase"] for row in hours) == pytest.approx(register[3] - register[0])
    assert {row["spread_s"] for row in (*days, *hours)} == {0.0}
    assert finest in LEVELS


def test_without_its_cadence_such_history_is_full_of_holes(database: str) -> None:
    """What the stretch is for: the same readings, imported as if live, cover a third of each quarter of an hour."""
    apply_site(database, SITE, who="test")
    chunks = [day_part(0, 900)]
    history = ColumnHistory(name="plain", fingerprint="plain", parts=1, chunks=lambda first: chunks[first:])
    import_parts(database, history, site="quay", who="test")
    refresh_all(database)
    ids = {key: entry.point_id for key, entry in load_catalogue(database, "quay").points.items()}
    assert stored(database, ids["quay/pump/power"], "1h")[MONDAY]["coverage"] == pytest.approx(1 / 3)
    assert stored(database, ids["quay/pump/energy"], "1h")[MONDAY]["coverage"] == 0.0


def test_a_meter_slower_than_the_cadence_is_as_ever(database: str) -> None:
    """A point of an hour with history by the quarter holds as long as it may be silent, and keeps its own level."""
    ids = imported(database, 900)
    point = Described(kind="gauge", silent_s=7200.0, period_s=3600.0)
    check(database, ids["slow"], point, [(float(MONDAY + k * 3600), 7.0, 0) for k in range(4 * 24)])


def test_the_border_to_live_readings(database: str) -> None:
    """History ends within an hour, live readings go on: no hole between, minutes again from the next hour on."""
    border = MONDAY + 2 * DAY + 10 * 3600 + 1500
    ids = imported(database, 3600, days=3, until_s=border)
    live = [(float(border + 10 * k), 6.0, 0) for k in range(360)]
    for part in (live[:7], live[200:], live[7:200]):
        store(database, ids["power"], part)
        refresh_all(database)
    last = MONDAY + 2 * DAY + 10 * 3600
    rows = [(float(moment), 5.0, 0) for moment in range(MONDAY, last + 1, 3600)]
    point = Described(kind="gauge", silent_s=300.0, period_s=30.0, stretches=[(MONDAY, last, 3600.0)])
    check(database, ids["power"], point, rows + live)
    assert stored(database, ids["power"], "1h")[last]["coverage"] == pytest.approx(1.0)
    assert min(stored(database, ids["power"], "1m")) == last + 3600


def test_late_readings_and_a_rebuild_give_the_same_rows(database: str) -> None:
    """Late readings inside and at the edges of a stretch, then everything forgotten and made anew."""
    ids = imported(database, 900)
    late = [(float(MONDAY + 1000 * k), 5.0, 0) for k in (0.5, 40, 86, 345, 346.5)] + [(MONDAY - 60.0, 4.0, 0)]
    store(database, ids["power"], late)
    refresh_all(database)
    rows = [(float(MONDAY + 900 * k), 5.0, 0) for k in range(4 * 96)]
    stretch = (float(MONDAY), float(MONDAY + 4 * DAY - 900), 900.0)
    point = Described(kind="gauge", silent_s=300.0, period_s=30.0, stretches=[stretch])
    check(database, ids["power"], point, rows + late)
    before = {name: {level: stored(database, ids[name], level) for level in LEVELS} for name in ids}
    rebuild(database, sorted(ids.values()))
    for name, levels in before.items():
        for level, kept in levels.items():
            again = stored(database, ids[name], level)
            assert sorted(again) == sorted(kept), (name, level)
            assert [again[start] == row for start, row in kept.items()] == [True] * len(kept), (name, level)


def test_a_reading_cuts_short_what_was_held_far_beyond_it(database: str) -> None:
    """A live reading in the hour that history's last one held takes back the rest of it, to where itself is silent."""
    point = Described(kind="gauge", silent_s=300.0, period_s=60.0, stretches=[(MONDAY, MONDAY + 7 * 3600, 7200.0)])
    point_id = make_point(database, point)
    history = [(float(MONDAY + 3600 * k), 5.0, 0) for k in (0, 2, 4, 6, 7)]
    store_history(database, point_id, history, 7200.0)
    live = [(float(MONDAY + 3600 * 11), 6.0, 0), (float(MONDAY + 3600 * 7 + 600), 4.0, 0)]
    for reading in live:
        store(database, point_id, [reading])
        refresh_all(database)
    check(database, point_id, point, history + live)
    assert stored(database, point_id, "1h")[MONDAY + 3600 * 7]["coverage"] == pytest.approx(900 / 3600)
    assert MONDAY + 3600 * 8 not in stored(database, point_id, "1h")


def test_a_file_that_was_imported_without_its_cadence_is_mended_by_importing_it_again(
    database: str, tmp_path: Path
) -> None:
    """Every reading is a duplicate then, and yet the roll-ups are made anew; interrupted or not, once is enough."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "meter.csv"
    begin = datetime.fromtimestamp(MONDAY, UTC)
    lines = [f"{(begin + timedelta(minutes=15 * k)).isoformat()},quay/pump/energy,{k}" for k in range(300)]
    path.write_text("\n".join(["ts,point,value", *lines]), encoding="utf-8")
    import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    refresh_all(database)
    point_id = load_catalogue(database, "quay").points["quay/pump/energy"].point_id
    assert stored(database, point_id, "1d")[MONDAY]["quality"] == 65
    again = import_history(
        database, path, site="quay", mapping=ImportMapping(), who="test", cadence_s=900, chunk_rows=70
    )
    refresh_all(database)
    assert (again.stored, again.duplicate) == (0, 300)
    rows = [(float(MONDAY + 900 * k), float(k), 0) for k in range(300)]
    stretch = (float(MONDAY), float(MONDAY + 299 * 900), 900.0)
    check(database, point_id, Described(kind="counter", silent_s=300.0, period_s=60.0, stretches=[stretch]), rows)
    with connect(database) as connection:
        held = connection.execute("SELECT count(*), min(cadence_s) FROM history_cadence").fetchone()
    assert held == (1, 900.0)


def test_a_zone_off_by_half_an_hour_keeps_quarters(database: str) -> None:
    """Days that do not begin with an hour are made of quarters, which hourly history then keeps too."""
    point = Described(kind="counter", silent_s=300.0, period_s=30.0, timezone="Asia/Kolkata")
    point_id = make_point(database, point)
    rows = [(float(MONDAY + 3600 * k), float(k), 0) for k in range(60)]
    store_history(database, point_id, rows, 3600.0)
    refresh_all(database)
    days = [row for row in stored(database, point_id, "1d").values() if row["coverage"] == pytest.approx(1.0)]
    assert [row["increase"] for row in days] == [pytest.approx(24.0)]
    assert (stored(database, point_id, "1m"), len(stored(database, point_id, "15m"))) == ({}, 59 * 4 + 1)


@pytest.mark.parametrize("resolution", [Resolution.MINUTE, Resolution.QUARTER])
def test_finer_than_what_is_kept_is_made_on_the_way(database: str, resolution: Resolution) -> None:
    """Over a border, rows of history are made and live ones read: each bucket once, as wide files as well."""
    border = MONDAY + DAY
    ids = imported(database, 3600, days=1)
    store(database, ids["power"], [(float(border + 10 * k), 6.0, 0) for k in range(720)])
    refresh_all(database)
    start, end = (datetime.fromtimestamp(border + hours * 3600, UTC) for hours in (-3, 2))
    with connect(database) as connection:
        found = readings(connection, [ids["power"]], start, end, resolution, 1000)
        blocks = list(stream_columns(connection, [ids["power"]], start, end, resolution))
    width = {Resolution.MINUTE: 60, Resolution.QUARTER: 900}[resolution]
    wanted = [moment * 1_000_000 for moment in range(border - 3 * 3600, border + 2 * 3600, width)]
    assert found["ts"].tolist() == wanted
    assert np.concatenate([block["ts"] for block in blocks]).tolist() == wanted
    assert found["mean"].tolist() == pytest.approx([5.0] * (3 * 3600 // width) + [6.0] * (2 * 3600 // width))
    assert found["coverage"].tolist() == pytest.approx([1.0] * len(wanted))


def test_every_engine_knows_of_coarse_history(any_engine_dsn: str) -> None:
    """On both engines hourly history is whole, whatever its kind; live minutes go on, and nothing finer is kept."""
    border = MONDAY + 2 * DAY
    for kind in ("gauge", "counter", "event"):
        stretch = (float(MONDAY), float(border - 3600), 3600.0)
        point = Described(kind=kind, silent_s=300.0, period_s=30.0, stretches=[stretch])
        point_id = make_point(any_engine_dsn, point)
        history = [(float(MONDAY + 3600 * k), 10.0 * k, 0) for k in range(48)]
        live = [(float(border + 30 * k), 480.0 + k, 0) for k in range(240)]
        store_history(any_engine_dsn, point_id, history[:24], 3600.0)
        store(any_engine_dsn, point_id, live)
        refresh_all(any_engine_dsn)
        store_history(any_engine_dsn, point_id, history[24:], 3600.0)
        refresh_all(any_engine_dsn)
        check(any_engine_dsn, point_id, point, history + live)
        start, end = (datetime.fromtimestamp(border + hours * 3600, UTC) for hours in (-1, 1))
        with connect(any_engine_dsn) as connection:
            quarters = readings(connection, [point_id], start, end, Resolution.QUARTER)
        assert len(quarters) == (5 if kind == "event" else 8)
