"""Many meters in one call."""

from __future__ import annotations

import numpy as np
import pytest

from savings.models.changepoint import fit_changepoint
from savings.models.many import fit_many
from tests.savings.days import air_of, ar1, bent, daily, straight

DAYS = np.arange(365.0)


def meters(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return energies (count, 365) of different forms, air and tonnes."""
    rng = np.random.default_rng(seed)
    air, tonnes = air_of(DAYS, rng), rng.gamma(4.0, 10.0, 365)
    heat = np.maximum(rng.uniform(6.0, 10.0, (count, 1)) - air, 0.0) * rng.uniform(0.0, 20.0, (count, 1))
    cool = np.maximum(air - rng.uniform(13.0, 17.0, (count, 1)), 0.0) * rng.uniform(5.0, 30.0, (count, 1))
    return 400.0 + heat + cool + 3.0 * tonnes + rng.normal(0.0, 15.0, (count, 365)), air, tonnes


@pytest.mark.parametrize("missing", [0.0, 0.05])
def test_each_meter_is_fitted_as_if_it_were_alone(missing: float) -> None:
    """Forms agree with single fits (but for a tie with gaps, which move the range of knots), squares within 0.5 %."""
    energies, air, tonnes = meters(20, 40)
    rng = np.random.default_rng(21)
    energies[rng.random(energies.shape) < missing] = np.nan
    table = daily(np.ones(365), bent("air", air), straight("tonnes", tonnes))
    many = fit_many(table, energies)
    square = np.nansum(many.residuals**2, axis=1)
    agreed = []
    for meter in range(40):
        own = table.with_energy(energies[meter])
        own = own.take(own.valid)
        alone = fit_changepoint(own)
        agreed.append(many.form[meter] == alone.form)
        if not agreed[-1]:
            continue
        assert square[meter] == pytest.approx(float(((own.energy - alone.predict(own)) ** 2).sum()), rel=5e-3)
        assert many.n[meter] == len(own)
        assert many.p[meter] == alone.p
    assert np.mean(agreed) >= (1.0 if missing == 0.0 else 0.95)


def test_one_meter_of_many_as_a_model_predicts_the_same() -> None:
    """`model` and `predict` agree, on rows of another year too; an unknown meter is an IndexError."""
    energies, air, tonnes = meters(22, 5)
    many = fit_many(daily(np.ones(365), bent("air", air), straight("tonnes", tonnes)), energies)
    other = daily(np.ones(30), bent("air", air[100:130] + 1.0), straight("tonnes", tonnes[:30]), first="2026-01-01")
    for meter in range(5):
        assert many.model(meter).predict(other) == pytest.approx(many.predict(other)[meter])
    with pytest.raises(IndexError):
        many.model(5)


def test_rows_without_a_driver_are_left_out_for_all() -> None:
    """A missing temperature takes its row from every meter."""
    energies, air, tonnes = meters(23, 3)
    air[10:20] = np.nan
    many = fit_many(daily(np.ones(365), bent("air", air), straight("tonnes", tonnes)), energies)
    assert many.rows.sum() == 355
    assert many.n.tolist() == [355, 355, 355]
    assert np.all(many.cv_rmse < 0.1)


@pytest.mark.parametrize(("rho", "most"), [(0.0, 0.03), (0.6, 0.05), (0.85, 0.08)])
def test_flat_meters_get_the_mean(rho: float, most: float) -> None:
    """Of 400 meters that temperature does not touch, few get a slope, though their noise follows itself."""
    rng = np.random.default_rng(24)
    air = air_of(DAYS, rng)
    energies = 100.0 + np.stack([ar1(365, rho, 10.0, rng) for _ in range(400)])
    many = fit_many(daily(np.ones(365), bent("air", air)), energies)
    assert np.mean(many.form != "mean") <= most
