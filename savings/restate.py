"""Why a run says something else than the one before it: what changed of its input, and how much each change makes.

The two inputs are compared field by field. Each kind of change is then put into the old input, one after the other in
the order of CAUSES, and the run is computed again: the difference of each step is what that change makes, and all of
them add up to the whole difference exactly.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003 – msgspec reads annotations when it decodes
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from savings.input_record import DAY_TYPE
from savings.taken_over import changed_formulas, changed_holidays, columns_of, instants, same_rows, taken_over
from telemetry.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from savings.input_record import RunInput
    from savings.record import Figure, MeterRun, Run

CAUSES = (
    "code", "formulas", "holidays", "readings", "meters", "events", "rates", "fewer days", "plan", "new days",
)  # fmt: skip
_NO_FACT = {  # of a source: label, the plan's word, counts, and what has a cause of its own
    "name": {}, "role": "", "readings": 0, "bad_readings": 0, "formula": "",
}  # fmt: skip
MOST_ROWS = 500  # of changed rows that are named one by one; all of them count


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all records of an explanation are."""


class ChangedRow(_Record, frozen=True):
    """One point's row that is not what it was; a missing value is null."""

    meter: str
    point: str
    start: str  # of the row, local wall clock
    before: float | None  # energy with its factor applied [unit of the figure], a driver in its unit
    after: float | None


class ChangedPoint(_Record, frozen=True):
    """How many rows of a point changed, and by how much in all."""

    meter: str
    point: str
    rows: int
    first: str  # first row that changed
    last: str
    before: float  # sum over these rows of what there was
    after: float


class Effect(_Record, frozen=True):
    """How much one kind of change moved what a figure says; None where one of the two runs does not say it."""

    cause: str  # one of CAUSES
    meter: str
    saving: float | None  # [unit of the figure]
    half_width: float | None = None  # of the saving's interval [unit of the figure]
    money: float | None = None  # [EUR]
    carbon: float | None = None  # [t] of CO2 equivalent


class Explanation(_Record, frozen=True):
    """A run against the one before it."""

    against: int  # id of that run
    changed: tuple[str, ...]  # the causes there are, of CAUSES
    points: tuple[ChangedPoint, ...]
    rows: tuple[ChangedRow, ...]  # the first MOST_ROWS
    plan: tuple[str, ...]  # names of the parts of the plan that changed
    plan_revisions: tuple[int, int]
    events: tuple[str, ...]  # ids of those that are new, gone or changed
    rates: tuple[str, ...]  # ids of tariffs and emission factors likewise
    versions: tuple[dict[str, str], dict[str, str]]
    reporting_to: tuple[date, date]
    effects: tuple[Effect, ...]
    meters: tuple[str, ...] = ()  # points of which the site file says something else: class, calibration, unit, kind
    corrections: tuple[int, ...] = ()  # numbers of those that came or went
    formulas: tuple[str, ...] = ()  # derived points whose formula is another
    holidays: tuple[str, str] = ("", "")  # country whose public holidays counted, then and now


def explain(
    against: int,
    before: tuple[RunInput, Run],
    after: tuple[RunInput, Run],
    compute: Callable[[RunInput], Run],
) -> Explanation:
    """Explain a run by the one before; `compute` is `savings.run.compute`."""
    old, new = before[0], after[0]
    remade = taken_over(old, new, "formulas")  # what another formula says was not read otherwise
    rows = tuple(changed_rows(remade, new))
    reread = taken_over(remade, new, "readings").meters != remade.meters  # coverage and reasons too
    plan = tuple(name for name in Plan.__struct_fields__ if getattr(old.plan, name) != getattr(new.plan, name))
    events = tuple(sorted(_differing(_events(old), _events(new))))
    rates = tuple(sorted(_differing(_rates(old), _rates(new))))
    versions = (before[1].made_by, after[1].made_by)
    meters = tuple(sorted(_differing(*_facts(old, new))))
    corrections, formulas = _corrections(old, new), changed_formulas(old, new)
    days = (old.reporting_to, new.reporting_to)
    reread |= old.simulated != new.simulated or (days[0] == days[1] and old.factor_changes != new.factor_changes)
    there = {
        "code": versions[0] != versions[1], "formulas": bool(formulas), "holidays": changed_holidays(old, new),
        "readings": reread or bool(rows) or bool(corrections),
        "meters": bool(meters), "events": bool(events), "rates": bool(rates), "fewer days": days[1] < days[0],
        "plan": bool(plan) or old.plan_revision != new.plan_revision, "new days": days[1] > days[0],
    }  # fmt: skip
    changed = tuple(cause for cause in CAUSES if there[cause])
    return Explanation(
        against=against, changed=changed, points=_points(rows), rows=rows[:MOST_ROWS], plan=plan,
        plan_revisions=(old.plan_revision, new.plan_revision), events=events, rates=rates, versions=versions,
        reporting_to=days, effects=tuple(_effects(changed, before, after, compute)), meters=meters,
        corrections=corrections, formulas=formulas, holidays=(old.holidays, new.holidays),
    )  # fmt: skip


def changed_rows(old: RunInput, new: RunInput) -> Iterator[ChangedRow]:
    """Yield every value of a row that both inputs have and that differs, figure by figure and point by point.

    Kinds of day are no point, and rows of another length have nothing in common.
    """
    if not same_rows(old, new):
        return
    ours = {meter.meter.id: meter for meter in old.meters}
    for meter in new.meters:
        known = ours.get(meter.meter.id)
        if known is None:
            continue
        at = {start: row for row, start in enumerate(instants(known))}
        pairs = [(row, at[start]) for row, start in enumerate(instants(meter)) if start in at]
        columns, before = columns_of(meter), columns_of(known)
        for point in [point for point in columns if point in before and point != DAY_TYPE]:
            for row, there in pairs:
                if columns[point][row] != before[point][there]:
                    yield ChangedRow(
                        meter=meter.meter.id, point=point, start=meter.start[row], before=before[point][there],
                        after=columns[point][row],
                    )  # fmt: skip


def _points(rows: tuple[ChangedRow, ...]) -> tuple[ChangedPoint, ...]:
    found: dict[tuple[str, str], list[ChangedRow]] = {}
    for row in rows:
        found.setdefault((row.meter, row.point), []).append(row)
    return tuple(
        ChangedPoint(
            meter=meter, point=point, rows=len(own), first=own[0].start, last=own[-1].start,
            before=sum(row.before or 0.0 for row in own), after=sum(row.after or 0.0 for row in own),
        )
        for (meter, point), own in found.items()
    )  # fmt: skip


def _events(given: RunInput) -> dict[str, object]:
    return {event.id: event for meter in given.meters for event in meter.events}


def _facts(old: RunInput, new: RunInput) -> tuple[dict[str, object], dict[str, object]]:
    """Return what the site file said and says of each point that both inputs rest on."""
    ours, theirs = (
        {each.point: replace(each, **_NO_FACT) for meter in given.meters for each in meter.sources}
        for given in (old, new)
    )
    return ({point: ours[point] for point in ours if point in theirs},
            {point: theirs[point] for point in theirs if point in ours})  # fmt: skip


def _corrections(old: RunInput, new: RunInput) -> tuple[int, ...]:
    ours, theirs = ({each.number for each in given.corrections} for given in (old, new))
    return tuple(sorted(ours ^ theirs))


def _rates(given: RunInput) -> dict[str, object]:
    values = (*given.tariffs, *given.emission_factors)
    return {name: tuple(value for value in values if value.id == name) for name in {value.id for value in values}}


def _differing(old: dict[str, object], new: dict[str, object]) -> set[str]:
    return {name for name in {*old, *new} if old.get(name) != new.get(name)}


def _effects(
    changed: tuple[str, ...],
    before: tuple[RunInput, Run],
    after: tuple[RunInput, Run],
    compute: Callable[[RunInput], Run],
) -> Iterator[Effect]:
    """Go from the old run to the new one, a change at a time."""
    given, run = before
    for cause in changed:
        if cause == changed[-1]:
            reached, then = after
        else:
            reached = taken_over(given, after[0], cause)
            then = compute(reached)
        known = {meter.meter: meter for meter in run.meters}
        for meter in then.meters:
            yield _effect(cause, known.get(meter.meter), meter)
        given, run = reached, then


def _effect(cause: str, old: MeterRun | None, new: MeterRun) -> Effect:
    """Return how much a step moved one figure."""

    def moved(name: str, of: Callable[[Figure | None], float | None] = _value) -> float | None:
        was, now = of(getattr(old, name, None)), of(getattr(new, name))
        return None if was is None or now is None else now - was

    return Effect(
        cause=cause, meter=new.meter, saving=moved("saving"), half_width=moved("saving", _half_width),
        money=moved("money"), carbon=moved("carbon"),
    )  # fmt: skip


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _half_width(figure: Figure | None) -> float | None:
    return None if figure is None or figure.low is None or figure.high is None else (figure.high - figure.low) / 2
