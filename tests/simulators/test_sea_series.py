"""Series within a day: the closed form of a memory, the dead band, the ends of steps, what is cleaned away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.day import Day
from simulators.plants.cleaning import since_cleaning
from simulators.plants.series import ends, minutes_on, recurrence, switched


@given(st.lists(st.tuples(st.floats(0.2, 1.0), st.floats(-10, 10)), min_size=1, max_size=96), st.floats(-100, 100))
def test_recurrence_is_what_a_loop_gives(steps: list[tuple[float, float]], start: float) -> None:
    """The closed form and the loop are the same series."""
    keep, add = np.array(steps).T
    looped, value = [], start
    for each in steps:
        value = each[0] * value + each[1]
        looped.append(value)
    found = recurrence(keep[None], add[None], np.array([start]))[0]
    np.testing.assert_allclose(found, looped, rtol=1e-9, atol=1e-7)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.booleans())
def test_dead_band_is_what_a_loop_gives(values: list[float], before: bool) -> None:  # noqa: FBT001 – drawn
    """On above 6, off below 4, and in between as it was."""
    state, looped = before, []
    for value in values:
        state = True if value > 6 else False if value < 4 else state
        looped.append(state)
    assert switched(np.array(values), on_above=6, off_below=4, before=before).tolist() == looped


def test_ends_of_a_straight_line_are_exact() -> None:
    """A line's means at the middles give its values at the ends, the last one included."""
    assert ends(np.array([[0.5, 1.5, 2.5]])).tolist() == [[1.0, 2.0, 3.0]]


def test_minutes_repeat_the_steps() -> None:
    """A step that is on for at least half is on for all its minutes."""
    minutes = minutes_on(np.array([1.0, 0.4] * 48))
    assert minutes.shape == (1440,)
    assert minutes[:30].tolist() == [1.0] * 15 + [0.0] * 15


@pytest.mark.parametrize("hour", [0, 9])
def test_cleaning_takes_away_what_has_gathered(hour: int) -> None:
    """One world is cleaned and gathers anew from what was left, the other just goes on."""
    day = Day(20_000, 3600)
    found = since_cleaning(day, hour, np.array([5.0, 5.0]), np.ones((1, 24)), np.array([True, False]), left=2.0)
    assert found[1].tolist() == [6.0 + step for step in range(24)]
    assert found[0, hour] == 3.0
    assert found[0, -1] == 2.0 + 24 - hour
    assert found[0, :hour].tolist() == found[1, :hour].tolist()
