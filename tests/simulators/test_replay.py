"""Replay over a real broker: recorded timestamps, several devices, speed, a small buffer, and being stopped."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge.agent import Agent
from edge.buffer import Buffer, WhenFull
from edge.publisher import PublisherSettings
from simulators.recorded import RecordedColumn, RecordedLayout
from simulators.replay import Replay, ReplayProgress
from telemetry.errors import ConfigurationError, TransferError
from telemetry.site_file import load_site
from tests.edge.answering import Answering

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

    from quaymeter.broker import LocalBroker

SITE = load_site(Path(__file__).parents[2] / "sites" / "open_data.toml")
LAYOUT = RecordedLayout(
    time_column="time",
    tz=UTC,
    columns=(
        RecordedColumn(column="kwh", point="school/meter/energy", unit="kW.h"),
        RecordedColumn(column="f", point="school/meter/temperature", unit="[degF]"),
        RecordedColumn(column="kw", point="unlabelled/meter/power", unit="kW"),
    ),
)


def answer(message: MQTTMessage) -> bytes:
    """Answer as a gateway that stores everything."""
    count = sum(len(entry["v"]) for entry in json.loads(message.payload)["e"])
    return json.dumps({"received": count, "stored": count, "duplicate": 0, "quarantined": 0}).encode()


def write_file(path: Path, hours: int) -> list[tuple[int, float, float | None, float]]:
    """Write hourly rows, every tenth temperature missing; return what was written, with times in ms."""
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    rows = [(start + 3_600_000 * i, i / 8, None if i % 10 == 3 else 40 + i / 16, 100.0 + i) for i in range(hours)]
    lines = [
        f"{datetime.fromtimestamp(ts / 1000, UTC):%Y-%m-%d %H:%M:%S},{kwh},{'' if f is None else f},{kw}\n"
        for ts, kwh, f, kw in rows
    ]
    path.write_text("time,kwh,f,kw\n" + "".join(lines), encoding="utf-8")
    return rows


def samples_of(payloads: list[bytes]) -> dict[tuple[str, str, int], float]:
    """Return (device, name, time in ms) → value of everything that arrived."""
    found: dict[tuple[str, str, int], float] = {}
    for payload in payloads:
        pack: dict[str, Any] = json.loads(payload)
        for entry in pack["e"]:
            for offset, value in zip(entry["t"], entry["v"], strict=True):
                found[pack["dev"], entry["n"], pack["ts"] + offset] = value
    return found


def settings_for(broker: LocalBroker) -> PublisherSettings:
    """Return settings of a replaying agent."""
    return PublisherSettings(client_id="replay", site=SITE.id, port=broker.port, resend_after_s=30.0)


def test_every_sample_arrives_under_its_device_name_and_recorded_time(broker: LocalBroker, tmp_path: Path) -> None:
    """Three points of two devices; gaps are left out and counted; packs hold about fifty readings."""
    rows = write_file(tmp_path / "f.csv", 503)
    seen: list[ReplayProgress] = []
    buffer = Buffer(tmp_path / "b.db", when_full=WhenFull.REFUSE)
    with Answering(broker.port, answer) as gateway, Agent(settings_for(broker), buffer) as agent:
        done = Replay(SITE, agent, on_progress=seen.append).run(tmp_path / "f.csv", LAYOUT, drain_s=20)
    buffer.close()
    want = {("replay-school", "energy", ts): kwh for ts, kwh, _, _ in rows}
    want |= {("replay-school", "temperature", ts): f for ts, _, f, _ in rows if f is not None}
    want |= {("replay-unlabelled", "power", ts): kw for ts, _, _, kw in rows}
    assert samples_of(gateway.payloads) == want
    assert done.finished
    assert (done.readings, done.stored, done.settled, done.missing) == (len(want), len(want), len(want), 50)
    assert done.packs == len(gateway.payloads) <= 32
    assert seen[-1] == done
    units = {entry["n"]: entry["u"] for payload in gateway.payloads for entry in json.loads(payload)["e"]}
    assert units == {"energy": "kW.h", "temperature": "[degF]", "power": "kW"}


def test_a_buffer_too_small_for_the_file_makes_the_replay_wait_not_lose(broker: LocalBroker, tmp_path: Path) -> None:
    """A replay has time: a full buffer is waited for."""
    write_file(tmp_path / "f.csv", 2000)
    buffer = Buffer(tmp_path / "b.db", max_bytes=250_000, when_full=WhenFull.REFUSE)
    with Answering(broker.port, answer) as gateway, Agent(settings_for(broker), buffer) as agent:
        done = Replay(SITE, agent).run(tmp_path / "f.csv", LAYOUT, drain_s=20)
    buffer.close()
    assert done.finished
    assert len(samples_of(gateway.payloads)) == done.readings == 5800


def test_speed_is_recorded_seconds_a_second(broker: LocalBroker, tmp_path: Path) -> None:
    """Nine hours at an hour in a tenth of a second take 0.9 s, and come one after another."""
    write_file(tmp_path / "f.csv", 10)
    buffer = Buffer(tmp_path / "b.db", when_full=WhenFull.REFUSE)
    with Answering(broker.port, answer) as gateway, Agent(settings_for(broker), buffer) as agent:
        assert agent.publisher.flush(5)
        began = time.monotonic()
        done = Replay(SITE, agent, speed=36_000.0).run(tmp_path / "f.csv", LAYOUT, drain_s=20)
        took = time.monotonic() - began
    buffer.close()
    assert done.finished
    assert 0.9 <= took < 5
    assert len(gateway.payloads) >= 10


def test_a_replay_that_is_stopped_says_so_and_keeps_what_it_read(broker: LocalBroker, tmp_path: Path) -> None:
    """Stopping is not finishing."""
    write_file(tmp_path / "f.csv", 50)
    stop = threading.Event()
    buffer = Buffer(tmp_path / "b.db", when_full=WhenFull.REFUSE)
    with Agent(settings_for(broker), buffer) as agent:
        threading.Timer(0.3, stop.set).start()
        done = Replay(SITE, agent, speed=3600.0).run(tmp_path / "f.csv", LAYOUT, stop=stop)
    assert not done.finished
    assert 0 < done.readings < 145
    assert buffer.packs == done.packs
    buffer.close()


def test_a_replay_whose_buffer_is_full_can_be_stopped(broker: LocalBroker, tmp_path: Path) -> None:
    """With nobody to answer, the replay waits for room until it is stopped, and then ends without an error."""
    write_file(tmp_path / "f.csv", 6000)
    stop = threading.Event()
    buffer = Buffer(tmp_path / "b.db", max_bytes=150_000, when_full=WhenFull.REFUSE)
    with Agent(settings_for(broker), buffer) as agent:
        threading.Timer(1.0, stop.set).start()
        done = Replay(SITE, agent).run(tmp_path / "f.csv", LAYOUT, stop=stop)
    assert not done.finished
    assert 0 < done.readings < 17_400
    assert buffer.packs == done.packs
    buffer.close()


def test_an_undeclared_point_is_explained_before_anything_is_sent(broker: LocalBroker, tmp_path: Path) -> None:
    """A mapping with a slip says which point was probably meant."""
    columns = (RecordedColumn(column="kwh", point="school/meter/enery", unit="kW.h"),)
    buffer = Buffer(tmp_path / "b.db", when_full=WhenFull.REFUSE)
    with Agent(settings_for(broker), buffer) as agent, pytest.raises(ConfigurationError, match="school/meter/energy"):
        Replay(SITE, agent).run(tmp_path / "f.csv", RecordedLayout(time_column="time", tz=UTC, columns=columns))
    assert buffer.packs == 0
    buffer.close()


def test_what_came_before_a_bad_line_is_sent(broker: LocalBroker, tmp_path: Path) -> None:
    """A file that breaks off names its line; the readings before it are not thrown away."""
    write_file(tmp_path / "f.csv", 120)
    with (tmp_path / "f.csv").open("a") as stream:
        stream.write("2026-02-30 00:00:00,1,1,1\n")
    buffer = Buffer(tmp_path / "b.db", when_full=WhenFull.REFUSE)
    with Answering(broker.port, answer) as gateway, Agent(settings_for(broker), buffer) as agent:
        with pytest.raises(TransferError, match=r"f\.csv:122: .* is no time"):
            Replay(SITE, agent).run(tmp_path / "f.csv", LAYOUT)
        assert agent.publisher.flush(10)
    buffer.close()
    assert len(samples_of(gateway.payloads)) == 120 * 3 - 12
