"""Site files: what stands beside the points – formulas, meters, prices, factors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from telemetry.site_file import parse_site
from tests.telemetry.harbour import SITE, mistakes

TABLES: dict[str, dict[str, str]] = {
    "derived_points": {
        "key": '"quay/loop/p"',
        "name": '"P"',
        "quantity": '"thermal_power"',
        "unit": '"kW"',
        "formula": '"q"',
        "inputs": '{ q = "quay/loop/flow" }',
    },
    "tariffs": {
        "id": '"t"',
        "quantity": '"energy"',
        "unit": '"EUR/kW.h"',
        "value": "1",
        "valid_from": "2024-01-01",
        "source": '"x"',
    },
    "meter_swaps": {
        "point": '"quay/loop/energy"',
        "at": "2026-01-01T00:00:00Z",
        "register_before": "1",
        "register_after": "0",
        "by": '"x"',
    },
    "alarm_rules": {
        "id": '"a"',
        "name": '"A"',
        "points": '["*/t_air"]',
        "when": '"above"',
        "limit": "1",
        "priority": '"high"',
    },
    "demonstrators": {
        "id": '"d"',
        "name": '"D"',
        "measure": '"M"',
        "boundary": '"B"',
        "ipmvp": '"B"',
        "energy": '["quay/loop/energy"]',
        "drivers": "[]",
    },
    "calendars": {"id": '"c"', "name": '"C"', "shifts": "[]"},
}


def block(table: str, **changes: str) -> str:
    """Write one element of a list of tables, with changes."""
    return f"[[{table}]]\n" + "".join(f"{key} = {value}\n" for key, value in (TABLES[table] | changes).items())


@pytest.mark.parametrize("table", TABLES)
def test_tables_beside_the_points_are_read(table: str) -> None:
    """Each kind of table is taken when it is sound, and its id may not be used twice."""
    site = parse_site(SITE + block(table), "port.toml")
    assert len(getattr(site, table)) == 1
    if table != "meter_swaps":
        assert mistakes(SITE + block(table) + block(table))


@pytest.mark.parametrize(
    ("table", "key", "value", "cause"),
    [
        ("derived_points", "formula", '"q * dt"', "`dt` is not an input"),
        ("derived_points", "formula", '"q +"', "not a formula"),
        ("derived_points", "formula", '"1"', "input `q` is not used"),
        ("derived_points", "key", '"quay/loop/flow"', "declared twice"),
        ("derived_points", "key", '"quay/lop/p"', "not under a declared asset"),
        ("derived_points", "inputs", '{ q = "quay/loop/no" }', 'unknown point "quay/loop/no"'),
        ("derived_points", "unit", '"bar"', "not one of thermal_power"),
        ("tariffs", "unit", '"EUR"', "not per unit of energy"),
        ("tariffs", "valid_from", "2024-01-01T00:00:00", "has no time zone"),
        ("tariffs", "valid_from", '"2024"', "not a date"),
        ("tariffs", "valid_to", "2023-01-01", "ends before it begins"),
        ("tariffs", "value", '"1"', "not a number"),
        ("meter_swaps", "point", '"quay/loop/flow"', "is no counter"),
        ("meter_swaps", "point", '"quay/loop/none"', "unknown point"),
        ("alarm_rules", "points", '["quay/*/nothing"]', "chooses no point"),
        ("alarm_rules", "points", '"*"', "not a list of patterns"),
        ("alarm_rules", "when", '"beyond"', 'unknown when "beyond"'),
        ("alarm_rules", "limit", '"hot"', "not a number"),
        ("alarm_rules", "delay", "5", "unknown key `delay`"),
        ("demonstrators", "energy", '["quay/loop/enrgy"]', 'unknown point "quay/loop/enrgy"'),
        ("demonstrators", "drivers", '"quay/loop/flow"', "not a list of points"),
        ("calendars", "id", '"A week"', "cannot be a level of a topic"),
        ("calendars", "holidays", '"FRANCE"', 'unknown country "FRANCE"'),
        ("calendars", "holidays", '"fr"', 'unknown country "fr"'),
        ("calendars", "holidays", "33", "not a text"),
    ],
)
def test_mistakes_beside_the_points(table: str, key: str, value: str, cause: str) -> None:
    """Formulas, prices, swaps, rules and demonstrators are held against the points, each mistake with its line."""
    keys = list(TABLES[table] | {key: value})
    (found,) = [one for one in mistakes(SITE + block(table, **{key: value})) if cause in one.cause]
    place = "inputs" if "not used" in cause else key
    assert found.line == SITE.count("\n") + 2 + keys.index(place)
    assert found.cure


def test_prices_may_follow_but_not_overlap() -> None:
    """Two prices of one id are fine when the first ends where the second begins."""
    first, second = block("tariffs", valid_to="2025-01-01"), block("tariffs", valid_from="2025-01-01", value="2")
    assert len(parse_site(SITE + first + second, "port.toml").tariffs) == 2
    assert "in force at once" in mistakes(SITE + block("tariffs") + second)[0].cause


def test_unknown_tables() -> None:
    """A misspelt table and one that should be a list are found on their line."""
    (found,) = mistakes(SITE + '[[utilitys]]\nid = "x"')
    assert (found.line, found.cause) == (SITE.count("\n") + 1, "unknown table `utilitys`")
    assert "utilities" in found.cure
    (found,) = mistakes(SITE + '[calendars]\nid = "x"')
    assert "not a list of tables" in found.cause


def test_a_day_is_midnight_in_the_sites_zone() -> None:
    """A price valid from a day is valid from its first local midnight."""
    tariff = parse_site(SITE + block("tariffs", valid_from="2024-07-01"), "port.toml").tariffs[0]
    assert tariff.valid_from.astimezone(UTC) == datetime(2024, 6, 30, 22, tzinfo=UTC)
