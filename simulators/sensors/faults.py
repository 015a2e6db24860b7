"""Faults that real sensors and their road have: what each is, which points it can befall, what its size means.

A fault is part of the truth: point, kind, start, end and size are known, so that what looks for faults can be scored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from telemetry.site import Point


class FaultKind(StrEnum):
    """What goes wrong; `RULES` says more of each."""

    NOISE_BURST = "noise_burst"
    DRIFT = "drift"
    BIAS = "bias"
    STUCK = "stuck"
    SPIKES = "spikes"
    DROPOUT = "dropout"
    CLOCK_DRIFT = "clock_drift"
    CLOCK_STEP = "clock_step"
    DUPLICATES = "duplicates"
    REORDERING = "reordering"
    ROLLOVER = "rollover"
    COUNTER_RESET = "counter_reset"
    METER_SWAP = "meter_swap"
    UNIT_SLIP = "unit_slip"
    CT_SWAP = "ct_swap"
    CROSSED = "crossed"
    SATURATION = "saturation"
    FOULING = "fouling"
    FROST = "frost"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one kind of fault is."""

    meaning: str  # of its size, with the unit; "" where it has none
    points: frozenset[Kind]
    quantities: frozenset[str] = frozenset()  # none: all
    low: float = -math.inf  # smallest size
    high: float = math.inf
    zero: bool = False  # whether a size of 0 means something
    default: float | None = None  # None: a size has to be given


_GAUGE = frozenset({Kind.GAUGE})
_COUNTER = frozenset({Kind.COUNTER})
_NUMBERS = frozenset({Kind.GAUGE, Kind.COUNTER})
_ANY = frozenset(Kind)
_SIGNED = frozenset({"power", "reactive_power", "current", "power_factor", "apparent_power"})

RULES: Mapping[FaultKind, Rule] = {
    FaultKind.NOISE_BURST: Rule(meaning="standard deviation added [canonical unit]", points=_GAUGE, low=0.0),
    FaultKind.DRIFT: Rule(meaning="error reached at the end, grown in a line [canonical unit]", points=_GAUGE),
    FaultKind.BIAS: Rule(meaning="error [canonical unit]", points=_GAUGE),
    FaultKind.STUCK: Rule(meaning="", points=_NUMBERS | {Kind.STATE}),
    FaultKind.SPIKES: Rule(meaning="height of single samples, up or down [canonical unit]", points=_NUMBERS, low=0.0),
    FaultKind.DROPOUT: Rule(meaning="share of readings lost", points=_ANY, low=0.0, high=1.0, default=1.0),
    FaultKind.CLOCK_DRIFT: Rule(meaning="gain of the device's clock [ppm]", points=_ANY, low=-1e5, high=1e5),
    FaultKind.CLOCK_STEP: Rule(meaning="lead of the device's clock [s]", points=_ANY, low=-86_400, high=86_400),
    FaultKind.DUPLICATES: Rule(meaning="share of messages sent twice", points=_ANY, low=0.0, high=1.0),
    FaultKind.REORDERING: Rule(meaning="longest delay of a message [s]", points=_ANY, low=0.0, high=3_600),
    FaultKind.ROLLOVER: Rule(meaning="modulus meanwhile [canonical unit]", points=_COUNTER, low=0.0),
    FaultKind.COUNTER_RESET: Rule(
        meaning="register after it [canonical unit]", points=_COUNTER, low=0.0, zero=True, default=0.0
    ),
    FaultKind.METER_SWAP: Rule(
        meaning="register of the new meter [canonical unit]", points=_COUNTER, low=0.0, zero=True, default=0.0
    ),
    FaultKind.UNIT_SLIP: Rule(meaning="factor on what is sent", points=_NUMBERS | {Kind.EVENT}, low=0.0),
    FaultKind.CT_SWAP: Rule(meaning="", points=_GAUGE, quantities=_SIGNED),
    FaultKind.CROSSED: Rule(meaning="", points=_NUMBERS),
    FaultKind.SATURATION: Rule(meaning="highest value shown [canonical unit]", points=_GAUGE, zero=True),
    FaultKind.FOULING: Rule(
        meaning="share of the value gained (or lost) in a week, then cleaned", points=_GAUGE, low=-1.0, high=10.0
    ),
    FaultKind.FROST: Rule(
        meaning="time constant of the iced probe [s]", points=_GAUGE, quantities=frozenset({"temperature"}), low=0.0
    ),
}
LASTING = frozenset({FaultKind.COUNTER_RESET, FaultKind.METER_SWAP})  # what happened at the start is never undone
ROAD = frozenset({FaultKind.DUPLICATES, FaultKind.REORDERING})  # change the road of messages, not their content


def befalls(kind: FaultKind, point: Point) -> bool:
    """Return whether a kind of fault can befall a point."""
    rule = RULES[kind]
    return point.kind in rule.points and (not rule.quantities or point.quantity in rule.quantities)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one point, from its start to before its end."""

    point: str  # key
    kind: FaultKind
    start: datetime
    end: datetime
    size: float = 0.0  # see `RULES`
    other: str = ""  # the point with which it is crossed

    def __post_init__(self) -> None:
        """Refuse times without a zone, and an end before the start."""
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError(f"{self.kind} of {self.point}: its times have no zone")
        if self.end < self.start:
            raise ValueError(f"{self.kind} of {self.point} ends before it starts")

    @cached_property
    def start_s(self) -> int:
        """First instant of the fault [s since 1970-01-01 UTC]."""
        return math.ceil(self.start.timestamp())

    @cached_property
    def end_s(self) -> int:
        """First instant after the fault [s since 1970-01-01 UTC]."""
        return math.ceil(self.end.timestamp())
