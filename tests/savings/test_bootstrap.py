"""The moving-block bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from savings.uncertainty.bootstrap import errors, moving_blocks


def test_blocks_are_consecutive() -> None:
    """Within a block rows follow each other, none lies outside, and the size asked for comes out."""
    rows = moving_blocks(30, 50, 7, 20, np.random.default_rng(0))
    assert rows.shape == (20, 50)
    assert rows.min() >= 0
    assert rows.max() < 30
    assert (np.diff(rows[:, :7], axis=1) == 1).all()


def test_spread_of_a_mean() -> None:
    """With blocks of one row and a mean as the model the error is that of the formula, s sqrt(m + m²/n)."""
    n, m = 300, 60
    residual = np.random.default_rng(1).normal(size=n)
    residual -= residual.mean()

    def refit(energy: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.full(m, energy.mean())

    found = errors(np.full(n, 5.0), residual, p=1, refit=refit, place=np.arange(m), block=1, draws=2000)
    assert found.shape == (2000, m)
    assert found.sum(axis=1).std() == pytest.approx(residual.std(ddof=1) * np.sqrt(m + m * m / n), rel=0.05)


def test_seed_makes_the_draws() -> None:
    """The same seed gives the same errors, another one others."""

    def make(seed: int) -> float:
        return float(errors(
            np.zeros(20), np.arange(20.0), p=1, refit=lambda energy: energy[:5], place=np.zeros(5, np.int64),
            block=7, draws=9, seed=seed,
        ).sum())  # fmt: skip

    assert make(1) == make(1)
    assert make(1) != make(2)
