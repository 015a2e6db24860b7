"""A port as data: the frozen records that a site file is read into (see `telemetry.site_file`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 – savings runs decode DatedValue, which reads the annotations
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from telemetry.plan import Plan


class Kind(StrEnum):
    """What a point's values are, and so what may be done with them."""

    GAUGE = "gauge"  # a level that holds until the next reading: averaged by time
    COUNTER = "counter"  # a register that only grows: differenced
    STATE = "state"  # on or off, or a mode: integrated over time
    EVENT = "event"  # an amount that belongs to its instant or interval (a landing, an interval meter): summed


@dataclass(frozen=True, kw_only=True)
class Utility:
    """A utility of the port (seawater, cold, steam, water, electricity, gas, chemicals)."""

    id: str
    name: Mapping[str, str]  # by language: {"fr": …, "en": …}


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A company on the site."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A piece of plant; the fourth and fifth levels of a topic."""

    key: str  # `area/asset`
    name: Mapping[str, str]
    utility: str
    operator: str
    device: str  # id of the device that publishes it
    kind: str = ""  # cold_room, seawater_loop, boiler_house, … : dashboards choose a screen by it


@dataclass(frozen=True, kw_only=True)
class Point:
    """One measured quantity of an asset."""

    key: str  # `area/asset/name`
    name: Mapping[str, str]  # by language
    quantity: str  # see telemetry.quantities; fixes the legal units and kinds
    unit: str  # UCUM code that the device sends in unless an entry says otherwise
    kind: Kind
    period_s: float  # sampling period [s]
    silent_after_s: float  # a reading holds, and a sensor counts as alive, this long [s]
    valid_min: float | None = None  # in the canonical unit; outside: stored as bad
    valid_max: float | None = None
    rate_limit: float | None = None  # largest believable change [canonical unit per second]
    modulus: float | None = None  # counter rolls over here [canonical unit]
    pulse_weight: float | None = None  # [declared unit per pulse], where the register counts pulses
    accuracy_class: str = ""
    calibration_due: date | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def asset(self) -> str:
        """The asset's key, `area/asset`."""
        return self.key.rpartition("/")[0]

    @property
    def short_name(self) -> str:
        """The name as devices send it: the last level of the key."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class DerivedPoint:
    """A KPI declared as a formula over points, evaluated on the roll-ups."""

    key: str
    name: Mapping[str, str]
    quantity: str
    unit: str
    formula: str
    inputs: Mapping[str, str]  # formula name → point key


@dataclass(frozen=True, kw_only=True)
class DatedValue:
    """A tariff or an emission factor, in force from a date."""

    id: str
    quantity: str
    unit: str  # EUR/kW.h, kg/kW.h (of CO2 equivalent), …
    value: float
    valid_from: datetime
    valid_to: datetime | None
    source: str
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class MeterSwap:
    """An explicit, dated change of a meter with both registers [canonical unit]."""

    point: str
    at: datetime
    register_before: float
    register_after: float
    by: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """A whole port."""

    id: str
    name: str
    latitude: float  # [deg]
    longitude: float  # [deg]
    timezone: ZoneInfo
    utilities: tuple[Utility, ...]
    operators: tuple[Operator, ...]
    assets: tuple[Asset, ...]
    points: tuple[Point, ...]
    derived_points: tuple[DerivedPoint, ...] = ()
    tariffs: tuple[DatedValue, ...] = ()
    emission_factors: tuple[DatedValue, ...] = ()
    meter_swaps: tuple[MeterSwap, ...] = ()
    plain_topics: Mapping[str, str] = field(default_factory=dict)  # mapped topic → point key
    sparkplug: Mapping[str, str] = field(default_factory=dict)  # `group/node[/device]` → asset key
    demonstrators: tuple[Plan, ...] = ()
    # Read and kept as they are until the rooms that use them are built:
    calendars: tuple[Mapping[str, object], ...] = ()
    alarm_rules: tuple[Mapping[str, object], ...] = ()
