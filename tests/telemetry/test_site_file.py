"""Site files: the two that come with the project, and every mistake explained with its line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from telemetry.catalogue import catalogue_of
from telemetry.errors import SiteFileError
from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.site_file import load_site, parse_site
from tests.telemetry.harbour import SITE, mistakes

SITES = Path(__file__).parents[2] / "sites"


def changed(old: str, new: str) -> tuple[str, int]:
    """Replace one piece of the small site; return the text and the line of the change."""
    assert SITE.count(old) == 1, old
    return SITE.replace(old, new), SITE[: SITE.index(old)].count("\n") + 1


def test_the_port_is_complete() -> None:
    """Capécure has at least 150 points over all seven utilities, with what later rooms need."""
    site = load_site(SITES / "capecure.toml")
    assert site.id == "capecure"
    assert str(site.timezone) == "Europe/Paris"
    assert len(site.points) >= 150
    utility = {asset.key: asset.utility for asset in site.assets}
    by_utility = Counter(utility[point.asset] for point in site.points)
    assert set(by_utility) == {"seawater", "cold", "steam", "water", "electricity", "gas", "chemicals"}
    assert len(site.demonstrators) == 8
    assert len(site.derived_points) >= 8
    assert site.tariffs
    assert site.emission_factors
    assert site.alarm_rules
    assert site.calendars


@pytest.mark.parametrize("key", ["period_s", "silent_after_s"])
@pytest.mark.parametrize("figure", ["1e13", "1e300", "1e-300", "7776001"])
def test_durations_that_no_plant_has(key: str, figure: str) -> None:
    """A period or a silence beyond ninety days, or of nothing, is a mistake: its roll-ups would never be done."""
    text = SITE.replace(
        "period_s = 60", f"{key} = {figure}" if key == "period_s" else f"period_s = 60, {key} = {figure}"
    )
    assert text != SITE
    found = [mistake for mistake in mistakes(text) if f"`{key}`" in mistake.cause]
    assert found
    assert "0.001 to 7776000" in found[0].cure


@pytest.mark.parametrize("file", ["capecure.toml", "open_data.toml"])
def test_sites_that_come_with_the_project_are_sound(file: str) -> None:
    """Every point has both languages, a lawful quantity, and a device; keys and devices hold together."""
    site = load_site(SITES / file)
    catalogue = catalogue_of(site)
    assert len(catalogue.points) == len(site.points) == len({entry.point_id for entry in catalogue.points.values()})
    for point in site.points:
        quantity = QUANTITIES[point.quantity]
        assert set(point.name) == {"fr", "en"}
        assert all(point.name.values())
        assert point.kind in quantity.kinds
        assert point.unit in quantity.units
        assert point.silent_after_s >= point.period_s
        assert catalogue.devices[point.asset]
        assert (point.modulus is None) or point.kind is Kind.COUNTER


def test_open_data_keeps_units_as_they_are_stated() -> None:
    """The recorded files' energies are events in kWh, their temperatures °F, their power kW."""
    points = {point.key: point for point in load_site(SITES / "open_data.toml").points}
    assert points["school/meter/energy"].kind is Kind.EVENT
    assert points["school/meter/energy"].unit == QUANTITIES["energy"].unit == "kW.h"
    assert points["building/meter/energy"].period_s == 86400
    assert points["unlabelled/meter/power"].unit == "kW"
    assert {point.unit for key, point in points.items() if key.endswith("temperature")} == {"[degF]"}


def test_types_give_and_points_override() -> None:
    """A point takes its type's properties, and its own win."""
    text = SITE.replace(
        "[[utilities]]",
        '[point_types]\nair = { name = "Air", quantity = "temperature", unit = "K", kind = "gauge", period_s = 60 }\n'
        "[[utilities]]",
        1,
    ).replace(
        't_air = { name = "Air", quantity = "temperature", unit = "Cel", kind = "gauge", period_s = 60 }',
        't_air = { type = "air", period_s = 10 }',
    )
    point = next(point for point in parse_site(text, "port.toml").points if point.key == "quay/store/t_air")
    assert (point.unit, point.period_s, point.silent_after_s) == ("K", 10.0, 300.0)
    assert (point.asset, point.short_name) == ("quay/store", "t_air")


@pytest.mark.parametrize(
    ("old", "new", "cause", "cure"),
    [
        (
            'quantity = "energy", unit = "kW.h", kind = "counter"',
            'quantity = "energy", unit = "kW.h", kind = "gauge"',
            "energy may not be a gauge",
            "power",
        ),
        (
            'quantity = "volume_flow", unit = "m3/h", kind = "gauge"',
            'quantity = "power", unit = "kW", kind = "counter"',
            "power may not be a counter",
            "energy",
        ),
        (
            'quantity = "volume_flow"',
            'quantity = "volume_flaw"',
            'unknown quantity "volume_flaw"',
            'did you mean "volume_flow"',
        ),
        ('unit = "m3/h"', 'unit = "bar"', 'unit "bar" is not one of volume_flow', "m3/h"),
        ('kind = "state"', 'kind = "switch"', 'unknown kind "switch"', "state"),
        ('unit = "mS/cm", kind', 'unit = "mS/cm", knid = 1, kind', "unknown key `knid`", 'did you mean "kind"'),
        ('name = "Flow", ', "", "has no `name`", "name ="),
        ('name = "Flow"', 'name = { fr = "Débit" }', "not given in every language", "en ="),
        ("range = [-2, 30]", "range = [30, -2]", "goes from 30 to -2", "lower number first"),
        ("range = [-2, 30]", "range = [-400, 30]", "wider than temperature can be", "-273.15"),
        ("range = [-2, 30]", 'range = "cold"', "`range` is not two numbers", "range = [0, 100]"),
        ("rate_limit = 0.1", "rate_limit = -0.1", "`rate_limit` is -0.1", "more than 0"),
        ("rate_limit = 0.1", 'rate_limit = "fast"', "`rate_limit` is not a number", "without quotes"),
        ("rate_limit = 0.1", "modulus = 1e6", "`modulus` belongs to a counter, this is a gauge", "remove"),
        ("modulus = 1e8", "rate_limit = 1.0", "a counter has no rate limit", "gauge"),
        ("rate_limit = 0.1", "silent_after_s = 5", "silent sooner than it is sampled", "at least 60"),
        (
            "calibration_due = 2026-01-31",
            'calibration_due = "soon"',
            "`calibration_due` is not a day",
            "without quotes",
        ),
        ("t_air = {", '"T Air" = {', '"T Air" cannot be a name', "lower case"),
        ('key = "quay/store"', 'key = "quay"', '"quay" is not `area/asset`', "two levels"),
        ('key = "quay/store"', 'key = "quay/loop"', '"quay/loop" is declared twice', "rename"),
        ('device = "edge-2"', 'device = "Edge 2"', '"Edge 2" cannot be a level of a topic', "lower case"),
        ('device = "edge-2"', "", "has no `device`", "device ="),
        (
            'timezone = "Europe/Paris"',
            'timezone = "Europe/Pari"',
            'unknown time zone "Europe/Pari"',
            'did you mean "Europe/Paris"',
        ),
        ("position = [50.7, 1.6]", "position = [150.7, 1.6]", "not a place on earth", "latitude"),
        ('id = "harbour"', 'id = "Le Havre"', '"Le Havre" cannot be a level of a topic', "lower case"),
        ('id = "harbour"', "id = 5", "`id` is not a text", "write"),
        (
            '"legacy/index" = "quay/loop/volume"',
            '"legacy/index" = "quay/loop/volumes"',
            'unknown point "quay/loop/volumes"',
            'did you mean "quay/loop/volume"',
        ),
        ('"legacy/index" =', '"legacy/+" =', '"legacy/+" cannot be mapped', "wildcards"),
        ('"port/node" = "quay/loop"', '"port" = "quay/loop"', '"port" is not a node', "group/node"),
        (
            '"port/node" = "quay/loop"',
            '"port/node" = "quay/lop"',
            'unknown asset "quay/lop"',
            'did you mean "quay/loop"',
        ),
    ],
)
def test_a_mistake_is_explained(old: str, new: str, cause: str, cure: str) -> None:
    """Each mistake names file, line, cause and cure, and is the only one reported."""
    text, line = changed(old, new)
    found = mistakes(text)
    (about,) = [mistake for mistake in found if cause in mistake.cause]
    assert about.file == "port.toml"
    assert cure in about.cure
    section = "has no" in cause  # what is missing is reported where its table begins
    assert about.line == line or section
    assert str(about).startswith(f"port.toml:{about.line}: ")
    consequences = [mistake for mistake in found if mistake is not about]
    assert all("unknown asset" in mistake.cause and "key =" in old for mistake in consequences), found


def test_all_mistakes_at_once_in_order() -> None:
    """A person mends everything in one go: all mistakes are reported, by line."""
    text = (
        SITE.replace('unit = "m3/h"', 'unit = "bar"').replace('kind = "state"', 'kind = "stat"').replace("50.7", "500")
    )
    found = mistakes(text)
    assert len(found) == 3
    assert [mistake.line for mistake in found] == sorted(mistake.line for mistake in found)


@pytest.mark.parametrize(
    ("text", "line", "cure"),
    [
        ("a = 1\nb = ", 2, "double quotes"),
        ("a = 1\nb 2", 2, "key = value"),
        ("a = 1\na = 2", 2, "remove one"),
        ('a = 1\nb = "x', 2, "quote"),
        ("a = 1\nb = [1, 2", 2, "]"),
        ("a = 1\nb = bar", 2, "double quotes"),
        ("[a]\n[a]", 2, "twice"),
    ],
)
def test_what_is_not_toml(text: str, line: int, cure: str) -> None:
    """A syntax error has a line and a cure too."""
    (found,) = mistakes(text)
    assert found.line == line
    assert cure in found.cure


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file and one in another encoding are mistakes like others."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes('name = "Capécure"'.encode("latin-1"))
    for path, cause in ((tmp_path / "none.toml", "cannot be read"), (latin, "not UTF-8")):
        with pytest.raises(SiteFileError, match=cause):
            load_site(path)


def test_an_empty_file_says_what_is_missing() -> None:
    """An empty file is told what a site needs."""
    causes = " ".join(mistake.cause for mistake in mistakes(""))
    assert "the site has no `id`" in causes
    assert "without assets" in causes
