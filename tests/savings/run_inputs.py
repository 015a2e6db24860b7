"""Inputs of savings runs for the tests: the made-up meter as a demonstrator's plan and rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from savings.input_record import DriverColumn, MeterInput, RunInput, Source
from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan, Option, Periods, Plan
from telemetry.site import DatedValue
from tests.savings.made_up import made_up

if TYPE_CHECKING:
    from savings.table import Table
    from telemetry.plan import NonRoutineEvent

KNOWN_AT = datetime(2027, 1, 2, 2, 30, tzinfo=UTC)
UNITS = {"air": "Cel", "tonnes": "t"}


def made_up_plan(**changed: Any) -> Plan:
    """Return the plan of a cold store whose first year is the baseline and whose second year saves."""
    meter = MeterPlan(
        id="energy", name={"fr": "Électricité", "en": "Electricity"}, unit="kW.h",
        points=(MeteredPoint(point="quay/store/energy", tariff=("electricity",), emission_factor="mix"),),
    )  # fmt: skip
    plan = Plan(
        id="cold-store", name={"fr": "Entrepôt froid", "en": "Cold store"},
        measure={"fr": "Rideaux aux portes", "en": "Strip curtains"},
        boundary={"fr": "Compteur de l’entrepôt", "en": "The store's meter"},
        option=Option.B, meters=(meter,),
        drivers=(DriverPlan(point="air", role="changepoint"), DriverPlan(point="tonnes")),
        periods=Periods(
            baseline_from=date(2025, 1, 1), baseline_to=date(2025, 12, 31), reporting_from=date(2026, 1, 1)
        ),
        expected_saving=(0.05, 0.1), responsible="A. Martin",
    )  # fmt: skip
    return msgspec.structs.replace(plan, **changed)


def made_up_input(
    table: Table | None = None, *, plan: Plan | None = None, events: tuple[NonRoutineEvent, ...] = ()
) -> RunInput:
    """Return a run's input over made-up days; a table's NaN become null with their reason."""
    rows = made_up(saved=0.08) if table is None else table
    used = plan or made_up_plan()
    energy = tuple(None if np.isnan(value) else value for value in rows.energy.tolist())
    meter = MeterInput(
        meter=used.meters[0], start=tuple(str(start) for start in rows.start), hours=tuple(rows.hours.tolist()),
        energy=energy, carriers={"quay/store/energy": energy}, coverage=tuple(rows.coverage.tolist()),
        drivers=tuple(
            DriverColumn(
                name=each.name, label={"fr": each.name, "en": each.name}, role=str(each.role), unit=UNITS[each.name],
                is_total=each.is_total, values=tuple(each.values.tolist()),
            )
            for each in rows.drivers
        ),
        reasons=tuple("" if value is not None else "no reading" for value in energy), events=events,
        sources=(
            Source(
                point="quay/store/energy", name={"fr": "Énergie", "en": "Energy"}, unit="kW.h", kind="counter",
                role="energy", accuracy_class="class 1", readings=1_051_200, bad_readings=12,
            ),
        ),
    )  # fmt: skip
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return RunInput(
        site="north-quay", site_name="North quay", timezone="Europe/Paris", plan=used, plan_revision=1,
        known_at=KNOWN_AT, reporting_to=date(2026, 12, 31), meters=(meter,),
        tariffs=(
            DatedValue(id="electricity", quantity="energy", unit="EUR/kW.h", value=0.15, valid_from=start,
                       valid_to=None, source="contract"),
        ),
        emission_factors=(
            DatedValue(id="mix", quantity="energy", unit="kg/kW.h", value=0.05, valid_from=start, valid_to=None,
                       source="grid operator"),
        ),
    )  # fmt: skip


def without(table: Table, first: int, last: int) -> Table:
    """Return a table whose rows from first to last, not included, have no energy."""
    energy = table.energy.copy()
    energy[first:last] = np.nan
    return replace(table, energy=energy)
