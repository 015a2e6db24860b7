"""Meters and drivers that stand still, or are each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.findings import Finding, InsufficientDataError, Severity
from savings.reporting_checks import check_reporting
from savings.stuck_values import check_stuck, runs
from savings.sufficiency import check_baseline
from tests.savings.days import air_of, bent, daily, hourly, monthly, straight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from savings.table import Table

DAYS = np.arange(365.0)


def year(first: str = "2025-01-01") -> Table:
    """Return a year of days without anything to be found."""
    rng = np.random.default_rng(1)
    air = air_of(DAYS, rng)
    return daily(200.0 + 3.0 * air + rng.normal(0.0, 5.0, 365), bent("air", air), first=first)


def by_code(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return findings by code."""
    return {finding.code: finding for finding in findings}


def test_runs_known_values() -> None:
    """Runs count from the least length on; NaN ends one, and averaging's rounding does not."""
    nan = np.nan
    assert runs(np.array([5.0, 5.0, nan, 5.0, 0.0, 0.0, 0.0]), 3).tolist() == [False] * 4 + [True] * 3
    assert runs(np.array([0.1 + 0.2, 0.3, 0.3]), 3).all()
    assert not runs(np.full(4, nan), 2).any()
    assert runs(np.zeros(0), 2).tolist() == []


@pytest.mark.parametrize(("length", "named"), [(6, 0), (7, 7)])
def test_a_stuck_meter_is_named(length: int, named: int) -> None:
    """Seven days of one value are named in either period, six are not."""
    table, later = year(), year("2026-01-01")
    for each in (table, later):
        each.energy[100 : 100 + length] = 215.5
    before = by_code(check_baseline(table, np.ones(365, np.bool_)))
    after = by_code(check_reporting(year(), later))
    for findings in (before, after):
        assert len(findings["stuck_values"].days if "stuck_values" in findings else ()) == named


def test_a_stuck_hour_needs_a_day() -> None:
    """Hours are doubted from a day of one value on."""
    use = 10.0 + np.random.default_rng(2).normal(0.0, 1.0, 400)
    use[50:73] = 11.0
    assert not list(check_stuck(hourly(use)))
    use[73] = 11.0
    assert len(by_code(check_stuck(hourly(use)))["stuck_values"].days) == 2


def test_drivers_that_stand_still() -> None:
    """A temperature that repeats itself is named; whole tonnes and idle weeks may lawfully do so."""
    table = year()
    table.driver("air").values[30:60] = 11.25
    tonnes = np.random.default_rng(3).uniform(5.0, 9.0, 365)
    tonnes[200:220] = 0.0
    more = (*table.drivers, straight("tonnes", tonnes), straight("crews", np.where(DAYS < 100, 2.0, 3.0)))
    stuck = [finding for finding in check_stuck(replace(table, drivers=more)) if finding.code == "stuck_values"]
    assert [finding.message.split()[0] for finding in stuck] == ["air"]


def test_a_meter_of_one_value_gives_no_saving() -> None:
    """A baseline of one value, or of one power, stops the figure, which would have no error."""
    later = year("2026-01-01")
    for still in (np.full(365, 250.0), 10.0 * year().hours):
        found = [each for each in check_reporting(year().with_energy(still), later) if each.code == "stuck_values"]
        assert [each.severity for each in found] == [Severity.STOP]
        assert "all through the baseline" in found[0].message
    assert "stuck_values" not in by_code(check_reporting(year(), later))
    with pytest.raises(InsufficientDataError, match="one value"):
        avoided_use(fit_baseline(year().with_energy(np.full(365, 250.0))), later)


def test_bills_of_one_value_are_named() -> None:
    """A year of equal bills after one that moved is told, though months are too few for runs."""
    air = 10.0 + np.arange(12.0)
    bills = monthly(500.0 + 20.0 * air, bent("air", air), first="2025-01")
    after = monthly(np.full(12, 600.0), bent("air", air), first="2026-01")
    (found,) = [each for each in check_reporting(bills, after) if each.code == "stuck_values"]
    assert (found.severity, "all through the reporting period" in found.message) == (Severity.WARNING, True)


def test_zeros_of_a_meter() -> None:
    """A dead month warns, a dead year stops; a meter with zeros at every weekend is used to them."""
    later = year("2026-01-01")
    later.energy[100:130] = 0.0
    assert by_code(check_reporting(year(), later))["zeros"].severity is Severity.WARNING
    dead = by_code(check_reporting(year(), later.with_energy(np.zeros(365))))
    assert dead["zeros"].severity is Severity.STOP
    never = by_code(check_reporting(year().with_energy(np.zeros(365)), later.with_energy(np.zeros(365))))
    assert never["zeros"].severity is Severity.STOP
    before = by_code(check_baseline(year().with_energy(np.zeros(365)), np.ones(365, np.bool_)))
    assert before["zeros"].severity is Severity.STOP
    weekends = np.where(DAYS % 7 < 2, 0.0, later.energy)
    assert "zeros" not in by_code(check_stuck(later.with_energy(weekends)))


def test_a_driver_that_died_in_the_reporting_period() -> None:
    """A driver that moved before and has one value since is named."""
    later = year("2026-01-01")
    still = replace(later, drivers=(bent("air", np.full(365, 12.0)),))
    finding = by_code(check_reporting(year(), still))["driver_without_variation"]
    assert (finding.severity, finding.days) == (Severity.WARNING, ("air",))


def test_a_driver_that_is_the_meter() -> None:
    """The meter's cost, rounded to cents, stops; an honest driver does not."""
    table = year()
    cost = straight("cost", np.round(0.2 * table.energy, 2), "EUR")
    findings = by_code(check_baseline(replace(table, drivers=(*table.drivers, cost)), np.ones(365, np.bool_)))
    assert findings["driver_is_the_meter"].severity is Severity.STOP
    assert findings["driver_is_the_meter"].days == ("cost",)
    assert "driver_is_the_meter" not in by_code(check_baseline(table, np.ones(365, np.bool_)))
