"""Why a run says something else than the one before: each change is named, and their effects add up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from savings.input_record import CorrectionRecord, DriverColumn, Source
from savings.record import Figure, MeterRun, Run
from savings.restate import CAUSES, explain
from telemetry.plan import NonRoutineEvent
from telemetry.site import DatedValue
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input

if TYPE_CHECKING:
    from savings.input_record import RunInput

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
    wide = {"class 1": 10.0, "class 2": 20.0}[meter.sources[0].accuracy_class]
    figure = Figure(value=saving, low=saving - wide, high=saving + wide, unit="kW.h")
    price = sum(value.value for value in given.tariffs)
    money = Figure(value=price * 100.0, low=None, high=None, unit="EUR")
    carbon = Figure(value=sum(value.value for value in given.emission_factors), low=None, high=None, unit="t")
    empty: dict[str, Any] = dict.fromkeys(MeterRun.__struct_fields__, ())
    empty |= {"meter": "energy", "name": {}, "unit": "kW.h", "saving": figure, "methods": {}, "money": money,
              "carbon": carbon}  # fmt: skip
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


def classed(given: RunInput, accuracy: str) -> RunInput:
    """Return an input whose meter is of another accuracy class."""
    (meter,) = given.meters
    return replace(given, meters=(replace(meter, sources=(replace(meter.sources[0], accuracy_class=accuracy),)),))


def corrected(number: int) -> CorrectionRecord:
    """Return a correction that strikes out a week."""
    start = datetime(2026, 1, 12, tzinfo=UTC)
    return CorrectionRecord(
        number=number, point="quay/store/energy", starts=start, ends=start + timedelta(days=7), who="A. Martin",
        why="stuck", made_at=start + timedelta(days=9), readings=0,
    )  # fmt: skip


def test_every_change_is_named_and_sized() -> None:
    """Readings, a class, an event, a price, plan, code and a day more: each is named, together the whole difference."""
    old = replace(OLD, reporting_to=date(2026, 1, 30))
    price = replace_value(old.tariffs[0], 0.25)
    new = classed(changed(old, energy={3: 1.0, 380: None}), "class 2")
    (meter,) = new.meters
    new = replace(
        new, meters=(replace(meter, events=(EVENT,)),), tariffs=(price,), reporting_to=date(2026, 2, 1),
        plan=replace(old.plan, confidence=0.95), plan_revision=2,
    )  # fmt: skip
    before, after = (old, summed(old)), (new, summed(new, "2"))
    found = explain(7, before, after, lambda given: summed(given, "2"))
    assert found.changed == tuple(cause for cause in CAUSES if cause not in {"formulas", "holidays", "fewer days"})
    assert found.meters == ("quay/store/energy",)
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
    others = {effect.cause: (effect.half_width, effect.money, effect.carbon) for effect in found.effects}
    assert list(others["meters"]) == pytest.approx([10.0, 0.0, 0.0])
    assert list(others["rates"]) == pytest.approx([0.0, 10.0, 0.0])


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


def test_two_runs_of_one_content_differ_by_nothing() -> None:
    """What computed them is a cause only where it calls itself otherwise; another name of a point is none at all."""
    (meter,) = OLD.meters
    named = replace(meter.sources[0], name={"en": "Meter 12", "fr": "Compteur 12"}, readings=9)
    renamed = replace(OLD, site_name="South quay", meters=(replace(meter, sources=(named,)),))
    found = explain(1, (OLD, summed(OLD)), (renamed, summed(renamed)), summed)
    assert (found.changed, found.effects) == ((), ())
    assert explain(1, (OLD, summed(OLD)), (OLD, summed(OLD, "2")), summed).changed == ("code",)


def test_a_class_that_was_wrong_moves_the_interval_and_says_so() -> None:
    """The saving stays, its interval is another, and the point whose class changed is named."""
    new = classed(OLD, "class 2")
    found = explain(1, (OLD, summed(OLD)), (new, summed(new)), summed)
    assert (found.changed, found.meters) == (("meters",), ("quay/store/energy",))
    assert [(each.saving, each.half_width) for each in found.effects] == [(0.0, 10.0)]


def test_a_shorter_period_is_told_as_one() -> None:
    """Days that are no longer looked at are taken away before the plan is put in: their use is theirs alone."""
    old, new = replace(OLD, reporting_to=date(2026, 1, 30)), replace(OLD, reporting_to=date(2026, 1, 28))
    new = replace(new, plan=replace(new.plan, confidence=0.95), plan_revision=2)
    found = explain(1, (old, summed(old)), (new, summed(new)), summed)
    assert found.changed == ("fewer days", "plan")
    used = OLD.meters[0].energy
    sizes = {effect.cause: effect.saving for effect in found.effects}
    assert sizes["fewer days"] == pytest.approx(-(used[393] or 0.0) - (used[394] or 0.0))
    assert sizes["plan"] == pytest.approx(0.5)


def test_corrections_that_came_or_went_are_numbered() -> None:
    """A correction is a change of readings, though no row says otherwise for it; both numbers are named."""
    old, new = (replace(OLD, corrections=(corrected(3), corrected(number))) for number in (4, 5))
    found = explain(1, (old, summed(old)), (new, summed(new)), summed)
    assert (found.changed, found.corrections) == (("readings",), (4, 5))


def test_hours_that_the_clock_shows_twice_are_told_apart() -> None:
    """Of two rows that begin alike, only the one that changed is named."""
    (meter,) = OLD.meters
    twice = replace(OLD, meters=(replace(meter, start=("2025-10-26T02:00:00",) * 2 + meter.start[2:]),))
    new = changed(twice, energy={1: 5.0})
    found = explain(1, (twice, summed(twice)), (new, summed(new)), summed)
    assert [row.before for row in found.rows] == [meter.energy[1]]


def derived(given: RunInput, formula: str, *, values: dict[int, float | None] | None = None) -> RunInput:
    """Return an input whose tonnes are made by a formula, with other values on some rows."""
    (meter,) = given.meters
    source = Source(point="tonnes", name={}, unit="t", kind="event", role="driver", formula=formula)
    drivers = tuple(
        replace(each, values=tuple((values or {}).get(row, value) for row, value in enumerate(each.values)))
        if each.name == "tonnes" else each
        for each in meter.drivers
    )  # fmt: skip
    return replace(given, meters=(replace(meter, drivers=drivers, sources=(*meter.sources, source)),))


def in_kinds(given: RunInput, country: str, holiday: int, **plan: Any) -> RunInput:
    """Return an input whose days are of one kind but for one."""
    (meter,) = given.meters
    kinds = DriverColumn(
        name="day_type", label={}, role="category", unit="", is_total=False,
        values=tuple(2.0 if row == holiday else 0.0 for row in range(len(meter.start))),
    )  # fmt: skip
    meters = (replace(meter, drivers=(*meter.drivers, kinds)),)
    return replace(given, meters=meters, holidays=country, plan=replace(given.plan, **plan))


def test_another_formula_is_no_reading() -> None:
    """Values of a driver by another formula, and rows that it loses, are the formula's; late readings are not."""
    old = derived(OLD, "t; t = quay/line/tonnes")
    new = derived(OLD, "2 * t; t = quay/line/tonnes", values={7: 99.0, 8: None})
    (meter,) = new.meters
    new = replace(new, meters=(replace(meter, reasons=(*meter.reasons[:8], "tonnes: none", *meter.reasons[9:])),))
    found = explain(1, (old, summed(old)), (new, summed(new)), summed)
    assert (found.changed, found.formulas, found.rows, found.meters) == (("formulas",), ("tonnes",), (), ())
    late = changed(new, energy={3: 1.0})
    found = explain(1, (old, summed(old)), (late, summed(late)), summed)
    assert (found.changed, [row.point for row in found.rows]) == (("formulas", "readings"), ["quay/store/energy"])
    assert [each.saving for each in found.effects] == [0.0, pytest.approx(1.0 - (OLD.meters[0].energy[3] or 0.0))]


def test_a_carrier_that_is_derived_moves_the_saving_by_its_formula() -> None:
    """A figure by a derived point takes its energy over with the formula; the rest is what was read late."""
    (meter,) = OLD.meters
    sources = (replace(meter.sources[0], formula="a; a = x"), replace(meter.sources[0], formula="a + 1; a = x"))
    old = replace(OLD, meters=(replace(meter, sources=sources[:1]),))
    new = changed(replace(OLD, meters=(replace(meter, sources=sources[1:]),)), energy={3: 1.0})
    found = explain(1, (old, summed(old)), (new, summed(new)), summed)
    assert (found.changed, found.formulas, found.points) == (("formulas",), ("quay/store/energy",), ())
    assert [each.saving for each in found.effects] == [pytest.approx(1.0 - (meter.energy[3] or 0.0))]


def test_a_formula_that_was_not_kept_is_not_called_another() -> None:
    """A run of before formulas were kept rests on one all the same: what differs is told as readings."""
    old, new = derived(OLD, ""), derived(OLD, "t; t = quay/line/tonnes")
    assert explain(1, (old, summed(old)), (new, summed(new)), summed).changed == ()
    other = derived(OLD, "t; t = quay/line/tonnes", values={7: 99.0})
    assert explain(1, (old, summed(old)), (other, summed(other)), summed).changed == ("readings",)


def test_another_country_is_told_as_holidays() -> None:
    """Kinds of day by another country's holidays are no readings; by another calendar they are the plan's."""
    old, new = in_kinds(OLD, "FR", 5, calendar="port"), in_kinds(OLD, "BE", 6, calendar="port")
    found = explain(1, (old, summed(old)), (new, summed(new)), summed)
    assert (found.changed, found.holidays, found.rows) == (("holidays",), ("FR", "BE"), ())
    moved = in_kinds(OLD, "FR", 6, calendar="port")  # a day that a later list of the country has
    assert explain(1, (old, summed(old)), (moved, summed(moved)), summed).changed == ("holidays",)
    planned = in_kinds(OLD, "BE", 6, calendar="other")
    assert explain(1, (old, summed(old)), (planned, summed(planned)), summed).changed == ("plan",)
    unknown = in_kinds(OLD, "", 5, calendar="port")
    assert explain(1, (unknown, summed(unknown)), (old, summed(old)), summed).changed == ()


def test_rows_of_another_length_are_the_plans() -> None:
    """Hours are no days that were read otherwise, even where both begin at midnight."""
    new = replace(changed(OLD, energy={3: 1.0}), plan=replace(OLD.plan, frequency="hourly"))
    found = explain(1, (OLD, summed(OLD)), (new, summed(new)), summed)
    assert (found.changed, found.rows) == (("plan",), ())


def test_a_run_of_before_methods_were_counted_is_of_the_first() -> None:
    """The versions of both runs name their methods, and they alone are a cause."""
    old = summed(OLD)
    new = replace(old, versions={**old.versions, "methods": "2"})
    found = explain(1, (OLD, old), (OLD, new), summed)
    assert found.changed == ("code",)
    assert [each["methods"] for each in found.versions] == ["1", "2"]
