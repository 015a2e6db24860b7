"""Export and import: whole round trips, resumed imports, bad rows, local times, and flat memory."""

from __future__ import annotations

import io
import tracemalloc
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pyarrow.parquet  # type: ignore[import-untyped] # pyarrow brings no types
import pytest

from storage import ledger, quarantine
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.rollups import refresh_all
from storage.series import Resolution
from storage.times import from_us
from storage.transfer import ImportMapping, ImportResult, Selection, export_, import_history
from storage.writer import Writer
from telemetry.errors import ContractError, TransferError
from telemetry.quality import Reason
from telemetry.site import Kind
from tests.storage.building import MINUTE_US, NOW_US, batch_of, decoded_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from pathlib import Path

POWER, ENERGY = "quay/pump/power", "quay/pump/energy"
SITE = small_site([small_point("power"), small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER)])
SELECTION = Selection(site="quay", start=from_us(NOW_US), end=from_us(NOW_US + 10_000 * MINUTE_US))
# Good, and what device and server found wrong: the device's own class lies in bits 13 and 14.
QUALITIES = (0, 1 | 1 << 13, 2 | 2 << 13, 2 | Reason.RANGE | 1 << 13, 1 | Reason.CLOCK)
EXPORTED = ImportMapping(quality="quality", canonical=True)


def filled(dsn: str, count: int) -> None:
    """Apply the site and write `count` readings of each of its points."""
    apply_site(dsn, SITE, who="test")
    numbers = [entry.point_id for entry in load_catalogue(dsn, "quay").points.values()]
    rows = [(number, NOW_US + k * MINUTE_US, k / 7, QUALITIES[k % 5]) for k in range(count) for number in numbers]
    with Writer(dsn, gateway="test") as writer:
        writer.write(messages_of(), decoded_of(batch_of(rows)))


def all_readings(dsn: str) -> list[tuple[object, ...]]:
    """Return key, time, value and quality of every reading."""
    with connect(dsn) as connection:
        return connection.execute(
            "SELECT p.key, r.ts, r.value, r.quality FROM reading AS r JOIN point AS p ON p.id = r.point_id"
            " ORDER BY 2, 1"
        ).fetchall()


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_what_was_exported_can_be_imported_to_the_last_bit(database: str, tmp_path: Path, name: str) -> None:
    """Export, empty the table, import: the same readings, and the ledger balances; again: all duplicates."""
    filled(database, 500)
    before = all_readings(database)
    path = tmp_path / name
    with connect(database) as connection:
        assert export_(connection, SELECTION, path, path.suffix[1:]) == 1000
    with connect(database, autocommit=True) as connection:
        connection.execute("TRUNCATE reading, ingest_ledger")
    result = import_history(database, path, site="quay", mapping=EXPORTED, who="test", chunk_rows=300)
    assert (result.rows, result.stored, result.finished) == (1000, 1000, True)
    assert all_readings(database) == before
    again = import_history(database, path, site="quay", mapping=EXPORTED, who="test")
    assert (again.stored, again.duplicate, again.resumed_at) == (0, 1000, 0)
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
    assert (totals.received, totals.stored, totals.balanced) == (2000, 1000, True)


def test_a_quality_that_is_none_is_refused(database: str, tmp_path: Path) -> None:
    """A stored quality is 0 to 32767 with a class of 0 to 2; anything else is no quality of ours."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "quality.csv"
    lines = [f"2025-07-01T00:0{k}:00Z,{POWER},1,{quality}" for k, quality in enumerate((0, -5, 3, 32_770, 8193))]
    path.write_text("\n".join(["ts,point,value,quality", *lines, ""]))
    result = import_history(database, path, site="quay", mapping=EXPORTED, who="test")
    assert (result.stored, result.quarantined) == (2, 3)
    assert [quality for *_, quality in all_readings(database)] == [0, 8193]


def test_an_arrow_stream_carries_units_and_resolution(database: str) -> None:
    """Rolled-up readings leave as Arrow with names, units and NULL where a kind has no such figure."""
    filled(database, 100)
    refresh_all(database)
    stream = io.BytesIO()
    selection = Selection(site="quay", start=SELECTION.start, end=SELECTION.end, resolution=Resolution.QUARTER,
                          points=[POWER])  # fmt: skip
    with connect(database) as connection:
        rows = export_(connection, selection, stream, "arrow")
    table = pa.ipc.open_stream(stream.getvalue()).read_all()
    assert table.num_rows == rows > 0
    assert table.schema.metadata[b"unit:quay/pump/power"] == b"kW"
    assert table.column("increase").null_count == rows
    assert set(table.column("point").to_pylist()) == {POWER}


def test_an_empty_export_names_its_columns(database: str, tmp_path: Path) -> None:
    """A window without readings is a file with a header; an unknown point is refused."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "none.csv"
    with connect(database) as connection:
        assert export_(connection, SELECTION, path, "csv") == 0
        assert path.read_text().startswith('"point","ts","value","quality"')
        unknown = Selection(site="quay", start=SELECTION.start, end=SELECTION.end, points=["quay/pump/nothing"])
        with pytest.raises(TransferError, match="no such point: quay/pump/nothing"):
            export_(connection, unknown, path, "csv")


class Interrupted(Exception):  # noqa: N818 – it stands for a kill, not for an error
    """Stands for a kill."""


def test_an_interrupted_import_goes_on_where_it_stopped(database: str, tmp_path: Path) -> None:
    """Stopped after two chunks, the import resumes at the third; every reading is there once."""
    filled(database, 500)
    before = all_readings(database)
    path = tmp_path / "all.csv"
    with connect(database) as connection:
        export_(connection, SELECTION, path, "csv")
    with connect(database, autocommit=True) as connection:
        connection.execute("TRUNCATE reading, ingest_ledger")

    def stop_at_two_chunks(result: ImportResult) -> None:
        if result.rows == 600:
            raise Interrupted

    with pytest.raises(Interrupted):
        import_history(database, path, site="quay", mapping=EXPORTED, who="test", chunk_rows=300,
                       progress=stop_at_two_chunks)  # fmt: skip
    seen: list[int] = []
    result = import_history(database, path, site="quay", mapping=EXPORTED, who="test", chunk_rows=300,
                            progress=lambda so_far: seen.append(so_far.rows))  # fmt: skip
    assert (result.resumed_at, result.stored, result.duplicate, seen) == (600, 1000, 0, [900, 1000])
    assert all_readings(database) == before


def test_local_times_wide_columns_and_units(database: str, tmp_path: Path) -> None:
    """One row an instant in local time, one column a point, in another unit; empty cells are no readings."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "meter.csv"
    path.write_text("when,total,kw\n2025-07-01 00:00,3.6,1500\n2025-07-01 00:15,7.2,\n")
    mapping = ImportMapping(time="when", points={"total": ENERGY, "kw": POWER}, units={ENERGY: "MJ", POWER: "W"},
                            timezone="Europe/Paris")  # fmt: skip
    result = import_history(database, path, site="quay", mapping=mapping, who="test")
    assert (result.rows, result.stored) == (2, 3)
    paris = ZoneInfo("Europe/Paris")
    rows = [(key, ts.astimezone(paris).strftime("%H:%M"), value) for key, ts, value, _ in all_readings(database)]  # type: ignore[attr-defined]
    assert rows == [
        (ENERGY, "00:00", pytest.approx(1.0)),
        (POWER, "00:00", pytest.approx(1.5)),
        (ENERGY, "00:15", pytest.approx(2.0)),
    ]


def test_bad_rows_are_quarantined_and_cost_no_neighbour(database: str, tmp_path: Path) -> None:
    """No time, no number, no such point, impossible values: each with its row and reason; the rest is stored."""
    filled(database, 0)
    path = tmp_path / "bad.csv"
    path.write_text(
        "ts,point,value\n"
        f"2025-07-01T00:00:00Z,{POWER},1\n"
        f"yesterday,{POWER},2\n"
        f"2025-07-01T00:02:00Z,{POWER},lots\n"
        "2025-07-01T00:03:00Z,quay/pump/nothing,4\n"
        f"2025-07-01T00:04:00Z,{POWER},1e300\n"
        f"2125-07-01T00:05:00Z,{POWER},6\n"
        f"2025-07-01T00:00:00Z,{POWER},7\n"
        "2025-07-01T00:07:00Z,,8\n"
        f"2025-07-01T00:08:00Z,{POWER},9\n"
    )
    result = import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    assert (result.rows, result.stored, result.quarantined) == (9, 2, 7)
    with connect(database) as connection:
        counts = {count.reason: count.entries for count in quarantine.counts(connection)}
        details = [entry.detail for entry in quarantine.list_(connection)]
        assert ledger.totals(connection, audit=True).balanced
    assert counts == {"conflict": 1, "future": 1, "range_reject": 1, "undecodable": 3, "unknown_point": 1}
    assert any(detail.startswith("row 3: 'lots' in column 'value'") for detail in details)


def test_files_that_do_not_fit_are_explained(database: str, tmp_path: Path) -> None:
    """A missing file, a missing column, an hour that exists twice, an unknown unit: place, cause and cure."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "file.csv"
    with pytest.raises(TransferError, match="No such file"):
        import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    path.write_text("when,power\n2025-10-26 02:30,1\n")
    with pytest.raises(TransferError, match="no column 'ts', 'point', 'value' – it has 'when', 'power'"):
        import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    wide = ImportMapping(time="when", points={"power": POWER}, timezone="Europe/Paris")
    with pytest.raises(TransferError, match="ambiguous"):
        import_history(database, path, site="quay", mapping=wide, who="test")
    furlongs = ImportMapping(time="when", points={"power": POWER}, timezone="+01:00", units={POWER: "furlong"})
    with pytest.raises(ContractError):
        import_history(database, path, site="quay", mapping=furlongs, who="test")


@pytest.mark.parametrize(
    "rows",
    [
        ["2024-07-01T12:00:00,{point},1"],
        ["2024-07-01T12:00:00+02:00,{point},1", "2024-07-01T12:15:00,{point},2"],
        ["2024-07-01T12:00:00,{point},1", "2024-07-01T12:15:00+02:00,{point},2"],
    ],
)
def test_a_time_without_a_zone_is_never_guessed(database: str, tmp_path: Path, rows: list[str]) -> None:
    """A file with times that carry no zone is refused until one is named; then each time keeps its own."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "naive.csv"
    path.write_text("\n".join(["ts,point,value", *rows, ""]).format(point=POWER))
    with pytest.raises(TransferError, match="carries no time zone") as caught:
        import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    assert "--tz" in caught.value.cure
    assert all_readings(database) == []
    import_history(database, path, site="quay", mapping=ImportMapping(timezone="Europe/Paris"), who="test")
    assert [ts.astimezone(ZoneInfo("UTC")).hour for _, ts, *_ in all_readings(database)] == [10] * len(rows)  # type: ignore[attr-defined]


def test_instants_of_parquet_without_a_zone_are_not_guessed(database: str, tmp_path: Path) -> None:
    """A Parquet column of times that says no zone is refused as text is."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "naive.parquet"
    times = pa.array([0], pa.timestamp("us"))
    pa.parquet.write_table(pa.table({"ts": times, "point": [POWER], "value": [1.0]}), path)
    with pytest.raises(TransferError, match="carries no time zone"):
        import_history(database, path, site="quay", mapping=ImportMapping(), who="test")


def test_a_long_export_holds_little_memory(database: str, tmp_path: Path) -> None:
    """Two hundred thousand readings leave through a few megabytes of Python memory."""
    apply_site(database, SITE, who="test")
    number = load_catalogue(database, "quay").points[POWER].point_id
    with connect(database, autocommit=True) as connection:
        connection.execute("SELECT ensure_reading_space(ARRAY['2025-10-01', '2025-11-01']::date[])")
        connection.execute(
            "INSERT INTO reading SELECT to_timestamp(%s) + k * interval '1 second', %s, k, 0, now()"
            " FROM generate_series(1, 200000) AS k",
            (NOW_US / 1e6, number),
        )
    tracemalloc.start()
    try:
        with connect(database) as connection:
            rows = export_(connection, SELECTION, tmp_path / "all.parquet", "parquet")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 200_000
    assert peak < 25_000_000
    values = pa.parquet.read_table(tmp_path / "all.parquet").column("value").to_numpy()
    assert np.array_equal(values, np.arange(1, 200_001))
