"""Reading the points of a site file. An illegal pair of quantity and kind cannot be declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telemetry.quantities import QUANTITIES, Quantity
from telemetry.site import Kind, Point
from telemetry.site_section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

POINT_KEYS = frozenset(
    {
        "name",
        "quantity",
        "unit",
        "kind",
        "period_s",
        "silent_after_s",
        "range",
        "rate_limit",
        "modulus",
        "pulse_weight",
        "accuracy",
        "calibration_due",
        "tags",
    }
)
SILENT_AFTER_PERIODS = 5  # where `silent_after_s` is not given …
SHORTEST_SILENCE_S = 300.0  # … but never sooner than this [s]
# A sampling period and a silence have to be within these [s]; the database holds points to them as well.
DURATIONS_S = (0.001, 90 * 86_400.0)


def read_point(section: Section, key: str) -> Point | None:
    """Read one point; None where something is wrong with it."""
    before = len(section.book.mistakes)
    quantity = QUANTITIES.get(section.choice("quantity", QUANTITIES))
    kind = section.choice("kind", list(Kind))
    unit = section.text("unit")
    name = section.names()
    period_s = section.positive("period_s", bounds=DURATIONS_S)
    silent_after_s = section.positive("silent_after_s", required=False, bounds=DURATIONS_S)
    limits = section.pair("range", required=False)
    rate_limit = section.positive("rate_limit", required=False)
    modulus = section.positive("modulus", required=False)
    pulse_weight = section.positive("pulse_weight", required=False)
    accuracy = section.text("accuracy", required=False)
    calibration_due = section.day("calibration_due")
    tags = section.texts("tags")
    section.done()
    if quantity is not None:
        _check_quantity(section, quantity, kind, unit, limits)
    if quantity is not None and kind in quantity.kinds:
        _check_counter(section, kind)
    if period_s is not None and silent_after_s is not None and silent_after_s < period_s:
        section.wrong("silent_after_s", "silent sooner than it is sampled", f"give at least {period_s:g} s")
    if quantity is None or period_s is None or len(section.book.mistakes) > before:
        return None
    return Point(
        key=key,
        name=name,
        quantity=quantity.name,
        unit=unit,
        kind=Kind(kind),
        period_s=period_s,
        silent_after_s=silent_after_s or min(max(SILENT_AFTER_PERIODS * period_s, SHORTEST_SILENCE_S), DURATIONS_S[1]),
        valid_min=limits[0] if limits else None,
        valid_max=limits[1] if limits else None,
        rate_limit=rate_limit,
        modulus=modulus,
        pulse_weight=pulse_weight,
        accuracy_class=accuracy,
        calibration_due=calibration_due,
        tags=tags,
    )


def _check_quantity(
    section: Section, quantity: Quantity, kind: str, unit: str, limits: tuple[float, float] | None
) -> None:
    """Hold kind, unit and range against the quantity."""
    legal = ", ".join(sorted(quantity.kinds))
    if kind and kind not in quantity.kinds:
        section.wrong(
            "kind", f"{quantity.name} may not be a {kind}", f"kind of {quantity.name}: {legal}{_other(quantity)}"
        )
    if unit and unit not in quantity.units:
        known = ", ".join(quantity.units)
        section.wrong("unit", f'unit "{unit}" is not one of {quantity.name}', f"legal: {known}")
    if limits and (limits[0] < quantity.minimum or limits[1] > quantity.maximum):
        section.wrong(
            "range",
            f"range {limits[0]:g} to {limits[1]:g} is wider than {quantity.name} can be",
            f"stay within {quantity.minimum:g} to {quantity.maximum:g} {quantity.unit}",
        )


def _other(quantity: Quantity) -> str:
    """Point from energy to power and back: the commonest mix-up."""
    other = {"energy": "power", "power": "energy", "thermal_energy": "thermal_power", "thermal_power": "thermal_energy"}
    return f"; or did you mean the quantity {other[quantity.name]}?" if quantity.name in other else ""


def _check_counter(section: Section, kind: str) -> None:
    """Allow register properties on counters only."""
    for key in ("modulus", "pulse_weight"):
        if section.has(key) and kind and kind != Kind.COUNTER:
            section.wrong(key, f"`{key}` belongs to a counter, this is a {kind}", f"remove `{key}`")
    if section.has("rate_limit") and kind in (Kind.STATE, Kind.EVENT, Kind.COUNTER):
        section.wrong("rate_limit", f"a {kind} has no rate limit", "remove it; only a gauge has one")


def read_types(section: Section) -> Mapping[str, Section]:
    """Return the point types by name; only their keys are looked at here, their values where they are used."""
    types: dict[str, Section] = {}
    for name, table in section.table.items():
        types[name] = Section(section.book, (*section.path, name), table, f"point type {name}")
        types[name].done(POINT_KEYS)
    return types
