"""Columns on their way to the database: binary layouts, summaries, ranges – pure numpy, no server."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.arrays import Float8Array, TimeArray
from storage.batch_summary import MINUTE_US, ledger_rows, sequence_ranges, summarise, windows
from storage.binary_copy import HEADER, READING, TRAILER, from_database_time, pack_readings, packed_pieces, unpack_rows
from storage.outcome import split_repeats
from storage.plain_text import plain
from storage.times import from_us, to_us
from telemetry.batch import MessageNumber
from tests.storage.building import batch_of

if TYPE_CHECKING:
    from telemetry.batch import ReadingBatch

DAY_US = 1440 * MINUTE_US
rows = st.lists(
    st.tuples(
        st.integers(1, 2_000_000),
        st.integers(0, 40).map(lambda k: 1_760_000_000_000_000 + k * 7 * MINUTE_US * 60),
        st.floats(-1e9, 1e9),
    ),
    max_size=60,
)


@given(rows)
def test_packing_and_unpacking(readings: list[tuple[int, int, float]]) -> None:
    """What is packed is unpacked to the same columns, to the last bit, whole or without its header."""
    batch = batch_of(readings)
    packed = pack_readings(batch)
    for part in (packed, packed[len(HEADER) :], packed[: len(packed) - len(TRAILER)]):
        unpacked = unpack_rows(part, READING)
        assert np.array_equal(from_database_time(unpacked["ts"]), batch.ts_us)
        assert np.array_equal(unpacked["point_id"], batch.point_id)
        assert np.array_equal(unpacked["value"], batch.value)


def test_one_row_by_hand() -> None:
    """A row is the count of columns, then length and bytes of each: 52 bytes, as PostgreSQL's manual says."""
    batch = batch_of([(7, 946_684_800_000_001, 1.5, 3)], received_us=946_684_800_000_002)
    row = struct.pack(">hiqiiidihiq", 5, 8, 1, 4, 7, 8, 1.5, 2, 3, 8, 2)
    assert pack_readings(batch) == b"PGCOPY\n\xff\r\n\x00" + bytes(8) + row + b"\xff\xff"


def test_pieces_join_to_the_whole() -> None:
    """More rows than a piece holds come in several pieces, of which none is a row's part."""
    batch = batch_of([(k, k, float(k)) for k in range(10_000)])
    pieces = list(packed_pieces(batch))
    assert len(pieces) == 2 + 3
    assert all(len(piece) % 52 == 0 for piece in pieces[1:-1])
    assert len(unpack_rows(b"".join(pieces), READING)) == 10_000


def test_a_null_is_noticed() -> None:
    """A row that is shorter than it must be is refused, not read askew."""
    with pytest.raises(ValueError, match="no multiple of 52"):
        unpack_rows(pack_readings(batch_of([(1, 1, 1.0)]))[:-10], READING)


@given(rows.filter(bool))
def test_first_and_last_of_each_point(readings: list[tuple[int, int, float]]) -> None:
    """The summary agrees with a dictionary filled row by row."""
    batch = batch_of(readings)
    summary = summarise(batch)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for point, ts, _ in readings:
        first[point] = min(ts, first.get(point, ts))
        last[point] = max(ts, last.get(point, ts))
    assert summary.point_id.tolist() == sorted(first)
    assert summary.first_us.tolist() == [first[point] for point in sorted(first)]
    assert summary.last_us.tolist() == [last[point] for point in sorted(first)]
    assert batch.point_id[summary.last_row].tolist() == sorted(first)
    assert batch.ts_us[summary.last_row].tolist() == summary.last_us.tolist()


@given(rows.filter(bool))
def test_windows_are_one_a_point_and_day(readings: list[tuple[int, int, float]]) -> None:
    """No window is longer than a UTC day, and together they cover each reading exactly."""
    batch = batch_of(readings)
    found = windows(batch, summarise(batch))
    wanted: dict[tuple[int, int], list[int]] = {}
    for point, ts, _ in readings:
        wanted.setdefault((ts // DAY_US, point), []).append(ts)
    got = zip(found.point_id.tolist(), found.first_us.tolist(), found.last_us.tolist(), strict=True)
    assert sorted(got) == sorted((point, min(times), max(times)) for (_, point), times in wanted.items())


@given(st.lists(st.tuples(st.integers(0, 5 * MINUTE_US), st.sampled_from("sdq")), max_size=40))
def test_ledger_lines_add_up(arrivals: list[tuple[int, str]]) -> None:
    """Every arrival is in one line and one column; each line balances."""
    stored = batch_of([(1, 0, 0.0) for _, kind in arrivals if kind == "s"])
    stored.received_us[:] = [us for us, kind in arrivals if kind == "s"]
    duplicate, quarantined = (np.array([us for us, kind in arrivals if kind == each], np.int64) for each in "dq")
    ledger = ledger_rows(stored, duplicate, quarantined)
    assert ledger.minute_us.tolist() == sorted({us // MINUTE_US * MINUTE_US for us, _ in arrivals})
    assert (ledger.received == ledger.stored + ledger.duplicate + ledger.quarantined).all()
    assert [int(column.sum()) for column in (ledger.stored, ledger.duplicate, ledger.quarantined)] == [
        sum(kind == each for _, kind in arrivals) for each in "sdq"
    ]


@given(st.lists(st.integers(0, 60), min_size=1))
def test_message_numbers_become_ranges(numbers: list[int]) -> None:
    """The ranges hold each number once, and no other."""
    ((site, device, boot, text),) = sequence_ranges([MessageNumber("dev", 3, number, "quay") for number in numbers])
    assert (site, device, boot) == ("quay", "dev", 3)
    bounds = [tuple(map(int, part.split(","))) for part in text.strip("{}[)").split("),[")]
    assert sorted(set(numbers)) == [number for start, end in bounds for number in range(start, end)]


def test_impossible_message_numbers_are_left_out() -> None:
    """Numbers that a bigint cannot hold never reach the database."""
    assert sequence_ranges([MessageNumber("dev", 1, 2**63), MessageNumber("dev", 2**70, 1)]) == []


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 2).map(float)), max_size=30))
def test_repeats_are_split_from_firsts(readings: list[tuple[int, int, float]]) -> None:
    """Of each key the first to arrive is kept; the others know its place."""
    repeats = split_repeats(batch_of(readings))
    kept: dict[tuple[int, int], float] = {}
    for point, ts, value in readings:
        kept.setdefault((ts, point), value)
    assert keyed(repeats.first) == sorted(kept.items())
    assert len(repeats.others) == len(readings) - len(kept)
    keys = zip(repeats.others.ts_us.tolist(), repeats.others.point_id.tolist(), strict=True)
    assert [kept[key] for key in keys] == repeats.first.value[repeats.others_first].tolist()


def keyed(batch: ReadingBatch) -> list[tuple[tuple[int, int], float]]:
    """Return ((time, point), value) of each reading."""
    keys = zip(batch.ts_us.tolist(), batch.point_id.tolist(), strict=True)
    return list(zip(keys, batch.value.tolist(), strict=True))


def test_arrays_by_hand() -> None:
    """An array is dimensions, NULL flag, type, length and lower bound, then length and bytes of each element."""
    packed = Float8Array(np.array([2.5]))
    assert packed.data == struct.pack(">iiiiiid", 1, 0, 701, 1, 1, 8, 2.5)
    assert TimeArray(np.empty(0, np.int64)).data == struct.pack(">iii", 0, 0, 1184)


@given(st.text())
def test_any_text_can_be_made_plain(text: str) -> None:
    """What comes out can be encoded and has no NUL; good text is left alone."""
    result = plain(text + "\x00\ud800")
    assert "\x00" not in result
    assert result.encode()
    assert plain("quai n° 3") == "quai n° 3"


@given(st.integers(-(10**15), 4 * 10**15))
def test_times_there_and_back(microseconds: int) -> None:
    """Every microsecond survives."""
    assert to_us(from_us(microseconds)) == microseconds


def test_naive_times_are_refused() -> None:
    """A time without zone is not guessed."""
    with pytest.raises(ValueError, match="no time zone"):
        to_us(from_us(0).replace(tzinfo=None))
