"""All points of a site read day by day: columns of readings, as devices would send them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.sensors.channel import Channel
from simulators.sensors.faults import Fault, FaultKind
from simulators.sensors.side_by_side import SideBySide
from telemetry.errors import ConfigurationError
from telemetry.quality import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from telemetry.site import MeterSwap, Site

QUALITY = int(Reason.SIMULATED)


class DayColumns(NamedTuple):
    """One day of readings for an import; columns (n,) in order of `ts_us`, then of key."""

    keys: tuple[str, ...]  # every point of the site, in its order
    key_index: NDArray[np.int32]  # into `keys`
    ts_us: NDArray[np.int64]  # [µs since 1970-01-01 UTC]
    value: NDArray[np.float64]  # declared unit; pulses where the register counts them
    quality: NDArray[np.int16]  # Reason.SIMULATED


class DayReadings(NamedTuple):
    """One day of readings as they are sent; columns (n,) in order of `due_s`, then of key."""

    keys: tuple[str, ...]
    key_index: NDArray[np.int32]
    due_s: NDArray[np.int64]  # when a reading is sent [s since 1970-01-01 UTC]
    ts_us: NDArray[np.int64]  # the time that the device tells: another one while its clock is wrong
    value: NDArray[np.float64]

    def columns(self) -> DayColumns:
        """Return the columns that an import takes."""
        quality = np.full(len(self.value), QUALITY, np.int16)
        if (self.ts_us[1:] >= self.ts_us[:-1]).all():
            return DayColumns(self.keys, self.key_index, self.ts_us, self.value, quality)
        order = np.argsort(self.ts_us, kind="stable")
        return DayColumns(self.keys, self.key_index[order], self.ts_us[order], self.value[order], quality)


class Sampler:
    """Reads every point of a site; takes days one after the other, keeps its state in between, can be pickled.

    Parameters
    ----------
    site
        Its points say how often they are read, in which unit, how well.
    seed
        Another seed, other noise.
    cadence_s
        Points are read every `max(period, cadence)` [s]; what is read at common instants does not depend on it.
    faults
        What goes wrong.
    """

    def __init__(self, site: Site, *, seed: int = 0, cadence_s: int = 1, faults: Iterable[Fault] = ()) -> None:
        self.keys = tuple(point.key for point in site.points)
        of_point = _by_point(faults, self.keys)
        self._channels = {
            point.key: Channel(point, seed=seed, cadence_s=cadence_s, faults=of_point[point.key])
            for point in site.points
        }
        self._side_by_side = SideBySide()
        self.next_day: int | None = None  # number of the day that has to come next
        self.silent: frozenset[str] = frozenset()  # points to which the last day brought nothing

    @property
    def swaps(self) -> tuple[MeterSwap, ...]:
        """The swaps of meters so far, with both registers, as a site file would declare them."""
        return tuple(swap for channel in self._channels.values() for swap in channel.swaps)

    def skip(self, day: Day, outputs: Mapping[str, Output]) -> None:
        """Take a day without reading it: registers and faults go on."""
        self._open(day, outputs)
        self._close()

    def read(self, day: Day, outputs: Mapping[str, Output]) -> DayReadings:
        """Take a day and return its readings.

        Parameters
        ----------
        day, outputs
            The day, and what its plants say of it by point key: the port as it is, arrays (n,).
        """
        self._open(day, outputs)
        counts, columns = [], []
        plain = self._side_by_side.readings(self._channels, day)
        for number, key in enumerate(self.keys):
            found = plain.get(key) or self._channels[key].readings(self._channels)
            if found is not None:
                counts.append((number, len(found.value)))
                columns.append(found)
        self._close()
        return _ordered(self.keys, counts, columns)

    def _open(self, day: Day, outputs: Mapping[str, Output]) -> None:
        if self.next_day is not None and day.number != self.next_day:
            raise ValueError(f"day {day.number} cannot be read: the next one is {self.next_day}")
        for key, channel in self._channels.items():
            channel.open(day, outputs.get(key))
        self.next_day = day.number + 1
        self.silent = frozenset(self.keys) - outputs.keys()

    def _close(self) -> None:
        for channel in self._channels.values():
            channel.close()


def _by_point(faults: Iterable[Fault], keys: Sequence[str]) -> dict[str, list[Fault]]:
    """Return faults by point; crossed points have theirs both."""
    known, of_point = frozenset(keys), defaultdict[str, list[Fault]](list)
    for fault in faults:
        befallen = (fault.point, fault.other) if fault.kind is FaultKind.CROSSED else (fault.point,)
        for key in befallen:
            if key not in known:
                raise ConfigurationError(
                    f'unknown point "{key}"', place=f"fault {fault.kind}", cure="name a point of the site"
                )
            of_point[key].append(fault)
    return of_point


def _ordered(
    keys: tuple[str, ...],
    counts: Sequence[tuple[int, int]],
    columns: Sequence[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]],
) -> DayReadings:
    """Join the columns of all points, in order of the time they are sent.

    Each point's times ascend already: the stable sort merges those runs, several times faster than one that sorts anew.
    """
    if not columns:
        none = np.zeros(0, np.int64)
        return DayReadings(keys, none.astype(np.int32), none, none, none.astype(np.float64))
    numbers, lengths = zip(*counts, strict=True)
    key_index = np.repeat(np.array(numbers, np.int32), lengths)
    due_s, ts_us, value = (np.concatenate(each) for each in zip(*columns, strict=True))
    order = np.argsort(due_s, kind="stable")
    return DayReadings(keys, key_index[order], due_s[order], ts_us[order], value[order])
