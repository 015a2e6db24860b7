"""Demonstrators together: sums with their bounds, rankings, and what is left out with its reason."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from savings.run import compute
from savings.together import CARBON, Demonstrated, sums
from telemetry.plan import Cost
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, made_up_plan, without

if TYPE_CHECKING:
    from savings.record import Run

COST = Cost(investment_eur=20_000.0, yearly_eur=300.0, life_years=12.0, discount_rate=0.05)


@pytest.fixture(scope="module")
def runs() -> tuple[Run, Run]:
    """Return the runs of two cold stores, of which the second lacks 36 days."""
    second = without(made_up(seed=5, saved=0.1), 500, 536)
    return compute(made_up_input()), compute(made_up_input(second, plan=made_up_plan(id="second-store")))


def test_sums_of_every_kind(runs: tuple[Run, Run]) -> None:
    """Money, carbon and kilowatt hours add up, each between its bounds and by the names of its figures."""
    found = sums([Demonstrated("first", COST, runs[0]), Demonstrated("second", None, runs[1])])
    (amount,) = found.amounts
    assert amount.figures == ["first/energy", "second/energy"]
    assert found.money is not None
    assert found.carbon is not None
    for kind, together in (("saving", amount), ("money", found.money), ("carbon", found.carbon)):
        parts = [getattr(run.meters[0], kind).value for run in runs]
        assert together.saving.value == pytest.approx(sum(parts))
        widths = [each.high - each.low for each in (together.independent, together.saving, together.dependent)
                  if each.high is not None and each.low is not None]  # fmt: skip
        assert widths == sorted(widths)
        assert len(widths) == 3
    assert found.confidence == 0.9


def test_ranking_is_by_year(runs: tuple[Run, Run]) -> None:
    """A year without 36 days counts as 329 of 365; the cheaper saved unit comes first, in energy as in carbon."""
    found = sums([Demonstrated("first", COST, runs[0]), Demonstrated("second", COST, runs[1])])
    assert [ranking.unit for ranking in found.rankings] == ["kW.h", CARBON]
    entries = {each.demonstrator: each for each in found.rankings[0].entries}
    saving = runs[1].meters[0].saving
    assert saving is not None
    assert entries["second"].yearly_saving.value == pytest.approx(saving.value * 365.25 / 329)
    costs = [each.unit_cost.value for each in found.rankings[0].entries if each.unit_cost is not None]
    assert costs == sorted(costs)
    assert found.rankings[0].entries[0].payback_years is not None


def test_what_is_left_out_is_said(runs: tuple[Run, Run]) -> None:
    """No cost, less than a year, another confidence, no figure: each with its reason."""
    short = msgspec.structs.replace(runs[0], reporting_to=date(2026, 6, 30))
    other = msgspec.structs.replace(runs[0], confidence=0.95)
    empty = msgspec.structs.replace(runs[0], meters=(msgspec.structs.replace(runs[0].meters[0], saving=None),))
    found = sums(
        [
            Demonstrated(name, cost, msgspec.structs.replace(run, demonstrator=name))
            for name, cost, run in (
                ("bare", None, runs[0]), ("short", COST, short), ("other", COST, other), ("empty", COST, empty),
            )
        ]
    )  # fmt: skip
    reasons = {(each.demonstrator, each.reason) for each in found.left_out}
    assert reasons >= {
        ("bare", "no cost"), ("short", "less than a year"), ("other", "another confidence"), ("empty", "no figure"),
    }  # fmt: skip
    assert found.amounts[0].figures == ["bare/energy", "short/energy"]


def test_no_saving_counts_twice(runs: tuple[Run, Run]) -> None:
    """The same demonstrator under two names is in every sum and ranking once, and the second time is said."""
    found = sums([Demonstrated("first", COST, runs[0]), Demonstrated("again", COST, runs[0])])
    assert [each.figures for each in found.amounts] == [["first/energy"]]
    assert {(each.demonstrator, each.reason) for each in found.left_out} == {("again", "the same demonstrator again")}
    assert all(len(ranking.entries) == 1 for ranking in found.rankings)


def test_what_has_no_emission_factor_is_not_ranked_by_carbon(runs: tuple[Run, Run]) -> None:
    """A figure that emits nothing we know of is missing from the ranking by tonnes, and named."""
    meter = msgspec.structs.replace(runs[0].meters[0], carbon=None)
    found = sums([Demonstrated("first", COST, msgspec.structs.replace(runs[0], meters=(meter,)))])
    assert [ranking.unit for ranking in found.rankings] == ["kW.h"]
    assert [each.reason for each in found.left_out] == ["no emission factor"]


def test_nothing_adds_up_to_nothing() -> None:
    """Without runs there is no confidence, no sum and no ranking."""
    assert sums([]) == (None, None, None, [], [], [])
