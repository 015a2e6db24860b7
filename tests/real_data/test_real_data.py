"""Recorded meters through the whole road: file → MQTT → gateway → database, equal to the last digit.

The road is the real one: the edge's buffer and publisher, mosquitto, a gateway, an embedded PostgreSQL.
"""

from __future__ import annotations

import csv
import gzip
import math
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

from edge.agent import Agent
from edge.buffer import Buffer, WhenFull
from edge.publisher import PublisherSettings
from ingest_gateway.service import Gateway
from ingest_gateway.settings import GatewaySettings
from quaymeter.broker import LocalBroker, find_mosquitto
from simulators.open_data import OPEN_DATA, STANDARD_TIME, WALL_TIME, RecordedFile
from simulators.replay import Replay, ReplayProgress
from storage.catalogue import apply_site
from storage.engine import connect
from storage.ledger import LedgerTotals, totals
from storage.rollups import refresh_all
from telemetry.site_file import load_site
from telemetry.units import conversion
from tests.fixtures.database import create_database, drop_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from storage.embedded import EmbeddedServer

REPO = Path(__file__).parents[2]
FOLDER = REPO.parent / "shared" / "data" / "mv"
RETENTION_S = 30 * 365 * 86400.0  # the three years began in 2012
FILES = [file for files in OPEN_DATA.values() for file in files]
BY_PATH = {file.path: file for file in FILES}

SCHOOL = "nmecr/school_eload.csv.gz"
# The one time that a file gives twice, with two values: see simulators/open_data.py.
DOUBLED = {"nmecr/school_temp.csv.gz": 1}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the open data are not here: {FOLDER} does not exist")


class Road(NamedTuple):
    """The road after everything was replayed twice."""

    dsn: str
    first: dict[str, ReplayProgress]  # by path of the file
    again: dict[str, ReplayProgress]
    after_first: LedgerTotals
    after_again: LedgerTotals


def read_file(path: Path) -> list[tuple[datetime, float]]:
    """Read a file with nothing of ours: naive times and values as they stand there, empty ones (`nan`, "") left out."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [row for row in csv.reader(stream) if row[0][:1].isdigit()]
    return [(datetime.fromisoformat(when), float(value)) for when, value in rows if value not in {"", "nan"}]


def expected_rows(file: RecordedFile) -> list[tuple[datetime, float]]:
    """Return (UTC time, value) in the order of the file, converted by the same factors as at the gateway's door."""
    (column,) = file.layout.columns
    quantity = {"kW.h": "energy", "kW": "power", "[degF]": "temperature"}[column.unit]
    factor, offset = conversion(quantity, column.unit)
    zone = STANDARD_TIME if file.path == SCHOOL else WALL_TIME
    rows = read_file(FOLDER / file.path)
    return [(when.replace(tzinfo=zone).astimezone(UTC), value * factor + offset) for when, value in rows]


def expected(file: RecordedFile) -> dict[datetime, float]:
    """Return UTC time → value; of two values for one time the first, as the contract says."""
    return dict(reversed(expected_rows(file)))


@pytest.fixture(scope="module")
def road(
    embedded_server: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Road]:
    """Replay all files twice over a real broker and gateway, roll up, and yield the database."""
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    folder = tmp_path_factory.mktemp("road")
    create_database(embedded_server.dsn, "real_data", template=template_database)
    dsn = embedded_server.database_dsn("real_data")
    apply_site(dsn, load_site(REPO / "sites" / "open_data.toml"), who="test")
    with LocalBroker(folder / "broker", prefer="mosquitto") as broker:
        stop = threading.Event()
        gateway = Gateway(
            GatewaySettings(dsn=dsn, broker_port=broker.port, client_id="gateway-real", retention_s=RETENTION_S)
        )
        thread = threading.Thread(target=gateway.run, args=(stop,))
        thread.start()
        first, after_first = replay_all(dsn, broker.port, folder / "first.db")
        again, after_again = replay_all(dsn, broker.port, folder / "again.db")
        stop.set()
        thread.join()
    refresh_all(dsn)
    yield Road(dsn, first, again, after_first, after_again)
    drop_database(embedded_server.dsn, "real_data")


def replay_all(dsn: str, port: int, buffer_path: Path) -> tuple[dict[str, ReplayProgress], LedgerTotals]:
    """Replay every file as fast as the road takes; return what the receipts and the ledger said."""
    site = load_site(REPO / "sites" / "open_data.toml")
    buffer = Buffer(buffer_path, when_full=WhenFull.REFUSE)
    settings = PublisherSettings(client_id="replay", site=site.id, port=port, resend_after_s=30.0)
    with Agent(settings, buffer) as agent:
        replay = Replay(site, agent)
        done = {file.path: replay.run(FOLDER / file.path, file.layout, drain_s=60) for file in FILES}
    buffer.close()
    with connect(dsn) as connection:
        return done, totals(connection, audit=True)


def stored(dsn: str, point: str) -> dict[datetime, float]:
    """Return everything the database has of a point, by plain SQL."""
    query = "SELECT r.ts, r.value FROM reading r JOIN point p ON p.id = r.point_id WHERE p.key = %s"
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute(query, (point,)).fetchall())


def buckets(dsn: str, point: str, level: str, what: str) -> dict[datetime, float]:
    """Return one column of a roll-up table, by plain SQL."""
    query = (
        f"SELECT a.bucket, a.{what} FROM reading_{level} a JOIN point p ON p.id = a.point_id"
        " WHERE p.key = %s ORDER BY a.bucket"
    )
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute(query.encode(), (point,)).fetchall())


@pytest.mark.parametrize("file", FILES, ids=[file.path for file in FILES])
def test_every_row_of_the_file_is_in_the_database_to_the_last_digit(road: Road, file: RecordedFile) -> None:
    """Count, times, values and exact sum are the file's own; °F after the one conversion at the gateway's door."""
    want, have = expected(file), stored(road.dsn, file.layout.columns[0].point)
    rows, conflicts = len(read_file(FOLDER / file.path)), DOUBLED.get(file.path, 0)
    assert have == want
    assert len(have) == rows - conflicts
    assert math.fsum(have.values()) == math.fsum(want.values())
    if not conflicts:
        assert math.fsum(have.values()) == math.fsum(value for _, value in expected_rows(file))
    said = road.first[file.path]
    assert said.finished
    assert (said.readings, said.stored, said.duplicate, said.quarantined) == (rows, rows - conflicts, 0, conflicts)


def test_the_second_value_for_one_time_is_in_quarantine(road: Road) -> None:
    """02:00 on 4 November 2018 stands twice in the school's temperatures: 69.95 °F is kept, 71.9 °F a conflict."""
    with psycopg.connect(road.dsn) as connection:
        rows = connection.execute("SELECT reason, entry FROM quarantine ORDER BY id").fetchall()
    assert [reason for reason, _ in rows] == ["conflict", "conflict"]  # once each time it was replayed
    assert all("71.9" in str(entry) or "22.16" in str(entry) for _, entry in rows), rows
    kept = stored(road.dsn, "school/meter/temperature")[datetime(2018, 11, 4, 7, tzinfo=UTC)]
    assert kept == pytest.approx((69.95 - 32) / 1.8)


@pytest.mark.parametrize(
    ("file", "rows", "empty"),
    [("nmecr/school_eload.csv.gz", 8760, 13), ("nmecr/eload.csv.gz", 1095, 0), ("loadshape/test_kw.csv.gz", 5472, 743)],
)
def test_the_three_meters_have_the_rows_they_are_known_for(road: Road, file: str, rows: int, empty: int) -> None:
    """8,760 hours, 1,095 days, 5,472 quarters of an hour: a file cut short would not go unseen, nor would a gap."""
    assert (road.first[file].stored, road.first[file].missing) == (rows - empty, empty)


def test_replaying_again_stores_nothing_and_the_ledger_says_so(road: Road) -> None:
    """The second time every reading is a duplicate; the ledger balances and agrees with the tables both times."""
    rows = sum(len(read_file(FOLDER / file.path)) for file in FILES)
    conflicts = sum(DOUBLED.values())
    kept = rows - conflicts
    for path, said in road.again.items():
        doubled = DOUBLED.get(path, 0)
        assert (said.stored, said.duplicate, said.quarantined) == (0, said.readings - doubled, doubled)
    first, again = road.after_first, road.after_again
    assert (first.received, first.stored, first.duplicate, first.quarantined) == (rows, kept, 0, conflicts)
    assert (again.received, again.stored, again.duplicate, again.quarantined) == (2 * rows, kept, kept, 2 * conflicts)
    assert first.balanced
    assert again.balanced
    assert again.readings == kept


def test_hourly_figures_of_the_school_equal_the_file(road: Road) -> None:
    """An hourly meter's hourly sums are its own rows, also around both clock changes."""
    file = BY_PATH[SCHOOL]
    assert buckets(road.dsn, "school/meter/energy", "1h", "total") == expected(file)


def test_daily_figures_of_the_school_equal_an_independent_sum_on_both_dst_days_too(road: Road) -> None:
    """Local days are summed here with zoneinfo alone: 23 rows on 11 March, 25 on 4 November 2018, 24 on all others."""
    file = BY_PATH[SCHOOL]
    days: dict[datetime, list[float]] = defaultdict(list)
    for when, value in expected(file).items():
        days[local_midnight(when)].append(value)
    have = buckets(road.dsn, "school/meter/energy", "1d", "total")
    assert set(have) == set(days)
    for day, values in days.items():
        assert have[day] == pytest.approx(math.fsum(values), rel=1e-12)
    spring = datetime(2018, 3, 11, tzinfo=WALL_TIME).astimezone(UTC)
    autumn = datetime(2018, 11, 4, tzinfo=WALL_TIME).astimezone(UTC)
    assert len(days[spring]) == 23
    assert len(days[autumn]) == 25
    # The 13 empty hours of the file lie on five days, as the wall's clock has them.
    gaps = {(1, 16): 21, (3, 15): 23, (3, 16): 21, (6, 16): 23, (6, 17): 19}
    for (month, number), hours in gaps.items():
        assert len(days[datetime(2018, month, number, tzinfo=WALL_TIME).astimezone(UTC)]) == hours
    assert sorted(len(values) for values in days.values()) == sorted([*gaps.values(), 23, 25, *[24] * 358])
    assert math.fsum(have.values()) == pytest.approx(math.fsum(expected(file).values()), rel=1e-12)


def test_daily_figures_of_the_three_years_equal_the_file_day_by_day(road: Road) -> None:
    """Each local day holds the one row of its date, six days of 23 and 25 hours among them."""
    want = {local_midnight(when): value for when, value in expected(BY_PATH["nmecr/eload.csv.gz"]).items()}
    have = buckets(road.dsn, "building/meter/energy", "1d", "total")
    assert len(want) == 1095
    assert have == want
    changes = [(2012, 3, 11), (2012, 11, 4), (2013, 3, 10), (2013, 11, 3), (2014, 3, 9), (2014, 11, 2)]
    lengths = []
    for year, month, day in changes:
        start = datetime(year, month, day, tzinfo=WALL_TIME)
        assert start.astimezone(UTC) in have
        lengths.append((start + timedelta(days=1)).astimezone(UTC) - start.astimezone(UTC))
    assert lengths == [timedelta(hours=23), timedelta(hours=25)] * 3


def local_midnight(when: datetime) -> datetime:
    """Return when the local day of a time began, in UTC."""
    local = when.astimezone(WALL_TIME)
    return datetime(local.year, local.month, local.day, tzinfo=WALL_TIME).astimezone(UTC)


def held_mean(values: dict[datetime, float], start: datetime, end: datetime, holds: timedelta) -> float | None:
    """Average a gauge over [start, end): each reading holds until the next, `holds` at most. Plain Python."""
    times = sorted(values)
    weight = total = 0.0
    for this, following in pairwise([*times, end + holds]):
        begin, stop = max(this, start), min(following, this + holds, end)
        if stop > begin:
            seconds = (stop - begin).total_seconds()
            weight += seconds
            total += values[this] * seconds
    return total / weight if weight else None


@pytest.mark.parametrize(
    ("path", "point", "holds"),
    [
        ("loadshape/test_kw.csv.gz", "unlabelled/meter/power", timedelta(seconds=1800)),
        ("nmecr/school_temp.csv.gz", "school/meter/temperature", timedelta(seconds=7200)),
    ],
)
def test_mean_figures_of_gauges_equal_an_independent_average(
    road: Road, path: str, point: str, holds: timedelta
) -> None:
    """Hourly and daily means are averages by time; each day of the period, clock changes included."""
    values = expected(BY_PATH[path])
    hourly = buckets(road.dsn, point, "1h", "mean")
    for hour in sorted(hourly)[:200]:
        assert hourly[hour] == pytest.approx(held_mean(near(values, hour, 4), hour, hour + timedelta(hours=1), holds))
    daily = buckets(road.dsn, point, "1d", "mean")
    start = local_midnight(min(values))
    while start <= max(values):
        end = (start.astimezone(WALL_TIME) + timedelta(days=1)).astimezone(UTC)
        want = held_mean(near(values, start, 30), start, end, holds)
        assert daily.get(start) == (None if want is None else pytest.approx(want)), start
        start = end


def near(values: dict[datetime, float], start: datetime, hours: int) -> dict[datetime, float]:
    """Return the values around a time: the average looks at a day, not at a year."""
    begin, end = start - timedelta(hours=4), start + timedelta(hours=hours)
    return {when: value for when, value in values.items() if begin <= when < end}
