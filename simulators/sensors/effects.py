"""What each fault does to a point's values: pure functions of value, true time and fault, (n,) in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.sensors.faults import Fault, FaultKind
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Instants = NDArray[np.int64]
    Effect = Callable[[Floats, Instants, Fault, Stream], Floats]

CLEANED_EVERY_S = 7 * 86_400  # a fouled probe is wiped once a week
SPIKE_SHARE = 0.01  # of the samples


def luck_of(seed: int, fault: Fault) -> Stream:
    """Return the fault's own source of luck, addressed by instant."""
    return Stream.of(seed, "fault", fault.kind, fault.point, str(fault.start_s))


def window(ts_s: Instants, fault: Fault) -> slice:
    """Return the run of ascending instants (n,) at which the fault is there."""
    first, last = np.searchsorted(ts_s, (fault.start_s, fault.end_s))
    return slice(int(first), int(last))


def applied(
    values: Floats, ts_s: Instants, faults: Sequence[Fault], effects: Mapping[FaultKind, Effect], seed: int
) -> NDArray[np.float64]:
    """Return values (n,) with those faults that the table of effects knows, one after the other."""
    for fault in faults:
        effect = effects.get(fault.kind)
        where = window(ts_s, fault)
        if effect is not None and where.start < where.stop:
            values = values.copy()
            values[where] = effect(values[where], ts_s[where], fault, luck_of(seed, fault))
    return values


def _noise_burst(values: Floats, ts_s: Instants, fault: Fault, luck: Stream) -> Floats:
    return values + fault.size * luck.normal(ts_s)


def _drift(values: Floats, ts_s: Instants, fault: Fault, _luck: Stream) -> Floats:
    return values + fault.size * (ts_s - fault.start_s) / (fault.end_s - fault.start_s)


def _bias(values: Floats, _ts_s: Instants, fault: Fault, _luck: Stream) -> Floats:
    return values + fault.size


def _fouling(values: Floats, ts_s: Instants, fault: Fault, _luck: Stream) -> Floats:
    """Return values with an error that grows with the value and is wiped off once a week."""
    return values * (1 + fault.size * ((ts_s - fault.start_s) % CLEANED_EVERY_S) / CLEANED_EVERY_S)


def _saturation(values: Floats, _ts_s: Instants, fault: Fault, _luck: Stream) -> Floats:
    return np.minimum(values, fault.size)


def _spikes(values: Floats, ts_s: Instants, fault: Fault, luck: Stream) -> Floats:
    drawn = luck.uniform(ts_s)
    return values + fault.size * ((drawn < SPIKE_SHARE / 2).astype(float) - (drawn > 1 - SPIKE_SHARE / 2))


def _unit_slip(values: Floats, _ts_s: Instants, fault: Fault, _luck: Stream) -> Floats:
    return np.round(values * fault.size, 9)


def _ct_swap(values: Floats, _ts_s: Instants, _fault: Fault, _luck: Stream) -> Floats:
    return -values


PROBE: Mapping[FaultKind, Effect] = {  # in the instrument: its range still limits what comes out [canonical unit]
    FaultKind.NOISE_BURST: _noise_burst,
    FaultKind.DRIFT: _drift,
    FaultKind.BIAS: _bias,
    FaultKind.FOULING: _fouling,
    FaultKind.SATURATION: _saturation,
}
LINE: Mapping[FaultKind, Effect] = {FaultKind.SPIKES: _spikes}  # on the line behind it [canonical unit]
DEVICE: Mapping[FaultKind, Effect] = {  # in the device that sends [declared unit]
    FaultKind.UNIT_SLIP: _unit_slip,
    FaultKind.CT_SWAP: _ct_swap,
}


def kept(ts_s: Instants, faults: Sequence[Fault], seed: int) -> NDArray[np.bool_]:
    """Return which readings (n,) are left by dropouts."""
    there = np.ones(len(ts_s), np.bool_)
    for fault in faults:
        if fault.kind is FaultKind.DROPOUT:
            where = window(ts_s, fault)
            there[where] &= luck_of(seed, fault).uniform(ts_s[where]) >= fault.size
    return there


def told_us(ts_s: Instants, faults: Sequence[Fault]) -> NDArray[np.int64]:
    """Return the times (n,) that the device's clock gives [µs since 1970-01-01 UTC], in whole milliseconds."""
    ts_ms = ts_s * 1000
    for fault in faults:
        where = window(ts_s, fault)
        if fault.kind is FaultKind.CLOCK_STEP:
            ts_ms[where] += round(1000 * fault.size)
        elif fault.kind is FaultKind.CLOCK_DRIFT:
            gained_ms = (ts_s[where] - fault.start_s) * (fault.size * 1e-3)
            ts_ms[where] += np.rint(gained_ms).astype(np.int64)
    result: NDArray[np.int64] = ts_ms * 1000
    return result
