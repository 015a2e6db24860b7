"""The window of outstanding packs: what is sent again, and when."""

from __future__ import annotations

import math

from hypothesis import given, strategies

from edge.window import Window


def test_nothing_is_due_before_the_broker_has_acknowledged() -> None:
    """What the broker has not acknowledged is the client library's to repeat."""
    window = Window(10, 5.0, 60.0)
    window.sent(1)
    assert window.due(1e9) == []
    assert math.isinf(window.next_due_s())
    assert window.room == 9


def test_a_pack_without_a_receipt_is_due_after_the_wait_and_the_wait_doubles() -> None:
    """5 s, 10 s, 20 s … up to the longest wait, as long as nobody answers at all."""
    window = Window(10, 5.0, 15.0)
    window.sent(1)
    now, waits = 100.0, []
    for _ in range(4):
        window.acknowledged(1, now)
        assert window.due(now) == []
        waits.append(window.next_due_s() - now)
        now = window.next_due_s()
        assert window.due(now - 0.001) == []
        assert window.due(now) == [1]
        window.sent(1)
    assert waits == [5.0, 10.0, 15.0, 15.0]


def test_the_first_receipt_after_a_silence_shortens_all_waits() -> None:
    """When the gateway is back, nobody waits out minutes that were meant for its absence, nor is all sent at once."""
    window = Window(10, 5.0, 300.0)
    for number in (1, 2):
        window.sent(number)
        for _ in range(5):
            window.sent(number)
        window.acknowledged(number, 0.0)
    assert window.due(100.0) == []
    window.settled(1, 100.0)
    assert window.due(104.9) == []
    assert window.due(105.0) == [2]


def test_a_lost_session_makes_acknowledged_packs_due_at_once() -> None:
    """A broker that has forgotten us has forgotten our packs too; those it never had are repeated by the client."""
    window = Window(10, 5.0, 300.0)
    window.sent(1)
    window.sent(2)
    window.acknowledged(1, 1000.0)
    window.session_lost()
    assert window.due(1000.0) == [1]


@given(strategies.lists(strategies.tuples(strategies.sampled_from("sakr"), strategies.integers(1, 6)), max_size=60))
def test_every_pack_is_outstanding_until_it_is_settled(steps: list[tuple[str, int]]) -> None:
    """Whatever the order of events, a pack that was sent and not settled is kept in the window, and comes due."""
    window, expected, now = Window(6, 1.0, 8.0), set[int](), 0.0
    for step, number in steps:
        now += 0.3
        if step == "s":
            window.sent(number)
            expected.add(number)
        elif step == "a":
            window.acknowledged(number, now)
        elif step == "k":
            window.settled(number, now)
            expected.discard(number)
        else:
            window.session_lost()
        assert len(window) == len(expected)
        assert window.room == 6 - len(expected)
    for number in expected:
        window.acknowledged(number, now)
    assert window.due(now + 8.0) == sorted(expected)
