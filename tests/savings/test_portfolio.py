"""Many meters: one saving whose interval knows that they err together."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from savings.portfolio import MeterTotal, combine, meter_total, recorded_total, shrunk
from savings.record import Figure
from savings.run import compute
from savings.run_meter import measured_saving
from telemetry.errors import ContractError
from tests.savings.made_up import remembering
from tests.savings.run_inputs import made_up_input

YEAR = (np.datetime64("2025-01-01") + np.arange(364)).astype("datetime64[s]")


def meter(name: str, residual: np.ndarray, half: float = 1.0, value: float = 10.0, unit: str = "kW.h") -> MeterTotal:
    """Return a meter of daily residuals."""
    figure = Figure(value=value, low=value - half, high=value + half, unit=unit)
    return MeterTotal(name=name, saving=figure, start=YEAR[: len(residual)], residual=residual)


def width(figure: Figure) -> float:
    """Return half the width of a figure's interval."""
    assert figure.low is not None
    assert figure.high is not None
    return (figure.high - figure.low) / 2.0


def test_meters_that_are_one_another() -> None:
    """Twice the same residuals: the widths add up, as in the bound of full dependence."""
    noise = np.random.default_rng(1).normal(size=364)
    found = combine([meter("a", noise, 3.0), meter("b", 2.0 * noise, 4.0)])
    assert found.saving.value == 20.0
    assert width(found.saving) == pytest.approx(7.0)
    assert (width(found.independent), width(found.dependent)) == pytest.approx((5.0, 7.0))
    assert found.told


def test_meters_that_oppose_each_other() -> None:
    """Meters that seem to make up for each other are never narrower than independent ones."""
    noise = np.random.default_rng(2).normal(size=364)
    found = combine([meter("a", noise, 3.0), meter("b", -noise, 4.0)])
    assert width(found.saving) == pytest.approx(5.0)
    assert found.correlation[0, 1] < -0.9


def test_meters_without_common_time() -> None:
    """Where no two baselines overlap nothing is known, so they are taken to err as one."""
    rng = np.random.default_rng(3)
    later = replace(meter("b", rng.normal(size=364), 4.0), start=YEAR + 800 * 86400)
    found = combine([meter("a", rng.normal(size=364), 3.0), later])
    assert not found.told
    assert width(found.saving) == width(found.dependent) == 7.0


def test_one_meter_is_itself() -> None:
    """A portfolio of one has its meter's interval."""
    found = combine([meter("a", np.random.default_rng(4).normal(size=364), 3.0)])
    assert width(found.saving) == width(found.independent) == width(found.dependent) == 3.0


def test_shrinking_keeps_the_mean() -> None:
    """Correlations that chance alone makes differ become their mean; those that differ truly stay as they are."""
    alike = np.array([[1.0, 0.35, 0.25], [0.35, 1.0, 0.3], [0.25, 0.3, 1.0]])
    few, many = np.full((3, 3), 12.0), np.full((3, 3), 1e6)
    assert shrunk(alike, few)[np.triu_indices(3, 1)] == pytest.approx(np.full(3, 0.3))
    assert shrunk(alike, many) == pytest.approx(alike, abs=1e-3)


def test_no_matrix_has_a_negative_variance() -> None:
    """Pairs that contradict each other are mended: no portfolio's variance can be negative, the diagonal stays 1."""
    odd = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    mended = shrunk(odd, np.full((3, 3), 1e9))
    assert np.linalg.eigvalsh(mended).min() > -1e-12
    assert np.diagonal(mended) == pytest.approx(np.ones(3))


def test_unknown_pairs_are_given_the_mean() -> None:
    """A pair without common time errs together as the others do on average."""
    nan = float("nan")
    known = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, nan], [0.3, nan, 1.0]])
    assert shrunk(known, np.full((3, 3), 1e6))[1, 2] == pytest.approx(0.4)


def test_bills_go_by_month() -> None:
    """Where one meter has bills, daily ones are taken by month as well."""
    rng = np.random.default_rng(5)
    daily = rng.normal(size=364)
    months = YEAR.astype("datetime64[M]")
    sums = np.array([daily[months == each].sum() for each in np.unique(months)])
    bills = replace(meter("b", sums, 4.0), start=np.unique(months).astype("datetime64[s]"))
    found = combine([meter("a", daily, 3.0), bills])
    assert found.correlation[0, 1] > 0.97  # months differ in length, their means do not quite go with their sums


def test_units_do_not_add_up() -> None:
    """Cubic metres and kilowatt hours are refused, and so is a meter without an interval."""
    noise = np.random.default_rng(6).normal(size=364)
    with pytest.raises(ContractError, match=r"kW\.h, m3"):
        combine([meter("a", noise), meter("b", noise, unit="m3")])
    with pytest.raises(ContractError, match="nothing"):
        combine([])
    bare = replace(meter("a", noise), saving=Figure(value=1.0, low=None, high=None, unit="kW.h"))
    with pytest.raises(ContractError, match="no interval"):
        combine([bare])


@pytest.mark.parametrize(("common", "wrong"), [(0.0, 0.0), (0.3, 0.3)], ids=["apart", "together"])
def test_interval_holds_the_sum(common: float, wrong: float) -> None:
    """Of 100 draws of 30 meters about nine in ten intervals hold the sum; without the correlation a third would."""
    draws, count = 100, 30
    rng = np.random.default_rng(7)
    shared = remembering(rng, 0.6, (728, draws, 1))
    noise = np.sqrt(common) * shared + np.sqrt(1 - common) * remembering(rng, 0.6, (728, draws, count))
    before, after = noise[:364], noise[364:]
    error = after.sum(axis=0) - before.sum(axis=0)  # (draws, count)
    half = 1.645 * error.std(axis=0)
    held, apart = 0, 0
    for draw in range(draws):
        found = combine([meter(str(at), before[:, draw, at], half[at], value=0.0) for at in range(count)])
        total = abs(float(error[draw].sum()))
        held += total <= width(found.saving)
        apart += total <= width(found.independent)
        assert width(found.independent) <= width(found.saving) <= width(found.dependent)
    assert 82 <= held <= 99
    if wrong:
        assert apart < 60


def test_meters_of_savings_and_of_records() -> None:
    """A saving and its run's record give the same meter; a record without a figure gives none."""
    given = made_up_input()
    record = compute(given).meters[0]
    made = meter_total("a", measured_saving(given, given.meters[0]))
    read = recorded_total("a", record)
    assert read is not None
    assert read.half == pytest.approx(made.half)
    assert width(combine([made, read]).saving) == pytest.approx(2 * made.half)
    money = recorded_total("a", record, "money")
    assert money is not None
    assert money.saving == record.money
    assert recorded_total("a", msgspec.structs.replace(record, carbon=None), "carbon") is None
