"""What a measured demonstrator would bring elsewhere.

IPMVP has no formula for this: a saving that was not measured is a forecast. The reasoning here:

1. What is carried over is the share r of the adjusted baseline, not a change of the model's parameters. Plants differ
   in size, and parameters of drivers that move together (air and sea) mean little one by one, where a share needs
   neither.
2. A measure may save more on warm days than on cold ones, and the other plant has other days. So the share is
   standardised directly, as death rates are for populations of different age: r = Σ_b w_b r_b over quarters b of the
   first change-point driver, r_b measured by the demonstrator, w_b the other plant's use in that quarter. This is a
   weighted total of the demonstrator's rows, with the interval of such.
3. The other plant's use E comes from the same form of model, fitted to its own baseline rows, under its conditions.
4. saving = r E, and in quadrature: the demonstrator's error E u_r; the other model's r u_E; the spread of shares from
   plant to plant, r E times a relative standard deviation, which one demonstrator cannot measure and somebody has to
   judge; and, for the use E_x in conditions that the demonstrator never saw, r E_x / √3, as if anything between nothing
   and twice the share were equally likely there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.avoided_use import adjusted_intervals
from savings.baseline import fit_baseline
from savings.economics import Worthwhile, per_year, ranked, worthwhile
from savings.findings import Finding, Severity
from savings.record import Figure
from savings.reporting_checks import outside_range
from savings.suspect_values import without_codes
from savings.table import Role
from savings.uncertainty.interval import Totals
from savings.uncertainty.student import two_sided_t
from savings.wording import counted, said
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.table import Table
    from savings.uncertainty.interval import Interval
    from telemetry.plan import Cost

BETWEEN_PLANTS = 0.2  # relative standard deviation of the share from plant to plant: judgement, to be replaced
_STRATA = 4
_UNIFORM = math.sqrt(3.0)  # half width of a rectangle by its standard deviation


@dataclass(frozen=True, kw_only=True, eq=False)
class Replication:
    """A saving to be expected at another plant, over the rows of its conditions."""

    saving: Figure  # [unit of the other plant]
    share: Figure  # of its use [%], the demonstrator's, under the other plant's conditions
    use: Figure  # what the other plant would use without the measure
    errors: dict[str, float]  # standard error by cause: demonstrator, model, between_plants, extrapolation [unit]
    beyond: tuple[str, ...]  # days (ISO) in conditions that the demonstrator never saw
    beyond_share: float  # of the use
    days: float  # that the conditions cover
    baseline: Baseline  # of the other plant
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """Another plant that might take the measure."""

    name: str
    table: Table  # its rows before any measure
    cost: Cost
    price_eur: float | None = None  # of a unit of its energy [EUR]
    same: Mapping[str, str] | None = None  # driver of the demonstrator → driver of this plant, where names differ


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatIf:
    """A candidate, what it would save, and whether that pays."""

    replication: Replication
    economy: Worthwhile


def replicate(
    saving: AvoidedUse,
    plant: Table,
    *,
    conditions: Table | None = None,
    same: Mapping[str, str] | None = None,
    between_plants: float = BETWEEN_PLANTS,
    confidence: float = 0.9,
) -> Replication:
    """Return what a demonstrator's measure would save at another plant.

    Parameters
    ----------
    saving
        The demonstrator's.
    plant
        The other plant's rows before any measure, of the demonstrator's frequency, with its own drivers.
    conditions
        Rows with the plant's drivers that the figure is for, such as a typical year; those of `plant` if left out.
    same
        The plant's name for a driver of the demonstrator, where they differ.
    between_plants
        Relative standard deviation of the share from plant to plant.
    confidence
        Of the interval.

    Raises
    ------
    InsufficientDataError
        If the plant's rows allow no model.
    ContractError
        If the demonstrator has no positive adjusted baseline, or rows of another frequency.
    """
    _check(saving, plant, between_plants)
    other = fit_baseline(plant, candidates=tuple(saving.baseline.model.form.split("+")))
    rows = _predictable(other, plant if conditions is None else conditions)
    totals = Totals(other, rows)
    use = totals.prediction(confidence=confidence)
    names = dict(same or {})
    share = _standardised(saving, rows, totals.adjusted, names, confidence)
    beyond = _beyond(saving, rows, names)
    beyond_use = float(totals.adjusted[beyond].sum())
    errors = {
        "demonstrator": abs(use.value) * share.standard_error,
        "model": abs(share.value) * use.standard_error,
        "between_plants": abs(share.value * use.value) * between_plants,
        "extrapolation": abs(share.value * beyond_use) / _UNIFORM,
    }
    value, error = share.value * use.value, math.hypot(*errors.values())
    half = two_sided_t(confidence, _dof(errors, share.dof, use.dof)) * error
    days = tuple(np.unique(rows.start[beyond].astype("datetime64[D]")).astype(str).tolist())
    return Replication(
        saving=Figure(value=value, low=value - half, high=value + half, unit=plant.unit, standard_error=error),
        share=_percent(share),
        use=Figure(value=use.value, low=use.low, high=use.high, unit=plant.unit, standard_error=use.standard_error),
        errors=errors,
        beyond=days,
        beyond_share=beyond_use / use.value,
        days=float(rows.hours.sum()) / 24.0,
        baseline=other,
        findings=(*other.findings, *_findings(days, beyond_use / use.value, between_plants)),
    )


def what_if(
    saving: AvoidedUse, candidates: Iterable[Candidate], *, between_plants: float = BETWEEN_PLANTS,
    confidence: float = 0.9,
) -> tuple[WhatIf, ...]:  # fmt: skip
    """Return what each candidate would save in a year and whether it pays, the cheapest saved unit first."""
    found = {}
    for each in candidates:
        there = replicate(saving, each.table, same=each.same, between_plants=between_plants, confidence=confidence)
        yearly = per_year(there.saving, there.days)
        money = None if each.price_eur is None else _priced(yearly, each.price_eur)
        found[each.name] = WhatIf(replication=there, economy=worthwhile(each.name, each.cost, yearly, money))
    return tuple(found[each.name] for each in ranked(each.economy for each in found.values()))


def _check(saving: AvoidedUse, plant: Table, between_plants: float) -> None:
    place = "replication"
    if saving.baseline.table.frequency is not plant.frequency:
        raise ContractError(
            f"rows are {plant.frequency}, the demonstrator's {saving.baseline.table.frequency}", place=place,
            cure="give both the same length of row",
        )  # fmt: skip
    if not saving.adjusted.sum() > 0.0:
        raise ContractError(
            "the demonstrator's adjusted baseline is not positive: it has no share", place=place,
            cure="choose another demonstrator or period",
        )  # fmt: skip
    if not between_plants >= 0.0:
        raise ContractError(f"{between_plants} is no spread", place=place, cure="0 if all plants save the same share")


def _predictable(other: Baseline, conditions: Table) -> Table:
    """Return the rows that the other plant's model can predict; energy is not looked at."""
    known = without_codes(conditions.keep_drivers(tuple(driver.name for driver in other.table.drivers)))
    return known.take(np.isfinite(other.model.predict(known)))


def _standardised(
    saving: AvoidedUse, rows: Table, use: NDArray[np.float64], same: Mapping[str, str], confidence: float
) -> Interval:
    """Return the demonstrator's share under the conditions of the other plant, whose use by row is given."""
    own, theirs = _strata(saving, rows, same)
    adjusted = np.bincount(own, saving.adjusted, _STRATA)
    wanted = np.bincount(theirs, use, _STRATA) / use.sum()
    weights = (wanted / np.where(adjusted > 0.0, adjusted, np.inf))[own]
    return adjusted_intervals(saving.totals, weights[None], saving.adjustments, confidence, saving.method)[0]


def _strata(saving: AvoidedUse, rows: Table, same: Mapping[str, str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the quarter of the first common change-point driver that each row lies in, (m,) and (k,).

    Quarters of the demonstrator's adjusted baseline along it; one for all where there is no such driver.
    """
    reporting = saving.totals.reporting
    shared = [
        driver for driver in reporting.drivers if driver.role is Role.CHANGEPOINT and _theirs(driver.name, rows, same)
    ]
    if not shared or not (saving.adjusted > 0.0).all():
        return np.zeros(len(reporting), np.intp), np.zeros(len(rows), np.intp)
    driver = shared[0]
    order = np.argsort(driver.values, kind="stable")
    passed = np.cumsum(saving.adjusted[order]) / saving.adjusted.sum()
    edges = driver.values[order][np.searchsorted(passed, np.arange(1, _STRATA) / _STRATA)]
    values = rows.driver(_theirs(driver.name, rows, same)).values
    return np.searchsorted(edges, driver.values, side="right"), np.searchsorted(edges, values, side="right")


def _theirs(name: str, rows: Table, same: Mapping[str, str]) -> str:
    """Return the other plant's name for a driver; empty where it has none."""
    wanted = same.get(name, name)
    return wanted if any(driver.name == wanted for driver in rows.drivers) else ""


def _beyond(saving: AvoidedUse, rows: Table, same: Mapping[str, str]) -> NDArray[np.bool_]:
    """Mask (k,) of rows with a driver beyond what the demonstrator saw by more than a tenth of its range.

    Totals such as tonnes are passed over: they speak of size, which a share leaves out.
    """
    beyond = np.zeros(len(rows), np.bool_)
    for driver in saving.totals.reporting.drivers:
        theirs = _theirs(driver.name, rows, same)
        if driver.is_total or driver.is_kind or not theirs:
            continue
        seen = np.concatenate([saving.baseline.table.driver(driver.name).values, driver.values])
        beyond |= outside_range(seen, rows.driver(theirs).values)
    return beyond


def _dof(errors: Mapping[str, float], share: float, use: float) -> float:
    """Return the degrees of freedom of the joined error, Welch & Satterthwaite; what is assumed has infinitely many."""
    whole = sum(each**2 for each in errors.values()) ** 2
    told = errors["demonstrator"] ** 4 / share + errors["model"] ** 4 / use
    return whole / told if told > 0.0 else math.inf


def _percent(share: Interval) -> Figure:
    return Figure(
        value=100.0 * share.value, low=100.0 * share.low, high=100.0 * share.high, unit="%",
        standard_error=100.0 * share.standard_error,
    )  # fmt: skip


def _priced(yearly: Figure, price: float) -> Figure:
    low, high = (None if each is None else each * price for each in (yearly.low, yearly.high))
    return Figure(value=yearly.value * price, low=low, high=high, unit="EUR/a")


def _findings(days: tuple[str, ...], share: float, between_plants: float) -> tuple[Finding, ...]:
    """Return what a reader of a forecast must know."""
    assumed = Finding(
        code="between_plants_assumed",
        severity=Severity.INFO,
        message=said(
            "The share is taken to differ from plant to plant by {share:.0%} of itself.", share=between_plants
        ),
        cure=said("measure the measure at a second plant"),
    )
    if not days:
        return (assumed,)
    beyond = Finding(
        code="replication_extrapolates",
        severity=Severity.WARNING,
        message=counted(
            "{share:.0%} of the use, on {count} day, lies in conditions the demonstrator never saw.",
            "{share:.0%} of the use, on {count} days, lies in conditions the demonstrator never saw.",
            count=len(days),
            share=share,
        ),
        cure=said("wait until the demonstrator has seen them, or leave these days out"),
        days=days,
    )
    return assumed, beyond
