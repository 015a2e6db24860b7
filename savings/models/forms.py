"""The forms of the change-point family, and every combination of them over one or two drivers.

RP-1050 (Kissock, Haberl and Claridge, Inverse Modeling Toolkit, 2003): 2P y = b0 + b1 T; 3PC y = b0 + b1 (T − k)+;
3PH y = b0 + b1 (k − T)+; 4P two slopes that meet at k; 5P y = b0 + b1 (k1 − T)+ + b2 (T − k2)+, k1 <= k2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import TYPE_CHECKING

from savings.models.columns import Column, Kind
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHANGEPOINT_FORMS = ("mean", "2P", "3PC", "3PH", "4P", "5P")
MOST_DRIVERS = 2

# By form: the kinds of its columns with the knot that each bends at, and the names of its knots.
_PIECES: dict[str, tuple[tuple[tuple[Kind, int], ...], tuple[str, ...]]] = {
    "mean": ((), ()),
    "2P": (((Kind.LINEAR, -1),), ()),
    "3PC": (((Kind.ABOVE, 0),), ("knot_above",)),
    "3PH": (((Kind.BELOW, 0),), ("knot_below",)),
    "4P": (((Kind.BELOW, 0), (Kind.ABOVE, 0)), ("knot",)),
    "5P": (((Kind.BELOW, 0), (Kind.ABOVE, 1)), ("knot_below", "knot_above")),
}


@dataclass(frozen=True, kw_only=True)
class Hinge:
    """One bend that a search has to place."""

    driver: int  # which of the change-point drivers
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One form for each change-point driver."""

    forms: tuple[str, ...]

    @property
    def name(self) -> str:
        """The form as people write it: the drivers that have none are left out."""
        return "+".join(form for form in self.forms if form != "mean") or "mean"

    @cached_property
    def straight(self) -> tuple[int, ...]:
        """Drivers whose search has the driver itself as a column: 2P, and 4P as a slope and its change."""
        return tuple(index for index, form in enumerate(self.forms) if form in {"2P", "4P"})

    @cached_property
    def hinges(self) -> tuple[Hinge, ...]:
        """Bends to place, in the order of the knots."""
        kinds = {"3PC": (Kind.ABOVE,), "3PH": (Kind.BELOW,), "4P": (Kind.ABOVE,), "5P": (Kind.BELOW, Kind.ABOVE)}
        return tuple(
            Hinge(driver=index, kind=kind) for index, form in enumerate(self.forms) for kind in kinds.get(form, ())
        )

    @property
    def p(self) -> int:
        """Parameters beyond base, linear drivers and offsets, knots counted."""
        return sum(len(_PIECES[form][0]) + len(_PIECES[form][1]) for form in self.forms)

    def columns(self, drivers: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns of the change-point drivers, as the parameters name them."""
        columns, knots = [], 0
        for name, form in zip(drivers, self.forms, strict=True):
            pieces, knot_names = _PIECES[form]
            columns += [Column(kind=kind, driver=name, knot=knots + at if at >= 0 else -1) for kind, at in pieces]
            knots += len(knot_names)
        return tuple(columns)

    def knot_names(self, drivers: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the knots, such as "air.knot_above"."""
        pairs = zip(drivers, self.forms, strict=True)
        return tuple(f"{name}.{knot}" for name, form in pairs for knot in _PIECES[form][1])


@lru_cache
def plans(candidates: tuple[str, ...], drivers: int) -> tuple[Plan, ...]:
    """Return every combination of the candidate forms over the drivers, the plain mean always among them."""
    unknown = [form for form in candidates if form not in CHANGEPOINT_FORMS]
    if unknown:
        cure = f"choose from {', '.join(CHANGEPOINT_FORMS)}"
        raise ContractError(f"no such form: {', '.join(unknown)}", place="change-point model", cure=cure)
    if drivers > MOST_DRIVERS:
        cure = "make the others linear drivers"
        raise ContractError(f"{drivers} change-point drivers, at most {MOST_DRIVERS}", place="model", cure=cure)
    forms = ["mean", *(form for form in CHANGEPOINT_FORMS[1:] if form in candidates)]
    return tuple(Plan(forms=chosen) for chosen in product(forms, repeat=drivers))
