"""The gateway's parts by themselves: intake, writers, receipts, settings."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest_gateway.intake import Batch, Intake, ReplyTo, mid_and_qos, token
from ingest_gateway.metrics import Metrics
from ingest_gateway.pipeline import Pipeline
from ingest_gateway.receipts import Receipt, may_answer, receipt_payload, receipts_for
from ingest_gateway.recurrence import Recurrence
from ingest_gateway.settings import GatewaySettings
from storage.outcome import WriteResult
from telemetry.batch import Decoded, Message, Refusal, RefusalReason, empty_batch
from telemetry.errors import ConfigurationError, StorageError
from tests.ingest_gateway.quay import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence


def message(payload: bytes = b"1", topic: str = "t", content_type: str = "") -> Message:
    """Return a message that has just arrived."""
    return Message(topic, payload, content_type, time.time_ns() // 1000)


def add(intake: Intake, count: int, generation: int = 1, size: int = 1) -> None:
    """Add messages with the packet ids 1 to count."""
    messages = [message(b"x" * size) for _ in range(count)]
    intake.add(generation, messages, [token(mid, 1) for mid in range(1, count + 1)], [None] * count)


def test_a_batch_is_due_when_it_is_full_or_old() -> None:
    """Three messages wait for the time, ten do not."""
    intake = Intake(batch_rows=10, batch_ms=150, max_held_bytes=1_000_000)
    add(intake, 3)
    assert intake.take(0.01) is None
    started = time.monotonic()
    assert len(intake.take(5) or ()) == 3
    assert time.monotonic() - started < 2
    add(intake, 10)
    assert len(intake.take(0) or ()) == 10


def test_a_batch_grows_while_nobody_takes_it() -> None:
    """Due at ten, it takes up to thirty while the writers are busy; what comes then begins the next one."""
    intake = Intake(batch_rows=10, batch_ms=60_000, max_held_bytes=1_000_000)
    for _ in range(5):
        add(intake, 8)
    assert [len(intake.take(0) or ()) for _ in range(3)] == [32, 0, 0]
    add(intake, 2)
    assert len(intake.take(0) or ()) == 10


def test_a_writer_that_waits_is_woken_by_a_batch_that_becomes_due() -> None:
    """It sleeps through the messages before, and does not wait for the time once there are enough."""
    intake = Intake(batch_rows=10, batch_ms=60_000, max_held_bytes=1_000_000)
    taken: list[int] = []
    waiting = threading.Thread(target=lambda: taken.append(len(intake.take(20) or ())))
    waiting.start()
    for _ in range(4):
        add(intake, 3)
        time.sleep(0.02)
    waiting.join(10)
    assert taken == [12]


def test_batches_are_cut_by_what_messages_turned_out_to_hold() -> None:
    """After messages of fifty readings, a batch of a hundred readings is a few messages."""
    intake = Intake(batch_rows=100, batch_ms=60_000, max_held_bytes=1_000_000)
    for _ in range(30):
        intake.learn(10, 500)
    add(intake, 1)
    assert intake.take(0.01) is None
    add(intake, 2)
    assert len(intake.take(0) or ()) == 3


def test_messages_of_two_connections_never_share_a_batch() -> None:
    """Each batch has one generation, however full it is."""
    intake = Intake(batch_rows=1000, batch_ms=10, max_held_bytes=1_000_000)
    for generation in (1, 1, 2, 3):
        add(intake, 2, generation)
    taken = [intake.take(1) for _ in range(3)]
    assert [(batch.generation, len(batch)) for batch in taken if batch] == [(1, 4), (2, 2), (3, 2)]


def test_the_intake_is_full_until_a_quarter_is_free() -> None:
    """Bytes count until they are released, not until they are taken; then the reader is woken once."""
    intake = Intake(batch_rows=1000, batch_ms=1, max_held_bytes=100_000)
    woken: list[bool] = []
    intake.on_room = lambda: woken.append(True)
    for _ in range(10):
        add(intake, 10, size=1000)
    assert intake.full
    assert intake.held_messages == 100
    batches: list[Batch] = []
    while (batch := intake.take(0.01)) is not None:
        batches.append(batch)
    assert intake.full
    for batch in batches:
        intake.release(batch)
    assert woken == [True]
    assert (intake.full, intake.held_bytes, intake.held_messages) == (False, 0, 0)


def test_everything_of_a_message_counts_as_held() -> None:
    """Topic, content type and reply address fill the intake as the payload does, and are given back with it."""
    intake = Intake(batch_rows=1000, batch_ms=1, max_held_bytes=1_000_000)
    heavy = Message("t" * 60_000, b"", "c" * 50_000, 0)
    intake.add(1, [heavy], [0], [ReplyTo("r" * 40_000, b"d" * 30_000)])
    assert 180_000 <= intake.held_bytes < 181_000
    batch = intake.take(1)
    assert batch is not None
    intake.charge(batch, 900_000)
    assert intake.full
    intake.release(batch)
    assert (intake.full, intake.held_bytes) == (False, 0)


def test_a_batch_ends_at_two_megabytes_of_payload() -> None:
    """However few messages it holds: what they may turn into when they are refused is many times as large."""
    intake = Intake(batch_rows=1_000_000, batch_ms=60_000, max_held_bytes=1_000_000_000)
    for _ in range(5):
        add(intake, 1, size=900_000)
    assert [len(intake.take(0) or ()) for _ in range(2)] == [3, 0]


def test_refusals_count_as_held_until_they_are_written(
    writer: type[FakeWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A burst of bad packs holds the socket back by what became of it, not by what it was."""
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=100_000)
    many = [Refusal(0, RefusalReason.SCHEMA, "d" * 100, "e" * 100)] * 1000
    decoded = Decoded(batch=empty_batch(), refusals=many, sequences=[])
    monkeypatch.setattr(FakeDecoding, "decode", lambda _self, _messages: decoded)
    made, _ = pipeline(intake, writer, 1)
    intake.add(1, [message(b"0.3")], [0], [None])
    wait_until(lambda: intake.full, "the intake to be full")
    assert intake.held_bytes > 200_000
    assert made.drain(10)
    assert (intake.full, intake.held_bytes) == (False, 0)


@pytest.mark.parametrize(("mid", "qos"), [(1, 1), (65_535, 1), (7, 2)])
def test_tokens_round_trip(mid: int, qos: int) -> None:
    """Packet id and QoS come back out of a token; QoS 0 has none."""
    assert mid_and_qos(token(mid, qos)) == (mid, qos)
    assert token(mid, 0) == 0


class FakeConnection:
    """Remembers what was settled."""

    def __init__(self) -> None:
        self.settled: list[tuple[int, list[int], list[Receipt]]] = []

    def settle(self, generation: int, tokens: Sequence[int], receipts: Sequence[Receipt]) -> None:
        """Remember it."""
        self.settled.append((generation, list(tokens), list(receipts)))

    def publish(self, topic: str, payload: bytes) -> None:
        """Ignore it."""


class FakeDecoding:
    """Finds one reading in no message."""

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Decode to nothing."""
        del messages
        return Decoded(batch=empty_batch(), refusals=[], sequences=[])


class FakeWriter:
    """Takes its time, and fails as often as it is told."""

    failures = 0
    error: Exception = StorageError("the database is down")
    pauses: list[float]  # before each write, in order of the batches
    written: list[list[Message]]

    def connect(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def write(self, messages: Sequence[Message], decoded: Decoded) -> WriteResult:
        """Fail, or wait and write."""
        del decoded
        kind = type(self)
        if kind.failures:
            kind.failures -= 1
            raise kind.error
        time.sleep(float(messages[0].payload))
        kind.written.append(list(messages))
        counts = np.ones(len(messages), np.int64)
        return WriteResult(
            stored=len(messages),
            duplicate=0,
            quarantined=0,
            message_received=counts,
            message_stored=counts,
            message_duplicate=0 * counts,
            message_quarantined=0 * counts,
            message_cut=counts == 0,
        )


@pytest.fixture
def writer() -> type[FakeWriter]:
    """Make a class of writers of its own for a test."""
    return type("Writer", (FakeWriter,), {"written": []})


def pipeline(intake: Intake, writer: type[FakeWriter], writers: int) -> tuple[Pipeline, FakeConnection]:
    """Start writers over fakes."""
    connection = FakeConnection()
    made = Pipeline(intake, FakeDecoding(), writer, connection, Metrics(), writers=writers)
    made.start()
    return made, connection


def test_acknowledgements_leave_in_the_order_of_arrival(writer: type[FakeWriter]) -> None:
    """Two writers, the first slow: the second batch is written earlier and acknowledged later."""
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=1_000_000)
    made, connection = pipeline(intake, writer, 2)
    slow = [token(1, 1), token(2, 1), token(3, 1)]
    intake.add(1, [message(b"0.3")] * 3, slow, [None] * 3)  # as many as a batch can grow to
    intake.add(1, [message(b"0.0")], [token(4, 1)], [None])
    assert made.drain(10)
    assert [batch[0].payload for batch in writer.written] == [b"0.0", b"0.3"]
    assert [tokens for _, tokens, _ in connection.settled] == [slow, [token(4, 1)]]


@pytest.mark.parametrize("error", [StorageError("the database is down"), TypeError("a defect")])
def test_a_batch_that_cannot_be_written_is_kept_and_tried_again(writer: type[FakeWriter], error: Exception) -> None:
    """Nothing is acknowledged before the write succeeds, whatever the trouble was; the reason is told meanwhile."""
    writer.failures, writer.error = 3, error
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=1_000_000)
    made, connection = pipeline(intake, writer, 1)
    reply = ReplyTo("port/v1/quay/node-1/receipt", b"c")
    intake.add(4, [message(b"0")], [token(9, 1)], [reply])
    wait_until(lambda: made.reason == str(error), "the reason")
    assert connection.settled == []
    wait_until(lambda: connection.settled, "the acknowledgement")
    assert connection.settled == [(4, [token(9, 1)], [Receipt(*reply, receipt_payload(1, 1, 0, 0))])]
    assert made.reason == ""
    assert made.alive
    assert made.drain(1)


def test_draining_gives_up_in_time_and_acknowledges_nothing(writer: type[FakeWriter]) -> None:
    """With the database down a stop takes no longer than allowed; the batch is left to the broker."""
    writer.failures = 10_000
    intake = Intake(batch_rows=1, batch_ms=1, max_held_bytes=1_000_000)
    made, connection = pipeline(intake, writer, 2)
    add(intake, 5)
    started = time.monotonic()
    assert not made.drain(0.5)
    assert time.monotonic() - started < 3
    assert connection.settled == []
    assert intake.held_messages == 5


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("port/v1/quay/node-1/receipt", True),
        ("port/v1/quay/hall/room-1/cmd", False),
        ("spBv1.0/g/NCMD/n", False),
        ("port/v1/+/receipt", False),
        ("port/v1/#/receipt", False),
        ("$SYS/receipt", False),
        ("port/v1/" + "x" * 300 + "/receipt", False),
        ("", False),
    ],
)
def test_only_receipt_topics_are_answered(topic: str, *, allowed: bool) -> None:
    """A device cannot have the gateway publish where it may not."""
    assert may_answer(topic) is allowed


def test_receipts_carry_the_counts_of_their_message() -> None:
    """Each reply address gets its own message's counts; the body is JSON and adds up."""
    replies = [ReplyTo("port/v1/a/b/receipt", b"1"), None, ReplyTo("port/v1/a/c/receipt", b"3")]
    counts = [[5, 5, 2], [4, 5, 0], [0, 0, 2], [1, 0, 0], [False, False, True]]
    made = receipts_for(replies, *(np.array(column) for column in counts))
    assert [(receipt.topic, receipt.correlation) for receipt in made] == [
        ("port/v1/a/b/receipt", b"1"),
        ("port/v1/a/c/receipt", b"3"),
    ]
    assert json.loads(made[0].payload) == {"received": 5, "stored": 4, "duplicate": 0, "quarantined": 1}
    assert json.loads(made[1].payload) == {"received": 2, "stored": 0, "duplicate": 2, "quarantined": 0, "cut": True}


@pytest.mark.parametrize(
    "changes", [{"client_id": ""}, {"receive_maximum": 0}, {"receive_maximum": 65_536}, {"writers": 0}]
)
def test_settings_that_cannot_work_are_refused_by_name(changes: dict[str, object]) -> None:
    """The error names the setting and what to do."""
    with pytest.raises(ConfigurationError, match=next(iter(changes))):
        GatewaySettings(dsn="", **changes)  # type: ignore[arg-type]  # wrong on purpose


def test_trouble_is_frequent_at_the_fifth_time_in_five_minutes() -> None:
    """Four broken connections are an accident, the fifth shows in /health until five minutes have passed."""
    now_s = [0.0]
    trouble = Recurrence(clock_s=lambda: now_s[0])
    for time_s in (0, 60, 120, 180):
        now_s[0] = time_s
        trouble.note()
        assert not trouble.often
    trouble.note()
    assert trouble.often
    now_s[0] = 301.0
    assert not trouble.often
