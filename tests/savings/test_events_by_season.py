"""Events where the noise has a season: sized alike in every season, and as surely as the noise of theirs lets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.avoided_use import avoided_use
from savings.baseline import fit_baseline
from savings.events import suggest, suggest_in_baseline
from savings.uncertainty.returning import YEAR_DAYS
from tests.savings.days import air_of, bent, daily

if TYPE_CHECKING:
    from savings.events import Suggestion
    from savings.table import Table

WINTER, SUMMER = 10, 175  # first days of a year of the events
DAYS, SHIFT = 20, -150.0


def three_years(seed: int, *events: int) -> Table:
    """Return three years of days whose noise is three times as large in July, with events on days from their first."""
    rng = np.random.default_rng(seed)
    day = np.arange(3 * 365.0)
    air = air_of(day, rng)
    energy = 1000.0 + 8.0 * np.maximum(15.0 - air, 0.0)
    energy += 25.0 * rng.normal(size=len(day)) * np.exp(-0.55 * np.cos(2.0 * np.pi / YEAR_DAYS * day))
    for first in events:
        energy[first : first + DAYS] += SHIFT
    return daily(energy, bent("air", air), first="2023-01-01")


def in_reporting(seed: int, first: int) -> Suggestion:
    """Return what is suggested of an event in the third year."""
    table = three_years(seed, 730 + first)
    baseline = fit_baseline(table.take(slice(0, 730)))
    assert baseline.told.spread.cosine < -0.3
    (found,) = suggest(avoided_use(baseline, table.take(slice(730, None))))
    return found


def in_baseline(seed: int, first: int) -> Suggestion:
    """Return what is suggested of an event in the second year of the baseline."""
    baseline = fit_baseline(three_years(seed, 365 + first).take(slice(0, 730)))
    (found,) = suggest_in_baseline(baseline)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_an_event_of_the_calm_season_is_surer(seed: int) -> None:
    """The same event has a larger standard error in July than in January, and is as large."""
    calm, noisy = in_reporting(seed, WINTER), in_reporting(seed, SUMMER)
    assert 1.2 < noisy.standard_error / noisy.days / (calm.standard_error / calm.days) < 2.2
    assert calm.per_day == pytest.approx(SHIFT, abs=20.0)
    assert noisy.per_day == pytest.approx(SHIFT, abs=60.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_an_event_of_the_baseline_is_sized_in_its_unit(seed: int) -> None:
    """What stands out of a baseline is told in its unit, not in that of its season's noise."""
    calm, noisy = in_baseline(seed, WINTER), in_baseline(seed, SUMMER)
    assert calm.per_day == pytest.approx(SHIFT, abs=25.0)
    assert noisy.per_day == pytest.approx(SHIFT, abs=60.0)
