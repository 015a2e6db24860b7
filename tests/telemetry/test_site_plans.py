"""Site files: demonstrators become plans, and every mistake in one is explained on its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from telemetry.errors import SiteFileError
from telemetry.plan import DriverPlan, MeteredPoint, Option, Periods, Plan
from telemetry.site_file import load_site, parse_site
from tests.telemetry.harbour import SITE, mistakes

PRICES = """
[[tariffs]]
id = "power"
quantity = "energy"
unit = "EUR/kW.h"
value = 0.2
valid_from = 2024-01-01
source = "x"
[[emission_factors]]
id = "grid"
quantity = "energy"
unit = "kg/kW.h"
value = 0.02
valid_from = 2024-01-01
source = "x"
"""
CALENDARS = """
[[calendars]]
id = "port-week"
name = "Port"
holidays = "FR"
shifts = []
[[calendars]]
id = "shifts"
name = "Shifts"
shifts = []
"""
KEYS = {
    "id": '"d"',
    "name": '"D"',
    "measure": '"M"',
    "boundary": '"B"',
    "ipmvp": '"B"',
    "energy": '["quay/loop/energy"]',
    "drivers": '["quay/store/t_air", "quay/loop/landed"]',
}
METER = '[{ id = "kwh", unit = "MW.h", points = [{ point = "quay/loop/energy", tariff = ["power"] }] }]'


def demonstrator(**changes: str | None) -> str:
    """Write a site with one demonstrator; a change to None leaves the key out."""
    keys = {key: value for key, value in (KEYS | changes).items() if value is not None}
    return (
        SITE + PRICES + CALENDARS + "[[demonstrators]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    )


def plan(**changes: str | None) -> Plan:
    """Read the one demonstrator of a site."""
    (found,) = parse_site(demonstrator(**changes), "port.toml").demonstrators
    return found


def test_the_short_form() -> None:
    """A point of energy is a figure in its canonical unit; what a driver does follows from its quantity."""
    found = plan()
    (meter,) = found.meters
    assert (meter.id, meter.unit, meter.points) == ("energy", "kW.h", (MeteredPoint(point="quay/loop/energy"),))
    assert found.drivers == (
        DriverPlan(point="quay/store/t_air", role="changepoint"),
        DriverPlan(point="quay/loop/landed", role="linear"),
    )
    assert (found.option, found.periods, found.confidence, found.frequency) == (Option.B, None, 0.9, "daily")


def test_a_driver_whose_days_before_count() -> None:
    """The time constant is kept with the role that the quantity chooses; what cannot last is told with its place."""
    found = plan(drivers='["quay/store/t_air", { point = "quay/loop/landed", lasts_days = 3 }]')
    assert found.drivers[1] == DriverPlan(point="quay/loop/landed", role="linear", lasts_days=3.0)
    with pytest.raises(SiteFileError, match=r"drivers\[0\].lasts_days: 40 days is no time constant"):
        plan(drivers='[{ point = "quay/loop/landed", lasts_days = 40 }]')


def test_the_full_form() -> None:
    """Factor from the unit, prices, drivers of one figure, periods, static factors, cost: all of it is kept."""
    found = plan(
        energy=None,
        meters=METER,
        drivers='[{ point = "quay/store/t_air", role = "linear" }]',
        baseline="[2025-01-01, 2025-12-31]",
        reporting_from="2026-02-01",
        confidence="0.95",
        frequency='"monthly"',
        static_factors='[{ id = "s", name = "S", value = "2 °C", point = "quay/loop/t_in", tolerance = 0.5 }]',
        cost='{ investment_eur = 1000, source = "x" }',
        responsible='"R"',
    )
    assert found.meters[0].points == (MeteredPoint(point="quay/loop/energy", factor=1e-3, tariff=("power",)),)
    assert found.drivers == (DriverPlan(point="quay/store/t_air", role="linear"),)
    assert found.periods == Periods(
        baseline_from=date(2025, 1, 1), baseline_to=date(2025, 12, 31), reporting_from=date(2026, 2, 1)
    )
    assert found.static_factors[0].tolerance == 0.5
    assert found.cost is not None
    assert (found.cost.investment_eur, found.cost.life_years) == (1000.0, 15.0)
    assert (found.confidence, found.frequency, found.responsible) == (0.95, "monthly", "R")


@pytest.mark.parametrize(
    ("key", "value", "cause"),
    [
        ("ipmvp", '"D"', "option D"),
        ("ipmvp", '"E"', "unknown option"),
        ("ipmvp", '"A"', "without a stipulated parameter"),
        ("stipulations", "[]", "option B stipulates nothing"),
        ("energy", '["quay/loop/flow"]', "counts no amount"),
        ("drivers", '["quay/loop/energy"]', "it would explain every saving away"),
        ("drivers", '["quay/store/t_air", "quay/store/t_air"]', "named twice"),
        ("drivers", '[{ point = "quay/store/t_air", role = "bent" }]', "unknown role"),
        ("meters", METER, "say the same"),
        ("baseline", "[2025-01-01]", "not two days"),
        ("baseline", "[2025-01-01, 2025-12-31]", "no reporting period"),
        ("reporting_from", "2026-01-01", "without a baseline"),
        ("confidence", "90", "`confidence` is 90"),
        ("frequency", '"weekly"', "unknown frequency"),
        ("calendar", '"port-weak"', 'unknown calendar "port-weak"'),
        ("calendar", '"shifts"', 'calendar "shifts" has no public holidays'),
        ("drivers_by_day", "true", "only hourly rows can take their day's drivers, and these are daily"),
        ("drivers_by_day", '"yes"', "neither yes nor no"),
        ("expected_saving", "[11, 30]", "a share of the adjusted baseline"),
        ("static_factors", '[{ id = "s", name = "S", value = "x", point = "quay/loop/t_in" }]', "no tolerance"),
        ("static_factors", '[{ id = "s", name = "S", value = "x", tolerance = 1.0 }]', "without a point"),
        ("cost", "{ investment_eur = 1 }", "no `source`"),
        ("cost", '{ investment_eur = 1e300, source = "offer" }', "no number that can be measured"),
        ("note", f'"{"n" * 4001}"', "note: it has 4001 characters"),
        ("context", '["quay/loop/none"]', "unknown point"),
        ("baseline_to", "2025-01-01", "unknown key `baseline_to`"),
    ],
)
def test_mistakes_in_a_demonstrator(key: str, value: str, cause: str) -> None:
    """Each mistake is found once, on the line of its key, with a cure."""
    text = demonstrator(**{key: value})
    (found,) = [one for one in mistakes(text) if cause in one.cause]
    place = {"meters": "energy", "baseline": "baseline"}.get(key, key)
    wanted = next(number for number, line in enumerate(text.split("\n"), 1) if line.startswith(f"{place} = ") and (
        number > (SITE + PRICES + CALENDARS).count("\n")
    ))  # fmt: skip
    assert found.line == wanted
    assert found.cure


def test_holidays_and_drivers_by_day() -> None:
    """A plan names a calendar of the site, and hourly rows may take their day's drivers; neither is by itself."""
    assert plan(calendar='"port-week"', day_types='"weekday"').calendar == "port-week"
    assert plan(calendar='"port-week"', frequency='"hourly"').frequency == "hourly"
    assert plan(drivers_by_day="true", frequency='"hourly"').drivers_by_day
    assert (plan().calendar, plan(drivers_by_day="false").drivers_by_day) == ("", False)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"day_types": '"none"'}, "without kinds of day no holiday counts"),
        ({"frequency": '"monthly"'}, "these rows are monthly"),
    ],
)
def test_a_calendar_without_effect_is_refused(changes: dict[str, str], cause: str) -> None:
    """Who names a calendar expects holidays to count: rows that know no kinds of day cannot."""
    (found,) = mistakes(demonstrator(calendar='"port-week"', **changes))
    assert cause in found.cause
    assert found.cure


def test_a_calendar_is_named_nearly_right_or_there_is_none() -> None:
    """The cure is the calendar that was meant, or where to declare one."""
    (found,) = mistakes(demonstrator(calendar='"port-weak"'))
    assert found.cure == 'did you mean "port-week"?'
    (found,) = mistakes(demonstrator(calendar='"x"').replace(CALENDARS, ""))
    assert found.cure == "declare it under [[calendars]]"


@pytest.mark.parametrize(
    ("meter", "cause"),
    [
        ('{ id = "k", unit = "kW.h", points = [{ point = "quay/loop/volume" }] }', "the figure in kW.h"),
        ('{ id = "k", unit = "kWh", points = [{ point = "quay/loop/energy" }] }', "counts no amount"),
        ('{ id = "k", unit = "kW.h", points = [] }', "without points"),
        ('{ id = "K", unit = "kW.h", points = [{ point = "quay/loop/energy" }] }', "cannot be an id"),
        ('{ id = "k", unit = "m3", points = [{ point = "quay/loop/volume", tariff = ["power"] }] }', "is EUR/kW.h of"),
        ('{ id = "k", unit = "kW.h", points = [{ point = "quay/loop/energy", tariff = ["powr"] }] }', "unknown tariff"),
        (
            '{ id = "k", unit = "kW.h", points = [{ point = "quay/loop/energy", emission_factor = "x" }] }',
            "unknown emission factor",
        ),
        ('{ id = "k", unit = "kW.h", points = [{ point = "quay/loop/energy", factor = 0 }] }', "would not count"),
        ('{ id = "k", unit = "kW.h", points = [{ point = "quay/loop/energy", facto = 1 }] }', "unknown key `facto`"),
    ],
)
def test_mistakes_in_a_figure(meter: str, cause: str) -> None:
    """Units, prices and factors of a figure are held against the site."""
    found = [one for one in mistakes(demonstrator(energy=None, meters=f"[{meter}]")) if cause in one.cause]
    assert len(found) == 1
    assert found[0].cure


def test_the_port_counts_gas_once() -> None:
    """Figures of gas, their price and their emissions are all of the lower heating value."""
    site = load_site(Path(__file__).parents[2] / "sites" / "capecure.toml")
    points = [point for each in site.demonstrators for meter in each.meters for point in meter.points]
    assert {point.factor for point in points if point.tariff == ("gas",)} == {10.0}
    scopes = [value.scope for value in (*site.tariffs, *site.emission_factors) if value.id in ("gas", "gas-combustion")]
    assert len(scopes) == 2
    assert all("par kWh PCI" in scope for scope in scopes)
    assert all(each.static_factors and each.cost and each.responsible for each in site.demonstrators)
