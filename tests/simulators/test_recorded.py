"""Reading recorded files: times made clear, or refused with their line."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, strategies

from simulators.recorded import Fold, RecordedColumn, RecordedLayout, RecordedRow, parse_tz, read_recorded
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from pathlib import Path

PARIS = ZoneInfo("Europe/Paris")
COLUMNS = (RecordedColumn(column="kwh", point="a/b/energy", unit="kW.h"),)


def layout(
    fold: Fold = Fold.REFUSE, *, columns: tuple[RecordedColumn, ...] = COLUMNS, header: bool = True
) -> RecordedLayout:
    """Return a layout in the wall time of Paris."""
    return RecordedLayout(time_column="time" if header else "0", tz=PARIS, columns=columns, fold=fold, header=header)


def rows_of(path: Path, text: str, how: RecordedLayout) -> list[RecordedRow]:
    """Write a file and read it."""
    path.write_text(text, encoding="utf-8")
    return list(read_recorded(path, how))


def ms(text: str) -> int:
    """Return UTC milliseconds of an ISO time with its offset."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_local_times_become_utc_in_summer_and_winter(tmp_path: Path) -> None:
    """12:00 in Paris is 11:00 UTC in January and 10:00 in July."""
    rows = rows_of(tmp_path / "f.csv", "time,kwh\n2026-01-10 12:00,1.5\n2026-07-10T12:00:00,2\n", layout())
    assert rows == [
        RecordedRow(2, ms("2026-01-10T11:00+00:00"), (1.5,)),
        RecordedRow(3, ms("2026-07-10T10:00+00:00"), (2.0,)),
    ]


def test_an_hour_that_does_not_exist_is_refused_with_its_line(tmp_path: Path) -> None:
    """02:30 on 29 March 2026 never was in Paris; no rule can mend that, whatever the fold."""
    text = "time,kwh\n2026-03-29 01:30,1\n2026-03-29 02:30,2\n"
    for fold in Fold:
        with pytest.raises(TransferError, match=r"f\.csv:3: .*does not exist.*fixed offset"):
            rows_of(tmp_path / "f.csv", text, layout(fold))


def test_an_hour_that_happens_twice_needs_a_rule(tmp_path: Path) -> None:
    """02:30 on 25 October 2026 was twice: 00:30 and 01:30 UTC."""
    text = "time,kwh\n2026-10-25 02:30,1\n2026-10-25 02:30,2\n"
    path, early, late = tmp_path / "f.csv", ms("2026-10-25T00:30+00:00"), ms("2026-10-25T01:30+00:00")
    with pytest.raises(TransferError, match=r"f\.csv:2: .*happens twice.*in_order"):
        rows_of(path, text, layout())
    assert [row.ts_ms for row in rows_of(path, text, layout(Fold.FIRST))] == [early, early]
    assert [row.ts_ms for row in rows_of(path, text, layout(Fold.SECOND))] == [late, late]
    assert [row.ts_ms for row in rows_of(path, text, layout(Fold.IN_ORDER))] == [early, late]


def test_in_order_brings_a_year_of_wall_time_back_to_equal_steps(tmp_path: Path) -> None:
    """8,760 hours of 2026, written as a clock on the wall shows them, are 8,760 hours again."""
    start = datetime(2026, 1, 1, tzinfo=PARIS).astimezone(UTC)
    hours = [start + timedelta(hours=hour) for hour in range(8760)]
    lines = [f"{hour.astimezone(PARIS):%Y-%m-%d %H:%M},1\n" for hour in hours]
    rows = rows_of(tmp_path / "f.csv", "time,kwh\n" + "".join(lines), layout(Fold.IN_ORDER))
    assert [row.ts_ms for row in rows] == [int(hour.timestamp() * 1000) for hour in hours]


def test_a_time_with_its_own_offset_is_taken_as_it_is(tmp_path: Path) -> None:
    """The layout's zone is for naive times only."""
    rows = rows_of(tmp_path / "f.csv", "time,kwh\n2026-10-25 02:30:00-06:00,1\n2026-10-25T02:30:00Z,1\n", layout())
    assert [row.ts_ms for row in rows] == [ms("2026-10-25T08:30+00:00"), ms("2026-10-25T02:30+00:00")]


@given(strategies.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 – naive times are the subject
def test_every_time_is_either_right_or_refused(tmp_path_factory: pytest.TempPathFactory, when: datetime) -> None:
    """Whatever is read back as wall time is the time that was written."""
    path = tmp_path_factory.mktemp("any") / "f.csv"
    when = when.replace(microsecond=0)
    try:
        (row,) = rows_of(path, f"time,kwh\n{when}\n".replace("\n", ",1\n").replace("kwh,1", "kwh"), layout())
    except TransferError:
        early, late = (when.replace(tzinfo=PARIS, fold=fold).utcoffset() for fold in (0, 1))
        assert early != late
    else:
        back = datetime.fromtimestamp(row.ts_ms / 1000, PARIS)
        assert back.replace(tzinfo=None) == when


def test_gaps_are_none_and_nonsense_is_refused_with_its_line(tmp_path: Path) -> None:
    """Empty cells, NA and nan are missing; a word or an infinity is a mistake in the file."""
    path = tmp_path / "f.csv"
    rows = rows_of(path, "time,kwh\n2026-01-01 00:00,\n2026-01-01 01:00,NA\n2026-01-01 02:00,nan\n", layout())
    assert [row.values for row in rows] == [(None,)] * 3
    for word, cause in (("abc", "no number"), ("inf", "infinite")):
        with pytest.raises(TransferError, match=rf"f\.csv:2: .*{cause}"):
            rows_of(path, f"time,kwh\n2026-01-01 00:00,{word}\n", layout())
    with pytest.raises(TransferError, match=r'f\.csv:2: "yesterday" is no time'):
        rows_of(path, "time,kwh\nyesterday,1\n", layout())
    with pytest.raises(TransferError, match=r"f\.csv:2: has 1 columns"):
        rows_of(path, "time,kwh\n2026-01-01 00:00\n", layout())
    with pytest.raises(TransferError, match=r"no column \"kwh\".*it has time, kW"):
        rows_of(path, "time,kW\n2026-01-01 00:00,1\n", layout())
    with pytest.raises(TransferError, match="is empty"):
        rows_of(path, "", layout())


def test_gzip_a_byte_order_mark_and_files_without_headings_are_read(tmp_path: Path) -> None:
    """What spreadsheets and loggers write."""
    text = "\ufefftime,kwh\n2026-01-01 00:00,1\n"
    with gzip.open(tmp_path / "f.csv.gz", "wt", encoding="utf-8") as stream:
        stream.write(text)
    assert [row.values for row in read_recorded(tmp_path / "f.csv.gz", layout())] == [(1.0,)]
    bare = layout(columns=(RecordedColumn(column="2", point="a/b/c", unit="kW"),), header=False)
    assert rows_of(tmp_path / "f.csv", "2026-01-01 00:00,7,8\n", bare)[0].values == (8.0,)
    (tmp_path / "cut.csv.gz").write_bytes((tmp_path / "f.csv.gz").read_bytes()[:-9])
    with pytest.raises(TransferError, match="cannot be read"):
        list(read_recorded(tmp_path / "cut.csv.gz", layout()))
    with pytest.raises(TransferError, match="cannot be read"):
        list(read_recorded(tmp_path / "missing.csv", layout()))


def test_parquet_with_naive_and_aware_times_and_with_dates(tmp_path: Path) -> None:
    """A timestamp without a zone is local, one with a zone is what it says, a date is its local midnight."""
    when = datetime(2026, 7, 1, 12)  # noqa: DTZ001 – naive times are the subject
    for column, want in (
        (pa.array([when, None][:1], pa.timestamp("us")), "2026-07-01T10:00+00:00"),
        (pa.array([when.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), "2026-07-01T12:00+00:00"),
        (pa.array([date(2026, 7, 1)], pa.date32()), "2026-06-30T22:00+00:00"),
        (pa.array(["2026-07-01 12:00"]), "2026-07-01T10:00+00:00"),
    ):
        pq.write_table(pa.table({"time": column, "kwh": [1.25]}), tmp_path / "f.parquet")
        assert list(read_recorded(tmp_path / "f.parquet", layout())) == [RecordedRow(1, ms(want), (1.25,))]
    pq.write_table(pa.table({"time": [17], "kwh": [1.25]}), tmp_path / "f.parquet")
    with pytest.raises(TransferError, match="17 is no time"):
        list(read_recorded(tmp_path / "f.parquet", layout()))
    (tmp_path / "f.parquet").write_bytes(b"no parquet")
    with pytest.raises(TransferError, match="is it Parquet"):
        list(read_recorded(tmp_path / "f.parquet", layout()))


def test_zones_and_fixed_offsets_are_told_apart() -> None:
    """A name is a zone; `UTC+01:00` stays in winter time all year; anything else is explained."""
    assert parse_tz("Europe/Paris") == PARIS
    assert parse_tz("UTC+01:00") == timezone(timedelta(hours=1))
    assert parse_tz("-05:30") == timezone(-timedelta(hours=5, minutes=30))
    for nonsense in ("Paris", "UTC+99", "", "../etc/passwd", "+x"):
        with pytest.raises(TransferError, match="is no time zone"):
            parse_tz(nonsense)
