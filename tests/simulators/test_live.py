"""The live source: what history holds, when it is due, once, and on a bad road twice or late."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.buffer import BufferFullError
from edge.pack import Packer, Sampled
from simulators.live import LiveSource
from simulators.sensors.faults import Fault, FaultKind
from simulators.sensors.port_readings import PortReadings
from telemetry.batch import Message
from telemetry.catalogue import catalogue_of
from telemetry.decode import Decoder
from telemetry.quality import Reason
from telemetry.site import Kind
from tests.fixtures.small_port import BEGINS, POINT, SITE, SmallPort, midnight_s

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW_S = midnight_s(date(2025, 3, 12)) + 12 * 3600
Reading = tuple[str, int, float]  # point, time told [ms], value


class KeepingAgent:
    """Stands in for the agent: keeps what it is given, or refuses while it is full."""

    def __init__(self) -> None:
        self.packs: list[tuple[str, Sampled]] = []
        self.full = False

    def send_many(self, sampled: Sequence[Sampled], *, device: str = "") -> list[int]:
        """Keep packs as the agent does."""
        if self.full:
            raise BufferFullError("full", place="buffer", cure="wait")
        self.packs += [(device, one) for one in sampled]
        return list(range(len(sampled)))

    def readings(self) -> list[Reading]:
        """Return everything that was sent, in order."""
        return [
            (f"{one.asset}/{each['n']}", (one.ts_ms or 0) + offset, value)
            for _, one in self.packs
            for each in one.entries
            for offset, value in zip(_list(each.get("t", 0)), _list(each["v"]), strict=True)
        ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Impatient(threading.Event):
    """An event for which nobody waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        assert timeout is not None
        return self.is_set()


class Clock:
    """A clock that passes a step each time it is asked, and rings at the end."""

    def __init__(self, start_s: float, end_s: float, step_s: float = 0.5) -> None:
        self.now_s = start_s
        self.stop = Impatient()
        self._end_s, self._step_s = end_s, step_s

    def __call__(self) -> float:
        """Return the time [s]."""
        self.now_s += self._step_s
        if self.now_s >= self._end_s:
            self.stop.set()
        return self.now_s


def seen(*faults: Fault, cadence_s: int = 1) -> PortReadings:
    """Return the small port through its sensors."""
    return PortReadings(SmallPort(), SITE, begins=BEGINS, seed=3, cadence_s=cadence_s, faults=faults)


def source(agent: KeepingAgent, *faults: Fault, **options: Any) -> LiveSource:
    """Return a live source of the small port."""
    return LiveSource(seen(*faults), agent, **options)  # type: ignore[arg-type]  # a stand-in for the agent


def fault(kind: FaultKind, size: float, point: str = "a/room/p") -> Fault:
    """Return a fault that lasts from an hour before now to an hour after."""
    now, hour = datetime.fromtimestamp(NOW_S, UTC), timedelta(hours=1)
    return Fault(point=point, kind=kind, start=now - hour, end=now + hour, size=size)


def history(after_s: int, until_s: int, *faults: Fault, cadence_s: int = 1) -> list[Reading]:
    """Return what history holds of a stretch of time."""
    found: list[Reading] = []
    for day in seen(*faults, cadence_s=cadence_s).days(BEGINS, datetime.fromtimestamp(until_s, UTC).date()):
        due = (day.due_s > after_s) & (day.due_s <= until_s)
        keys = [day.keys[key] for key in day.key_index[due].tolist()]
        found += zip(keys, (day.ts_us[due] // 1000).tolist(), day.value[due].tolist(), strict=True)
    return found


def test_every_second_brings_what_history_holds() -> None:
    """Over two hours around midnight, second by second, live and history agree reading by reading."""
    agent, start_s = KeepingAgent(), midnight_s(date(2025, 3, 13)) - 3600
    live = source(agent)
    for now_s in range(start_s, start_s + 7200):
        live.send(now_s, now_s + 1)
    expected = history(start_s, start_s + 7200)
    assert sorted(agent.readings()) == sorted(expected)
    assert live.readings == len(expected) > 2000
    seldom = {one for one in history(start_s, start_s + 7200, cadence_s=900) if POINT[one[0]].period_s <= 60}
    assert seldom == {one for one in expected if POINT[one[0]].period_s <= 60 and one[1] % 900_000 == 0}
    assert len(seldom) == 7 * 8


def test_a_minute_at_once_is_what_sixty_seconds_are() -> None:
    """A source that was held up catches up without a difference."""
    slow, fast = KeepingAgent(), KeepingAgent()
    source(slow).send(NOW_S, NOW_S + 60)
    live = source(fast)
    for now_s in range(NOW_S, NOW_S + 60):
        live.send(now_s, now_s + 1)
    assert sorted(slow.readings()) == sorted(fast.readings())


def test_what_is_sent_passes_the_contract() -> None:
    """The decoder takes every pack from the device that may send it; values are flagged SIMULATED and else good."""
    agent, packers, messages = KeepingAgent(), dict[str, Packer](), list[Message]()
    live = source(agent, history_s=3600, clock_s=lambda: NOW_S)
    live.send_history(NOW_S)
    live.send(NOW_S, NOW_S + 60)
    for device, one in agent.packs:
        pack = packers.setdefault(device, Packer(SITE.id, device, 1)).pack(one)
        messages.append(Message(pack.topic, pack.payload, pack.content_type, (NOW_S + 60) * 1_000_000))
    decoded = Decoder(catalogue_of(SITE), clock_us=lambda: (NOW_S + 60) * 1_000_000).decode(messages)
    assert not decoded.refusals
    assert len(decoded.batch) == live.readings
    assert set(decoded.batch.quality.tolist()) == {int(Reason.SIMULATED)}


def test_the_first_start_tells_the_latest_of_every_point_and_the_wanted_history() -> None:
    """Weekly results and last night's pallets are there at once, and nothing of the hour is missing or twice."""
    agent = KeepingAgent()
    assert source(agent, history_s=3600).send_history(NOW_S) == NOW_S
    sent = agent.readings()
    assert {key for key, _, _ in sent} == {point.key for point in SITE.points}
    assert len(sent) == len(set(sent))
    hour = [one for one in sent if one[1] > 1000 * (NOW_S - 3600)]
    assert sorted(hour) == sorted(history(NOW_S - 3600, NOW_S))
    assert len(sent) - len(hour) == len(SITE.points)


def test_without_history_the_first_start_tells_the_latest() -> None:
    """One reading a point, none from the future."""
    agent = KeepingAgent()
    source(agent).send_history(NOW_S)
    assert sorted(key for key, _, _ in agent.readings()) == sorted(point.key for point in SITE.points)
    assert max(ts_ms for _, ts_ms, _ in agent.readings()) == 1000 * NOW_S


def run(agent: KeepingAgent, start_s: float, end_s: float, *faults: Fault, **options: Any) -> LiveSource:
    """Run a source from one time to another."""
    clock = Clock(start_s, end_s)
    live = source(agent, *faults, clock_s=clock, **options)
    live.run(clock.stop)
    return live


def test_a_restart_goes_on_where_the_last_run_stopped(tmp_path: Path) -> None:
    """After a pause of three hours all of it is sent, once: no hour again, no gap."""
    place, agent = tmp_path / "position", KeepingAgent()
    run(agent, NOW_S, NOW_S + 20, position=place, history_s=3600)
    stopped_s = int(place.read_text())
    first = len(agent.packs)
    run(agent, NOW_S + 10_800, NOW_S + 10_820, position=place, history_s=3600)
    again = KeepingAgent()
    again.packs = agent.packs[first:]
    assert sorted(again.readings()) == sorted(history(stopped_s, int(place.read_text())))
    sent = agent.readings()
    assert len(sent) == len(set(sent))
    assert NOW_S + 10_818 <= int(place.read_text()) <= NOW_S + 10_820


def test_a_long_pause_is_not_all_made_up_for(tmp_path: Path) -> None:
    """A source that was off for days sends the last hours only."""
    place, agent = tmp_path / "position", KeepingAgent()
    place.write_text(str(NOW_S - 3 * 86_400))
    source(agent, position=place, catch_up_s=7200).send_history(NOW_S)
    assert sorted(agent.readings()) == sorted(history(NOW_S - 7200, NOW_S))


def test_a_position_that_cannot_be_read_is_a_first_start(tmp_path: Path) -> None:
    """A file cut short by a crash costs the history once more, and no error."""
    place, agent = tmp_path / "position", KeepingAgent()
    place.write_text("")
    source(agent, position=place).send_history(NOW_S)
    assert len(agent.readings()) == len(SITE.points)
    assert int(place.read_text() or 0) in (0, NOW_S)


def test_a_position_in_the_future_does_not_silence_the_source(tmp_path: Path) -> None:
    """Where the clock was a day ahead before, sending goes on from now, not tomorrow."""
    place, agent = tmp_path / "position", KeepingAgent()
    place.write_text(str(NOW_S + 86_400))
    run(agent, NOW_S, NOW_S + 60, position=place)
    assert NOW_S < int(place.read_text()) <= NOW_S + 60
    assert len(agent.readings()) > 5


def test_a_laptop_that_slept_sends_what_it_missed() -> None:
    """A clock that jumps two hours while running loses nothing."""
    agent = KeepingAgent()
    clock = Clock(NOW_S, NOW_S + 7300, step_s=900.0)
    source(agent, clock_s=clock).run(clock.stop)
    sent = [one for one in agent.readings() if one[1] > 1000 * (NOW_S + 900)]
    until_s = max(ts_ms for _, ts_ms, _ in sent) // 1000
    assert until_s > NOW_S + 5000
    assert sorted(sent) == sorted(history(NOW_S + 900, until_s))


def test_before_the_port_begins_nothing_is_sent() -> None:
    """A scenario of the future waits for its first day."""
    agent, early_s = KeepingAgent(), midnight_s(BEGINS) - 30
    live = source(agent)
    live.send_history(early_s)
    for now_s in range(early_s, early_s + 60):
        live.send(now_s, now_s + 1)
    assert sorted(agent.readings()) == sorted(history(early_s, early_s + 60))
    assert agent.readings()


def test_a_bad_road_doubles_messages() -> None:
    """About the share that the fault says comes twice, all else once."""
    agent, twice = KeepingAgent(), fault(FaultKind.DUPLICATES, 0.4)
    live = source(agent, twice)
    for now_s in range(NOW_S, NOW_S + 3000):
        live.send(now_s, now_s + 1)
    sent, expected = agent.readings(), history(NOW_S, NOW_S + 3000)
    assert set(sent) == set(expected)
    doubled = [one for one in set(sent) if sent.count(one) == 2]
    assert {key for key, _, _ in doubled} == {"a/room/p"}
    assert len(sent) - len(expected) == len(doubled) == pytest.approx(0.4 * 300, rel=0.3)


def test_a_bad_road_reorders_messages_and_loses_none(tmp_path: Path) -> None:
    """Readings come late and out of order; what is still on the road at the end is sent by then."""
    agent, late = KeepingAgent(), fault(FaultKind.REORDERING, 120.0)
    place = tmp_path / "position"
    live = run(agent, NOW_S, NOW_S + 100, late, position=place)
    sent = [one for one in agent.readings() if one[1] > 1000 * NOW_S]
    own = [ts_ms for key, ts_ms, _ in sent if key == "a/room/p"]
    assert own != sorted(own)
    assert sorted(sent) == sorted(history(NOW_S, int(place.read_text()), late))
    assert live.readings == len(agent.readings())


def test_what_is_on_the_road_is_sent_again_after_a_crash(tmp_path: Path) -> None:
    """The position never passes a reading that is still held up."""
    agent, late = KeepingAgent(), fault(FaultKind.REORDERING, 3600.0)
    place = tmp_path / "position"
    live = source(agent, late, position=place)
    for now_s in range(NOW_S, NOW_S + 30):
        live.send(now_s, now_s + 1)
    assert NOW_S <= int(place.read_text()) < NOW_S + 20


def test_a_clock_an_hour_ahead_tells_the_future() -> None:
    """Readings leave on time and claim to be an hour younger: history says the same."""
    agent, ahead = KeepingAgent(), fault(FaultKind.CLOCK_STEP, 3600.0)
    source(agent, ahead).send(NOW_S, NOW_S + 60)
    told = {ts_ms for key, ts_ms, _ in agent.readings() if key == "a/room/p"}
    assert told == {1000 * (NOW_S + 3600 + 10 * number) for number in range(1, 7)}
    assert sorted(agent.readings()) == sorted(history(NOW_S, NOW_S + 60, ahead))


def test_a_full_buffer_leaves_readings_out(caplog: pytest.LogCaptureFixture) -> None:
    """They are counted as not sent, and somebody is told."""
    agent = KeepingAgent()
    agent.full = True
    live = source(agent)
    live.send(NOW_S, NOW_S + 60)
    assert live.readings == 0
    assert "left out" in caplog.text


def test_events_go_by_their_own_topic() -> None:
    """Pallets are events, temperatures are telemetry; each asset is spoken for by its device."""
    agent = KeepingAgent()
    source(agent).send_history(NOW_S)
    kinds = {(one.asset, each["n"]): (device, one.kind) for device, one in agent.packs for each in one.entries}
    assert {key[1] for key, (_, kind) in kinds.items() if kind == "event"} == {"pallets"}
    assert POINT["a/room/pallets"].kind is Kind.EVENT
    assert {key[0]: device for key, (device, _) in kinds.items()} == {"a/room": "edge-a", "b/meter": "edge-b"}
