"""What is sent to the routes of demonstrators: every write says who wants it."""

from __future__ import annotations

from datetime import date  # noqa: TC003 – msgspec reads annotations when it decodes
from typing import Annotated

import msgspec
from msgspec import Meta

from telemetry.plan import EventMethod, Name  # noqa: TC001 – as above

By = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"\S", examples=["A. Martin"], description="Who wants it: a name.")
]
Text = Annotated[str, Meta(max_length=4000)]
Why = Annotated[str, Meta(max_length=4000, description="Why, in a sentence.")]


# A port's use of a century in kW.h is below; JSON's own numbers reach further than any page can show.
Amount = Annotated[float, Meta(ge=-1e12, le=1e12, description="Added to the adjusted baseline: a stated size.")]
Error = Annotated[float, Meta(ge=0, le=1e12, description="Of the amount: a stated size.")]


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all bodies are: strict about what they are given."""


class EventBody(_Body, frozen=True):
    """An event that a person knows of; it is a suggestion until somebody accepts it."""

    by: By
    meter: Annotated[str, Meta(examples=["energy"], description="Id of the figure that it moved.")]
    first_day: Annotated[date, Meta(examples=["2026-06-01"], description="Local day.")]
    last_day: Annotated[date, Meta(examples=["2026-06-09"], description="Local day, included.")]
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", examples=["Door left open"])]
    id: Annotated[Name | None, Meta(description="Made of figure and first day where it is left out.")] = None
    evidence: Text = ""
    method: Annotated[EventMethod | None, Meta(description="Stated where a size is given, else indicator.")] = None
    amount: Amount | None = None
    standard_error: Error | None = None
    reason: Why = ""


class DecisionBody(_Body, frozen=True):
    """A person's decision; what is left out stays as it was suggested."""

    by: By
    reason: Why = ""
    evidence: Text | None = None
    method: Annotated[EventMethod | None, Meta(description="Stated where a size is given, else as it was.")] = None
    amount: Amount | None = None
    standard_error: Error | None = None


class RetireBody(_Body, frozen=True):
    """A demonstrator that is to be used no longer."""

    by: By
    reason: Why = ""


class RunBody(_Body, frozen=True):
    """A run that is asked for."""

    by: By


EVENT_EXAMPLE = {
    "by": "A. Martin", "meter": "energy", "first_day": "2026-06-01", "last_day": "2026-06-09",
    "title": "Door left open", "evidence": "work order 1234", "method": "indicator",
}  # fmt: skip
DECISION_EXAMPLE = {"by": "A. Martin", "reason": "seen on site", "evidence": "work order 1234"}
RETIRE_EXAMPLE = {"by": "A. Martin", "reason": "declared twice"}
RUN_EXAMPLE = {"by": "A. Martin"}
