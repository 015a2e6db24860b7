"""One kind of change at a time, taken over from an input into the one before it; and what changed that no row tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.structs import replace

from savings.days_before import before
from savings.input_record import DAY_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from savings.input_record import Column, MeterInput, RunInput

T = TypeVar("T")


def taken_over(given: RunInput, new: RunInput, cause: str) -> RunInput:
    """Return an input with one kind of change, a cause of `savings.restate.CAUSES`, taken over from the new one."""
    if cause in {"plan", "new days"}:
        return replace(new, reporting_to=min(given.reporting_to, new.reporting_to))  # all but the new days
    if cause in {"formulas", "readings"} and not same_rows(given, new):
        return given
    changed = replace(given, **{name: getattr(new, name) for name in _FIELDS.get(cause, ())})
    return _by_meter(changed, new, _OF_METER[cause]) if cause in _OF_METER else changed


def same_rows(old: RunInput, new: RunInput) -> bool:
    """Return whether rows are of one length and take their drivers alike: else all of them differ by the plan."""
    plans = [(given.plan.frequency, given.plan.drivers_by_day) for given in (old, new)]
    return plans[0] == plans[1]


def changed_formulas(old: RunInput, new: RunInput) -> tuple[str, ...]:
    """Return the derived points whose formula is another; nothing is said of one that either input did not keep."""
    theirs = {meter.meter.id: meter for meter in new.meters}
    found = [_formulas_between(meter, theirs.get(meter.meter.id)) for meter in old.meters]
    return tuple(sorted({point for formulas in found for point in formulas}))


def changed_holidays(old: RunInput, new: RunInput) -> bool:
    """Return whether other days are public holidays by the same plan: of another country, or of one that made new."""
    plans = [(given.plan.calendar, given.plan.day_types, given.plan.frequency) for given in (old, new)]
    if plans[0] != plans[1]:
        return False
    another = bool(old.holidays and new.holidays) and old.holidays != new.holidays
    return another or _by_meter(old, new, _with_kinds_of_day).meters != old.meters


def columns_of(meter: MeterInput) -> dict[str, Column]:
    """Return drivers and carriers of a figure by name."""
    return {**{driver.name: driver.values for driver in meter.drivers}, **meter.carriers}


def instants(meter: MeterInput) -> list[tuple[str, int]]:
    """Name each row: its start, and which of several of that start it is (an hour that the clock shows twice)."""
    seen: dict[str, int] = {}
    found = []
    for start in meter.start:
        seen[start] = seen.get(start, 0) + 1
        found.append((start, seen[start]))
    return found


class _Rows(NamedTuple):
    """Rows of a figure that are to be as a new input has them."""

    meter: MeterInput
    new: MeterInput
    at: Sequence[int | None]  # (n,) the row of the new input; None: as it was

    def taken(self, before: tuple[T, ...], after: tuple[T, ...]) -> tuple[T, ...]:
        """Return a column (n,) with these rows taken over."""
        return tuple(old if row is None else after[row] for row, old in zip(self.at, before, strict=True))

    def meter_with(self, names: Collection[str], *, energy: bool, told: bool) -> MeterInput:
        """Return the figure with the columns of these names, its energy, and what is told of rows taken over."""
        meter, new, theirs = self.meter, self.new, columns_of(self.new)
        return replace(
            meter, energy=self.taken(meter.energy, new.energy) if energy else meter.energy,
            coverage=self.taken(meter.coverage, new.coverage) if told else meter.coverage,
            reasons=self.taken(meter.reasons, new.reasons) if told else meter.reasons,
            carriers={name: self.taken(column, theirs[name]) if name in names else column
                      for name, column in meter.carriers.items()},
            drivers=tuple(replace(each, values=self.taken(each.values, theirs[each.name]))
                          if each.name in names else each for each in meter.drivers),
        )  # fmt: skip


def _rows(meter: MeterInput, new: MeterInput) -> _Rows:
    """Return all rows that both inputs have."""
    at = {start: row for row, start in enumerate(instants(new))}
    return _Rows(meter, new, [at.get(start) for start in instants(meter)])


def _by_meter(given: RunInput, new: RunInput, take: Callable[[MeterInput, MeterInput | None], MeterInput]) -> RunInput:
    theirs = {meter.meter.id: meter for meter in new.meters}
    return replace(given, meters=tuple(take(each, theirs.get(each.meter.id)) for each in given.meters))


def _with_readings(meter: MeterInput, new: MeterInput | None) -> MeterInput:
    """Return the rows of a figure as the new input has them, where its points and drivers are the same.

    Kinds of day stay as they were: nobody reads them.
    """
    if new is None or [*columns_of(meter)] != [*columns_of(new)]:
        return meter
    return _rows(meter, new).meter_with({*columns_of(meter)} - {DAY_TYPE}, energy=True, told=True)


def _formulas_between(meter: MeterInput, new: MeterInput | None) -> dict[str, str]:
    """Return the new formula of each point of a figure that has another one."""
    theirs = {each.point: each.formula for each in new.sources if each.formula} if new is not None else {}
    ours = {each.point: each.formula for each in meter.sources if each.formula}
    return {point: theirs[point] for point in ours if theirs.get(point, ours[point]) != ours[point]}


def _with_formulas(meter: MeterInput, new: MeterInput | None) -> MeterInput:
    """Return a figure with what its derived points say by the new formulas, and which rows that loses or gains."""
    formulas = _formulas_between(meter, new)
    if new is None or not formulas:
        return meter
    ours, theirs = columns_of(meter), columns_of(new)
    names = {name for point in formulas for name in (point, before(point)) if name in ours and name in theirs}
    rows = _rows(meter, new)
    moved = [
        at if at is not None and any(ours[name][row] != theirs[name][at] for name in names) else None
        for row, at in enumerate(rows.at)
    ]
    remade = rows._replace(at=moved).meter_with(names, energy=bool(names & {*meter.carriers}), told=True)
    sources = tuple(replace(each, formula=formulas.get(each.point, each.formula)) for each in meter.sources)
    return replace(remade, sources=sources)


def _with_kinds_of_day(meter: MeterInput, new: MeterInput | None) -> MeterInput:
    """Return a figure whose rows are of the kinds of day that the new input has."""
    roles = [{each.name: each.role for each in one.drivers}.get(DAY_TYPE) for one in (meter, new) if one is not None]
    if new is None or None in roles or roles[0] != roles[1]:  # hours that count as days are no kinds of another number
        return meter
    return _rows(meter, new).meter_with({DAY_TYPE}, energy=False, told=False)


def _with_events(meter: MeterInput, new: MeterInput | None) -> MeterInput:
    return replace(meter, events=new.events if new is not None else ())


def _with_facts(meter: MeterInput, new: MeterInput | None) -> MeterInput:
    """Return a figure whose points are what the new input knows of them."""
    known = {(each.point, each.role): each for each in (new.sources if new is not None else ())}
    return replace(meter, sources=tuple(known.get((each.point, each.role), each) for each in meter.sources))


_FIELDS = {
    "rates": ("tariffs", "emission_factors"), "fewer days": ("reporting_to",), "holidays": ("holidays",),
}  # fmt: skip
_OF_METER: dict[str, Callable[[MeterInput, MeterInput | None], MeterInput]] = {
    "formulas": _with_formulas, "holidays": _with_kinds_of_day, "readings": _with_readings, "meters": _with_facts,
    "events": _with_events,
}  # fmt: skip
