"""The records of what a savings run is made of, as it was known. Missing numbers are null."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 – msgspec reads annotations when it decodes

import msgspec

from telemetry.plan import MeterPlan, NonRoutineEvent, Plan, Words  # noqa: TC001 – as above
from telemetry.site import DatedValue  # noqa: TC001 – as above

Column = tuple[float | None, ...]
DAY_TYPE = "day_type"  # name of the driver that tells kinds of day apart


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all records of an input are."""


class Source(_Record, frozen=True):
    """A point that the run rests on, as it was known."""

    point: str
    name: Words
    unit: str  # canonical
    kind: str
    role: str  # "energy" or "driver"
    accuracy_class: str = ""
    calibration_due: date | None = None
    readings: int = 0
    bad_readings: int = 0  # stored, and counted nowhere
    formula: str = ""  # of a derived point, with the keys of its inputs; "" in runs of before it was kept


class DriverColumn(_Record, frozen=True):
    """A driver, row by row."""

    name: str  # point key, what `days_before.before` makes of it, or DAY_TYPE
    label: Words
    role: str
    unit: str
    is_total: bool
    values: Column


class MeterInput(_Record, frozen=True):
    """The rows of one figure over both periods and what lies between them; all columns (n,), in order of time."""

    meter: MeterPlan
    start: tuple[str, ...]  # first instant of each row, local wall clock of the site (ISO, seconds)
    hours: tuple[float, ...]
    energy: Column  # [unit of the figure]
    carriers: dict[str, Column]  # energy by point, factor applied: they add up to `energy`
    coverage: tuple[float, ...]
    drivers: tuple[DriverColumn, ...]
    reasons: tuple[str, ...]  # "" where a row may be used, else why not
    events: tuple[NonRoutineEvent, ...] = ()
    sources: tuple[Source, ...] = ()


class FactorChange(_Record, frozen=True):
    """A static factor that did not stay as it was, seen by the point that watches it."""

    factor: str  # id
    day: date  # first day of the change
    before: float
    after: float
    unit: str


class CorrectionRecord(_Record, frozen=True):
    """What somebody put in the place of raw readings of a point: a window of it, and who, why and when."""

    number: int
    point: str
    starts: datetime  # the window: from here …
    ends: datetime  # … until before here
    who: str
    why: str
    made_at: datetime
    readings: int  # that count instead; 0: what was read is struck out
    source: str = ""  # name of the file that they come from
    sha256: str = ""  # of its content


class RunInput(_Record, frozen=True):
    """Everything a run is made of.

    A field that comes later has a default, here and in all that it holds: what was kept before it has to be read.
    """

    site: str
    site_name: str
    timezone: str
    plan: Plan
    plan_revision: int
    known_at: datetime  # nothing that arrived later is in it
    reporting_to: date  # last local day looked at, included
    meters: tuple[MeterInput, ...]
    tariffs: tuple[DatedValue, ...] = ()
    emission_factors: tuple[DatedValue, ...] = ()
    factor_changes: tuple[FactorChange, ...] = ()
    simulated: bool = False  # no plant was measured: every report of it must say so
    corrections: tuple[CorrectionRecord, ...] = ()  # in force within either period, of what the figures rest on
    holidays: str = ""  # country whose public holidays counted (ISO 3166); "": none, or a run of before it was kept
