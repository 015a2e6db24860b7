"""What devices send, good and bad, over a real broker into a real database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cbor2
import pytest

from telemetry.batch import RefusalReason
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE
from tests.ingest_gateway.quay import NAMES, OTHER_TELEMETRY, PLAIN_TOPIC, SITE, TELEMETRY, now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest_gateway.settings import ClientKind
    from tests.ingest_gateway.quay import Books, Device, Running

DAY_MS = 86_400_000


def entries(count: int = 50) -> list[dict[str, object]]:
    """Return one sample of each of so many points."""
    return [{"n": name, "v": 2.5} for name in NAMES[:count]]


@pytest.fixture
def gateway(start: Callable[..., Running], client_kind: ClientKind) -> Running:
    """Run a gateway, with each client in turn."""
    return start(client=client_kind).ready()


def good_neighbour(device: Device, books: Books, received: int) -> None:
    """Show that the gateway goes on: one more good reading is stored, and the ledger balances."""
    before = books.readings()
    device.pack(entries(1))
    books.received(received + 1)
    assert books.readings() == before + 1


@pytest.mark.usefixtures("gateway")
def test_a_pack_is_stored_with_its_times_and_values(device: Device, books: Books) -> None:
    """Fifty entries become fifty rows: device time, value, quality good, arrival after the device's time."""
    ts_ms = now_ms() - 1000
    device.pack(entries(), ts_ms=ts_ms)
    assert books.received(50) == {"received": 50, "stored": 50, "duplicate": 0, "quarantined": 0}
    rows = books("SELECT DISTINCT extract(epoch FROM ts) * 1000, value, quality, received_at > ts FROM reading")
    assert rows == [(ts_ms, 2.5, 0, True)]


@pytest.mark.usefixtures("gateway")
def test_one_bad_entry_among_fifty_costs_only_itself(device: Device, books: Books) -> None:
    """Forty-nine are stored, one is in quarantine with its reason and its text."""
    pack = entries()
    pack[17] = {"n": "no-such-point", "v": 1.0}
    device.pack(pack)
    assert books.received(50) == {"received": 50, "stored": 49, "duplicate": 0, "quarantined": 1}
    reason, entry = books("SELECT reason, entry FROM quarantine")[0]
    assert reason == "unknown_point"
    assert "no-such-point" in entry


def envelope(entry: dict[str, object] | None = None, ts_ms: int | None = None, **changes: object) -> bytes:
    """Return an envelope as JSON, with whatever is to be wrong about it."""
    body = {"v": 1, "dev": "node-1", "boot": 1, "seq": 9, "ts": ts_ms or now_ms(), "tsq": "ntp"}
    return json.dumps(body | {"e": [{"n": "t00", "v": 1.0} | (entry or {})]} | changes).encode()


BAD = {
    "undecodable": (RefusalReason.UNDECODABLE, TELEMETRY, lambda: b'{"v":1,', JSON_TYPE),
    "invalid UTF-8": (RefusalReason.UNDECODABLE, TELEMETRY, lambda: b'{"v":1,"dev":"\xff\xfe"}', JSON_TYPE),
    "a million deep": (RefusalReason.UNDECODABLE, TELEMETRY, lambda: b"[" * 999_000, JSON_TYPE),
    "cut CBOR": (RefusalReason.UNDECODABLE, TELEMETRY, lambda: b"\xa5\x61", CBOR_TYPE),
    "schema": (RefusalReason.SCHEMA, TELEMETRY, lambda: b'{"v":1,"dev":"node-1"}', JSON_TYPE),
    "unknown point": (RefusalReason.UNKNOWN_POINT, TELEMETRY, lambda: envelope({"n": "nobody"}), JSON_TYPE),
    "unknown asset": (
        RefusalReason.UNKNOWN_POINT,
        f"port/v1/{SITE}/hall/room-9/telemetry",
        envelope,
        JSON_TYPE,
    ),
    "unit": (RefusalReason.UNIT, TELEMETRY, lambda: envelope({"u": "furlong"}), JSON_TYPE),
    "unit of another quantity": (RefusalReason.UNIT, TELEMETRY, lambda: envelope({"u": "bar"}), JSON_TYPE),
    "future": (RefusalReason.FUTURE, TELEMETRY, lambda: envelope(ts_ms=now_ms() + 301_000), JSON_TYPE),
    "year 2100": (RefusalReason.FUTURE, TELEMETRY, lambda: envelope(ts_ms=4_102_444_800_000), JSON_TYPE),
    "too late": (RefusalReason.TOO_LATE, TELEMETRY, lambda: envelope(ts_ms=now_ms() - 7301 * DAY_MS), JSON_TYPE),
    "year 1970": (RefusalReason.TOO_LATE, TELEMETRY, lambda: envelope(ts_ms=1), JSON_TYPE),
    "impossible": (RefusalReason.RANGE_REJECT, TELEMETRY, lambda: envelope({"v": -400.0}), JSON_TYPE),
    "not allowed": (RefusalReason.NOT_ALLOWED, OTHER_TELEMETRY, lambda: envelope({"n": "flow"}), JSON_TYPE),
    "too large": (RefusalReason.TOO_LARGE, TELEMETRY, lambda: b"z" * 10_000_000, JSON_TYPE),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_bad_message_goes_to_quarantine_and_costs_no_neighbour(
    case: tuple[RefusalReason, str, Callable[[], bytes], str],
    start: Callable[..., Running],
    device: Device,
    books: Books,
) -> None:
    """Every reason of the contract is produced over MQTT; before and after it good readings are stored."""
    reason, topic, payload, content_type = case
    start().ready()
    device.pack(entries(3))
    device.send(topic, payload(), content_type, correlation=b"bad")
    device.pack(entries(3), ts_ms=now_ms() - 60_000)  # a time of its own, however long the bad one took
    ledger = books.received(7)
    assert ledger == {"received": 7, "stored": 6, "duplicate": 0, "quarantined": 1}
    assert books.reasons() == {reason.value: 1}
    detail, size = books(
        "SELECT detail, length(payload) FROM quarantine JOIN quarantine_payload p ON p.id = payload_id"
    )[0]
    assert detail
    assert 0 < size <= 1_000_001
    cut = {"cut": True} if reason is RefusalReason.TOO_LARGE else {}
    assert device.receipt(b"bad") == {"received": 1, "stored": 0, "duplicate": 0, "quarantined": 1, **cut}


@pytest.mark.usefixtures("gateway")
def test_nan_and_infinities_are_refused_one_by_one(device: Device, books: Books) -> None:
    """CBOR can say NaN and infinity: each is refused, the number beside them is stored."""
    values = [float("nan"), float("inf"), float("-inf"), 3.5]
    pack = {"v": 1, "dev": "node-1", "boot": 1, "seq": 1, "ts": now_ms(), "tsq": "ntp"}
    pack["e"] = [{"n": name, "v": value} for name, value in zip(NAMES, values, strict=False)]
    device.send(TELEMETRY, cbor2.dumps(pack), CBOR_TYPE)
    assert books.received(4) == {"received": 4, "stored": 1, "duplicate": 0, "quarantined": 3}
    assert books.reasons() == {"range_reject": 3}
    good_neighbour(device, books, 4)


@pytest.mark.usefixtures("gateway")
def test_the_same_again_is_a_duplicate_and_another_value_a_conflict(device: Device, books: Books) -> None:
    """The first value stays; what differs is kept in quarantine."""
    ts_ms = now_ms()
    device.pack([{"n": "t00", "v": 1.0}, {"n": "t01", "v": 2.0}], ts_ms=ts_ms)
    books.received(2)
    device.pack([{"n": "t00", "v": 1.0}, {"n": "t01", "v": 9.0}], ts_ms=ts_ms)
    assert books.received(4) == {"received": 4, "stored": 2, "duplicate": 1, "quarantined": 1}
    assert books.reasons() == {"conflict": 1}
    assert sorted(books("SELECT value FROM reading")) == [(1.0,), (2.0,)]


@pytest.mark.usefixtures("gateway")
def test_a_plain_number_on_a_mapped_topic_is_stored_as_uncertain(device: Device, books: Books) -> None:
    """A meter that can only say a number is heard: arrival time, quality uncertain."""
    device.send(PLAIN_TOPIC, b"12.5", qos=0)
    books.received(1)
    ((value, quality, same_time),) = books("SELECT value, quality & 3, ts = received_at FROM reading")
    assert (value, quality, same_time) == (12.5, 1, True)


@pytest.mark.usefixtures("gateway")
def test_messages_of_every_qos_are_stored_once(device: Device, books: Books) -> None:
    """QoS 0, 1 and 2 all arrive, whichever client reads."""
    for qos in (0, 1, 2):
        device.pack(entries(1), ts_ms=now_ms() + qos, qos=qos)
    assert books.received(3) == {"received": 3, "stored": 3, "duplicate": 0, "quarantined": 0}


@pytest.mark.usefixtures("gateway")
def test_a_receipt_follows_the_commit(device: Device, books: Books) -> None:
    """When the receipt is there, the rows are; it says what became of each entry and balances."""
    ts_ms = now_ms()
    device.pack([*entries(3), {"n": "nobody", "v": 1.0}], ts_ms=ts_ms, correlation=b"\x00first")
    books.received(4)
    device.pack(entries(3), ts_ms=ts_ms, correlation=b"second")
    books.received(7)
    assert device.receipt(b"\x00first") == {"received": 4, "stored": 3, "duplicate": 0, "quarantined": 1}
    assert device.receipt(b"second") == {"received": 3, "stored": 0, "duplicate": 3, "quarantined": 0}
