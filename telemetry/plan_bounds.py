"""What a plan or an event may hold, where it is declared: no more than its bounds, and nothing without effect.

What was stored before is read as it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from telemetry.errors import ContractError
from telemetry.plan import DayTypes, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from telemetry.plan import NonRoutineEvent

MOST = 1e12  # of any number: a port's use of a century in kW.h is below
LONGEST: Mapping[str, int] = {"name": 200, "title": 300}  # [characters] by the name of the field
LONGEST_TEXT = 4000  # [characters] of any other
LONGEST_LASTING = 30.0  # [d] of a driver's time constant: beyond, it tells of seasons
_NAMED = ("name", "measure", "boundary")  # that a reader must be told in one language at least


class Beyond(NamedTuple):
    """One thing that may not be declared."""

    place: str  # path, as meters[0].name
    cause: str
    cure: str


def beyond_bounds(declared: Plan | NonRoutineEvent) -> Iterator[Beyond]:
    """Yield what is too long, too large, no number, without a name in any language, or without effect in a plan."""
    yield from _beyond(msgspec.to_builtins(declared), "", "")
    if isinstance(declared, Plan):
        yield from _without_effect(declared)
        yield from _lasting(declared)


def refuse_beyond_bounds(declared: Plan | NonRoutineEvent, *, place: str) -> None:
    """Raise ContractError for the first thing that is beyond its bounds."""
    for each in beyond_bounds(declared):
        raise ContractError(f"{each.place}: {each.cause}", place=place, cure=each.cure)


def _without_effect(plan: Plan) -> Iterator[Beyond]:
    """Yield what the plan asks for and the length of its rows, or its kinds of day, would leave undone."""
    if plan.drivers_by_day and plan.frequency != "hourly":
        cause = f"only hourly rows can take their day's drivers, and these are {plan.frequency}"
        yield Beyond("drivers_by_day", cause, 'write `frequency = "hourly"`, or leave `drivers_by_day` out')
    if plan.calendar and plan.frequency == "monthly":
        cause = f"only days and hours know holidays, and these rows are {plan.frequency}"
        yield Beyond("calendar", cause, 'leave it out, or write `frequency = "daily"`')
    elif plan.calendar and plan.day_types is DayTypes.NONE:
        cure = 'write `day_types = "week"`, "weekday" or "rest", or leave the calendar out'
        yield Beyond("calendar", "without kinds of day no holiday counts", cure)


def _lasting(plan: Plan) -> Iterator[Beyond]:
    """Yield drivers that last too long, or in rows that know no days before."""
    of = [("drivers", plan.drivers), *((f"meters[{at}].drivers", each.drivers) for at, each in enumerate(plan.meters))]
    for place, drivers in of:
        for index, driver in enumerate(drivers):
            here, lasts = f"{place}[{index}].lasts_days", driver.lasts_days
            if not 0.0 <= lasts <= LONGEST_LASTING:
                cause = f"{lasts:g} days is no time constant that rows of days could tell"
                yield Beyond(here, cause, f"write at most {LONGEST_LASTING:g}, or leave it out")
            elif lasts and driver.role == "category":
                yield Beyond(
                    here, "a category has no mean of the days before", 'leave it out, or write role = "linear"'
                )
            elif lasts and plan.frequency == "monthly":
                cause = f"only days and hours know the days before, and these rows are {plan.frequency}"
                yield Beyond(here, cause, 'leave it out, or write `frequency = "daily"`')


def _beyond(value: Any, field: str, place: str) -> Iterator[Beyond]:  # noqa: ANN401 – JSON
    if isinstance(value, dict):
        if field in _NAMED and not any(text.strip() for text in value.values()):
            yield Beyond(place, "it has no word in any language", 'write {"fr": "…", "en": "…"}, or one of them')
        for key, each in value.items():
            yield from _beyond(each, field if field in _NAMED else key, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _beyond(each, field, f"{place}[{index}]")
    elif isinstance(value, str):
        most = LONGEST.get(field, LONGEST_TEXT)
        if len(value) > most:
            yield Beyond(place, f"it has {len(value)} characters", f"write {most} at most")
    elif isinstance(value, float) and not (math.isfinite(value) and abs(value) <= MOST):
        yield Beyond(place, f"{value:g} is no number that can be measured", f"give one of {MOST:g} at most")
