"""The road between device and broker where it is bad: readings that come twice, or late and out of order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from simulators.sensors.effects import luck_of
from simulators.sensors.faults import ROAD, Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulators.live_days import Sent


class _Held(NamedTuple):
    """A reading that waits; ordered by when it goes on."""

    until_s: float
    number: int
    row: Sent


class Road:
    """Duplicates and delays readings while a fault says so; what is delayed is never lost."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._seed = seed
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        for fault in faults:
            if fault.kind in ROAD:
                self._faults[fault.point].append(fault)
        self._held: list[_Held] = []
        self._number = 0

    def taken(self, rows: Sequence[Sent], now_s: int) -> list[Sent]:
        """Return what arrives now [s]: of these rows those that are not held up, and those whose time has come."""
        arrived: list[Sent] = []
        for row in rows:
            delay_s = self._pass(row, arrived) if self._faults else 0.0
            if delay_s > 0:
                self._number += 1
                heapq.heappush(self._held, _Held(row.due_s + delay_s, self._number, row))
            else:
                arrived.append(row)
        while self._held and self._held[0].until_s <= now_s:
            arrived.append(heapq.heappop(self._held).row)
        return arrived

    def rest(self) -> list[Sent]:
        """Return everything that is still held up, and hold it no longer."""
        rest = [held.row for held in sorted(self._held)]
        self._held = []
        return rest

    def settled_s(self, now_s: int) -> int:
        """Return the last second before which nothing is held up [s], at most now."""
        return min((held.row.due_s - 1 for held in self._held), default=now_s)

    def _pass(self, row: Sent, arrived: list[Sent]) -> float:
        """Let a row meet the faults of its point: a copy may arrive at once; returns its delay [s]."""
        delay_s = 0.0
        for fault in self._faults.get(row.key, ()):
            if not fault.start_s <= row.due_s < fault.end_s:
                continue
            drawn = float(luck_of(self._seed, fault).uniform(row.due_s))
            if fault.kind is FaultKind.REORDERING:
                delay_s = drawn * fault.size
            elif drawn < fault.size:
                arrived.append(row)
        return delay_s
