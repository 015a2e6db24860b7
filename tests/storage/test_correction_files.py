"""Files of corrected readings: what is taken of them, what is refused and how it is told, and the look ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from storage import ledger, quarantine
from storage.catalogue import apply_site, load_catalogue
from storage.correction_file import SourceFile, Window, from_file, source_of, strike
from storage.corrections import correct, list_, preview
from storage.engine import connect
from storage.rollups import refresh_all
from storage.transfer import ImportMapping
from storage.writer import Writer
from telemetry.errors import TransferError
from telemetry.quality import QualityClass, Reason
from telemetry.site import Kind
from tests.storage.building import MINUTE_US, batch_of, decoded_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from pathlib import Path

    from storage.correction_file import Proposal

POWER, ENERGY = "quay/pump/power", "quay/pump/energy"
SITE = small_site(
    [
        small_point("power", valid_min=0.0, valid_max=500.0),
        small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER),
    ]
)
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
LONG = ImportMapping()
WIDE = ImportMapping(time="when", points={"kwh": ENERGY}, units={ENERGY: "MJ"}, timezone="Europe/Paris")


@pytest.fixture
def path(database: str, tmp_path: Path) -> Path:
    """Apply the site, store an hour of its two points, and name a file."""
    apply_site(database, SITE, who="test")
    points = load_catalogue(database, "quay").points
    rows = [(points[key].point_id, NOON_US + k * MINUTE_US, 10.0 + k) for k in range(60) for key in (POWER, ENERGY)]
    with Writer(database, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))
    refresh_all(database)
    return tmp_path / "right.csv"


def read(dsn: str, path: Path, *lines: str, mapping: ImportMapping = LONG, window: Window | None = None,
         cadence_s: float | None = None) -> list[Proposal]:  # fmt: skip
    """Write a file and read it."""
    path.write_text("\n".join([*lines, ""]))
    return from_file(path, load_catalogue(dsn, "quay"), mapping, window=window or Window(), cadence_s=cadence_s)


def test_a_file_says_points_windows_and_values(database: str, path: Path) -> None:
    """In any unit and zone; each point's window goes to when its next reading is due; readings are marked."""
    (one,) = read(database, path, "when,kwh", "2025-07-01 14:30,3.6", "2025-07-01 14:00,36", mapping=WIDE)
    assert (one.point, one.starts, one.ends) == (ENERGY, NOON, NOON + timedelta(minutes=31))
    assert one.value.tolist() == pytest.approx([10.0, 1.0])
    assert one.quality.tolist() == [Reason.SUBSTITUTED] * 2
    (one,) = read(database, path, "when,kwh", "2025-07-01 14:00,36", mapping=WIDE, cadence_s=900)
    assert (one.ends, one.cadence_s) == (NOON + timedelta(minutes=15), 900)


def test_a_window_takes_part_of_a_file(database: str, path: Path) -> None:
    """What lies outside is left alone and counted; what is beyond the valid range is kept as bad and counted."""
    lines = [f"{(NOON + timedelta(minutes=k)).isoformat()},{POWER},{value}" for k, value in enumerate((1, 2, 900, 4))]
    window = Window(NOON + timedelta(minutes=1), NOON + timedelta(minutes=3))
    (one,) = read(database, path, "ts,point,value", *lines, window=window)
    assert (one.value.tolist(), one.outside, one.bad) == ([2.0, 900.0], 2, 1)
    assert one.quality[1] & (Reason.RANGE | QualityClass.BAD) == Reason.RANGE | QualityClass.BAD


@pytest.mark.parametrize(
    ("row", "cause", "cure"),
    [
        (f"2025-07-01T12:00:00Z,{POWER[:-1]},1", r"row 2: no such point .*quay/pump/powe\"", "whole or not at all"),
        (f"2025-07-01T12:00:00,{POWER},1", "carries no time zone", "--tz"),
        (f"2025-07-01T12:00:00Z,{POWER},much", "row 2: 'much' in column 'value' is no number", "whole or not at all"),
        (f"noon,{POWER},1", "row 2: 'noon' is no time", "whole or not at all"),
        (f"1890-07-01T12:00:00Z,{POWER},1", "row 2: older than the retention limit", "whole or not at all"),
        (f"2225-07-01T12:00:00Z,{POWER},1", "row 2: ahead of its arrival", "whole or not at all"),
        (f"2025-07-01T12:00:00Z,{POWER},1e300", "row 2: not finite, or physically impossible", "whole or not at all"),
        (f"2025-07-01T11:00:00Z,{POWER},2", "two values at 2025-07-01T11:00:00", "keep one"),
    ],
)
def test_a_file_with_one_bad_row_is_refused_whole(database: str, path: Path, row: str, cause: str, cure: str) -> None:
    """Place, cause and cure; nothing is stored, nothing quarantined, nothing left in the books."""
    good = f"2025-07-01T11:00:00Z,{POWER},1"
    with pytest.raises(TransferError, match=cause) as caught:
        read(database, path, "ts,point,value", good, row)
    assert caught.value.place == str(path)
    assert cure in caught.value.cure
    with connect(database) as connection:
        assert quarantine.counts(connection) == []
        assert list_(connection, withdrawn=True) == []


def test_windows_and_units_that_cannot_be_are_refused(database: str, path: Path) -> None:
    """An empty window, one ahead, one that holds nothing of the file, a wrong unit, an empty file, no file at all."""
    line = f"2025-07-01T12:00:00Z,{POWER},1"
    hour = timedelta(hours=1)
    for window, cause in (
        (Window(NOON, NOON), "the window is empty"),
        (Window(NOON, datetime.now(UTC) + hour), "lies ahead"),
        (Window(NOON - hour, NOON), f"no reading of {POWER} lies between"),
    ):
        with pytest.raises(TransferError, match=cause) as caught:
            read(database, path, "ts,point,value", line, window=window)
        assert caught.value.cure
    furlongs = ImportMapping(units={POWER: "furlong"})
    with pytest.raises(TransferError, match='unit "furlong" is not one of power'):
        read(database, path, "ts,point,value", line, mapping=furlongs)
    with pytest.raises(TransferError, match="it holds no readings"):
        read(database, path, "ts,point,value")
    with pytest.raises(TransferError, match="No such file"):
        source_of(path.with_name("none.csv"))


def test_striking_out_needs_known_points_and_both_ends(database: str, path: Path) -> None:
    """An unknown point, an open window, a window in which nothing counts: refused."""
    del path
    catalogue = load_catalogue(database, "quay")
    window = Window(NOON, NOON + timedelta(hours=1))
    with pytest.raises(TransferError, match="no such point: quay/pump/nothing"):
        strike(catalogue, ["quay/pump/nothing"], window)
    with pytest.raises(TransferError, match="from when to when is not said"):
        strike(catalogue, [POWER], Window(NOON))
    correct(database, strike(catalogue, [POWER], window), who="test", why="stuck")
    with pytest.raises(TransferError, match="the same is in force as correction 1 – nothing is left to do"):
        correct(database, strike(catalogue, [POWER], window), who="test", why="stuck")
    inner = Window(NOON, NOON + timedelta(minutes=5))
    with pytest.raises(TransferError, match="no reading counts there"):
        correct(database, strike(catalogue, [POWER], inner), who="test", why="stuck")


def test_an_older_file_does_not_silently_lose_to_a_newer_one(database: str, path: Path) -> None:
    """A file that is in force but overruled by a later one is refused, and the refusal says which to withdraw."""
    proposals = read(database, path, "ts,point,value", f"2025-07-01T12:00:00Z,{POWER},1")
    older, newer = SourceFile("older.csv", "a" * 64), SourceFile("newer.csv", "b" * 64)
    correct(database, proposals, who="test", why="tenfold", source=older)
    correct(database, proposals, who="test", why="tenfold", source=newer)
    with pytest.raises(TransferError, match="as correction 1, and correction 2 took its place") as caught:
        correct(database, proposals, who="test", why="tenfold", source=older)
    assert "withdraw 2" in caught.value.cure


def test_the_look_ahead_is_what_then_happens(database: str, path: Path) -> None:
    """By point and day, before and after; nothing is written by it, and the same stands in the days afterwards."""
    lines = [f"{(NOON + timedelta(minutes=k)).isoformat()},{ENERGY},{10 + k / 10}" for k in range(60)]
    proposals = read(database, path, "ts,point,value", *lines)
    days = "SELECT point_id, bucket, n, increase, mean, coverage, quality, xmin::text FROM reading_1d ORDER BY 1, 2"
    with connect(database, autocommit=True) as connection:
        before = connection.execute(days).fetchall()
        (change,) = preview(database, proposals)
        assert connection.execute(days).fetchall() == before
        assert connection.execute("SELECT count(*) FROM correction, rollup_pending").fetchone() == (0,)
        assert list_(connection, withdrawn=True) == []
    assert (change.point, str(change.day), change.unit) == (ENERGY, "2025-07-01", "kW.h")
    assert [change.before.value, change.after.value] == pytest.approx([59.0, 5.9])
    correct(database, proposals, who="test", why="tenfold", source=source_of(path))
    refresh_all(database)
    with connect(database, autocommit=True) as connection:
        increases = [row[3] for row in connection.execute(days) if row[3] is not None]
        assert ledger.totals(connection, audit=True).balanced
    assert increases == [change.after.value]
    assert preview(
        database, strike(load_catalogue(database, "quay"), [ENERGY], Window(NOON, NOON + timedelta(hours=1)))
    )
