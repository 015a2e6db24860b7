"""What a baseline tells of its noise: how the noise of each place moves each parameter."""

from __future__ import annotations

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.uncertainty.case import make_case, positions
from tests.savings.days import bent, hourly
from tests.savings.made_up import by_month, made_up


@pytest.mark.parametrize("kind", ["days", "months", "hours"])
def test_a_place_moves_the_parameters_by_the_mean_of_its_rows(kind: str) -> None:
    """Summed to places at once or row by row, H = W G (GᵀWG)⁺ is the same: it undoes the gradient of the fit."""
    table = made_up()
    if kind == "months":
        table = by_month(table)
    if kind == "hours":
        rng = np.random.default_rng(3)
        air = 12.0 - 8.0 * np.cos(np.arange(2000) / 300.0) + rng.normal(0.0, 2.0, 2000)
        table = hourly(20.0 + np.maximum(air - 12.0, 0.0) + rng.normal(0.0, 1.0, 2000), bent("air", air))
    baseline = fit_baseline(table)
    gradient, weights = baseline.model.gradient(table), baseline.weights
    scale = np.sqrt(table.span / table.span.mean()) if kind == "months" else np.ones(len(table))
    by_row = (gradient * weights[:, None]) @ np.linalg.pinv(gradient.T @ (gradient * weights[:, None])) * scale[:, None]
    at = positions(table, table)
    expected = np.array([by_row[at == place].mean(axis=0) for place in np.unique(at)])
    found = make_case(baseline, table).influence
    np.testing.assert_allclose(found @ gradient.T, expected @ gradient.T, atol=1e-8 * np.abs(found @ gradient.T).max())


def test_the_noise_is_asked_once() -> None:
    """Periods of one baseline share what it tells of its noise."""
    baseline = fit_baseline(made_up())
    assert baseline.noise is baseline.noise
    assert make_case(baseline, baseline.table).residual is baseline.told.residual
