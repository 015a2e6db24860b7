"""One point from physics to what its device sends: trace, instrument, line, device, each with its faults.

A channel takes every day in turn, read or not, and keeps between days what registers, straight lines and lasting faults
need. All of that is fixed at instants of its own, never at those of a reading, so that how often somebody reads
changes nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.day import DAY_S
from simulators.outputs import Amounts, Flow, Level, Mean
from simulators.sensors.effects import DEVICE, LINE, PROBE, applied, kept, told_us, window
from simulators.sensors.faults import LASTING, Fault, FaultKind
from simulators.sensors.grid import Grid, grid_at, regular_grid, sampling_period_s
from simulators.sensors.instrument import instrument_of
from simulators.sensors.trace import Before, after, changes, check_fits, merged, totals_at, values_at
from telemetry.site import Kind, MeterSwap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from telemetry.site import Point


# What a stuck reading holds may itself be that of a register after a reset, or of a probe under frost.
_PREPARED = {FaultKind.COUNTER_RESET: 0, FaultKind.METER_SWAP: 1, FaultKind.FROST: 2, FaultKind.STUCK: 3}


class Readings(NamedTuple):
    """What one point sent of a day; all (n,)."""

    due_s: NDArray[np.int64]  # when it was read and sent, ascending [s since 1970-01-01 UTC]
    ts_us: NDArray[np.int64]  # when it was, as the device's clock said [µs since 1970-01-01 UTC]
    value: NDArray[np.float64]  # in the declared unit; pulses where the register counts them


class _Iced(NamedTuple):
    """What a probe under frost shows of the day."""

    ts_s: NDArray[np.int64]
    values: NDArray[np.float64]


class Channel:
    """The state of one point between days; can be pickled."""

    def __init__(self, point: Point, *, seed: int, cadence_s: int, faults: Sequence[Fault]) -> None:
        self.point = point
        self.faults = sorted(faults, key=lambda fault: fault.start_s)
        self._seed = seed
        self.instrument = instrument_of(point, seed)
        self.period_s = sampling_period_s(point.period_s, cadence_s)
        self.before = Before()  # what the days before left
        self.swaps: list[MeterSwap] = []  # that happened so far
        self._known: dict[Fault, float] = {}  # held values, totals at resets, frosted probes [canonical unit]
        self._day: Day | None = None
        self.output: Output | None = None  # of the open day
        self._faults: list[Fault] = []  # of this day
        self._iced: dict[Fault, _Iced] = {}

    def open(self, day: Day, output: Output | None) -> None:
        """Take a day; without an output the point is silent and its register stands still."""
        if output is not None:
            check_fits(self.point.key, self.point.kind, output)
            output = merged(output) if isinstance(output, Amounts) else output
        self._day, self.output = day, output
        if not self.faults:
            return
        end_s = day.start_s + DAY_S
        self._faults = [one for one in self.faults if one.start_s < end_s and (one.end_s > day.start_s or _lasts(one))]
        for fault in sorted(self._faults, key=lambda one: _PREPARED.get(one.kind, len(_PREPARED))):
            self._prepare(fault, day)

    def close(self) -> None:
        """Keep what the next day needs and forget the day."""
        if self.output is not None:
            self.before = after(self.output, self.before)
        for fault, iced in self._iced.items():
            self._known[fault] = float(iced.values[-1])
        self._day, self.output, self._iced = None, None, {}

    @property
    def is_plain(self) -> bool:
        """Whether the open day is read at regular instants, and nothing but the instrument changes what is read."""
        return (
            not self._faults
            and isinstance(self.output, Level | Mean | Flow)
            and self.point.kind is not Kind.STATE
            and DAY_S % self.period_s == 0
        )

    def readings(self, partners: Mapping[str, Channel]) -> Readings | None:
        """Return what is sent of the open day; `partners` are the channels that this one may be crossed with."""
        if self._day is None or self.output is None:
            return None
        grid = self._due(self._day, self.output)
        values = self.measured(grid)
        for fault in self._faults:
            if fault.kind is FaultKind.CROSSED:
                where = window(grid.ts_s, fault)
                other = partners[fault.other if fault.point == self.point.key else fault.point]
                values = values.copy()
                values[where] = other.measured(grid)[where]
        return self._sent(grid, values)

    def measured(self, grid: Grid) -> NDArray[np.float64]:
        """Return what the line from the instrument carries (n,) at the grid's instants [canonical unit]."""
        if self.output is None:
            return np.full(len(grid.ts_s), math.nan)
        values = self._shown(grid)
        for fault in self._faults:
            if fault.kind is FaultKind.STUCK:
                values = values.copy()
                values[window(grid.ts_s, fault)] = self._known.get(fault, math.nan)
        return applied(values, grid.ts_s, self._faults, LINE, self._seed)

    def _shown(self, grid: Grid) -> NDArray[np.float64]:
        """Return what the instrument shows (n,)."""
        if self.point.kind is Kind.COUNTER:
            return self._register(grid, self._faults)
        values = self._felt(grid)
        if self.point.kind is Kind.STATE:
            return values
        values = self.instrument.measured(values, grid.ts_s)
        values = applied(values, grid.ts_s, self._faults, PROBE, self._seed)
        return self.instrument.limited(values)

    def _felt(self, grid: Grid) -> NDArray[np.float64]:
        """Return what is at the probe (n,): the truth, or what frost lets through of it."""
        if self.output is None:
            return np.full(len(grid.ts_s), math.nan)
        values = values_at(self.output, self.before, grid)
        for fault, iced in self._iced.items():
            where = window(grid.ts_s, fault)
            values = values.copy()
            values[where] = np.interp(grid.ts_s[where], iced.ts_s, iced.values)
        return values

    def _total(self, grid: Grid) -> NDArray[np.float64]:
        if self.output is None:
            return np.full(len(grid.ts_s), self.before.total)
        return totals_at(self.output, self.before, grid)

    def _register(self, grid: Grid, faults: Sequence[Fault]) -> NDArray[np.float64]:
        """Return registers (n,): what was counted since the last reset, from where the meter began."""
        total = self._total(grid)
        register = self.instrument.start + total
        for fault in faults:
            if fault.kind in LASTING:
                began = np.searchsorted(grid.ts_s, fault.start_s)
                register[began:] = fault.size + (total[began:] - self._known.get(fault, math.nan))
        for fault in faults:
            if fault.kind is FaultKind.ROLLOVER:
                where = window(grid.ts_s, fault)
                register[where] = np.mod(register[where], fault.size)
        return register

    def _due(self, day: Day, output: Output) -> Grid:
        """Return when the point is read: at its period, states when they change too, amounts as they come."""
        if isinstance(output, Amounts) and self.point.kind is not Kind.COUNTER:
            return grid_at(day, output.ts_s)
        regular = regular_grid(day, self.period_s)
        if self.point.kind is Kind.STATE:
            return grid_at(day, np.union1d(regular.ts_s, changes(output, day, self.before)))
        return regular

    def _sent(self, grid: Grid, values: NDArray[np.float64]) -> Readings:
        """Return the numbers that leave the device, without those that are lost or are none."""
        is_register = self.point.kind is Kind.COUNTER
        sent = self.instrument.sent_register(values) if is_register else self.instrument.sent(values)
        there = ~np.isnan(sent)
        if not self._faults:
            found = Readings(grid.ts_s, grid.ts_s * 1_000_000, sent)
        else:
            sent = applied(sent, grid.ts_s, self._faults, DEVICE, self._seed)
            there &= kept(grid.ts_s, self._faults, self._seed)
            found = Readings(grid.ts_s, told_us(grid.ts_s, self._faults), sent)
        return found if there.all() else Readings(found.due_s[there], found.ts_us[there], found.value[there])

    def _prepare(self, fault: Fault, day: Day) -> None:
        """Find out, on the day a fault begins (or on the first one), what it has to remember."""
        if fault.kind is FaultKind.FROST:
            self._freeze(fault, day)
        if fault in self._known or fault.kind not in LASTING | {FaultKind.STUCK}:
            return
        at = grid_at(day, np.array([max(fault.start_s, day.start_s)], np.int64))
        if fault.kind is FaultKind.METER_SWAP:
            self._note_swap(fault, day)
        self._known[fault] = float(self._total(at)[0] if fault.kind in LASTING else self._shown(at)[0])

    def _note_swap(self, fault: Fault, day: Day) -> None:
        """Note both registers of a swap, as whoever swaps the meter would; one before the first day has no record."""
        if fault.start_s < day.start_s:
            return
        others = [one for one in self._faults if one is not fault]
        at = grid_at(day, np.array([fault.start_s], np.int64))
        before = float(self._register(at, others)[0])
        old = math.fmod(before, self.point.modulus) if self.point.modulus else before
        self.swaps.append(
            MeterSwap(
                point=self.point.key,
                at=fault.start,
                register_before=old,
                register_after=fault.size,
                by="simulated",
            )
        )

    def _freeze(self, fault: Fault, day: Day) -> None:
        """Follow an iced probe through the day, minute by minute: a first-order lag."""
        if self.output is None:
            return
        start_s, end_s = max(fault.start_s, day.start_s), min(fault.end_s, day.start_s + DAY_S)
        ts_s = np.union1d([start_s, end_s], np.arange(-(-start_s // 60) * 60, end_s, 60)).astype(np.int64)
        truth = values_at(self.output, self.before, grid_at(day, ts_s))
        shares = -np.expm1(-np.diff(ts_s) / fault.size)
        felt = np.empty_like(truth)
        felt[0] = self._known.get(fault, truth[0])
        for number, share in enumerate(shares.tolist(), start=1):
            felt[number] = felt[number - 1] + share * (truth[number] - felt[number - 1])
        self._iced[fault] = _Iced(ts_s, felt)


def _lasts(fault: Fault) -> bool:
    return fault.kind in LASTING
