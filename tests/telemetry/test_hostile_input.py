"""Bytes that were made to hurt: none makes the decoder raise, hang or grow, and each gets its reason."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest

from telemetry.batch import RefusalReason
from telemetry.formats.choice import SENML_CBOR_TYPE, SENML_JSON_TYPE
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, entry
from telemetry.validate import check_rows
from tests.telemetry.harbour import NOW_MS, decode, decoder, message, pack, readings, reasons

TYPES = (JSON_TYPE, CBOR_TYPE, SENML_JSON_TYPE, SENML_CBOR_TYPE, "")
# The largest payloads are just below the limit of 1,000,000 bytes; longer ones are not looked at.
BOMBS = {
    "deep lists": b"[" * 999_999,
    "deep objects": b'{"a":' * 199_999,
    "deep entries": b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":' + b"[" * 900_000,
    "long digits": b'{"v":1,"dev":"edge-1","boot":' + b"9" * 900_000 + b"}",
    "long text": b'"' + b"a" * 900_000,
    "CBOR deep lists": b"\x81" * 999_999,
    "CBOR deep maps": b"\xa1\x01" * 499_999,
    "CBOR deep tags": b"\xc1" * 999_999,
    "CBOR deep indefinite lists": b"\x9f" * 999_999,
    "CBOR list of 2^64": b"\x9b" + b"\xff" * 8,
    "CBOR list of 2^31": b"\x9a\x7f\xff\xff\xff",
    "CBOR map of 2^31": b"\xba\x7f\xff\xff\xff",
    "CBOR text of 2^63": b"\x7b\x7f" + b"\xff" * 7,
    "CBOR bytes of 2^31": b"\x5a\x7f\xff\xff\xff",
    "CBOR bignum": b"\xa1\x61v\xc2\x5a\x00\x0d\xbb\xa0" + b"\xff" * 900_000,
    "CBOR big float": b"\xa1\x61v\xc5\x82\x1a\x7f\xff\xff\xff\x01",
    "CBOR decimal": b"\xa1\x61v\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
    "CBOR shared with itself": b"\xa1\x61e\xd8\x1c\x81\xd8\x1d\x00",
    "CBOR pattern": b"\xa1\x61v\xd8\x23\x69(a+)+$aaa",
    "invalid UTF-8": b'{"v":1,"dev":"\xff\xfe"}',
    "half a surrogate": b'{"v":1,"dev":"\\ud800"}',
    "zeros": b"\x00" * 999_999,
}


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly(name: str, content_type: str) -> None:
    """Each bomb is refused whole or by entry within two seconds, and takes no more than a bounded memory."""
    tracemalloc.start()
    began = time.perf_counter()
    decoded = decode(BOMBS[name], content_type=content_type)
    spent = time.perf_counter() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(decoded.batch) == 0
    assert len(decoded.refusals) == decoded.received
    assert spent < 5
    assert peak < 200_000_000


def test_ten_megabytes_are_too_large() -> None:
    """A 10 MB message is not even looked at."""
    assert reasons(decode(b"x" * 10_000_000)) == [RefusalReason.TOO_LARGE]
    assert reasons(decode(pack([entry("t_in", 1.0)] * 60_000))) == [RefusalReason.TOO_LARGE]


def colliding_lists(n: int) -> list[tuple[int, int]]:
    """Return n pairs with one and the same hash: tuples are hashed without a secret, in steps that can be undone."""
    mask, first, second, seed = 2**64, 11400714785074694791, 14029467366897019727, 2870177450012600261
    undo = pow(second, -1, mask)
    found: list[tuple[int, int]] = []
    one = 0
    while len(found) < n:
        one += 1
        mixed = (seed + one * second) % mask
        other = (123456789 - ((mixed << 31 | mixed >> 33) % mask) * first) * undo % mask
        if other < 2**61 - 1:  # as large an integer as is its own hash
            found.append((one, other))
    return found


def test_colliding_keys_do_not_take_long() -> None:
    """A map whose keys are lists that all collide is refused before they are many, in the envelope and in SenML."""
    keys = colliding_lists(30_000)
    assert len({hash(key) for key in keys}) == 1
    pairs = b"".join(b"\x82" + struct.pack(">BIBQ", 0x1A, one, 0x1B, other) + b"\x00" for one, other in keys)
    payload = b"\xba" + struct.pack(">I", len(keys)) + pairs
    for content in (payload, b"\x81" + payload, b"\xa1\x61e" + payload):
        for content_type in (CBOR_TYPE, SENML_CBOR_TYPE, ""):
            began = time.process_time()
            assert reasons(decode(content, content_type=content_type)) == [RefusalReason.UNDECODABLE]
            assert time.process_time() - began < 2


def test_many_keys_are_no_record() -> None:
    """A SenML record of a hundred thousand integer keys is refused after a few."""
    payload = (
        b"\x81\xba"
        + struct.pack(">I", 100_000)
        + b"".join(b"\x1a" + struct.pack(">I", n) + b"\x00" for n in range(100_000))
    )
    assert reasons(decode(payload, content_type=SENML_CBOR_TYPE)) == [RefusalReason.UNDECODABLE]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 500, "-" + "9" * 500])
def test_numbers_beyond_reason_in_json(number: str) -> None:
    """What JSON cannot say or a float cannot hold is `range_reject`, by itself."""
    content = '{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":[{"n":"t_in","v":' + number + '},{"n":"t_in","v":5}]}'
    for content_type in (JSON_TYPE, ""):
        decoded = decode(content.encode(), content_type=content_type)
        assert reasons(decoded) == [RefusalReason.RANGE_REJECT]
        assert len(decoded.batch) == 1


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_beyond_reason_in_cbor(number: float) -> None:
    """NaN and infinities in CBOR are `range_reject`, in rows and in columns."""
    single = decode(pack([entry("t_in", number), entry("t_in", 1.0)], cbor=True), content_type=CBOR_TYPE)
    column = decode(pack([{"n": "t_in", "v": [number, 1.0], "t": [0, 1]}], cbor=True), content_type=CBOR_TYPE)
    for decoded in (single, column):
        assert reasons(decoded) == [RefusalReason.RANGE_REJECT]
        assert len(decoded.batch) == 1


@pytest.mark.parametrize(
    ("ts_ms", "reason"),
    [
        (0, RefusalReason.TOO_LATE),  # 1970
        (946_684_800_000, RefusalReason.TOO_LATE),  # 2000, the epoch of some small boards
        (4_102_444_800_000, RefusalReason.FUTURE),  # 2100
        (NOW_MS + 300_001, RefusalReason.FUTURE),
        (10**13, RefusalReason.FUTURE),
        (10**14, RefusalReason.FUTURE),
        (10**18, RefusalReason.FUTURE),
        (-(10**18), RefusalReason.TOO_LATE),
        (10**30, RefusalReason.FUTURE),
    ],
)
def test_times_far_away(ts_ms: int, reason: RefusalReason) -> None:
    """Years 1970 and 2100 and times beyond the calendar are refused by entry, wherever they are written."""
    head = b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"ts":%d,"e":[{"n":"t_in","v":1}]}' % ts_ms
    offset = b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"ts":0,"e":[{"n":"t_in","v":1,"t":%d}]}' % ts_ms
    for content in (head, offset):
        decoded = decode(content)
        assert reasons(decoded) == [reason]
        assert decoded.refusals[0].entry


def test_edges_of_time_are_kept() -> None:
    """Five minutes ahead and twenty years less a second behind are still stored."""
    for ts_ms in (NOW_MS + 300_000, NOW_MS - 20 * 365 * 86_400_000 + 1000):
        assert readings(decode(pack([entry("t_in", 1.0)], ts_ms=ts_ms))) == [("t_in", ts_ms, 1.0)]


def test_hours_of_a_change_of_clocks_are_hours_like_others() -> None:
    """UTC knows no summer time: both nights of change give 25 distinct hourly readings without a gap."""
    for midnight_ms in (1_774_738_800_000, 1_792_882_800_000):  # 2026-03-28T23:00Z and 2026-10-24T23:00Z
        told = decoder(future_s=40 * 86400)
        content = pack([entry("t_in", float(hour), t=3_600_000 * hour) for hour in range(25)], ts_ms=midnight_ms)
        batch = told.decode([message(content)]).batch
        assert set((batch.ts_us[1:] - batch.ts_us[:-1]).tolist()) == {3_600_000_000}


@pytest.mark.parametrize(
    "content",
    [
        b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":[' + b",".join([b"1"] * 400_000) + b"]}",
        b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":[' + b",".join([b'{"n":"x","v":1}'] * 60_000) + b"]}",
        b'{"v":1,"dev":"edge-1","boot":1,"seq":1,"e":[{"n":"t_in","v":[' + b",".join([b"-999"] * 150_000)
        + b'],"t":0}]}',
        b"[" + b",".join([b"1"] * 400_000) + b"]",
        b"[" + b",".join([b'{"n":"x","v":1}'] * 60_000) + b"]",
        b"\x9f" + b"\x01" * 500_000 + b"\xff",
    ],
    ids=["no entries", "unknown names", "impossible column", "no records", "unknown records", "no CBOR records"],
)  # fmt: skip
def test_a_megabyte_of_wrong_entries_is_one_refusal(content: bytes) -> None:
    """Thousands of wrong entries do not fill the quarantine: the message is refused whole, within seconds."""
    began = time.perf_counter()
    decoded = decoder().decode([message(content), message(pack([entry("t_in", 1.0)]))])
    assert time.perf_counter() - began < 5
    assert len(decoded.refusals) == 1
    assert decoded.refusals[0].entry == ""
    assert decoded.batch.message.tolist() == [1]


def test_a_thousand_wrong_entries_are_kept_apart() -> None:
    """Up to a thousand wrong entries cost nobody else."""
    decoded = decode(pack([entry("nowhere", 1.0)] * 1000 + [entry("t_in", 1.0)]))
    assert len(decoded.refusals) == 1000
    assert len(decoded.batch) == 1


def test_a_poisoned_list_keeps_its_neighbours() -> None:
    """Among all bombs in one list, good packs before, between and after are stored."""
    good = message(pack([entry("t_in", 1.0)]))
    told = [good]
    for content in BOMBS.values():
        told += [message(content), good]
    decoded = decoder().decode(told)
    assert len(decoded.batch) == len(BOMBS) + 1
    assert {refusal.message for refusal in decoded.refusals} == set(range(1, len(told), 2))


def test_a_defect_of_ours_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a check itself fail on one message, that message is refused and its neighbours are stored."""

    def failing(table: object, row: object, ts_us: object, value: object, *rest: object, **options: object) -> object:
        if (value == 13.0).any():  # type: ignore[attr-defined]  # an array
            raise ZeroDivisionError
        return check_rows(table, row, ts_us, value, *rest, **options)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr("telemetry.checks.check_rows", failing)
    told = [message(pack([entry("t_in", value)])) for value in (1.0, 13.0, 2.0)]
    decoded = decoder().decode(told)
    assert decoded.batch.value.tolist() == [1.0, 2.0]
    assert decoded.batch.message.tolist() == [0, 2]
    assert [(refusal.message, refusal.reason) for refusal in decoded.refusals] == [(1, RefusalReason.UNDECODABLE)]
    assert "ZeroDivisionError" in decoded.refusals[0].detail
