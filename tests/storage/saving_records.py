"""A plan, an input and a run of three days, for tests that keep them and ask nothing of their figures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from savings.input_record import MeterInput, RunInput
from savings.record import DailyColumns, Figure, MeterRun, Run
from telemetry.plan import MeteredPoint, MeterPlan, Option, Periods, Plan
from telemetry.site import Kind
from tests.storage.building import small_point, small_site

PERIODS = Periods(baseline_from=date(2025, 1, 1), baseline_to=date(2025, 12, 31), reporting_from=date(2026, 2, 1))
KNOWN_AT = datetime(2026, 2, 4, 1, 30, tzinfo=UTC)
NAME = {"fr": "x", "en": "x"}
ENERGY = small_point("energy", quantity="energy", unit="kW.h", kind=Kind.COUNTER)
METER = MeterPlan(id="energy", name=NAME, unit="kW.h", points=(MeteredPoint(point=ENERGY.key),))


def a_plan(**changed: Any) -> Plan:
    """Return the plan of a pump."""
    plan = Plan(id="pump", name=NAME, measure=NAME, boundary=NAME, option=Option.B, meters=(METER,))
    return msgspec.structs.replace(plan, **changed)


def a_site(*plans: Plan) -> Any:
    """Return the site of the pump with its plans."""
    return small_site([small_point("power"), ENERGY], demonstrators=plans)


def an_input(revision: int = 1, *, energy: tuple[float | None, ...] = (1.0, 2.0, None), **changed: Any) -> RunInput:
    """Return an input of three days."""
    days = tuple(f"2026-02-0{day}T00:00:00" for day in (1, 2, 3))
    meter = MeterInput(
        meter=METER, start=days, hours=(24.0,) * 3, energy=energy, carriers={ENERGY.key: energy}, coverage=(1.0,) * 3,
        drivers=(), reasons=tuple("" if value is not None else "no reading" for value in energy),
    )  # fmt: skip
    given = RunInput(
        site="quay", site_name="Quay", timezone="Europe/Paris", plan=a_plan(periods=PERIODS), plan_revision=revision,
        known_at=KNOWN_AT, reporting_to=date(2026, 2, 3), meters=(meter,),
    )  # fmt: skip
    return msgspec.structs.replace(given, **changed)


def a_run(given: RunInput, saving: float | None = 5.0) -> Run:
    """Return a run of an input that saved so much."""
    figure = None if saving is None else Figure(value=saving, low=saving - 1, high=saving + 1, unit="kW.h")
    daily = DailyColumns(
        day=("2026-02-01", "2026-02-02"), measured=(1.0, 2.0), adjusted=(3.0, 5.0), adjustments=(0.0, 0.0),
        saving=(2.0, 3.0), cumulative=(2.0, 5.0), cumulative_low=(1.0, None), cumulative_high=(3.0, None),
    )  # fmt: skip
    meter = MeterRun(
        meter="energy", name=NAME, unit="kW.h", saving=figure, percent=figure, measured=3.0, adjusted=8.0,
        adjustments=0.0, money=None, carbon=None, normalised=None, methods={}, model=None, out_of_sample=None,
        ranges=(),
        coverage=(), months=(), daily=daily if figure else None, fit=None, curves=(), events=(), suggestions=(),
        indicators=(), findings=(), excluded=(),
    )  # fmt: skip
    return Run(
        demonstrator="pump", site="quay", known_at=given.known_at, reporting_from=PERIODS.reporting_from,
        reporting_to=given.reporting_to, confidence=0.9, method="reml", meters=(meter,), money=None, carbon=None,
        input_hash="", versions={"quaymeter": "1"},
    )  # fmt: skip
