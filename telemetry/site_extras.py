"""Reading what stands beside the points of a site file: KPIs, prices, factors, swaps, mappings, rules."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from telemetry.derived import circles
from telemetry.errors import ContractError
from telemetry.formula import names_in
from telemetry.public_holidays import countries, unknown_country
from telemetry.quantities import QUANTITIES
from telemetry.site import DatedValue, DerivedPoint, Kind, MeterSwap
from telemetry.site_section import Book, Section, identified, sections
from telemetry.topics import ROOT, SPARKPLUG_ROOT, is_name
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from telemetry.site import Point

Document = dict[str, object]
Points = dict[str, "Point"]
CONDITIONS = ("above", "below", "equals", "silent", "rises_by", "outside")
PRIORITIES = ("critical", "high", "warning", "info")


def _known_point(section: Section, key: object, points: Iterable[str], where: str) -> None:
    """Note a reference to a point that is not declared."""
    known = {*points, *section.book.declared}
    if not isinstance(key, str) or key not in known:
        cure = did_you_mean(str(key), known).strip() or "declare it under its asset, or write `area/asset/name`"
        section.wrong(where, f'unknown point "{key}"', cure)


def read_derived_points(book: Book, document: Document, points: Points, assets: list[str]) -> tuple[DerivedPoint, ...]:
    """Read the KPIs: formulas over points."""
    found: dict[str, tuple[Section, DerivedPoint]] = {}
    listed = sections(book, document, "derived_points", "derived point")
    known = {*points, *(key for one in listed if isinstance(key := one.table.get("key"), str))}
    for section in listed:
        key = section.text("key")
        section.what = f"derived point {key}" if key else section.what
        asset, _, name = key.rpartition("/")
        if key and (asset not in assets or not is_name(name)):
            cure = did_you_mean(asset, assets).strip() or "write `area/asset/name` of a declared asset"
            section.wrong("key", f'"{key}" is not under a declared asset', cure)
        if key in points or key in found:
            section.wrong("key", f'"{key}" is declared twice', "rename or remove one")
        inputs = section.texts("inputs")
        for point in inputs.values():
            _known_point(section, point, known, "inputs")
        _check_formula(section, inputs)
        quantity = section.choice("quantity", QUANTITIES)
        unit = section.text("unit")
        if quantity and unit and unit not in QUANTITIES[quantity].units:
            legal = ", ".join(QUANTITIES[quantity].units)
            section.wrong("unit", f'unit "{unit}" is not one of {quantity}', f"legal: {legal}")
        found[key] = (
            section,
            DerivedPoint(
                key=key,
                name=section.names(),
                quantity=quantity,
                unit=unit,
                formula=section.text("formula"),
                inputs=inputs,
            ),
        )
        section.done()
    derived = {key: point for key, (_, point) in found.items()}
    for circle in circles(derived):
        found[circle[0]][0].wrong(
            "inputs", f"is made of itself: {' → '.join((*circle, circle[0]))}", "use measured points on the way"
        )
    return tuple(derived.values())


def _check_formula(section: Section, inputs: Mapping[str, str]) -> None:
    """Hold a formula against its inputs."""
    formula = section.text("formula")
    if not formula:
        return
    try:
        names = names_in(formula)
    except ContractError as error:
        section.wrong("formula", error.cause, error.cure)
        return
    if not inputs:
        section.wrong("inputs", "no inputs", 'write `inputs = { name = "area/asset/name" }`')
    for name in sorted(names - set(inputs)):
        cure = did_you_mean(name, inputs).strip() or f"inputs: {', '.join(sorted(inputs)) or 'none'}"
        section.wrong("formula", f"`{name}` is not an input", cure)
    for name in sorted(set(inputs) - names):
        section.wrong("inputs", f"input `{name}` is not used by the formula", "use it or remove it")


def read_dated_values(book: Book, document: Document, key: str, what: str) -> tuple[DatedValue, ...]:
    """Read tariffs or emission factors, each in force from a date."""
    found: list[DatedValue] = []
    for section in sections(book, document, key, what):
        identity = section.name("id")
        section.what = f"{what} {identity}" if identity else section.what
        quantity, unit = section.choice("quantity", QUANTITIES), section.text("unit")
        _, slash, per = unit.partition("/")
        if quantity and unit and (not slash or per not in QUANTITIES[quantity].units):
            legal = ", ".join(QUANTITIES[quantity].units)
            section.wrong(
                "unit", f'unit "{unit}" is not per unit of {quantity}', f"write EUR/… or kg/… over one of: {legal}"
            )
        value = section.number("value")
        valid_from, valid_to = section.instant("valid_from"), section.instant("valid_to", required=False)
        source, scope = section.text("source"), section.text("scope", required=False)
        section.done()
        if valid_from is not None and valid_to is not None and valid_to <= valid_from:
            section.wrong("valid_to", "ends before it begins", "give a later `valid_to`, or leave it out")
        if value is None or valid_from is None:
            continue
        _check_overlap(section, found, identity, valid_from, valid_to)
        found.append(
            DatedValue(
                id=identity,
                quantity=quantity,
                unit=unit,
                value=value,
                valid_from=valid_from,
                valid_to=valid_to,
                source=source,
                scope=scope,
            )
        )
    return tuple(found)


def _check_overlap(
    section: Section, found: list[DatedValue], identity: str, start: datetime, end: datetime | None
) -> None:
    """Note two values of one id in force at the same time."""
    for other in found:
        before = end is not None and end <= other.valid_from
        after = other.valid_to is not None and other.valid_to <= start
        if other.id == identity and not before and not after:
            section.wrong("valid_from", f'two values of "{identity}" in force at once', "end the older with `valid_to`")


def read_meter_swaps(book: Book, document: Document, points: Points) -> tuple[MeterSwap, ...]:
    """Read explicit, dated changes of meters."""
    found: list[MeterSwap] = []
    for section in sections(book, document, "meter_swaps", "meter swap"):
        point, at = section.text("point"), section.instant("at")
        before, after = section.number("register_before"), section.number("register_after")
        by = section.text("by")
        section.done()
        if point:
            _known_point(section, point, points, "point")
            if point in points and points[point].kind is not Kind.COUNTER:
                section.wrong("point", f'"{point}" is no counter', "only a counter has registers to swap")
        if at is not None and before is not None and after is not None:
            found.append(MeterSwap(point=point, at=at, register_before=before, register_after=after, by=by))
    return tuple(found)


def read_plain_topics(book: Book, document: Document, points: Points) -> dict[str, str]:
    """Read topics that carry one number as text."""
    section = Section(book, ("plain_topics",), document.get("plain_topics", {}), "the plain topics")
    found: dict[str, str] = {}
    for topic, point in section.table.items():
        if topic.startswith((f"{ROOT}/", f"{SPARKPLUG_ROOT}/", "$", "/")) or set(topic) & set("+#"):
            section.wrong(
                topic, f'"{topic}" cannot be mapped', f"no wildcards, and not under {ROOT} or {SPARKPLUG_ROOT}"
            )
        _known_point(section, point, points, topic)
        found[topic] = str(point)
    return found


def read_sparkplug(book: Book, document: Document, assets: list[str]) -> dict[str, str]:
    """Read which Sparkplug nodes and devices are which assets."""
    section = Section(book, ("sparkplug",), document.get("sparkplug", {}), "the sparkplug nodes")
    found: dict[str, str] = {}
    for node, asset in section.table.items():
        if node.count("/") not in (1, 2) or "" in node.split("/") or set(node) & set("+#"):
            section.wrong(node, f'"{node}" is not a node', 'write "group/node" or "group/node/device"')
        if asset not in assets:
            cure = did_you_mean(str(asset), assets).strip() or "write `area/asset` of a declared asset"
            section.wrong(node, f'unknown asset "{asset}"', cure)
        found[node] = str(asset)
    return found


def _plain(section: Section) -> Mapping[str, object]:
    """Return a table as it is."""
    return dict(section.table)


def read_alarm_rules(book: Book, document: Document) -> tuple[Mapping[str, object], ...]:
    """Read alarm rules: a condition on points chosen by pattern, kept as they are."""
    found: list[Mapping[str, object]] = []
    for section in identified(book, document, "alarm_rules", "alarm rule"):
        section.names()
        section.choice("when", CONDITIONS)
        section.choice("priority", PRIORITIES)
        patterns = section.value("points")
        if patterns is not None:
            _check_patterns(section, patterns)
        if section.table.get("when") == "outside":
            section.pair("limit")
        elif section.table.get("when") != "silent":
            section.number("limit")
        for key in ("delay_s", "off_delay_s", "deadband"):
            section.number(key, required=False)
        for key in ("audience", "unless", "note"):
            section.text(key, required=False)
        section.done()
        found.append(_plain(section))
    return tuple(found)


def _check_patterns(section: Section, patterns: object) -> None:
    """Note patterns that choose no point."""
    if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
        section.wrong("points", "`points` is not a list of patterns", 'write `points = ["cold/*/t_product"]`')
        return
    for pattern in patterns:
        if not fnmatch.filter(section.book.declared, pattern):
            cure = (
                did_you_mean(pattern, section.book.declared).strip() or "write `area/asset/name`, with * for any part"
            )
            section.wrong("points", f'"{pattern}" chooses no point', cure)


def read_calendars(book: Book, document: Document) -> tuple[Mapping[str, object], ...]:
    """Read calendars: shifts by weekday and the public holidays of a country, kept as they are."""
    found: list[Mapping[str, object]] = []
    for section in identified(book, document, "calendars", "calendar"):
        section.names()
        country = section.text("holidays", required=False)
        if country and country not in countries():
            section.wrong("holidays", f'unknown country "{country}"', unknown_country(country))
        section.value("shifts")
        section.done()
        found.append(_plain(section))
    return tuple(found)


def declared_calendars(document: Mapping[str, object]) -> dict[str, object]:
    """Return the country whose public holidays each calendar has, "" where it has none, by id: sound or not."""
    declared = document.get("calendars")
    tables = [one for one in declared if isinstance(one, dict)] if isinstance(declared, list) else []
    return {one["id"]: one.get("holidays", "") for one in tables if isinstance(one.get("id"), str)}
