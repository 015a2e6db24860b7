"""A saving chained over a changed baseline: the plant was enlarged, its use is no longer what the first model knows.

Link k: a baseline, and a reporting period that it can be compared with. The next link's baseline is fitted to days on
which the measures of the one before were in place already, within its period or after it, so the saving that it shows
is only what came later. With r_k = M_k / A_k, the share of the adjusted baseline that was still used in link k, the
last period without any measure would have used

    A = A_n / Π_k r_k,    saving = A - M_n,
    u² = (u_n / Π r)² + A² Σ_k (u_k / A_k)²,

the product of ratios by which price indices are chained, and energy indicators over a changed baseline with them
(ISO 50006; the chaining model of the US Superior Energy Performance protocol). It takes the earlier measures to save
the same share of what the plant has become. Links count as independent; where the next baseline lies within the period
before, noise that both have in common moves M_k and A_n alike and cancels in their ratio, so the interval is rather
too wide. Saved 10 % of 1000, then 20 % of 1800 that a larger plant would have used: 2000 without any measure, saved
560.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from savings.uncertainty.interval import Interval
from savings.uncertainty.student import two_sided_t
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from savings.avoided_use import AvoidedUse


def chained(links: Sequence[AvoidedUse]) -> Interval:
    """Return the saving of the last period against the first baseline [unit], of the last link's confidence.

    Parameters
    ----------
    links
        In order of time; the baseline of each begins no earlier than the period of the one before.

    Raises
    ------
    ContractError
        If there is no link, a baseline has not seen the measure before it, or a period has no positive use.
    """
    if not links:
        raise ContractError("there is no link", place="chaining", cure="give the savings in order of time")
    for before, after in pairwise(links):
        _check_order(before, after)
    *earlier, last = links
    adjusted = [_positive(each, float(each.adjusted.sum())) for each in links]
    left = [_positive(each, float(each.measured.sum())) / whole for each, whole in zip(earlier, adjusted, strict=False)]
    product = math.prod(left)
    whole = adjusted[-1] / product
    shares = [whole * each.standard_error / of for each, of in zip(earlier, adjusted, strict=False)]
    errors = [*shares, last.standard_error / product]
    error, value = math.hypot(*errors), whole - float(last.measured.sum())
    dof = _dof(errors, [each.totals.noise.dof for each in links])
    half = two_sided_t(last.confidence, dof) * error
    return Interval(value, value - half, value + half, last.confidence, last.method, error, dof)


def _check_order(before: AvoidedUse, after: AvoidedUse) -> None:
    begins, measure = after.baseline.table.start[0], before.start[0]
    if begins < measure:
        raise ContractError(
            f"a baseline from {str(begins)[:10]} has not seen the measure of {str(measure)[:10]}", place="chaining",
            cure="fit each next baseline to days on which the measures before it were in place",
        )  # fmt: skip


def _positive(link: AvoidedUse, amount: float) -> float:
    if not amount > 0.0:
        raise ContractError(
            f"the use from {str(link.start[0])[:10]} adds up to {amount:g}: it has no share", place="chaining",
            cure="chain periods in which the plant runs",
        )  # fmt: skip
    return amount


def _dof(errors: Sequence[float], dofs: Sequence[float]) -> float:
    """Return the degrees of freedom of errors joined in quadrature (Welch & Satterthwaite)."""
    told = sum(error**4 / dof for error, dof in zip(errors, dofs, strict=True))
    return math.hypot(*errors) ** 4 / told if told > 0.0 else min(dofs)
