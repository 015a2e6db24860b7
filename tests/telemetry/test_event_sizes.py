"""What a person says of an event's size, beside what the machine found."""

from __future__ import annotations

from datetime import date

import pytest

from telemetry.plan import EventMethod, NonRoutineEvent

SUGGESTED = NonRoutineEvent(
    id="e", meter="energy", first_day=date(2026, 6, 1), last_day=date(2026, 6, 9), title="t", amount=-900.0,
    standard_error=30.0,
)  # fmt: skip


def test_the_machines_size_is_never_a_stated_one() -> None:
    """Who calls a suggestion stated gives amount and error both; half of it is not made up from what was suggested."""
    for half in ({"amount": None, "standard_error": None}, {"amount": -1.0, "standard_error": None}):
        with pytest.raises(ValueError, match="a stated event needs `amount` and `standard_error`"):
            SUGGESTED.with_size(method=EventMethod.STATED, **half)
    stated = SUGGESTED.with_size(method=None, amount=-800.0, standard_error=20.0)
    assert (stated.method, stated.amount, stated.standard_error) == (EventMethod.STATED, -800.0, 20.0)
    again = stated.with_size(method=None, amount=-700.0, standard_error=None)
    assert (again.amount, again.standard_error) == (-700.0, 20.0)


def test_another_method_keeps_what_was_found() -> None:
    """Days that are left out keep the size that they would have been worth, for whoever reads on."""
    out = SUGGESTED.with_size(method=EventMethod.EXCLUDED, amount=None, standard_error=None)
    assert (out.method, out.amount) == (EventMethod.EXCLUDED, -900.0)
