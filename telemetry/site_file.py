"""Reading a site file: a whole port as data, or every mistake in it with its line and its cure."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from telemetry.errors import Mistake, SiteFileError
from telemetry.site import Asset, Operator, Point, Site, Utility
from telemetry.site_extras import (
    read_alarm_rules,
    read_calendars,
    read_dated_values,
    read_derived_points,
    read_meter_swaps,
    read_plain_topics,
    read_sparkplug,
)
from telemetry.site_meters import Known
from telemetry.site_plans import read_demonstrators
from telemetry.site_points import read_point, read_types
from telemetry.site_section import Book, Section, sections
from telemetry.toml_lines import Lines
from telemetry.topics import is_name
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TABLES = (
    "site",
    "utilities",
    "operators",
    "point_types",
    "assets",
    "derived_points",
    "tariffs",
    "emission_factors",
    "meter_swaps",
    "plain_topics",
    "sparkplug",
    "alarm_rules",
    "demonstrators",
    "calendars",
)


def load_site(path: Path) -> Site:
    """Read a site file; raises SiteFileError with every mistake."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(str(path), f"not UTF-8 at byte {error.start}", "save the file as UTF-8") from None
    except OSError as error:
        raise _unreadable(
            str(path), f"cannot be read: {error.strerror}", "check the path and its permissions"
        ) from None
    return parse_site(text, str(path))


def parse_site(text: str, file: str) -> Site:
    """Read the text of a site file; `file` is what mistakes are reported under."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteFileError([_syntax_mistake(error, text, file)]) from None
    except RecursionError:
        raise _unreadable(file, "nested too deeply", "a site file has tables within tables, no more") from None
    book = Book(file=file, lines=Lines(text))
    site = _read(document, book)
    if book.mistakes or site is None:
        raise SiteFileError(book.mistakes)
    return site


def _unreadable(file: str, cause: str, cure: str) -> SiteFileError:
    """Make the error for a file that cannot be read at all."""
    return SiteFileError([Mistake(file=file, line=0, cause=cause, cure=cure)])


_CURES = (
    ("Cannot overwrite", "the same key is written twice: remove one"),
    ("Cannot declare", "the same table is declared twice: use [[…]] for a list of tables, or remove one"),
    ("Cannot mutate", "an inline table is complete as written: add its keys between its braces"),
    ("Expected '=' after a key", "write `key = value`"),
    ("Invalid value", "put texts in double quotes; write numbers with a point; true and false in lower case"),
    ("Unclosed array", "close the list with ]"),
    ("Unclosed inline table", "close the table with }, on the same line"),
    ("Illegal character", "close the text with the same quote that opens it, on the same line"),
    ("Unterminated string", "close the text with the quotes that open it"),
    ("Expected newline", "one `key = value` a line; texts in quotes"),
)


def _syntax_mistake(error: tomllib.TOMLDecodeError, text: str, file: str) -> Mistake:
    """Turn the parser's complaint into a mistake with line and cure."""
    cause = str(error)
    found = re.search(r"\(at line (\d+), column \d+\)", cause)
    line = int(found.group(1)) if found else len(text.splitlines())
    cure = next((cure for start, cure in _CURES if cause.startswith(start)), "see toml.io for how TOML is written")
    return Mistake(file=file, line=line, cause=f"not TOML: {cause}", cure=cure)


def _read(document: dict[str, object], book: Book) -> Site | None:
    """Read every part; mistakes are noted in the book."""
    for key in document:
        if key not in TABLES:
            cure = did_you_mean(key, TABLES).strip() or f"known: {', '.join(TABLES)}"
            book.mistake((key,), f"unknown table `{key}`", cure)
    head = Section(book, ("site",), document.get("site", {}), "the site")
    identity, title, position = head.name("id"), head.text("name"), _position(head)
    book.zone = _zone(head)
    head.done()
    utilities = [
        Utility(id=one.name("id"), name=one.names()) for one in _listed(book, document, "utilities", "utility")
    ]
    operators = [
        Operator(id=one.name("id"), name=one.text("name")) for one in _listed(book, document, "operators", "operator")
    ]
    assets, points = _read_assets(book, document, [one.id for one in utilities], [one.id for one in operators])
    known = {point.key: point for point in points}
    asset_keys = [asset.key for asset in assets]
    derived = read_derived_points(book, document, known, asset_keys)
    tariffs = read_dated_values(book, document, "tariffs", "tariff")
    factors = read_dated_values(book, document, "emission_factors", "emission factor")
    return Site(
        id=identity,
        name=title,
        latitude=position[0],
        longitude=position[1],
        timezone=book.zone,
        utilities=tuple(utilities),
        operators=tuple(operators),
        assets=tuple(assets),
        points=tuple(points),
        derived_points=derived,
        tariffs=tariffs,
        emission_factors=factors,
        meter_swaps=read_meter_swaps(book, document, known),
        plain_topics=read_plain_topics(book, document, known),
        sparkplug=read_sparkplug(book, document, asset_keys),
        demonstrators=read_demonstrators(
            book, document, Known(known, {point.key: point for point in derived}, tariffs, factors)
        ),
        calendars=read_calendars(book, document),
        alarm_rules=read_alarm_rules(book, document),
    )


def _position(head: Section) -> tuple[float, float]:
    """Read latitude and longitude [deg]."""
    value = head.value("position")
    if value is None:
        return 0.0, 0.0
    numbers = isinstance(value, list) and len(value) == 2 and all(type(one) in (int, float) for one in value)
    if not numbers or abs(value[0]) > 90 or abs(value[1]) > 180:
        head.wrong(
            "position", "`position` is not a place on earth", "write `position = [50.72, 1.58]`: latitude, longitude"
        )
        return 0.0, 0.0
    return float(value[0]), float(value[1])


def _zone(head: Section) -> ZoneInfo:
    """Read the time zone."""
    name = head.text("timezone")
    if not name or name not in available_timezones():
        if name:
            cure = did_you_mean(name, available_timezones()).strip() or 'an IANA name such as "Europe/Paris"'
            head.wrong("timezone", f'unknown time zone "{name}"', cure)
        return ZoneInfo("UTC")
    return ZoneInfo(name)


def _listed(book: Book, document: Mapping[str, object], key: str, what: str) -> Iterator[Section]:
    """Yield the elements of a list of tables with ids, and check keys and ids once each has been read."""
    seen: set[str] = set()
    for section in sections(book, document, key, what):
        yield section
        section.done()
        identity = section.table.get("id")
        if isinstance(identity, str):
            if identity in seen:
                section.wrong("id", f'"{identity}" is declared twice', "rename or remove one")
            seen.add(identity)


def _read_assets(
    book: Book, document: Mapping[str, object], utilities: list[str], operators: list[str]
) -> tuple[list[Asset], list[Point]]:
    """Read the assets with their points."""
    types = read_types(Section(book, ("point_types",), document.get("point_types", {}), "the point types"))
    assets: list[Asset] = []
    points: list[Point] = []
    for section in sections(book, document, "assets", "asset"):
        asset = _read_asset(section, utilities, operators)
        if any(other.key == asset.key for other in assets):
            section.wrong("key", f'"{asset.key}" is declared twice', "rename or remove one")
        assets.append(asset)
        points += _read_points(book, section, asset.key, types)
        section.done()
    if not assets:
        book.mistake((), "a site without assets", "declare at least one under [[assets]]")
    return assets, points


def _read_asset(section: Section, utilities: list[str], operators: list[str]) -> Asset:
    """Read one asset without its points."""
    key = section.text("key")
    section.what = f"asset {key}" if key else section.what
    if key and not (key.count("/") == 1 and all(is_name(level) for level in key.split("/"))):
        section.wrong("key", f'"{key}" is not `area/asset`', "two levels of lower case letters, digits, - and _")
    return Asset(
        key=key,
        name=section.names(),
        utility=section.choice("utility", utilities),
        operator=section.choice("operator", operators),
        device=section.name("device"),
        kind=section.text("kind", required=False),
    )


def _read_points(book: Book, section: Section, asset: str, types: Mapping[str, Section]) -> Iterator[Point]:
    """Yield the sound points of one asset."""
    rows = section.value("points")
    if not isinstance(rows, dict):
        if rows is not None:
            section.wrong("points", "`points` is not a table", "write [assets.points] with `name = { … }` a line")
        return
    for name, row in rows.items():
        path = (*section.at("points"), name)
        what = f"point {asset}/{name}"
        book.declared.add(f"{asset}/{name}")
        if not is_name(name):
            book.mistake(path, f'{what}: "{name}" cannot be a name', "use lower case letters, digits, - and _")
        kind = row.get("type") if isinstance(row, dict) else None
        fallback = types.get(kind) if isinstance(kind, str) else None
        point = Section(book, path, row, what, fallback)
        if point.has("type"):
            point.choice("type", types)
            if fallback is None:
                continue
        read = read_point(point, f"{asset}/{name}")
        if read is not None:
            yield read
