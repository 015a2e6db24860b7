"""Reading what a demonstrator is judged by: figures of points in one unit, and the drivers that explain them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemetry.derived import kind_of
from telemetry.errors import ContractError
from telemetry.plan import DriverPlan, MeteredPoint, MeterPlan
from telemetry.quantities import AMOUNT, QUANTITIES
from telemetry.site import Kind
from telemetry.site_section import LANGUAGES, Section
from telemetry.topics import is_name
from telemetry.units import conversion, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from telemetry.site import DatedValue, DerivedPoint, Point

ROLES = ("linear", "changepoint", "category")
BENDING = ("temperature", "relative_humidity")  # quantities that use follows along a line with knots
UNITS = {unit for each in QUANTITIES.values() if each.kinds <= AMOUNT for unit in each.units}


class Known(NamedTuple):
    """What a plan may refer to."""

    points: Mapping[str, Point]
    derived: Mapping[str, DerivedPoint]
    tariffs: Iterable[DatedValue]
    emission_factors: Iterable[DatedValue]

    def quantity(self, key: str) -> str | None:
        """Return the quantity of a sound point; None of any other."""
        found = self.points.get(key) or self.derived.get(key)
        return found.quantity if found else None

    def kind(self, key: str) -> Kind | None:
        """Return the kind of a sound point; None of any other."""
        if key in self.points:
            return self.points[key].kind
        return kind_of(self.derived[key].quantity) if key in self.derived else None

    def name(self, key: str) -> Mapping[str, str]:
        """Return the name of a sound point in every language; its key of any other."""
        found = self.points.get(key) or self.derived.get(key)
        return found.name if found else dict.fromkeys(LANGUAGES, key)


def known_point(section: Section, key: object, known: Known, where: str) -> bool:
    """Return whether a reference is to a declared point, and note it where it is not."""
    declared = {*known.points, *known.derived, *section.book.declared}
    if isinstance(key, str) and key in declared:
        return True
    cure = did_you_mean(str(key), declared).strip() or "declare it under its asset, or write `area/asset/name`"
    section.wrong(where, f'unknown point "{key}"', cure)
    return False


def listed(section: Section, key: str, of: str, *, required: bool) -> list[object]:
    """Return a list; empty, and noted, where it is none."""
    value = section.value(key, required=required)
    if value is None or isinstance(value, list):
        return value or []
    section.wrong(key, f"`{key}` is not a list of {of}", f'write `{key} = ["area/asset/name"]`')
    return []


def tables(section: Section, key: str, what: str) -> list[Section]:
    """Return the tables of a list within a table."""
    value = section.value(key, required=False)
    if value is None:
        return []
    if not isinstance(value, list):
        section.wrong(key, f"`{key}` is not a list of tables", f"write `{key} = [{{ … }}, {{ … }}]`")
        return []
    return [
        Section(section.book, (*section.at(key), index), each, f"{section.what}: {what} {index + 1}")
        for index, each in enumerate(value)
    ]


def read_drivers(section: Section, key: str, known: Known, *, required: bool) -> tuple[DriverPlan, ...]:
    """Read drivers: points, or `{ point, role, lasts_days }`; where no role is given the quantity chooses it."""
    found: dict[str, DriverPlan] = {}
    for index, each in enumerate(listed(section, key, "points", required=required)):
        point, role, lasts = each, "", 0.0
        if isinstance(each, dict):
            one = Section(section.book, (*section.at(key), index), each, f"{section.what}: driver {index + 1}")
            point, role = one.text("point"), one.choice("role", ROLES, required=False)
            lasts = one.number("lasts_days", required=False) or 0.0
            one.done()
        if not known_point(section, point, known, key):
            continue
        name = str(point)
        if name in found:
            section.wrong(key, f'driver "{name}" is named twice', "remove one")
        bends = known.quantity(name) in BENDING
        found[name] = DriverPlan(
            point=name, role=role or ("changepoint" if bends else "linear"), lasts_days=lasts
        )  # fmt: skip
    return tuple(found.values())


def read_energy(section: Section, known: Known) -> tuple[MeterPlan, ...]:
    """Read the short form: each point is one figure in its canonical unit, called as the point is."""
    found: dict[str, MeterPlan] = {}
    for point in listed(section, "energy", "points", required=True):
        if not known_point(section, point, known, "energy"):
            continue
        key = str(point)
        name, quantity = key.rpartition("/")[2], known.quantity(key)
        if quantity is None or not _is_amount(section, "energy", key, known):
            continue
        if name in found:
            section.wrong("energy", f'two figures would be called "{name}"', "write `meters` with an id for each")
        found[name] = MeterPlan(
            id=name, name=dict(known.name(key)), unit=QUANTITIES[quantity].unit, points=(MeteredPoint(point=key),)
        )
    return tuple(found.values())


def read_meters(section: Section, known: Known) -> tuple[MeterPlan, ...]:
    """Read the full form: each table is one figure of one or several points."""
    found: dict[str, MeterPlan] = {}
    for one in tables(section, "meters", "figure"):
        identity = one.text("id")
        one.what = f"{section.what}: figure {identity}" if identity else one.what
        if identity and (not is_name(identity) or not identity[0].isalnum()):
            one.wrong("id", f'"{identity}" cannot be an id', "use lower case letters, digits, - and _")
        if identity in found:
            one.wrong("id", f'"{identity}" is declared twice', "rename or remove one")
        unit = one.text("unit")
        if unit and unit not in UNITS:
            cure = did_you_mean(unit, UNITS).strip() or f"one of {', '.join(sorted(UNITS))}"
            one.wrong("unit", f'unit "{unit}" counts no amount', cure)
            unit = ""
        points = tuple(_metered(each, unit, known) for each in tables(one, "points", "point"))
        if not points:
            one.wrong("points", "a figure without points", 'add `points = [{ point = "area/asset/name" }]`')
        name = one.names(required=False) if one.has("name") else _name_of(points, known)
        drivers = read_drivers(one, "drivers", known, required=False)
        one.done()
        sound = tuple(point for point in points if point is not None)
        if identity and unit and sound and len(sound) == len(points):
            found[identity] = MeterPlan(id=identity, name=name, unit=unit, points=sound, drivers=drivers)
    return tuple(found.values())


def _name_of(points: tuple[MeteredPoint | None, ...], known: Known) -> dict[str, str]:
    """Name a figure by its points."""
    names = [known.name(point.point) for point in points if point is not None]
    return {language: " + ".join(name[language] for name in names) for language in LANGUAGES}


def _metered(section: Section, unit: str, known: Known) -> MeteredPoint | None:
    """Read one point of a figure; None where something is wrong with it."""
    before = len(section.book.mistakes)
    point, factor = section.text("point"), section.number("factor", required=False)
    if factor == 0:
        section.wrong("factor", "`factor` is 0: the point would not count", "remove the point, or give its factor")
    known_point(section, point, known, "point")
    sound = point in known.points or point in known.derived
    if sound and _is_amount(section, "point", point, known) and unit and factor is None:
        factor = _factor(section, unit, str(known.quantity(point)))
    tariffs = tuple(str(each) for each in listed(section, "tariff", "ids", required=False))
    for tariff in tariffs:
        _priced(section, "tariff", tariff, unit, known.tariffs)
    emission = section.text("emission_factor", required=False)
    if emission:
        _priced(section, "emission_factor", emission, unit, known.emission_factors)
    section.done()
    if len(section.book.mistakes) > before or factor is None:
        return None
    return MeteredPoint(point=point, factor=factor, tariff=tariffs, emission_factor=emission)


def _is_amount(section: Section, where: str, key: str, known: Known) -> bool:
    """Return whether a point counts an amount, and note it where it is a level."""
    kind = known.kind(key)
    if kind in (Kind.COUNTER, Kind.EVENT):
        return True
    section.wrong(where, f'"{key}" is a {kind}: it counts no amount', "name the counter, such as energy for power")
    return False


def _factor(section: Section, unit: str, quantity: str) -> float | None:
    """Return how many units of the figure a canonical unit of a quantity is, and note it where nobody can say."""
    try:
        return 1.0 / conversion(quantity, unit)[0]
    except ContractError:
        own = QUANTITIES[quantity].unit
        section.wrong(
            "point", f"{quantity} is counted in {own}, the figure in {unit}", f"add `factor` [{unit} per {own}]"
        )
        return None


def _priced(section: Section, where: str, identity: str, unit: str, values: Iterable[DatedValue]) -> None:
    """Note a tariff or a factor that does not exist, or is not per a unit that the figure's can be turned into."""
    values = list(values)
    own = [value for value in values if value.id == identity]
    if not own:
        known = {value.id for value in values}
        cure = did_you_mean(identity, known).strip() or f"known: {', '.join(sorted(known)) or 'none'}"
        section.wrong(where, f'unknown {where.replace("_", " ")} "{identity}"', cure)
    for value in own:
        if unit and unit not in QUANTITIES[value.quantity].units:
            legal = ", ".join(QUANTITIES[value.quantity].units)
            cure = f"give the figure in one of {legal}, with a `factor` for each point"
            section.wrong(where, f"{identity} is {value.unit} of {value.quantity}, the figure counts {unit}", cure)
