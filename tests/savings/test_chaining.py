"""A saving chained over a baseline that changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import fit_baseline
from savings.chaining import chained
from telemetry.errors import ContractError
from tests.savings.made_up import made_up, remembering

if TYPE_CHECKING:
    from savings.table import Table

FIRST, SECOND, LARGER = 0.9, 0.8, 1.5  # shares left by two measures, and how much larger the plant became


def four_years(seed: int) -> tuple[Table, float]:
    """Return a plant with a measure in year 2, enlarged in year 3, with another in year 4; and what both saved."""
    table = made_up(4 * 365, seed=seed)
    air, tonnes = (table.driver(name).values for name in ("air", "tonnes"))
    noise = 60 * remembering(np.random.default_rng(500 + seed), 0.6, (len(table),))
    use = 1500 + 40 * np.maximum(air - 12, 0) + 8 * tonnes + noise
    year = np.arange(len(table)) // 365
    use *= np.where(year >= 2, LARGER, 1.0)
    left = np.array([1.0, FIRST, FIRST, FIRST * SECOND])[year]
    return table.with_energy(use * left), float((use * (1 - left))[year == 3].sum())


def links(table: Table) -> tuple[AvoidedUse, AvoidedUse]:
    """Return the link that knows the first measure, and the one whose baseline is the enlarged plant."""
    years = [table.take(slice(365 * at, 365 * (at + 1))) for at in range(4)]
    first = avoided_use(fit_baseline(years[0], candidates=("3PC",)), years[1])
    return first, avoided_use(fit_baseline(years[2], candidates=("3PC",)), years[3])


def test_by_hand() -> None:
    """10 % saved, then 20 % of a larger plant: its use without any measure is that of the last baseline by 0.9."""
    first, second = links(four_years(1)[0])
    found = chained([first, second])
    left = first.measured.sum() / first.adjusted.sum()
    whole = second.adjusted.sum() / left
    assert found.value == pytest.approx(whole - second.measured.sum())
    by_hand = np.hypot(second.standard_error / left, whole * first.standard_error / first.adjusted.sum())
    assert found.standard_error == pytest.approx(by_hand)
    assert found.value > second.savings  # more than the second measure alone


def test_one_link_is_its_saving() -> None:
    """A chain of one is the saving itself, with its interval."""
    first, _ = links(four_years(2)[0])
    found = chained([first])
    assert (found.value, found.low, found.high) == pytest.approx((first.savings, first.low, first.high))


def test_chained_interval_holds_the_truth() -> None:
    """Of 20 chained intervals about nine in ten hold what both measures saved; those unchained never do."""
    held = 0
    for seed in range(20):
        table, truth = four_years(seed)
        first, second = links(table)
        found = chained([first, second])
        held += found.low <= truth <= found.high
        assert second.high < truth
    assert held >= 15


def test_what_cannot_be_chained() -> None:
    """No link, a baseline that has not seen the measure and a plant that stands still are refused."""
    first, second = links(four_years(3)[0])
    with pytest.raises(ContractError, match="no link"):
        chained([])
    with pytest.raises(ContractError, match="has not seen"):
        chained([second, first])
    with pytest.raises(ContractError, match="adds up"):
        chained([replace(first, measured=0.0 * first.measured), second])
