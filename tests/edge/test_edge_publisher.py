"""The publisher over a real broker: order, receipts, refusals, breaks and status."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from edge.agent import Agent
from edge.buffer import Buffer, BufferFullError, Pack, WhenFull
from edge.pack import Sampled
from edge.publisher import Publisher, PublisherSettings
from edge.receipts import correlation, pack_number, read_receipt
from telemetry.errors import ContractError
from telemetry.formats.envelope import entry, series
from tests.edge.answering import GOOD, Answering, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paho.mqtt.client import MQTTMessage

    from quaymeter.broker import LocalBroker

TOPIC = "port/v1/capecure/quay/loop-1/telemetry"


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    """Yield an empty buffer."""
    made = Buffer(tmp_path / "buffer.db")
    yield made
    made.close()


def settings_for(broker: LocalBroker, **more: object) -> PublisherSettings:
    """Return settings with short waits."""
    base = PublisherSettings(
        client_id="agent-1",
        site="capecure",
        port=broker.port,
        resend_after_s=0.3,
        resend_most_s=0.6,
        reconnect_least_s=0.1,
        reconnect_most_s=0.3,
    )
    return PublisherSettings(**{**base.__dict__, **more})


def packs(count: int) -> list[Pack]:
    """Return packs that can be told apart."""
    return [Pack("agent-1", TOPIC, b"%d" % i, "application/vnd.quaymeter+json", 1) for i in range(count)]


def test_packs_arrive_in_order_with_their_properties_and_are_settled(any_broker: LocalBroker, buffer: Buffer) -> None:
    """Over mosquitto and over iotcore every pack arrives once, in order, with its properties, and is answered for."""
    with Answering(any_broker.port) as gateway:
        publisher = Publisher(settings_for(any_broker, resend_after_s=30.0), buffer)
        publisher.start()
        numbers = buffer.put_many(packs(2500))
        assert publisher.flush(20)
        publisher.stop()
    assert gateway.payloads == [pack.payload for pack in packs(2500)]
    asked: Any = gateway.messages[7].properties  # paho sets its attributes by name
    assert asked.ContentType == "application/vnd.quaymeter+json"
    assert asked.ResponseTopic == "port/v1/capecure/agent-1/receipt"
    assert pack_number(buffer.identity, asked.CorrelationData) == numbers[7]
    assert (publisher.counts.sent, publisher.counts.settled, publisher.counts.stored) == (2500, 2500, 2500)
    assert publisher.counts.resent == 0


def test_without_an_answer_a_pack_is_kept_and_sent_again(broker: LocalBroker, buffer: Buffer) -> None:
    """The broker's acknowledgement is not enough where receipts are on."""
    with Answering(broker.port, answer=lambda _: None) as gateway:
        publisher = Publisher(settings_for(broker), buffer)
        publisher.start()
        buffer.put_many(packs(3))
        assert eventually(lambda: len(gateway.payloads) >= 6)
        assert buffer.packs == 3
        gateway.answer = lambda _: GOOD
        assert publisher.flush(5)
        publisher.stop()
    assert publisher.counts.resent >= 3


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"not json",
        b"[]",
        b'{"received":1}',
        b'{"received":2,"stored":1,"duplicate":0,"quarantined":0}',
        b'{"received":"1","stored":1,"duplicate":0,"quarantined":0}',
        b"\xff\xfe",
    ],
)
def test_a_receipt_that_cannot_be_believed_settles_nothing(
    broker: LocalBroker, buffer: Buffer, nonsense: bytes
) -> None:
    """An unreadable or unbalanced receipt is no receipt."""
    with Answering(broker.port, answer=lambda _: nonsense) as gateway:
        publisher = Publisher(settings_for(broker), buffer)
        publisher.start()
        buffer.put_many(packs(1))
        assert eventually(lambda: len(gateway.payloads) >= 2)
        assert buffer.packs == 1
        publisher.stop()


def test_a_quarantined_pack_is_settled_and_said(broker: LocalBroker, buffer: Buffer) -> None:
    """What the gateway refused is safe in quarantine: sending it again would change nothing."""
    refused = b'{"received":50,"stored":40,"duplicate":3,"quarantined":7}'
    with Answering(broker.port, answer=lambda _: refused):
        publisher = Publisher(settings_for(broker), buffer)
        publisher.start()
        buffer.put_many(packs(2))
        assert publisher.flush(5)
        publisher.stop()
    assert (publisher.counts.stored, publisher.counts.duplicate, publisher.counts.quarantined) == (80, 6, 14)


def test_a_receipt_for_another_buffer_settles_nothing_here() -> None:
    """A device whose disk was replaced may still be sent receipts for the packs of the old one."""
    assert pack_number(b"AAAAAAAA", correlation(b"BBBBBBBB", 5)) is None
    assert pack_number(b"AAAAAAAA", correlation(b"AAAAAAAA", 2**63)) == 2**63
    assert pack_number(b"AAAAAAAA", b"short") is None
    assert pack_number(b"AAAAAAAA", None) is None
    assert read_receipt(GOOD) is not None


def test_without_receipts_the_broker_must_have_somebody_to_give_it_to(broker: LocalBroker, buffer: Buffer) -> None:
    """A PUBACK that says `no matching subscribers` settles nothing; one with a subscriber does."""
    publisher = Publisher(settings_for(broker, receipts=False), buffer)
    publisher.start()
    buffer.put_many(packs(5))
    assert eventually(lambda: publisher.counts.resent >= 5)
    assert buffer.packs == 5
    with Answering(broker.port, answer=lambda _: None) as gateway:
        assert publisher.flush(5)
        publisher.stop()
    assert sorted(set(gateway.payloads)) == [b"0", b"1", b"2", b"3", b"4"]


def test_a_broker_that_comes_late_dies_and_loses_its_disk_costs_nothing(broker: LocalBroker, buffer: Buffer) -> None:
    """Packs kept before the broker was there, while it was dead and after it forgot everything all arrive."""
    broker.kill()
    publisher = Publisher(settings_for(broker), buffer)
    publisher.start()
    buffer.put_many(packs(10))
    broker.start()
    with Answering(broker.port, answer=lambda _: None) as gateway:
        assert eventually(lambda: len(set(gateway.payloads)) == 10)
    broker.kill()
    for file in broker.directory.glob("*.db*"):
        file.unlink()
    shutil.rmtree(broker.directory)
    buffer.put_many([pack._replace(payload=b"later" + pack.payload) for pack in packs(10)])
    broker.start()
    with Answering(broker.port) as gateway:
        assert publisher.flush(15)
        publisher.stop()
    assert len(set(gateway.payloads)) == 20


def test_a_pack_too_large_for_the_broker_is_given_up_and_the_next_ones_go_on(
    broker: LocalBroker, buffer: Buffer
) -> None:
    """A broker breaks the connection over a pack too large for it, and would do so again for ever."""
    huge = Pack("agent-1", TOPIC, b"x" * 1_000_001, "", 1)
    with Answering(broker.port) as gateway:
        publisher = Publisher(settings_for(broker), buffer)
        publisher.start()
        buffer.put_many([packs(1)[0], huge, packs(2)[1]])
        assert publisher.flush(20)
        publisher.stop()
    assert set(gateway.payloads) == {b"0", b"1"}
    assert publisher.counts.unsendable == 1


def test_the_agent_numbers_packs_without_a_gap_even_when_the_buffer_refuses(
    broker: LocalBroker, tmp_path: Path
) -> None:
    """A number is used up only by a pack that was kept: a gap would be reported as loss."""
    seen: list[dict[str, Any]] = []

    def answer(message: MQTTMessage) -> bytes:
        seen.append(json.loads(message.payload))
        return GOOD

    buffer = Buffer(tmp_path / "small.db", max_bytes=700, when_full=WhenFull.REFUSE)
    sampled = Sampled(asset="quay/loop-1", ts_ms=1_700_000_000_000, entries=[entry("t_in", 12.5, quality=4096)])
    with Answering(broker.port, answer) as gateway, Agent(settings_for(broker), buffer) as agent:
        assert agent.publisher.flush(5)
        refused = 0
        for _ in range(30):
            try:
                agent.send_many([sampled, sampled])
            except BufferFullError:
                refused += 1
                assert agent.publisher.flush(5)
        columns = [series("t_out", [0, 1000], [1.0, 2.0])]
        with pytest.raises(ContractError, match="send fewer readings"):
            agent.send(Sampled(asset="quay/loop-1", ts_ms=0, entries=[entry("t_in", 1.0)] * 80_000), device="agent-2")
        agent.send(Sampled(asset="quay/loop-1", ts_ms=0, entries=columns), device="agent-2")
        assert agent.publisher.flush(5)
    buffer.close()
    assert refused > 0
    own = [pack["seq"] for pack in seen if pack["dev"] == "agent-1"]
    assert sorted(set(own)) == list(range(2 * (30 - refused)))
    assert {pack["boot"] for pack in seen} == {buffer.boot}
    assert [(pack["seq"], pack["dev"]) for pack in seen][-1] == (0, "agent-2")
    assert gateway.messages[0].topic == TOPIC


def test_a_receipt_that_counts_other_readings_is_told(
    broker: LocalBroker, buffer: Buffer, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two packs of three readings one is answered for two, one as refused whole: only the first is suspicious."""
    answers = {
        b"short": b'{"received":2,"stored":2,"duplicate":0,"quarantined":0}',
        b"refused": b'{"received":1,"stored":0,"duplicate":0,"quarantined":1}',
    }
    with Answering(broker.port, answer=lambda message: answers[bytes(message.payload)]):
        publisher = Publisher(settings_for(broker), buffer)
        publisher.start()
        (number, _) = buffer.put_many([Pack("agent-1", TOPIC, payload, "", 3) for payload in answers])
        assert publisher.flush(10)
        publisher.stop()
    assert publisher.counts.miscounted == 1
    assert f"pack {number} held 3 readings" in caplog.text


def test_a_pack_that_the_gateway_could_not_keep_whole_stays(broker: LocalBroker, buffer: Buffer) -> None:
    """A receipt that says "cut" settles nothing; the pack does not hold up the others and is sent again anew later."""

    def answer(message: MQTTMessage) -> bytes:
        cut = b',"cut":true' if message.payload == b"large" else b""
        return b'{"received":1,"stored":%d,"duplicate":0,"quarantined":%d%b}' % (not cut, bool(cut), cut)

    with Answering(broker.port, answer=answer) as gateway:
        for start in (1, 2):
            publisher = Publisher(settings_for(broker, window=1), buffer)
            publisher.start()
            buffer.put_many([Pack("agent-1", TOPIC, b"large" if start == 1 else b"more", "", 1), *packs(3)])
            assert eventually(lambda: buffer.packs == 1)
            publisher.stop()
            assert (publisher.counts.kept, publisher.counts.resent) == (1, 0)
    assert gateway.payloads.count(b"large") == 2
    assert [stored.pack.payload for stored in buffer.after(0, 9)] == [b"large"]
