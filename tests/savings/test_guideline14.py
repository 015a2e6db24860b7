"""Guideline 14 with the anchors of published tools."""

from __future__ import annotations

import math

import pytest

from savings.statistics import effective_n
from savings.table import Frequency
from savings.uncertainty.guideline14 import fractional_uncertainty, k_factor, savings_uncertainty

ANCHORS = [
    (Frequency.DAILY, 12.0, 1.3925),
    (Frequency.DAILY, 6.0, 1.20632),
    (Frequency.DAILY, 1.0, 1.03797),
    (Frequency.MONTHLY, 12.0, 1.30558),
    (Frequency.MONTHLY, 6.0, 1.13098),
    (Frequency.MONTHLY, 1.0, 0.97338),
    (Frequency.HOURLY, 12.0, 1.26),
]


@pytest.mark.parametrize(("frequency", "months", "k"), ANCHORS)
def test_k_of_months(frequency: Frequency, months: float, k: float) -> None:
    """The factor k(M) is that of Sun & Baltazar, and 1.26 where they gave none."""
    assert k_factor(frequency, months) == pytest.approx(k, abs=1e-12)


def test_k_of_ecam() -> None:
    """The value that ECAM prints comes out to the last digit."""
    assert k_factor(Frequency.DAILY, 5.10684931477124) == pytest.approx(1.17712794489546, abs=1e-14)


def test_known_uncertainty() -> None:
    """A year of independent days: t(362) 1.26 CV E sqrt(365 (1 + 2/365)) / 365, worked by hand."""
    found = savings_uncertainty(
        n=365, p=3, n_effective=365.0, cv_rmse=0.1, adjusted=36500.0, rows=365, k=1.26, confidence=0.9
    )
    assert found == pytest.approx(1.26 * 1.6490738 * 0.1 * 100 * math.sqrt(367.0), rel=1e-6)
    assert fractional_uncertainty(found, 2 * found) == pytest.approx(0.5)
    assert fractional_uncertainty(found, 0.0) == math.inf


def test_memory_widens() -> None:
    """With a correlation of 0.6 a year says as much as 91 days, and the interval is twice as wide or more."""
    assert effective_n(365, 0.6) == pytest.approx(91.25)
    same = {"n": 365, "p": 3, "cv_rmse": 0.1, "adjusted": 1.0, "rows": 365, "k": 1.26, "confidence": 0.9}
    alone, slow = (savings_uncertainty(n_effective=n, **same) for n in (365.0, 91.25))  # type: ignore[arg-type]
    assert slow / alone == pytest.approx(2 * math.sqrt((1 + 2 / 91.25) / (1 + 2 / 365)))


def test_nothing_known() -> None:
    """Without a degree of freedom or an effective row there is no number."""
    same = {"cv_rmse": 0.1, "adjusted": 1.0, "rows": 12, "k": 1.26, "confidence": 0.9}
    assert math.isnan(savings_uncertainty(n=3, p=3, n_effective=3.0, **same))  # type: ignore[arg-type]
    assert math.isnan(savings_uncertainty(n=9, p=3, n_effective=0.0, **same))  # type: ignore[arg-type]
