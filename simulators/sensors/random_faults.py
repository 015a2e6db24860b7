"""Faults by chance: which, when and how large depends on seed, point and day alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.day import DAY_S
from simulators.sensors.faults import LASTING, Fault, FaultKind, befalls
from simulators.streams import Stream
from telemetry.accuracy import accuracy_of, full_scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from telemetry.site import Point, Site

DAYS_A_YEAR = 365.25
_UNIX = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class _Chance:
    """How often a kind comes beside the others, how long it stays, how large it is; sizes are drawn in between."""

    weight: float
    hours: tuple[float, float]  # shortest and longest, drawn evenly by their logarithm
    errors: tuple[float, float] = (0.0, 0.0)  # size in accuracies of the point …
    size: tuple[float, float] = (0.0, 0.0)  # … or as it is
    choices: tuple[float, ...] = ()  # … or one of these
    signed: bool = False  # as often below zero as above


# Judgement, in the order of how often maintenance meets them: gaps often and short, slow errors rarely and for months.
_OF_POINTS: Mapping[FaultKind, _Chance] = {
    FaultKind.DROPOUT: _Chance(weight=6, hours=(0.05, 72), choices=(1.0, 1.0, 0.3)),
    FaultKind.SPIKES: _Chance(weight=3, hours=(6, 240), errors=(20, 100)),
    FaultKind.STUCK: _Chance(weight=3, hours=(2, 168)),
    FaultKind.DRIFT: _Chance(weight=3, hours=(720, 6000), errors=(3, 12), signed=True),
    FaultKind.BIAS: _Chance(weight=2, hours=(48, 2000), errors=(3, 10), signed=True),
    FaultKind.NOISE_BURST: _Chance(weight=2, hours=(1, 72), errors=(2, 10)),
    FaultKind.FROST: _Chance(weight=1, hours=(6, 120), size=(1800, 10_800)),
    FaultKind.CT_SWAP: _Chance(weight=0.5, hours=(24, 720)),
    FaultKind.COUNTER_RESET: _Chance(weight=1, hours=(1, 1)),
    FaultKind.UNIT_SLIP: _Chance(weight=0.5, hours=(4, 168), choices=(1000.0, 10.0, 0.001, 0.1)),
}
# What befalls a device befalls all its points together: it has one clock and one road.
_OF_DEVICES: Mapping[FaultKind, _Chance] = {
    FaultKind.DROPOUT: _Chance(weight=3, hours=(0.05, 48), choices=(1.0,)),
    FaultKind.CLOCK_STEP: _Chance(weight=1, hours=(4, 168), choices=(-3600.0, 3600.0, -40.0)),
    FaultKind.CLOCK_DRIFT: _Chance(weight=1, hours=(168, 2000), size=(20, 200), signed=True),
    FaultKind.DUPLICATES: _Chance(weight=1, hours=(1, 72), size=(0.05, 0.5)),
    FaultKind.REORDERING: _Chance(weight=1, hours=(1, 72), size=(5, 120)),
}
DEVICE_SHARE = 0.25  # of the faults that a point has, those that its device brings


class _Drawn(NamedTuple):
    """A fault before it is known whom it befalls."""

    start: datetime
    end: datetime
    kind: FaultKind
    size: float


def random_faults(seed: int, site: Site, first: date, last: date, per_point_per_year: float) -> tuple[Fault, ...]:
    """Return faults that begin from first to last day (UTC, both included), in order of their start.

    Starts are a Bernoulli trial for each point (or device) and day. Of two that would overlap at a point only the
    earlier one happens, so a point is never ill in two ways; a longer period has the same faults and more.
    A saturation, a swap of meters, crossed points and fouling are not drawn: they need a person or a plant.
    """
    days = np.arange((first - _UNIX).days, (last - _UNIX).days + 1, dtype=np.int64)
    device_of = {asset.key: asset.device for asset in site.assets}
    rate = per_point_per_year / DAYS_A_YEAR  # a day
    brought = {
        device: list(_drawn(seed, f"device {device}", _OF_DEVICES, days, rate * DEVICE_SHARE, 0.0))
        for device in sorted(set(device_of.values()))
    }
    found: list[Fault] = []
    for point in site.points:
        error = _error(point)
        own = _drawn(seed, point.key, _chances(point, error), days, rate * (1 - DEVICE_SHARE), error)
        found += _one_at_a_time(point, sorted([*own, *brought[device_of[point.asset]]]))
    return tuple(sorted(found, key=lambda fault: (fault.start, fault.point)))


def _one_at_a_time(point: Point, drawn: Iterable[_Drawn]) -> Iterator[Fault]:
    """Yield those faults, given in order of their start, that find the point well."""
    free_s = -math.inf
    for one in drawn:
        fault = Fault(point=point.key, kind=one.kind, start=one.start, end=one.end, size=one.size)
        if fault.start_s >= free_s:
            free_s = fault.end_s
            yield fault


def _drawn(
    seed: int, name: str, chances: Mapping[FaultKind, _Chance], days: NDArray[np.int64], per_day: float, error: float
) -> Iterator[_Drawn]:
    """Yield what chance brings to one point or device; `error` is the point's own [canonical unit]."""
    kinds, weights = list(chances), np.cumsum([chance.weight for chance in chances.values()])
    begins = Stream.of(seed, "fault begins", name).uniform(days) < per_day
    for day in days[begins].tolist():
        luck = Stream.of(seed, "fault drawn", name, str(day)).uniform(np.arange(5)).tolist()
        kind = kinds[int(np.searchsorted(weights, luck[0] * weights[-1]))]
        chance = chances[kind]
        start = datetime.fromtimestamp(day * DAY_S + round(luck[1] * 1439) * 60, UTC)
        hours = math.exp(_between((math.log(chance.hours[0]), math.log(chance.hours[1])), luck[2]))
        length = timedelta(0) if kind in LASTING else timedelta(minutes=max(1, round(60 * hours)))
        yield _Drawn(start, start + length, kind, _size(chance, error, luck[3:]))


def _chances(point: Point, error: float) -> Mapping[FaultKind, _Chance]:
    """Return what can befall a point; what is sized by its error only where it has one."""
    return {
        kind: chance
        for kind, chance in _OF_POINTS.items()
        if befalls(kind, point) and (error > 0 or chance.errors == (0.0, 0.0))
    }


def _size(chance: _Chance, error: float, luck: list[float]) -> float:
    if chance.choices:
        return chance.choices[int(luck[0] * len(chance.choices))]
    in_errors = chance.errors != (0.0, 0.0)
    size = _between(chance.errors, luck[0]) * error if in_errors else _between(chance.size, luck[0])
    size = -size if chance.signed and luck[1] < 0.5 else size
    return float(f"{size:.3g}")


def _error(point: Point) -> float:
    """Return the largest error of the sound instrument at a tenth of its range [canonical unit]."""
    accuracy = accuracy_of(point)
    return accuracy.absolute + 0.1 * accuracy.relative * full_scale(point)


def _between(bounds: tuple[float, float], share: float) -> float:
    return bounds[0] + share * (bounds[1] - bounds[0])
