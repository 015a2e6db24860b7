"""What a measure costs for each unit that it saves, when it has paid back, and what it is worth over its life.

    annuity factor a = (1 - (1 + r)^-n) / r    (n where r is 0)
    yearly cost = investment / a + yearly cost,      cost of the saved unit = yearly cost / yearly saving
    net present value = -investment + a (yearly value of the saving - yearly cost)
    payback = investment / (yearly value of the saving - yearly cost)     (simple, undiscounted)

Discount rate r, life n years. Costs are taken as known; the intervals are those of the saving. 10 000 EUR at 5 % over
15 years are 963.42 EUR a year; with 36.58 EUR of upkeep and 20 MWh saved a year the saved MWh costs 50 EUR.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from savings.record import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from telemetry.plan import Cost

DAYS_A_YEAR = 365.25


class Case(StrEnum):
    """Whether a cost of the saved unit can be told."""

    SOUND = "sound"  # value and both ends
    OPEN = "open"  # the saving may be nothing: the cost has no upper end
    NO_SAVING = "no_saving"  # nothing is saved, or more is used: no cost of what is not there


class Worthwhile(NamedTuple):
    """The economy of one measure."""

    name: str
    case: Case
    yearly_saving: Figure  # [unit/a]
    yearly_cost: float  # investment spread over its life, and upkeep [EUR/a]
    unit_cost: Figure | None  # [EUR a unit]; None where nothing is saved
    payback_years: Figure | None  # None without a value of the saving, or where it does not exceed the upkeep
    net_present_value: Figure | None  # [EUR]; None without a value of the saving


def annuity_factor(discount_rate: float, years: float) -> float:
    """Return what 1 a year over a life is worth today.

    >>> round(1 / annuity_factor(0.05, 15), 6), annuity_factor(0.0, 15.0)
    (0.096342, 15.0)
    """
    if discount_rate == 0.0:
        return years
    return -math.expm1(-years * math.log1p(discount_rate)) / discount_rate


def per_year(figure: Figure, days: float) -> Figure:
    """Return a figure of some days as one of a year, its interval in proportion.

    Right for whole years; a season says nothing of the others.
    """
    scale = DAYS_A_YEAR / days
    low, high, error = (
        None if each is None else each * scale for each in (figure.low, figure.high, figure.standard_error)
    )
    return Figure(value=figure.value * scale, low=low, high=high, unit=f"{figure.unit}/a", standard_error=error)


def worthwhile(name: str, cost: Cost, saving: Figure, money: Figure | None = None) -> Worthwhile:
    """Return the economy of a measure.

    Parameters
    ----------
    name
        Of the measure.
    cost
        Investment, upkeep, life and discount rate.
    saving
        Of a year [unit/a], see `per_year`.
    money
        Value of the saving of a year [EUR/a].
    """
    factor = annuity_factor(cost.discount_rate, cost.life_years)
    yearly = cost.investment_eur / factor + cost.yearly_eur
    unit = f"EUR/{saving.unit.removesuffix('/a')}"
    case = Case.NO_SAVING if saving.value <= 0.0 else Case.SOUND if (saving.low or 0.0) > 0.0 else Case.OPEN
    return Worthwhile(
        name=name,
        case=case,
        yearly_saving=saving,
        yearly_cost=yearly,
        unit_cost=None if case is Case.NO_SAVING else _by(yearly, saving, unit),
        payback_years=None if money is None else _payback(cost, money),
        net_present_value=None if money is None else _present(cost, money, factor),
    )


def ranked(measures: Iterable[Worthwhile]) -> tuple[Worthwhile, ...]:
    """Return measures by the cost of the saved unit, the cheapest first; those that save nothing come last."""
    return tuple(sorted(measures, key=lambda each: math.inf if each.unit_cost is None else each.unit_cost.value))


def _payback(cost: Cost, money: Figure) -> Figure | None:
    """Return after how many years the investment is earned back; None where never."""
    earned = _moved(money, -cost.yearly_eur)
    return _by(cost.investment_eur, earned, "a") if earned.value > 0.0 else None


def _present(cost: Cost, money: Figure, factor: float) -> Figure:
    """Return what is left today of all yearly values after investment and upkeep."""
    earned = _moved(money, -cost.yearly_eur)
    ends = (None if each is None else each * factor - cost.investment_eur for each in (earned.low, earned.high))
    low, high = ends
    return Figure(value=earned.value * factor - cost.investment_eur, low=low, high=high, unit="EUR")


def _by(amount: float, saving: Figure, unit: str) -> Figure:
    """Return an amount by a positive saving: where that may be nothing the interval is open, its end None.

    The ends change places, unless the amount is negative: a measure that costs less than nothing.
    """
    best, worst = (amount / each if each is not None and each > 0.0 else None for each in (saving.high, saving.low))
    low, high = (best, worst) if amount >= 0.0 else (worst, best)
    return Figure(value=amount / saving.value, low=low, high=high, unit=unit)


def _moved(figure: Figure, by: float) -> Figure:
    low, high = (None if each is None else each + by for each in (figure.low, figure.high))
    return Figure(value=figure.value + by, low=low, high=high, unit=figure.unit)
