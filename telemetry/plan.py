"""A demonstrator's plan: what is measured, against what, when, and who answers for it – before anything is computed.

The site file and the API declare the same record; a savings run keeps the one it was made by.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003 – msgspec reads annotations when it decodes
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from telemetry.errors import ContractError

Words = dict[str, str]  # by language: {"fr": …, "en": …}
_Share = Annotated[float, Meta(ge=-1.0, le=1.0)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]


class Option(StrEnum):
    """IPMVP's way of drawing the boundary."""

    A = "A"  # the measured part of a retrofit; another parameter is stipulated
    B = "B"  # all parameters of the retrofit measured
    C = "C"  # the whole facility's meter


class DayTypes(StrEnum):
    """Kinds of day that the model may tell apart."""

    NONE = "none"
    WEEK = "week"  # Monday to Friday, Saturday, Sunday
    WEEKDAY = "weekday"  # each day of the week: a boiler that rested on Sunday starts cold on Monday
    REST = "rest"  # for a plant that works from Monday to Friday: how many days it has rested


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all records of a plan are: frozen, by keyword, and strict about what they are given."""


class MeteredPoint(_Record, frozen=True):
    """One point of a figure: how much it counts, and what its unit costs and emits."""

    point: str  # `area/asset/name`
    factor: float = 1.0  # [unit of the figure per canonical unit of the point]: 10.9 kW.h a cubic metre of gas
    tariff: tuple[str, ...] = ()  # ids of tariffs that add up: water and sewer
    emission_factor: str = ""  # id


class MeterPlan(_Record, frozen=True):
    """One figure of a demonstrator: points added up in one unit. A boiler house may have two, gas and water."""

    id: Name
    name: Words
    unit: str  # UCUM
    points: Annotated[tuple[MeteredPoint, ...], Meta(min_length=1)]
    drivers: tuple[DriverPlan, ...] = ()  # of this figure alone; the plan's where empty


class DriverPlan(_Record, frozen=True):
    """What explains the use."""

    point: str
    role: str = "linear"  # linear, changepoint or category
    # [d] time constant of what it brings: above 0, the days before count in a column of their own.
    lasts_days: float = 0.0


class Periods(_Record, frozen=True):
    """Local days of the site; every last day is included. What lies between is installation, in neither period."""

    baseline_from: date
    baseline_to: date
    reporting_from: date
    reporting_to: date | None = None  # None: goes on

    def __post_init__(self) -> None:
        """Refuse periods out of order; msgspec adds the place."""
        if not self.baseline_from < self.baseline_to < self.reporting_from:
            raise ValueError("the baseline must begin before it ends, and end before the reporting period begins")
        if self.reporting_to is not None and self.reporting_to <= self.reporting_from:
            raise ValueError("the reporting period must end after it begins")


class StaticFactor(_Record, frozen=True):
    """What is taken to stay as it is: opening hours, stock, a set point, connected load. Dated, and watched."""

    id: Name
    name: Words
    value: str  # with its unit, as people say it
    since: date | None = None
    point: str = ""  # a point that watches it, such as a set point
    tolerance: float | None = None  # [canonical unit of that point] a change of its daily mean beyond which is said


class Stipulation(_Record, frozen=True):
    """A parameter that option A does not measure: where it comes from, and how sure it is."""

    parameter: str
    value: float
    unit: str
    standard_error: float
    source: str


class Cost(_Record, frozen=True):
    """What the measure costs, for ranking and payback."""

    investment_eur: Annotated[float, Meta(ge=0)] = 0.0
    yearly_eur: float = 0.0  # upkeep, rent, the pumps' own energy where it lies outside the boundary
    life_years: Annotated[float, Meta(gt=0)] = 15.0
    discount_rate: Annotated[float, Meta(ge=0, lt=1)] = 0.05
    source: str = ""


class Plan(_Record, frozen=True):
    """A measurement and verification plan."""

    id: Name
    name: Words
    measure: Words
    boundary: Words
    option: Option
    meters: Annotated[tuple[MeterPlan, ...], Meta(min_length=1)]
    drivers: tuple[DriverPlan, ...] = ()
    day_types: DayTypes = DayTypes.WEEK
    calendar: str = ""  # id of a calendar of the site: its public holidays count as days of rest
    frequency: str = "daily"  # daily, hourly or monthly
    drivers_by_day: bool = False  # hourly rows take their local day's mean of each driver: for what works slowly
    leave_out_extrapolation: bool = False  # rows beyond the baseline's range of a driver are in no sum, and listed
    periods: Periods | None = None  # None: not yet dated, so that nothing can be computed
    confidence: Annotated[float, Meta(gt=0.5, lt=1.0)] = 0.9
    method: str = "reml"
    expected_saving: tuple[_Share, _Share] | None = None  # share of the adjusted baseline
    interactive_effects: Words = {}
    static_factors: tuple[StaticFactor, ...] = ()
    stipulations: tuple[Stipulation, ...] = ()  # option A
    cost: Cost | None = None
    responsible: str = ""
    context: tuple[str, ...] = ()  # points worth seeing beside it
    note: str = ""
    ipmvp_edition: str = "IPMVP Core Concepts 2022"

    def drivers_of(self, meter: MeterPlan) -> tuple[DriverPlan, ...]:
        """Return the drivers of a figure: its own, or the plan's."""
        return meter.drivers or self.drivers

    def meter(self, name: str) -> MeterPlan:
        """Return a figure by its id; ContractError where there is none."""
        for meter in self.meters:
            if meter.id == name:
                return meter
        raise ContractError(
            f"no meter {name!r}", place=f"demonstrator {self.id}", cure=", ".join(each.id for each in self.meters)
        )


class Status(StrEnum):
    """What became of a suspected event."""

    SUGGESTED = "suggested"  # found by the machine: in no figure
    ACCEPTED = "accepted"  # a person agreed: adjusted
    REJECTED = "rejected"  # a person looked and said no


class EventMethod(StrEnum):
    """How an event's size was found."""

    INDICATOR = "indicator"  # by the days' difference from their neighbours, with its error: computed by the run
    STATED = "stated"  # by a sub-meter or an engineer: amount and standard error are given
    EXCLUDED = "excluded"  # its days are left out of the figure


class NonRoutineEvent(_Record, frozen=True):
    """Something that no baseline knows of: dated, with evidence, size, and who agreed."""

    id: str
    meter: str  # id of the figure it moved
    first_day: date
    last_day: date  # included
    title: str
    evidence: str = ""
    method: EventMethod = EventMethod.INDICATOR
    amount: float | None = None  # added to the adjusted baseline [unit of the figure]: stated, or found by the machine
    standard_error: float | None = None  # of the amount
    status: Status = Status.SUGGESTED
    agreed_by: str = ""
    agreed_at: str = ""  # ISO, UTC

    def __post_init__(self) -> None:
        """Refuse days out of order, a size that is not given, and an agreement without a name."""
        if self.last_day < self.first_day:
            raise ValueError("the last day comes before the first")
        if self.method is EventMethod.STATED and (self.amount is None or self.standard_error is None):
            raise ValueError("a stated event needs `amount` and `standard_error`")
        if self.status is Status.ACCEPTED and not self.agreed_by:
            raise ValueError("an accepted event needs `agreed_by`")

    def shares_days(self, other: NonRoutineEvent) -> bool:
        """Whether two events of one figure have a day in common."""
        apart = self.last_day < other.first_day or other.last_day < self.first_day
        return self.meter == other.meter and not apart

    def with_size(
        self, *, method: EventMethod | None, amount: float | None, standard_error: float | None
    ) -> NonRoutineEvent:
        """Return the event with what a person says of its size; what is None stays as it is.

        An amount or an error that is given is a stated one. What the machine found of a suggestion is not: who states a
        size gives both.

        Raises
        ------
        ValueError
            If an amount or an error is given with another method, or a stated one lacks the other.
        """
        given = amount is not None or standard_error is not None
        if given and method not in {None, EventMethod.STATED}:
            raise ValueError(f"an amount is stated, and the method {method} finds its own: leave one of them out")
        found = EventMethod.STATED if given else method or self.method
        if found is EventMethod.STATED and self.method is not EventMethod.STATED:
            return msgspec.structs.replace(self, method=found, amount=amount, standard_error=standard_error)
        return msgspec.structs.replace(
            self,
            method=found,
            amount=self.amount if amount is None else amount,
            standard_error=self.standard_error if standard_error is None else standard_error,
        )
