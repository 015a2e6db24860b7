"""Addressed random numbers: the same in any order, and as random as they have to be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulators.streams import Stream

MANY = np.arange(200_000)


def test_numbers_do_not_depend_on_order_or_company() -> None:
    """A number asked for alone, in reverse or among others is the same to the last bit."""
    stream = Stream.of(7, "door", "north/room")
    together = stream.normal(MANY[:1000])
    assert np.array_equal(stream.normal(MANY[:1000][::-1])[::-1], together)
    assert [float(stream.normal(index)) for index in (0, 17, 999)] == together[[0, 17, 999]].tolist()


def test_names_and_seeds_make_streams_of_their_own() -> None:
    """Another seed or another name is another luck, and names do not run into each other."""
    keys = {Stream.of(1, "a", "b").key, Stream.of(2, "a", "b").key, Stream.of(1, "ab").key, Stream.of(1, "b", "a").key}
    assert len(keys) == 4


def test_uniform_numbers_fill_the_interval_evenly() -> None:
    """Mean, spread and a histogram of 50 bins are those of even numbers; neighbours are not related."""
    found = Stream.of(3, "even").uniform(MANY)
    assert found.min() > 0.0
    assert found.max() < 1.0
    counts = np.histogram(found, bins=50, range=(0, 1))[0]
    expected = len(MANY) / 50
    assert ((counts - expected) ** 2 / expected).sum() < 85.4  # χ² with 49 degrees of freedom, 0.1 %
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 4 / np.sqrt(len(MANY))


def test_normal_numbers_have_the_moments_of_the_normal_law() -> None:
    """Mean 0, variance 1, skewness 0, kurtosis 3, within four standard errors."""
    found = Stream.of(3, "bell").normal(MANY)
    error = 1 / np.sqrt(len(MANY))
    assert abs(found.mean()) < 4 * error
    assert abs(found.var() - 1) < 4 * np.sqrt(2) * error
    assert abs((found**3).mean()) < 4 * np.sqrt(15) * error
    assert abs((found**4).mean() - 3) < 4 * np.sqrt(96) * error


@given(st.integers(-(2**60), 2**60))
def test_any_index_gives_a_finite_number(index: int) -> None:
    """Negative and far indices are as good as any."""
    stream = Stream.of(0, "far")
    assert np.isfinite(stream.normal(index))
    assert 0.0 < float(stream.uniform(index)) < 1.0
