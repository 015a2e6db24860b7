"""Sound points that are read at the same instants, read together: to each the very numbers that its channel would send.

Most points of most days ail nothing. As rows of one array they take a score of array calls together, not each.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from simulators.outputs import Flow, Level, Mean
from simulators.sensors.channel import Readings
from simulators.sensors.grid import regular_grid
from simulators.sensors.instrument import Instrument, side_by_side
from simulators.sensors.trace import Before, totals_at, values_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.day import Day
    from simulators.sensors.channel import Channel

_KEPT = 64  # groups whose instruments are kept


class SideBySide:
    """Reads channels in groups; what it keeps follows from the channels alone."""

    def __init__(self) -> None:
        self._instruments: dict[tuple[str, ...], Instrument] = {}

    def readings(self, channels: Mapping[str, Channel], day: Day) -> dict[str, Readings]:
        """Return what the plain ones among the open channels send of a day."""
        groups = defaultdict[object, list[str]](list)
        for key, channel in channels.items():
            if channel.is_plain:
                own = channel.instrument
                groups[channel.period_s, type(channel.output), own.exact, own.endless].append(key)
        found: dict[str, Readings] = {}
        for keys in groups.values():
            found |= zip(keys, self._read([channels[key] for key in keys], tuple(keys), day), strict=True)
        return found

    def _read(self, channels: Sequence[Channel], keys: tuple[str, ...], day: Day) -> list[Readings]:
        """Return the readings of one group."""
        if keys not in self._instruments:
            if len(self._instruments) >= _KEPT:
                self._instruments.clear()
            self._instruments[keys] = side_by_side([channel.instrument for channel in channels])
        instrument = self._instruments[keys]
        grid = regular_grid(day, channels[0].period_s)
        outputs = [channel.output for channel in channels if isinstance(channel.output, Level | Mean | Flow)]
        output = type(outputs[0])(np.stack([each.values for each in outputs]))
        before = Before(
            np.array([[channel.before.value] for channel in channels]),
            np.array([[channel.before.total] for channel in channels]),
        )
        if isinstance(output, Flow):
            sent = instrument.sent_register(instrument.start + totals_at(output, before, grid))
        else:
            measured = instrument.measured(values_at(output, before, grid), grid.ts_s)
            sent = instrument.sent(instrument.limited(measured))
        ts_us, there = grid.ts_s * 1_000_000, ~np.isnan(sent)
        if there.all():
            return [Readings(grid.ts_s, ts_us, row) for row in sent]
        return [Readings(grid.ts_s[kept], ts_us[kept], row[kept]) for row, kept in zip(sent, there, strict=True)]
