"""Steam traps: how many fail, how they age after a survey, and what their monitors say."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.plants.steam_network import trap_sound, trap_temperature
from simulators.plants.traps import BLOCKED, BLOWING, GOOD, TrapLives, TrapRates, Traps
from simulators.streams import Stream

RATES = TrapRates()
TODAY = 19_905


def shares(lives: TrapLives, day: int) -> tuple[float, float]:
    """Return the shares of blowing and of blocked traps."""
    states = lives.states(day)
    return float((states == BLOWING).mean()), float((states == BLOCKED).mean())


def test_a_fifth_has_failed_without_surveys() -> None:
    """Of many traps that nobody surveys 17 % blow and 2 % are blocked, whatever the year."""
    lives = TrapLives(RATES, 20_000, Stream.of(1, "many"))
    assert RATES.blowing_share == pytest.approx(0.168, abs=0.001)
    for day in (TODAY, TODAY + 3_650):
        blowing, blocked = shares(lives, day)
        assert blowing == pytest.approx(RATES.blowing_share, abs=0.01)
        assert blocked == pytest.approx(0.024, abs=0.005)
        assert blowing + blocked == pytest.approx(0.19, abs=0.012)


def test_repaired_traps_fail_again_at_the_same_rate() -> None:
    """After a survey none is failed; a year later 7 % blow and 2 % are blocked, less those that were found."""
    lives = TrapLives(RATES, 20_000, Stream.of(2, "many"), TODAY)
    assert shares(lives, TODAY) == (0.0, 0.0)
    blowing, blocked = shares(lives, TODAY + 365)
    leaving = RATES.blow_per_year + RATES.block_per_year + RATES.blowing_found_per_year
    assert blowing == pytest.approx(RATES.blow_per_year / leaving * (1 - np.exp(-leaving)), abs=0.006)
    assert 0.01 < blocked < 0.03
    assert shares(lives, TODAY + 3_650)[0] == pytest.approx(RATES.blowing_share, abs=0.015)


def test_failures_come_one_by_one() -> None:
    """Over a year the states of single traps change a few times, and most not at all."""
    lives = TrapLives(RATES, 60, Stream.of(3, "few"))
    days = np.array([lives.states(TODAY + day) for day in range(366)])
    changes = (np.diff(days, axis=0) != 0).sum(axis=0)
    assert 0 < changes.sum() < 30
    assert (changes == 0).mean() > 0.6


def test_a_survey_mends_what_has_failed_and_nothing_else() -> None:
    """On the survey's day all traps are good; those that worked that day go on as if nobody had come."""
    traps = Traps(RATES, 60, 4, "works/boiler")
    before = traps.unrepaired(TODAY - 400).copy()
    np.testing.assert_array_equal(traps.repaired(TODAY - 400, surveyed=False), before)
    worked = traps.unrepaired(TODAY) == GOOD
    assert 0 < worked.sum() < 60
    assert (traps.repaired(TODAY, surveyed=True) == GOOD).all()
    for day in (TODAY + 300, TODAY + 900, TODAY + 1_500):
        np.testing.assert_array_equal(traps.repaired(day, surveyed=True)[worked], traps.unrepaired(day)[worked])


def test_a_survey_begins_once() -> None:
    """The first day of the survey is when the mended traps begin to age; what is said of it later changes nothing."""
    traps = Traps(RATES, 60, 4, "works/boiler")
    traps.repaired(TODAY, surveyed=True)
    later = traps.repaired(TODAY + 900, surveyed=False).copy()
    assert (later != GOOD).any()
    again = Traps(RATES, 60, 4, "works/boiler")
    again.repaired(TODAY, surveyed=True)
    np.testing.assert_array_equal(later, again.repaired(TODAY + 900, surveyed=True))


def test_luck_belongs_to_the_asset_and_the_seed() -> None:
    """Two assets, or two seeds, have other traps fail; the same ones the same."""
    first = Traps(RATES, 60, 4, "works/boiler").unrepaired(TODAY)
    np.testing.assert_array_equal(first, Traps(RATES, 60, 4, "works/boiler").unrepaired(TODAY))
    assert (first != Traps(RATES, 60, 4, "works/other").unrepaired(TODAY)).any()
    assert (first != Traps(RATES, 60, 5, "works/boiler").unrepaired(TODAY)).any()


def test_monitors_tell_the_states_apart() -> None:
    """A blowing trap is loudest and hottest, a blocked one quiet and cold; without steam all are quiet."""
    states = np.array([[GOOD], [BLOWING], [BLOCKED]])
    steam_c, air_c, restless = np.array([174.0]), np.array([12.0]), np.linspace(-1, 1, 21)
    temperatures = trap_temperature(states, steam_c, air_c, restless)
    good, blowing, blocked = temperatures
    assert blowing.min() > good.max() > good.min() > 150.0
    assert blocked.max() < 60.0
    sounds = trap_sound(states, np.ones(1), restless)
    assert sounds[1].min() > 70.0
    assert sounds[0].max() < 60.0
    assert sounds[2].max() < 30.0
    assert (trap_sound(states, np.zeros(1), restless) == 21.0).all()
