"""Non-routine adjustments: what an event that no baseline knows of has added to the use, or taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.table import Table


METER, STIPULATED = "meter accuracy", "stipulated"  # reasons of adjustments of 0, which bring an error alone


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """One event: its days, and by how much it moved the use that there would have been without the measure."""

    days: tuple[str, str]  # first and last local day (ISO), both included
    amount: float  # added to the adjusted baseline over these days [unit of energy]; negative for a plant that stood
    standard_error: float  # of the amount [unit of energy]
    reason: str = ""


def spread_adjustments(reporting: Table, adjustments: Sequence[Adjustment]) -> NDArray[np.float64]:
    """Return how much each adjustment adds to each row (A, m) [unit]: by the hours of the rows within its days.

    Raises
    ------
    ContractError
        If no row lies within the days of an adjustment, or it has a negative or unknown error.
    """
    day = reporting.start.astype("datetime64[D]")
    spread = np.zeros((len(adjustments), len(reporting)))
    for line, each in zip(spread, adjustments, strict=True):
        first, last = (np.datetime64(text, "D") for text in each.days)
        hours = np.where((day >= first) & (day <= last), reporting.hours, 0.0)
        if not hours.any():
            raise _wrong(each, "no valid row of the reporting period lies within it", "give days of the period")
        if not (np.isfinite(each.amount) and each.standard_error >= 0):
            raise _wrong(each, "its amount or standard error is no number", "estimate both; 0 says that it is known")
        line[:] = each.amount * hours / hours.sum()
    return spread


def _wrong(each: Adjustment, cause: str, cure: str) -> ContractError:
    return ContractError(cause, place=f"adjustment of {each.days[0]} to {each.days[1]}", cure=cure)
