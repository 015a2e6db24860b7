"""Non-routine adjustments: what an event that no baseline knows of has added to the use, or taken from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.wording import said
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
    standard_error: float  # of the amount, all causes together [unit of energy]
    reason: str = ""
    limits: tuple[float, ...] = ()  # of causes that err evenly within ± so much, as a meter in its class does [unit]

    @property
    def unbounded_error(self) -> float:
        """Standard error of the causes without a limit [unit of energy]; one within ± a has a/√3 (GUM 4.3.7)."""
        bounded = sum(limit**2 for limit in self.limits) / 3.0
        return math.sqrt(max(self.standard_error**2 - bounded, 0.0)) if bounded else self.standard_error


def row_days(
    start: NDArray[np.datetime64], hours: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return the first local day of each row (n,) and the day after its last: a month is longer than its first day."""
    first = start.astype("datetime64[D]")
    return first, first + np.maximum(np.rint(hours / 24.0), 1.0).astype("timedelta64[D]")


def share_within(
    start: NDArray[np.datetime64], hours: NDArray[np.float64], days: tuple[str, str]
) -> NDArray[np.float64]:
    """Return which share of each row's days (n,) lies within local days, both included; an hour lies in one day."""
    begin, end = row_days(start, hours)
    first, last = (np.datetime64(text, "D") for text in days)
    common = np.minimum(end, last + 1) - np.maximum(begin, first)
    share: NDArray[np.float64] = np.maximum(common.astype(np.int64), 0) / (end - begin).astype(np.int64)
    return share


def whole_period(reporting: Table) -> tuple[str, str]:
    """Return the first and the last local day (ISO) of a table, to its last row's end."""
    begin, end = row_days(reporting.start, reporting.hours)
    return str(begin[0]), str(end[-1] - 1)


def spread_adjustments(reporting: Table, adjustments: Sequence[Adjustment]) -> NDArray[np.float64]:
    """Return how much each adjustment adds to each row (A, m) [unit]: by the hours of the rows within its days.

    Of a row that is longer than a day, such as a month, the days that it has in common with the adjustment count.

    Raises
    ------
    ContractError
        If no row lies within the days of an adjustment, or it has a negative or unknown error.
    """
    spread = np.zeros((len(adjustments), len(reporting)))
    for line, each in zip(spread, adjustments, strict=True):
        hours = reporting.hours * share_within(reporting.start, reporting.hours, each.days)
        if not hours.any():
            cause = said("no valid row of the reporting period lies within it")
            raise _wrong(each, cause, said("give days of the period"))
        check_size(each)
        line[:] = each.amount * hours / hours.sum()
    return spread


def check_size(each: Adjustment) -> None:
    """Refuse an adjustment whose amount or error is no number, or whose error is below 0, by a ContractError."""
    if not (np.isfinite(each.amount) and np.isfinite(each.standard_error) and each.standard_error >= 0):
        cause = said("its amount or standard error is no number")
        raise _wrong(each, cause, said("estimate both; 0 says that it is known"))


def _wrong(each: Adjustment, cause: str, cure: str) -> ContractError:
    return ContractError(cause, place=f"adjustment of {each.days[0]} to {each.days[1]}", cure=cure)
