"""What is found before a fit and before a comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.driver_checks import condition_number
from savings.findings import Finding, Severity
from savings.reporting_checks import check_reporting, outside_range
from savings.sufficiency import check_baseline, duplicate_rows, usable_rows
from savings.suspect_values import error_codes, extremes, unit_jump
from tests.savings.days import air_of, bent, category, daily, hourly, monthly, straight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from savings.table import Table

DAYS = np.arange(365.0)


def year(seed: int = 1, first: str = "2025-01-01") -> Table:
    """Return a year of days without anything to be found."""
    rng = np.random.default_rng(seed)
    air = air_of(DAYS, rng)
    return daily(200.0 + 3.0 * air + rng.normal(0.0, 5.0, 365), bent("air", air), first=first)


def found(table: Table) -> dict[str, Finding]:
    """Return the findings of a baseline by code."""
    usable, _ = usable_rows(table)
    return by_code(check_baseline(table, usable))


def by_code(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return findings by code."""
    return {finding.code: finding for finding in findings}


def test_good_data_have_no_findings() -> None:
    """A whole year, all present, compared with a year of the same climate, raises nothing."""
    assert found(year()) == {}
    assert check_reporting(year(1), year(1, "2026-01-01")) == ()


def test_length() -> None:
    """Less than a year warns, less than 28 days stops; months stop below six."""
    assert found(year().take(slice(0, 200)))["baseline_too_short"].severity is Severity.WARNING
    assert found(year().take(slice(0, 20)))["baseline_too_short"].severity is Severity.STOP
    rng = np.random.default_rng(2)
    assert found(monthly(rng.normal(3000.0, 100.0, 5)))["baseline_too_short"].severity is Severity.STOP
    assert "baseline_too_short" not in found(monthly(rng.normal(3000.0, 100.0, 12)))


@pytest.mark.parametrize(("missing", "severity"), [(60, Severity.WARNING), (200, Severity.STOP)])
def test_coverage(missing: int, severity: Severity) -> None:
    """Below 90 % of the days a warning, below half no number."""
    table = year()
    table.energy[np.random.default_rng(3).choice(np.arange(1, 364), missing, replace=False)] = np.nan
    assert found(table)["coverage_low"].severity is severity


def test_gaps_are_named_by_the_day_they_begin() -> None:
    """Ten days without a row are a gap that begins on its first missing day; five are none."""
    table = year()
    table.energy[100:110] = np.nan
    table.energy[200:205] = np.nan
    gaps = found(table)["gaps"]
    assert gaps.days == ("2025-04-11",)
    assert gaps.message == "1 gap, of 10 days."


def test_duplicates() -> None:
    """Of equal rows the first is used, of different ones none."""
    table = year().take(np.array([0, 1, 1, 2, 3, 3, *range(4, 365)]))
    table.energy[5] += 50.0
    assert np.flatnonzero(duplicate_rows(table)).tolist() == [2, 4, 5]
    assert found(table)["duplicate_timestamps"].days == ("2025-01-02", "2025-01-04")
    assert ("2025-01-02T00:00:00", "duplicate_timestamp") in usable_rows(table)[1]


def test_the_hour_that_the_clock_repeats_is_no_duplicate() -> None:
    """02:00 twice on the last Sunday of October is summer time's end; 14:00 twice is a mistake."""
    table = hourly(np.arange(1.0, 51.0), first="2025-10-26")
    assert not duplicate_rows(table.take(np.array([0, 1, 2, 2, *range(3, 50)]))).any()
    assert duplicate_rows(table.take(np.array([*range(14), 14, 14, *range(15, 50)]))).any()
    assert duplicate_rows(table.take(np.array([0, 1, 1, 2, 2, *range(3, 50)]))).sum() == 2


def test_error_codes() -> None:
    """−9999 in energy or a driver is left out and its days are named; an honest 9999 is kept."""
    table = year()
    table.energy[7] = -9999.0
    table.driver("air").values[9] = -999.0
    assert found(table)["error_codes"].days == ("2025-01-08", "2025-01-10")
    assert usable_rows(table)[0].sum() == 363
    assert error_codes(np.array([9000.0, 9999.0, 11000.0, 10500.0, np.nan])).sum() == 0
    assert error_codes(np.array([10.0, 12.0, 9999.0, 11.0, 13.0])).tolist() == [False, False, True, False, False]


def test_extremes_and_negative_use() -> None:
    """A day far above median + 3 IQR and a negative one are named, and used."""
    table = year()
    table.energy[50], table.energy[60] = 2000.0, -50.0
    findings = found(table)
    assert findings["extremes"].days == ("2025-02-20",)
    assert findings["negative_energy"].days == ("2025-03-02",)
    assert usable_rows(table)[0].all()
    assert extremes(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 12.0, 13.0])).tolist() == [False] * 7
    assert extremes(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 100.0])).tolist() == [False] * 6 + [True]
    assert not extremes(np.full(3, np.nan)).any()


@pytest.mark.parametrize(
    ("factor", "severity"), [(1000.0, Severity.STOP), (3.6, Severity.WARNING), (10.0, Severity.WARNING)]
)
def test_mixed_units(factor: float, severity: Severity) -> None:
    """Half a year in another unit is found to the day; so is a reporting period in another unit."""
    table = year()
    scaled = table.with_energy(np.where(DAYS >= 150, factor, 1.0) * table.energy)
    finding = found(scaled)["units_mixed"]
    assert (finding.severity, finding.days) == (severity, ("2025-05-31",))
    later = year(1, "2026-01-01")
    between = by_code(check_reporting(table, later.with_energy(later.energy / factor)))["units_mixed"]
    assert between.severity is severity


def test_hours_that_rest_at_a_thousandth_are_no_units() -> None:
    """A plant that idles at a thousandth every night mixes no units; an hourly meter that changes its unit does."""
    hour = np.arange(24 * 60)
    use = np.where((hour % 24 >= 6) & (hour % 24 < 18), 50.0, 0.05) * (1.0 + 0.01 * np.sin(hour))
    assert "units_mixed" not in found(hourly(use))
    slipped = found(hourly(use * np.where(hour >= 24 * 30, 1000.0, 1.0)))["units_mixed"]
    assert (slipped.severity, slipped.days) == (Severity.STOP, ("2025-02-05",))


def test_honest_steps_are_no_units() -> None:
    """A season that doubles, a plant that stands still and savings of 30 % are not mixed units."""
    table = year()
    assert unit_jump(table.energy * np.where(DAYS > 100, 2.0, 1.0)) is None
    still = table.energy.copy()
    still[100:130] = 0.0
    assert unit_jump(still) is None
    assert unit_jump(np.full(5, 3.0)) is None
    later = year(1, "2026-01-01")
    assert check_reporting(table, later.with_energy(0.7 * later.energy)) == ()


def test_drivers_without_variation_and_collinear() -> None:
    """A constant driver, an empty one and two that move together are each named."""
    table = year()
    air = table.driver("air").values
    more = (*table.drivers, straight("constant", np.full(365, 4.0)), bent("sea", air + 0.01 * DAYS % 3))
    findings = check_baseline(replace(table, drivers=more), np.ones(365, np.bool_))
    assert [finding.days for finding in findings if finding.code == "driver_without_variation"] == [("constant",)]
    assert [finding.days for finding in findings if finding.code == "drivers_collinear"] == [("air", "sea")]
    empty = replace(table, drivers=(*table.drivers, straight("empty", np.full(365, np.nan))))
    assert found(empty)["driver_without_variation"].days == ("empty",)
    assert usable_rows(empty)[0].all()


def test_condition_number_known_value() -> None:
    """Two columns of correlation r have √((1 + r) / (1 − r)): 4.36 for 0.9; one column has 1, a copy infinity."""
    rng = np.random.default_rng(5)
    raw = rng.normal(size=(400, 2))
    q = np.linalg.qr(raw - raw.mean(axis=0))[0]
    other = 0.9 * q[:, 0] + np.sqrt(1.0 - 0.81) * q[:, 1]
    assert condition_number(np.stack([q[:, 0] + 7.0, 3.0 * other], axis=1)) == pytest.approx(np.sqrt(1.9 / 0.1))
    assert condition_number(q[:, :1]) == 1.0
    assert condition_number(np.stack([q[:, 0], q[:, 0]], axis=1)) > 1e7


def test_extrapolation_lists_its_days() -> None:
    """Days hotter than the baseline's range by more than a tenth of it are named; those within it are not."""
    table, later = year(1), year(1, "2026-01-01")
    air = table.driver("air").values
    reach = air.max() - air.min()
    hot = later.driver("air").values
    hot[200], hot[201] = air.max() + 0.11 * reach, air.max() + 0.09 * reach
    finding = by_code(check_reporting(table, later))["extrapolation"]
    assert finding.days == ("2026-07-20",)
    assert outside_range(np.array([0.0, 10.0]), np.array([-1.1, -0.9, 10.9, 11.1, np.nan])).tolist() == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_order_of_the_periods() -> None:
    """Overlap and reversal stop; turns of on and off warn."""
    assert by_code(check_reporting(year(1, "2026-01-01"), year()))["baseline_after_reporting"].severity is Severity.STOP
    overlap = by_code(check_reporting(year(), year(1, "2025-12-01")))["periods_overlap"]
    assert (overlap.severity, len(overlap.days)) == (Severity.STOP, 31)
    even = np.arange(365) % 14 < 7
    turns = by_code(check_reporting(year().take(even), year().take(~even)))
    assert turns["periods_overlap"].severity is Severity.WARNING


def test_what_the_reporting_period_lacks() -> None:
    """A missing driver and an empty period stop, an unknown day type and thin data warn."""
    table, later = year(), year(1, "2026-01-01")
    assert by_code(check_reporting(table, replace(later, drivers=())))["driver_missing"].severity is Severity.STOP
    assert by_code(check_reporting(table, later.take(slice(0, 0))))
    days = replace(table, drivers=(category("day", DAYS % 2),))
    other = replace(later, drivers=(category("day", DAYS % 3),))
    assert len(by_code(check_reporting(days, other))["category_unknown"].days) == 121
    later.energy[:60] = np.nan
    assert by_code(check_reporting(table, later))["coverage_low"].severity is Severity.WARNING


def test_every_finding_says_what_to_do() -> None:
    """Message and cure are never empty, and messages are sentences."""
    table = year().take(np.array([0, 1, 1, *range(2, 200)]))
    table.energy[50], table.energy[60], table.energy[70] = 5000.0, -9999.0, -3.0
    for finding in found(table).values():
        assert finding.message.endswith(".")
        assert finding.cure
