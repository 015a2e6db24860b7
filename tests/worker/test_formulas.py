"""Formulas of derived points in a run's own input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.plan import DriverPlan
from telemetry.site import DerivedPoint
from tests.storage.aligned_site import NAME, a_plan, a_site
from worker.run_input import run_input

ABOVE = DerivedPoint(
    key="quay/pump/above", name=NAME, quantity="temperature_difference", unit="K", formula="t - limit",
    inputs={"t": "quay/pump/t_air", "limit": "quay/pump/set"},
)  # fmt: skip
HEAT = DerivedPoint(
    key="quay/pump/heat", name=NAME, quantity="thermal_energy", unit="MW.h", formula="gas * up",
    inputs={"up": "quay/pump/above", "gas": "quay/pump/gas"},
)  # fmt: skip


def test_a_run_keeps_what_its_derived_drivers_are_made_of(database: str) -> None:
    """The formula with its inputs, those of derived inputs too, and a unit that is not the canonical one."""
    drivers = (DriverPlan(point=ABOVE.key), DriverPlan(point=HEAT.key), DriverPlan(point="quay/pump/on"))
    plan = a_plan(date(2025, 4, 17), date(2025, 4, 29), date(2025, 4, 30), drivers=drivers)
    apply_site(database, replace(a_site(plan), derived_points=(ABOVE, HEAT)), who="test")
    with connect(database, autocommit=True) as connection:
        (meter,) = run_input(connection, "quay", "heat", now=datetime(2025, 5, 4, 12, tzinfo=UTC)).meters
    above = "t - limit; limit = quay/pump/set, t = quay/pump/t_air"
    heat = f"gas * up [MW.h]; gas = quay/pump/gas, up = quay/pump/above; quay/pump/above = {above}"
    formulas = {each.point: each.formula for each in meter.sources}
    assert {point: text for point, text in formulas.items() if text} == {ABOVE.key: above, HEAT.key: heat}
    assert {"quay/pump/gas", "quay/pump/on"} <= set(formulas)
