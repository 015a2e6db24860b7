"""A small port that notes which days it simulated, in the place of the physical one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from quaymeter.simulation import checkpoint, plan
from simulators.scenario import Scenario
from tests.fixtures.small_port import BEGINS, SmallPort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.sensors.sampler import DayReadings

SCENARIO = Scenario(name="small", begins=BEGINS, seed=3)
A_DAY = timedelta(days=1)


class CountingPort(SmallPort):
    """The small port, that notes which days it simulated."""

    asked: list[date] = []  # noqa: RUF012 – of all instances, on purpose

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()

    def days(self, first: date, last: date) -> Iterator[Any]:
        """Yield the days and note them."""
        for made in super().days(first, last):
            self.asked.append(date(1970, 1, 1) + timedelta(days=made.day.number))
            yield made


@pytest.fixture
def small_port(monkeypatch: pytest.MonkeyPatch) -> type[CountingPort]:
    """Put the small port in the place of the physical one."""
    monkeypatch.setattr(checkpoint, "Port", CountingPort)
    monkeypatch.setattr(plan, "Port", CountingPort)
    CountingPort.asked.clear()
    return CountingPort


def same(one: DayReadings, other: DayReadings) -> bool:
    """Whether two days hold the same bytes."""
    columns = ("key_index", "due_s", "ts_us", "value")
    return one.keys == other.keys and all(
        getattr(one, column).tobytes() == getattr(other, column).tobytes() for column in columns
    )
