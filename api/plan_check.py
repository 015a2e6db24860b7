"""A plan held against the site: whatever it names must exist, and be able to do what the plan wants of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from api.problems import Mistake
from telemetry.errors import ContractError
from telemetry.plan import Option
from telemetry.plan_bounds import beyond_bounds
from telemetry.quantities import QUANTITIES
from telemetry.site_meters import ROLES, UNITS
from telemetry.site_plans import FREQUENCIES, METHODS
from telemetry.units import conversion, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from storage.overview import PointRow
    from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan, Plan, Stipulation
    from telemetry.site import DatedValue

AMOUNTS = ("counter", "event")  # kinds of point that count an amount


class Site(NamedTuple):
    """What a plan may name."""

    points: Mapping[str, PointRow]  # derived ones included
    tariffs: Iterable[DatedValue]  # those that the plan names, as far as there are
    emission_factors: Iterable[DatedValue]


def plan_mistakes(plan: Plan, site: Site) -> Iterator[Mistake]:
    """Yield everything that a plan gets wrong about its site, by the place in the plan."""
    for beyond in beyond_bounds(plan):
        yield Mistake(place=beyond.place, detail=beyond.cause, cure=beyond.cure)
    yield from _choices(plan)
    yield from _stipulated(plan.stipulations)
    yield from _twice("meters", [meter.id for meter in plan.meters])
    yield from _twice("static_factors", [factor.id for factor in plan.static_factors])
    for index, meter in enumerate(plan.meters):
        yield from _meter(meter, plan.drivers_of(meter), f"meters[{index}]", site)
    yield from _drivers(plan.drivers, "drivers", site)
    for index, factor in enumerate(plan.static_factors):
        place = f"static_factors[{index}]"
        if factor.point:
            yield from _point(factor.point, f"{place}.point", site)
            if factor.tolerance is None:
                yield Mistake(
                    place=f"{place}.tolerance",
                    detail="a point watches it, and no tolerance says when",
                    cure="add `tolerance`, in the unit of the point",
                )
    for index, point in enumerate(plan.context):
        yield from _point(point, f"context[{index}]", site)


def _choices(plan: Plan) -> Iterator[Mistake]:
    for name, value, legal in (("frequency", plan.frequency, FREQUENCIES), ("method", plan.method, METHODS)):
        if value not in legal:
            yield Mistake(place=name, detail=f"there is no {name} {value!r}", cure=f"one of {', '.join(legal)}")
    if plan.option is Option.A and not plan.stipulations:
        yield Mistake(
            place="stipulations",
            detail="option A without a stipulated parameter",
            cure="add one with its source, or choose option B",
        )
    if plan.option is not Option.A and plan.stipulations:
        yield Mistake(
            place="stipulations",
            detail=f"option {plan.option} stipulates nothing",
            cure="choose option A, or remove them",
        )
    if plan.expected_saving and plan.expected_saving[0] > plan.expected_saving[1]:
        yield Mistake(place="expected_saving", detail="the first share is larger than the last", cure="swap them")


def _stipulated(stipulations: Iterable[Stipulation]) -> Iterator[Mistake]:
    for index, each in enumerate(stipulations):
        place = f"stipulations[{index}]"
        if not each.source.strip():
            cure = "say where it comes from: a nameplate, a log, an agreement"
            yield Mistake(place=f"{place}.source", detail="it has no source", cure=cure)
        if each.value == 0.0:
            cure = "give what is agreed upon, other than 0"
            yield Mistake(place=f"{place}.value", detail="it is 0: nothing would be saved or used", cure=cure)
        if each.standard_error < 0.0:
            detail = f"{each.standard_error:g} is below 0"
            yield Mistake(place=f"{place}.standard_error", detail=detail, cure="0 says that it is agreed as it stands")


def _meter(meter: MeterPlan, drivers: Iterable[DriverPlan], place: str, site: Site) -> Iterator[Mistake]:
    if meter.unit not in UNITS:
        cure = did_you_mean(meter.unit, UNITS).strip() or f"one of {', '.join(sorted(UNITS))}"
        yield Mistake(place=f"{place}.unit", detail=f"unit {meter.unit!r} counts no amount", cure=cure)
    yield from _twice(f"{place}.points", [point.point for point in meter.points])
    for index, point in enumerate(meter.points):
        yield from _metered(point, meter.unit, f"{place}.points[{index}]", site)
    own = {point.point for point in meter.points}
    for driver in drivers:
        if driver.point in own:
            yield Mistake(
                place=f"{place}.drivers",
                detail=f"{driver.point!r} is a meter of this figure: it would explain every saving away",
                cure="name what causes the use: weather, production, hours",
            )
    yield from _drivers(meter.drivers, f"{place}.drivers", site)


def _metered(point: MeteredPoint, unit: str, place: str, site: Site) -> Iterator[Mistake]:
    yield from _point(point.point, f"{place}.point", site)
    row = site.points.get(point.point)
    if row is not None and row.kind not in AMOUNTS:
        yield Mistake(
            place=f"{place}.point",
            detail=f"{point.point!r} is a {row.kind}: it counts no amount",
            cure="name the counter, such as energy for power",
        )
    elif row is not None and unit in UNITS:
        yield from _factor(point, row, unit, f"{place}.factor")
    for tariff in point.tariff:
        yield from _priced(tariff, "tariff", unit, f"{place}.tariff", site.tariffs)
    if point.emission_factor:
        factor = point.emission_factor
        yield from _priced(factor, "emission factor", unit, f"{place}.emission_factor", site.emission_factors)


def _factor(point: MeteredPoint, row: PointRow, unit: str, place: str) -> Iterator[Mistake]:
    """Hold the factor against the units where these alone say what it is."""
    if point.factor == 0:
        yield Mistake(place=place, detail="it is 0: the point would not count", cure="remove the point")
        return
    try:
        right = 1.0 / conversion(row.quantity, unit)[0]
    except ContractError:
        if point.factor == 1.0:
            own = QUANTITIES[row.quantity].unit
            yield Mistake(
                place=place,
                detail=f"{row.quantity} is counted in {own}, the figure in {unit}",
                cure=f"give `factor` [{unit} per {own}]",
            )
        return
    if right != 1.0 and point.factor == 1.0:
        yield Mistake(
            place=place,
            detail=f"the point is counted in {row.unit}, the figure in {unit}",
            cure=f"give `factor`: {right:g} [{unit} per {row.unit}]",
        )


def _drivers(drivers: tuple[DriverPlan, ...], place: str, site: Site) -> Iterator[Mistake]:
    yield from _twice(place, [driver.point for driver in drivers])
    for index, driver in enumerate(drivers):
        yield from _point(driver.point, f"{place}[{index}].point", site)
        if driver.role not in ROLES:
            yield Mistake(
                place=f"{place}[{index}].role",
                detail=f"there is no role {driver.role!r}",
                cure=f"one of {', '.join(ROLES)}",
            )


def _point(key: str, place: str, site: Site) -> Iterator[Mistake]:
    if key not in site.points:
        cure = did_you_mean(key, site.points).strip() or "the list is at /api/v1/points"
        yield Mistake(place=place, detail=f"there is no point {key!r}", cure=cure)


def _priced(identity: str, what: str, unit: str, place: str, values: Iterable[DatedValue]) -> Iterator[Mistake]:
    own = [value for value in values if value.id == identity]
    if not own:
        yield Mistake(
            place=place, detail=f"there is no {what} {identity!r}", cure="name one that the site file declares"
        )
    for quantity in dict.fromkeys(value.quantity for value in own):
        legal = QUANTITIES[quantity].units
        if unit not in legal:
            yield Mistake(
                place=place,
                detail=f"{identity!r} is per unit of {quantity}, the figure counts {unit}",
                cure=f"give the figure in one of {', '.join(legal)}, with a `factor` for each point",
            )


def _twice(place: str, names: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield Mistake(place=place, detail=f"{name!r} is named twice", cure="rename or remove one")
        seen.add(name)
