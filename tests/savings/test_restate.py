"""Why a run says something else than the one before: each change is named, and their effects add up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from savings.record import Figure, MeterRun, Run
from savings.restate import CAUSES, explain
from telemetry.plan import NonRoutineEvent
from telemetry.site import DatedValue
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input

if TYPE_CHECKING:
    from savings.record import RunInput

OLD = made_up_input(made_up(saved=0.08).take(slice(0, 400)))
EVENT = NonRoutineEvent(id="e", meter="energy", first_day=date(2026, 1, 5), last_day=date(2026, 1, 6), title="t")


def summed(given: RunInput, version: str = "1") -> Run:
    """Compute a run that only adds up: what is there to the last day, a thousand an event, ten per euro of price."""
    (meter,) = given.meters
    last = given.reporting_to.isoformat()
    rows = zip(meter.start, meter.energy, strict=True)
    saving = sum(value for start, value in rows if value is not None and start[:10] <= last)
    saving += 1000.0 * len(meter.events) + sum(10.0 * value.value for value in given.tariffs)
    saving += 0.5 if given.plan.confidence > 0.9 else 0.0
    saving += 7.0 if version == "2" else 0.0
    figure = Figure(value=saving, low=None, high=None, unit="kW.h")
    empty: dict[str, Any] = dict.fromkeys(MeterRun.__struct_fields__, ())
    empty |= {"meter": "energy", "name": {}, "unit": "kW.h", "saving": figure, "methods": {}}
    return Run(
        demonstrator="x", site="x", known_at=given.known_at, reporting_from=date(2026, 1, 1),
        reporting_to=given.reporting_to, confidence=0.9, method="reml", meters=(MeterRun(**empty),), money=None,
        carbon=None, input_hash="", versions={"quaymeter": version},
    )  # fmt: skip


def changed(given: RunInput, *, energy: dict[int, float | None]) -> RunInput:
    """Return an input whose meter says something else on some rows."""
    (meter,) = given.meters
    column = tuple(energy.get(row, value) for row, value in enumerate(meter.energy))
    return replace(given, meters=(replace(meter, energy=column, carriers={"quay/store/energy": column}),))


def test_every_change_is_named_and_sized() -> None:
    """Readings, an event, a price, the plan, the code and a day more: named each, and together the whole difference."""
    old = replace(OLD, reporting_to=date(2026, 1, 30))
    price = replace_value(old.tariffs[0], 0.25)
    new = changed(old, energy={3: 1.0, 380: None})
    (meter,) = new.meters
    new = replace(
        new, meters=(replace(meter, events=(EVENT,)),), tariffs=(price,), reporting_to=date(2026, 2, 1),
        plan=replace(old.plan, confidence=0.95), plan_revision=2,
    )  # fmt: skip
    before, after = (old, summed(old)), (new, summed(new, "2"))
    found = explain(7, before, after, lambda given: summed(given, "2"))
    assert found.changed == CAUSES
    assert (found.against, found.plan, found.plan_revisions) == (7, ("confidence",), (1, 2))
    assert (found.events, found.rates) == (("e",), ("electricity",))
    (meter_before,) = old.meters
    assert [(row.point, row.start[:10], row.before, row.after) for row in found.rows] == [
        ("quay/store/energy", "2025-01-04", meter_before.energy[3], 1.0),
        ("quay/store/energy", "2026-01-16", meter_before.energy[380], None),
    ]
    assert [(point.point, point.rows, point.first[:10]) for point in found.points] == [
        ("quay/store/energy", 2, "2025-01-04")
    ]
    sizes = {effect.cause: effect.saving for effect in found.effects}
    used = [value for value in meter_before.energy if value is not None]
    assert sizes["code"] == pytest.approx(7.0)
    assert sizes["readings"] == pytest.approx(1.0 - used[3] - used[380])
    assert sizes["events"] == pytest.approx(1000.0)
    assert sizes["rates"] == pytest.approx(1.0)
    assert sizes["plan"] == pytest.approx(0.5)
    assert sizes["new days"] == pytest.approx(used[395] + used[396])
    total = [run.meters[0].saving for _, run in (before, after)]
    assert total[0] is not None
    assert total[1] is not None
    assert sum(size or 0.0 for size in sizes.values()) == pytest.approx(total[1].value - total[0].value)


def replace_value(value: DatedValue, price: float) -> DatedValue:
    """Return a price of another height."""
    return DatedValue(
        id=value.id, quantity=value.quantity, unit=value.unit, value=price, valid_from=value.valid_from,
        valid_to=value.valid_to, source=value.source,
    )  # fmt: skip


def test_one_change_costs_no_further_run() -> None:
    """Where only readings changed, both runs are there already, and nothing is computed."""

    def never(given: RunInput) -> Run:
        raise AssertionError(given.site)

    new = changed(OLD, energy={3: 1.0})
    found = explain(1, (OLD, summed(OLD)), (new, summed(new)), never)
    assert found.changed == ("readings",)
    assert len(found.effects) == 1


def test_what_nothing_else_explains_is_the_code() -> None:
    """Two runs of one content differ by what computed them, though both call themselves alike."""
    found = explain(1, (OLD, summed(OLD)), (OLD, summed(OLD)), summed)
    assert (found.changed, [effect.saving for effect in found.effects]) == (("code",), [0.0])


def test_hours_that_the_clock_shows_twice_are_told_apart() -> None:
    """Of two rows that begin alike, only the one that changed is named."""
    (meter,) = OLD.meters
    twice = replace(OLD, meters=(replace(meter, start=("2025-10-26T02:00:00",) * 2 + meter.start[2:]),))
    new = changed(twice, energy={1: 5.0})
    found = explain(1, (twice, summed(twice)), (new, summed(new)), summed)
    assert [row.before for row in found.rows] == [meter.energy[1]]
