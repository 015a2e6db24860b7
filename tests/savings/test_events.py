"""Non-routine events: what the series suggests, and how large an accepted one was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import Baseline, fit_baseline
from savings.events import indicator_adjustment, share_taken, suggest, suggest_in_baseline
from savings.table import Frequency, Table
from savings.uncertainty.interval import Method
from telemetry.errors import ContractError
from tests.savings.made_up import made_up, remembering

EVENT = slice(100, 130)
DAYS = ("2026-04-11", "2026-05-10")


@pytest.fixture(scope="module")
def meter() -> Table:
    """Return two years, of which the second saves 8 %."""
    return made_up(saved=0.08)


@pytest.fixture(scope="module")
def baseline(meter: Table) -> Baseline:
    """Return the first year's model."""
    return fit_baseline(meter.take(slice(0, 365)))


def second_year(meter: Table, rows: slice = EVENT, shift: float = 0.0) -> Table:
    """Return the second year with a shift of use on some days [unit/d]."""
    year = meter.take(slice(365, None))
    energy = year.energy.copy()
    energy[rows] += shift
    return year.with_energy(energy)


@pytest.fixture(scope="module")
def disturbed(meter: Table, baseline: Baseline) -> AvoidedUse:
    """Return a saving in whose year a plant stood for 30 days: 300 a day less."""
    return avoided_use(baseline, second_year(meter, shift=-300.0))


def test_quiet_meters_suggest_nothing() -> None:
    """A steady saving in noise that remembers is no event, in the reporting period as in the baseline."""
    for seed in range(2):
        quiet = made_up(seed=seed, saved=0.08)
        fitted = fit_baseline(quiet.take(slice(0, 365)), candidates=("3PC",))
        assert suggest(avoided_use(fitted, second_year(quiet))) == ()
        assert suggest_in_baseline(fitted) == ()


def test_window_is_found(disturbed: AvoidedUse) -> None:
    """The days are found to within two, the shift is negative, and its interval holds 300 a day."""
    (found,) = suggest(disturbed)
    assert found.kind == "window"
    first, last = (np.datetime64(day, "D") for day in (found.first_day, found.last_day))
    assert abs(first - np.datetime64(DAYS[0])).astype(int) <= 2
    assert abs(last - np.datetime64(DAYS[1])).astype(int) <= 2
    assert abs(found.total + 300.0 * found.days) < 2.0 * found.standard_error
    assert found.total == pytest.approx(found.per_day * found.days)


@pytest.mark.parametrize(
    ("rows", "shift", "sign"), [(slice(0, 60), 150.0, -1.0), (slice(250, None), 200.0, 1.0)], ids=["staged", "lasting"]
)
def test_what_lasts_is_a_step(rows: slice, shift: float, sign: float, meter: Table, baseline: Baseline) -> None:
    """A start in stages, and a change that stays, are steps to the end of the period, seen from the days before."""
    (found,) = suggest(avoided_use(baseline, second_year(meter, rows, shift)))
    assert found.kind == "step"
    assert found.last_day == "2026-12-31"
    assert sign * found.per_day == pytest.approx(shift, rel=0.35)
    edge = np.datetime64("2026-01-01") + (rows.stop or rows.start)
    assert abs(np.datetime64(found.first_day) - edge).astype(int) <= 4


def test_season_is_no_event(meter: Table, baseline: Baseline) -> None:
    """A measure that saves more in summer than in winter, as seawater does, suggests nothing."""
    year = second_year(meter)
    wave = 90.0 * np.cos(2.0 * np.pi * (np.arange(365) - 20) / 365.25)
    assert suggest(avoided_use(baseline, year.with_energy(year.energy + wave))) == ()


def test_what_is_small_is_not_suggested(meter: Table) -> None:
    """A shift of 1 % of use that stands out of next to no noise is left alone; one of 3 % is suggested."""
    air, tonnes = (meter.driver(name).values for name in ("air", "tonnes"))
    use = 1500 + 40 * np.maximum(air - 12, 0) + 8 * tonnes + np.random.default_rng(4).normal(0, 2, 730)
    quiet = fit_baseline(meter.with_energy(use).take(slice(0, 365)), candidates=("3PC",))
    year = meter.with_energy(use)
    assert suggest(avoided_use(quiet, second_year(year, shift=-18.0))) == ()
    assert len(suggest(avoided_use(quiet, second_year(year, shift=-54.0)))) == 1


def test_stairs_are_one_step(meter: Table, baseline: Baseline) -> None:
    """Use that grows twice and stays is one step from the first growth on."""
    year = second_year(meter)
    stairs = 250.0 * (np.arange(365) >= 230) + 250.0 * (np.arange(365) >= 300)
    (found,) = suggest(avoided_use(baseline, year.with_energy(year.energy + stairs)))
    assert found.kind == "step"
    assert abs(np.datetime64(found.first_day) - np.datetime64("2026-08-19")).astype(int) <= 4
    assert found.per_day > 250.0


def test_short_stretches_are_joined(meter: Table, baseline: Baseline) -> None:
    """Three days off, four on, three off: one window of a week or more, or none, but never one of days."""
    year = second_year(meter)
    off = np.isin(np.arange(365), [100, 101, 102, 107, 108, 109, 114, 115, 116])
    for found in suggest(avoided_use(baseline, year.with_energy(year.energy - 900.0 * off))):
        assert found.days >= 7


def test_an_event_beside_a_stage_is_a_stretch_of_its_own(meter: Table, baseline: Baseline) -> None:
    """A month at a standstill in the middle of a weaker half year is not taken for the whole half year."""
    year = second_year(meter, shift=-600.0)
    energy = year.energy.copy()
    energy[40 : EVENT.start] -= 120.0
    found = suggest(avoided_use(baseline, year.with_energy(energy)))
    (event,) = [each for each in found if each.per_day < -400.0]
    assert (event.first_day, event.last_day) == DAYS


def test_two_events_are_told_apart(meter: Table, baseline: Baseline) -> None:
    """Two plants that stand or run more, months apart, are two suggestions in order of time."""
    year = second_year(meter, shift=-300.0)
    energy = year.energy + 350.0 * ((np.arange(365) >= 280) & (np.arange(365) < 300))
    first, second = suggest(avoided_use(baseline, year.with_energy(energy)))
    assert first.per_day < 0 < second.per_day
    assert first.last_day < second.first_day


def test_accepted_event_is_not_suggested_again(disturbed: AvoidedUse, meter: Table, baseline: Baseline) -> None:
    """Once adjusted, the days look like the others."""
    event = indicator_adjustment(disturbed, *DAYS)
    assert suggest(avoided_use(baseline, second_year(meter, shift=-300.0), adjustments=[event])) == ()


def test_event_in_the_baseline(meter: Table) -> None:
    """A production stop in the year that the model learns from is suggested with its days."""
    year = meter.take(slice(0, 365))
    energy = year.energy.copy()
    energy[200:240] -= 350.0
    (found,) = suggest_in_baseline(fit_baseline(year.with_energy(energy), candidates=("3PC",)))
    assert found.kind == "window"
    assert abs(np.datetime64(found.first_day) - np.datetime64("2025-07-20")).astype(int) <= 2
    assert found.per_day == pytest.approx(-350.0, rel=0.35)


def test_bills_suggest_nothing(disturbed: AvoidedUse) -> None:
    """Twelve bills are too few to tell an event from noise."""
    monthly = replace(disturbed.baseline, table=replace(disturbed.baseline.table, frequency=Frequency.MONTHLY))
    assert suggest(replace(disturbed, baseline=monthly)) == ()
    assert suggest_in_baseline(monthly) == ()


def test_indicator_by_hand(disturbed: AvoidedUse) -> None:
    """The event is what the days save beyond the usual share, by what the measure leaves of it."""
    inside = np.zeros(365, np.bool_)
    inside[EVENT] = True
    usual = disturbed.saving[~inside].sum() / disturbed.adjusted[~inside].sum()
    event = indicator_adjustment(disturbed, *DAYS, reason="freezer out of service")
    beyond = disturbed.saving[inside].sum() - usual * disturbed.adjusted[inside].sum()
    assert event.amount == pytest.approx(-beyond / (1 - usual))
    agreed = avoided_use(disturbed.baseline, disturbed.totals.reporting, adjustments=[event])
    assert agreed.saving[inside].sum() / agreed.adjusted[inside].sum() == pytest.approx(usual)
    assert abs(event.amount + 300.0 * 30) < 2.0 * event.standard_error
    assert (event.days, event.reason) == (DAYS, "freezer out of service")


def test_a_plant_that_stood_wholly_took_all_also_where_use_grew(meter: Table, baseline: Baseline) -> None:
    """With more use on other days no use at all is worth what was expected, and the share that is gone is all."""
    year = meter.take(slice(365, None))
    energy = 1.3 * year.energy
    energy[EVENT] = 0.0
    grown = avoided_use(baseline, year.with_energy(energy))
    assert share_taken(grown, *DAYS) == 1.0
    assert indicator_adjustment(grown, *DAYS).amount == pytest.approx(-grown.adjusted[EVENT].sum())


def test_what_is_gone_is_told_by_the_use_of_other_days(disturbed: AvoidedUse) -> None:
    """A share of what other days use under the measure; nothing where the event brought use, or leaves no other day."""
    usual = disturbed.measured.sum() - disturbed.measured[EVENT].sum()
    expected = disturbed.adjusted[EVENT].sum() * usual / (disturbed.adjusted.sum() - disturbed.adjusted[EVENT].sum())
    assert share_taken(disturbed, *DAYS) == pytest.approx(1.0 - disturbed.measured[EVENT].sum() / expected)
    assert share_taken(disturbed, "2026-02-01", "2026-02-02") < 0.1
    assert share_taken(disturbed, "2026-01-01", "2026-12-31") == 0.0


def test_other_events_tell_nothing(disturbed: AvoidedUse) -> None:
    """The days of another event are no neighbours: leaving them out changes the size by what they said."""
    half = ("2026-04-11", "2026-04-25"), ("2026-04-26", "2026-05-10")
    alone = indicator_adjustment(disturbed, *half[0])
    beside = indicator_adjustment(disturbed, *half[0], others=[half[1]])
    assert beside.amount < alone.amount  # the other half stood as well: it made the usual saving look larger
    both = beside.amount + indicator_adjustment(disturbed, *half[1], others=[half[0]]).amount
    assert both == pytest.approx(indicator_adjustment(disturbed, *DAYS).amount)


def test_earlier_adjustments_are_known(disturbed: AvoidedUse, meter: Table, baseline: Baseline) -> None:
    """A day that is already adjusted leaves nothing to adjust."""
    event = indicator_adjustment(disturbed, *DAYS)
    adjusted = avoided_use(baseline, second_year(meter, shift=-300.0), adjustments=[event])
    assert indicator_adjustment(adjusted, *DAYS).amount == pytest.approx(0.0, abs=1e-6)


def test_guideline14_borrows_the_default_error(disturbed: AvoidedUse) -> None:
    """Guideline 14 knows no contrast, so the event's error is that of the default method."""
    plain, borrowed = (
        indicator_adjustment(replace(disturbed, method=method), *DAYS) for method in (Method.REML, Method.GUIDELINE14)
    )
    assert plain.standard_error == borrowed.standard_error > 0.0


@pytest.mark.parametrize("days", [("2020-01-01", "2020-01-09"), ("2026-01-01", "2026-12-31")], ids=["outside", "all"])
def test_event_that_cannot_be_sized(days: tuple[str, str], disturbed: AvoidedUse) -> None:
    """Days without rows, and days that leave none to compare with, are refused by name."""
    with pytest.raises(ContractError, match=days[0]):
        indicator_adjustment(disturbed, *days)


def test_interval_holds_the_truth_after_acceptance() -> None:
    """With the event accepted the 90 % interval holds the truth about as often as it should; without, hardly ever."""
    draws = 20
    held, ignored = 0, 0
    for seed in range(draws):
        meter = made_up(seed=seed)
        rng = np.random.default_rng(1000 + seed)
        air, tonnes = (meter.driver(name).values for name in ("air", "tonnes"))
        use = 1500 + 40 * np.maximum(air - 12, 0) + 8 * tonnes + 60 * remembering(rng, 0.6, (730,))
        truth = 0.08 * float(use[365:].sum())
        use[365:] *= 0.92
        first = 365 + int(rng.integers(20, 250))
        use[first : first + 50] -= 400.0
        fitted = fit_baseline(meter.with_energy(use).take(slice(0, 365)), candidates=("3PC",))
        reporting = meter.with_energy(use).take(slice(365, None))
        plain = avoided_use(fitted, reporting)
        days = meter.start[[first, first + 49]].astype("datetime64[D]").astype(str)
        event = indicator_adjustment(plain, *days)
        found = avoided_use(fitted, reporting, adjustments=[event])
        held += found.low <= truth <= found.high
        ignored += plain.low <= truth <= plain.high
    assert held >= 0.8 * draws
    assert ignored <= 0.2 * draws
