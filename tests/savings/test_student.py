"""Student's t against tables, against itself and against SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from savings.uncertainty.student import t_cdf, t_quantile, two_sided_t

# Two-sided 90, 95 and 99 % points; those of 1 and 2 degrees of freedom follow from closed forms.
KNOWN = [
    (0.95, 1.0, math.tan(0.45 * math.pi)),
    (0.975, 2.0, 0.95 * math.sqrt(2 / (1 - 0.95**2))),
    (0.95, 10.0, 1.8124611228107335),
    (0.995, 30.0, 2.7499956535672),
    (0.975, 120.0, 1.9799304050824),
]


@pytest.mark.parametrize(("probability", "dof", "t"), KNOWN)
def test_quantile_of_tables(probability: float, dof: float, t: float) -> None:
    """Quantiles are those of tables and of closed forms."""
    assert t_quantile(probability, dof) == pytest.approx(t, rel=1e-10)
    assert t_quantile(1 - probability, dof) == pytest.approx(-t, rel=1e-10)


@pytest.mark.parametrize("dof", [0.5, 1.0, 2.7, 29.9, 363.0, 1e5, 1e7, 1e12])
def test_quantile_and_distribution_undo_each_other(dof: float) -> None:
    """The distribution function at a quantile is the probability asked for, also for broken degrees of freedom."""
    for probability in (1e-6, 0.1, 0.5, 0.7, 0.95, 0.9999):
        assert float(t_cdf(t_quantile(probability, dof), dof)) == pytest.approx(probability, rel=1e-8)


def test_array_is_its_scalars() -> None:
    """An array gives what its elements give one by one."""
    t = np.array([[-3.0, 0.0], [0.5, 40.0]])
    one_by_one = [[float(t_cdf(each, 7.5)) for each in row] for row in t]
    np.testing.assert_allclose(t_cdf(t, 7.5), one_by_one, rtol=1e-15)


def test_edges() -> None:
    """Infinity has no tail, NaN stays NaN, and what is no probability or degree of freedom is refused."""
    np.testing.assert_array_equal(t_cdf([-np.inf, np.inf], 1e8), [0.0, 1.0])
    assert np.isnan(t_cdf(np.nan, 3.0))
    for probability, dof in ((0.0, 3.0), (1.0, 3.0), (0.5, 0.0), (0.5, math.nan)):
        with pytest.raises(ValueError, match=r"between|more than"):
            t_quantile(probability, dof)


def test_against_scipy() -> None:
    """An independent implementation agrees to 1e-10."""
    stats = pytest.importorskip("scipy.stats")
    for dof in (0.7, 3.0, 11.3, 59.0, 61.0, 4000.0, 9.9e5, 1.1e6):
        assert two_sided_t(0.9, dof) == pytest.approx(stats.t.ppf(0.95, dof), rel=1e-10)
        t = np.linspace(-9, 9, 37)
        np.testing.assert_allclose(t_cdf(t, dof), stats.t.cdf(t, dof), atol=1e-11)
