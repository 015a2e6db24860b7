"""Writers that share a turn: one inserts at a time, commits are nobody's turn, and a failure gives it back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from storage import ledger
from storage.engine import connect
from storage.writer import Writer
from tests.storage.building import MINUTE_US, NOW_US, add_points, batch_of, decoded_of, messages_of


def test_the_turn_is_given_back_before_the_commit(database: str) -> None:
    """Whatever follows the books, the next writer is already inserting; a batch without readings takes its turn too."""
    point = add_points(database, 1)[0]
    turn = threading.Lock()
    held: list[bool] = []
    with Writer(database, gateway="g1", turn=turn) as writer:
        for readings in ([(point, NOW_US, 1.0)], []):
            writer.write(messages_of(), decoded_of(batch_of(readings)), also=lambda *_: held.append(turn.locked()))
    assert held == [False, False]


def test_a_batch_that_fails_gives_the_turn_back(database: str) -> None:
    """A unique violation within the turn, then the slow road: the duplicate and the new one are both accounted for."""
    point = add_points(database, 1)[0]
    turn = threading.Lock()
    with Writer(database, gateway="g1", turn=turn) as writer:
        writer.write(messages_of(), decoded_of(batch_of([(point, NOW_US, 1.0)])))
        both = [(point, NOW_US, 1.0), (point, NOW_US + MINUTE_US, 2.0)]
        result = writer.write(messages_of(), decoded_of(batch_of(both)))
    assert (result.stored, result.duplicate) == (1, 1)
    assert not turn.locked()


def test_writers_in_turn_race_with_one_that_is_not(database: str) -> None:
    """Three writers bring the same readings in opposite orders, two of them in turn: stored once, nobody stuck."""
    points = add_points(database, 20)
    batches = [
        batch_of([(point, NOW_US + (20 * number + k) * MINUTE_US, float(k)) for k in range(20) for point in points])
        for number in range(15)
    ]
    turn = threading.Lock()

    def write(gateway: str, order: list[int], shared: threading.Lock | None) -> int:
        with Writer(database, gateway=gateway, turn=shared) as writer:
            return sum(writer.write(messages_of(), decoded_of(batches[number])).stored for number in order)

    orders = [list(range(15)), list(range(15))[::-1], [*range(8, 15), *range(8)]]
    with ThreadPoolExecutor(3) as pool:
        stored = list(pool.map(write, ["a", "b", "c"], orders, [turn, turn, None]))
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
    assert sum(stored) == 6000 == totals.readings
    assert totals.received == 18_000
    assert totals.balanced
