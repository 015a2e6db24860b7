"""What a demonstrator would bring elsewhere: the share carried over, its errors, and what nobody saw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import fit_baseline
from savings.economics import Case
from savings.findings import InsufficientDataError
from savings.replicate import Candidate, replicate, what_if
from savings.table import Frequency, Table
from telemetry.errors import ContractError
from telemetry.plan import Cost
from tests.savings.made_up import made_up


def saved(seed: int = 1, share: float = 0.08) -> AvoidedUse:
    """Return the saving of a demonstrator."""
    meter = made_up(seed=seed, saved=share)
    return avoided_use(fit_baseline(meter.take(slice(0, 365)), candidates=("3PC",)), meter.take(slice(365, None)))


@pytest.fixture(scope="module")
def saving() -> AvoidedUse:
    """Return the saving of a demonstrator that saves 8 %."""
    return saved()


def other(seed: int = 9, size: float = 3.0) -> Table:
    """Return a year of a plant of another size under other weather."""
    table = made_up(365, seed=seed)
    return table.with_energy(size * table.energy)


def with_air(table: Table, values: np.ndarray, name: str = "air") -> Table:
    """Return a table with another air temperature, or another name for it."""
    return replace(table, drivers=(replace(table.driver("air"), values=values, name=name), table.driver("tonnes")))


def test_share_is_carried_over(saving: AvoidedUse) -> None:
    """A plant three times as large saves about 8 % of its own use, with more uncertainty than the demonstrator has."""
    plant = other()
    found = replicate(saving, plant)
    assert found.use.value == pytest.approx(plant.energy.sum(), rel=0.01)
    assert found.saving.value == pytest.approx(found.share.value / 100 * found.use.value)
    assert found.saving.low is not None
    assert found.saving.high is not None
    assert found.saving.low < 0.08 * plant.energy.sum() < found.saving.high
    assert found.days == 365.0
    assert found.beyond == ()
    assert [each.code for each in found.findings][-1] == "between_plants_assumed"


def test_errors_join_in_quadrature(saving: AvoidedUse) -> None:
    """Each cause has its own standard error; without a spread between plants only the measured ones are left."""
    found = replicate(saving, other())
    assert found.saving.standard_error == pytest.approx(np.sqrt(sum(each**2 for each in found.errors.values())))
    assert found.errors["between_plants"] == pytest.approx(0.2 * found.saving.value)
    assert found.errors["extrapolation"] == 0.0
    alone = replicate(saving, other(), between_plants=0.0)
    assert alone.saving.standard_error == pytest.approx(np.hypot(alone.errors["demonstrator"], alone.errors["model"]))
    assert alone.share.standard_error is not None
    assert alone.errors["demonstrator"] == pytest.approx(alone.share.standard_error / 100 * alone.use.value)


def test_measure_of_warm_days_is_worth_less_in_the_cold() -> None:
    """A measure that saves on warm days only is carried over by the plant's own days, not by the mean share."""
    meter = made_up(saved=0.0)
    warm = meter.driver("air").values > 14.0
    use = np.where(warm & (np.arange(730) >= 365), 0.8, 1.0) * meter.energy
    year = meter.with_energy(use).take(slice(365, None))
    saving = avoided_use(fit_baseline(meter.take(slice(0, 365)), candidates=("3PC",)), year)
    plant = other()
    cold = with_air(plant, np.minimum(plant.driver("air").values, 13.0))
    found, usual = replicate(saving, cold), replicate(saving, plant)
    assert usual.share.value == pytest.approx(saving.percent, abs=2.0)
    assert found.share.value < 0.5 * usual.share.value


def test_conditions_never_seen(saving: AvoidedUse) -> None:
    """Days hotter than any of the demonstrator are listed, and their saving may be anything from 0 to twice as much."""
    plant = other()
    air = plant.driver("air").values.copy()
    air[200:230] = 45.0
    hot = with_air(plant, air)
    found = replicate(saving, hot.with_energy(plant.energy + np.where(air == 45.0, 1000.0, 0.0)))
    assert found.beyond[0] == "2025-07-20"
    assert len(found.beyond) == 30
    assert 0.05 < found.beyond_share < 0.5
    expected = found.share.value / 100 * found.use.value * found.beyond_share / np.sqrt(3.0)
    assert found.errors["extrapolation"] == pytest.approx(expected)
    assert "replication_extrapolates" in {each.code for each in found.findings}


def test_other_names_are_matched(saving: AvoidedUse) -> None:
    """A plant whose air has another name gives the same figures once told so, and a plain share where it is not."""
    plant = other()
    renamed = with_air(plant, plant.driver("air").values, "quay air")
    told = replicate(saving, renamed, same={"air": "quay air"})
    assert told.saving == replicate(saving, plant).saving
    untold = replicate(saving, renamed)
    assert untold.share.value == pytest.approx(saving.percent)


def test_typical_year_as_conditions(saving: AvoidedUse) -> None:
    """The figure is for the conditions given; half a year of them is about half the saving."""
    plant = other()
    half = replicate(saving, plant, conditions=plant.take(slice(0, 182)))
    assert half.days == 182.0
    assert half.saving.value == pytest.approx(0.5 * replicate(saving, plant).saving.value, rel=0.15)


def test_intervals_hold_other_plants() -> None:
    """Of 20 pairs whose shares differ by a fifth of themselves about nine in ten intervals hold the other's saving."""
    held = 0
    rng = np.random.default_rng(0)
    for seed in range(20):
        plant = other(seed=1000 + seed)
        truth = 0.08 * (1.0 + 0.2 * rng.normal()) * float(plant.energy.sum())
        found = replicate(saved(seed), plant).saving
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held >= 15


def test_refused(saving: AvoidedUse) -> None:
    """Rows of another length, a negative spread, a demonstrator without use, a plant with too little data."""
    plant = other()
    with pytest.raises(ContractError, match="monthly"):
        replicate(saving, replace(plant, frequency=Frequency.MONTHLY))
    with pytest.raises(ContractError, match="spread"):
        replicate(saving, plant, between_plants=-0.1)
    with pytest.raises(ContractError, match="not positive"):
        replicate(replace(saving, adjusted=-saving.adjusted), plant)
    with pytest.raises(InsufficientDataError):
        replicate(saving, plant.take(slice(0, 9)))


def test_what_if_ranks_by_cost(saving: AvoidedUse) -> None:
    """The same cost at a larger plant saves the cheaper unit; a price tells when it has paid back."""
    cost = Cost(investment_eur=60_000.0, life_years=10.0)
    small = Candidate(name="small", table=other(8, 1.0), cost=cost)
    large = Candidate(name="large", table=other(9, 3.0), cost=cost, price_eur=0.17)
    first, second = what_if(saving, [small, large])
    assert (first.economy.name, second.economy.name) == ("large", "small")
    assert first.economy.case is Case.SOUND
    assert first.economy.payback_years is not None
    by_hand = 60_000 / (0.17 * first.replication.saving.value * 365.25 / 365)
    assert first.economy.payback_years.value == pytest.approx(by_hand)
    assert second.economy.payback_years is None
