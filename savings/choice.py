"""From usable rows to a fitted model: which form, which drivers, and rows far off counted less where that is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from savings.driver_checks import offset_columns
from savings.findings import Finding, Severity
from savings.models.changepoint import fit_changepoint, neighbours, row_weights
from savings.models.forms import CHANGEPOINT_FORMS
from savings.models.ratio import fit_ratio
from savings.models.towt import fit_towt
from savings.season import knows_the_year, season_worth_adding
from savings.statistics import lag_one_autocorrelation, robust_deviation
from savings.table import Frequency, Role
from savings.wording import said
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from savings.models.model import Model
    from savings.table import Table

FORMS = (*CHANGEPOINT_FORMS, "TOWT", "ratio")
_HUBER = 1.345  # 95 % efficient where residuals are normal: Huber 1964
_ROUNDS = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """A fitted model, the weights it was fitted with, and drivers that had no part."""

    table: Table  # with the drivers that were kept
    model: Model
    weights: NDArray[np.float64]
    findings: tuple[Finding, ...] = ()


def choose_model(table: Table, candidates: tuple[str, ...], *, robust: bool) -> Chosen:
    """Fit the candidates to rows that have energy and all drivers, and choose among them."""
    if candidates == ("ratio",):
        return Chosen(table=table, model=fit_ratio(table, _ratio_driver(table)), weights=row_weights(table))
    seasonal: tuple[str, ...] = ()
    chosen = _best_of(table, candidates, seasonal, robust=robust)
    while knows_the_year(chosen.table) and (name := season_worth_adding(chosen, seasonal)) is not None:
        seasonal = (*seasonal, name)
        chosen = _best_of(table, candidates, seasonal, robust=robust)
    return chosen


def _best_of(table: Table, candidates: tuple[str, ...], seasonal: tuple[str, ...], *, robust: bool) -> Chosen:
    """Fit the candidates, with waves of a year in base or slopes where they are named, and take the best."""
    fit = _fit_robustly if robust else _fit_plainly
    family = tuple(form for form in candidates if form in CHANGEPOINT_FORMS)
    chosen = []
    if "TOWT" in candidates:
        chosen.append(fit(table, partial(fit_towt, seasonal=seasonal)))
    if family:
        chosen.append(_without_idle(table, fit, partial(fit_changepoint, candidates=family, seasonal=seasonal)))
    return min(chosen, key=_bic) if len(chosen) > 1 else chosen[0]


def default_candidates(frequency: Frequency) -> tuple[str, ...]:
    """Return the forms that compete where nobody chose: the change-point family; for hours the mean and TOWT."""
    return ("mean", "TOWT") if frequency is Frequency.HOURLY else CHANGEPOINT_FORMS


def check_candidates(candidates: tuple[str, ...], frequency: Frequency) -> None:
    """Raise ContractError for forms that do not exist or do not go with the frequency or with each other."""
    place, unknown = "model", [form for form in candidates if form not in FORMS]
    if unknown or not candidates:
        raise ContractError(f"no such form: {', '.join(unknown)}", place=place, cure=f"choose from {', '.join(FORMS)}")
    if "ratio" in candidates and len(candidates) > 1:
        raise ContractError("a ratio is stipulated, it competes with nothing", place=place, cure="ask for ratio alone")
    if "TOWT" in candidates and frequency is not Frequency.HOURLY:
        raise ContractError(f"TOWT needs hours, not {frequency} rows", place=place, cure="choose a change-point form")


def huber_weights(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Huber's weights (n,): 1 up to 1.345 robust standard deviations, then falling as 1 / |residual|."""
    size = np.abs(residuals - np.median(residuals))
    scale = robust_deviation(size)
    if scale <= 0.0:
        return np.ones(len(residuals))
    return np.minimum(1.0, _HUBER * scale / np.maximum(size, 1e-300))


def _fit_plainly(table: Table, fit: Callable[..., Model]) -> Chosen:
    """Fit once, months weighted by days."""
    weight = row_weights(table)
    return Chosen(table=table, model=fit(table, weight=weight), weights=weight)


def _fit_robustly(table: Table, fit: Callable[..., Model]) -> Chosen:
    """Fit again and again, each time with Huber's weights of the last residuals, until they settle."""
    plain = row_weights(table)
    weight, model = plain, fit(table, weight=plain)
    for _ in range(_ROUNDS):
        new = plain * huber_weights((table.energy - model.predict(table)) * np.sqrt(plain))
        settled = bool(np.abs(new - weight).max() < 1e-3)
        weight, model = new, fit(table, weight=new)
        if settled:
            break
    return Chosen(table=table, model=model, weights=weight)


def _without_idle(
    table: Table, fit: Callable[[Table, Callable[..., Model]], Chosen], family: Callable[..., Model]
) -> Chosen:
    """Fit the change-point family, then drop the least of the other drivers as long as BIC falls by it."""
    table, findings = _affordable(table)
    while True:
        chosen = fit(table, family)
        worth = {name: driver_worth(chosen, name) for name in _plain_names(table)}
        least = min(worth, key=worth.__getitem__, default="")
        if not least or worth[least] > 0.0:
            break
        findings.append(_idle(least))
        table = table.keep_drivers(tuple(driver.name for driver in table.drivers if driver.name != least))
    bent = [driver.name for driver in table.drivers if driver.name not in chosen.model.terms]
    findings += [_idle(name) for name in bent]
    return Chosen(table=table, model=chosen.model, weights=chosen.weights, findings=tuple(findings))


def _affordable(table: Table) -> tuple[Table, list[Finding]]:
    """Drop linear drivers and categories, those of most columns first, until two rows stand behind each column."""
    findings: list[Finding] = []
    while True:
        columns = {name: offset_columns(table, name).shape[1] for name in _plain_names(table)}
        if 2 * (1 + sum(columns.values())) <= len(table):
            return table, findings
        most = max(columns, key=columns.__getitem__)
        findings.append(_unaffordable(most, columns[most], len(table)))
        table = table.keep_drivers(tuple(driver.name for driver in table.drivers if driver.name != most))


def driver_worth(chosen: Chosen, name: str) -> float:
    """Return by how much BIC would rise without a linear driver or category; negative where it has no worth.

    Wald's statistic of its coefficients, whose variance autocorrelated residuals inflate by (1 + ρx ρe) / (1 − ρx ρe)
    (Bartlett 1935): n' ln(1 + W / (n − p)) less its coefficients' share of the penalty, ln n' each.
    """
    table, model = chosen.table, chosen.model
    at = [i for i, p in enumerate(model.parameters) if p.name == name or p.name.startswith(f"{name}=")]
    left = (table.energy - model.predict(table)) * np.sqrt(chosen.weights)
    inflation = max(1.0, _bartlett(table, name, left))
    rows = model.gradient(table) * np.sqrt(chosen.weights)[:, None]
    scale = np.sqrt((rows**2).sum(axis=0))
    scale = np.where(scale > 0.0, scale, 1.0)
    free = max(len(table) - model.p, 1)
    sigma2 = float(left @ left) / free
    if sigma2 <= 0.0:
        return np.inf
    covariance = np.linalg.pinv((rows / scale).T @ (rows / scale), rcond=1e-10, hermitian=True)[np.ix_(at, at)]
    values = np.array([model.parameters[i].value for i in at]) * scale[at]
    wald = float(values @ np.linalg.pinv(covariance, hermitian=True) @ values) / sigma2 / inflation
    counted = max(len(table) / inflation, 2.0)
    return float(len(table) * np.log1p(wald / free) - len(at) * np.log(counted))


def _bartlett(table: Table, name: str, left: NDArray[np.float64]) -> float:
    """Return how much autocorrelation inflates the variance of a driver's coefficients."""
    follows = neighbours(table)
    columns = offset_columns(table, name)
    each = [lag_one_autocorrelation(column, follows) for column in columns.T]
    x = sum(each) / max(len(each), 1)
    both = float(np.clip(x * lag_one_autocorrelation(left, follows), -0.95, 0.95))
    return (1.0 + both) / (1.0 - both)


def _bic(chosen: Chosen) -> float:
    """Return n ln(SSE / n) + p ln n of a fit."""
    left = (chosen.table.energy - chosen.model.predict(chosen.table)) * np.sqrt(chosen.weights)
    n = len(left)
    return float(n * np.log(max(float(left @ left), 1e-300) / n) + chosen.model.p * np.log(n))


def _plain_names(table: Table) -> tuple[str, ...]:
    """Return the linear drivers and categories."""
    return tuple(driver.name for driver in table.drivers if driver.role is not Role.CHANGEPOINT)


def _ratio_driver(table: Table) -> str:
    """Return the driver that a ratio speaks of: the first linear one."""
    for driver in table.drivers:
        if driver.role is Role.LINEAR:
            return driver.name
    raise ContractError("a ratio needs a linear driver", place="model", cure="name one, such as tonnes")


def _unaffordable(name: str, columns: int, rows: int) -> Finding:
    """Return the finding that a driver asks for more parameters than its rows can carry."""
    return Finding(
        code="too_few_rows_for_driver",
        severity=Severity.WARNING,
        message=said(
            "{driver:name} asks for {parameters} parameters, too many for {rows} rows; it is left out.",
            driver=name,
            parameters=columns,
            rows=rows,
        ),
        cure=said("join levels of the category, or take a longer baseline"),
        days=(name,),
    )


def _idle(name: str) -> Finding:
    """Return the finding that a driver explains nothing."""
    return Finding(
        code="driver_without_effect",
        severity=Severity.INFO,
        message=said(
            "{driver:name} explains nothing that the other drivers leave; the model does without it.", driver=name
        ),
        cure=said("nothing to do; if it must matter, check its values and its alignment in time"),
        days=(name,),
    )
