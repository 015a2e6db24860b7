"""Key figures of a plant, before and after, each with its interval: quotients of sums and of measured quantities.

Standard errors of measured quantities join in quadrature (first order, independent); those of sums over a period know
the memory of the noise around the quotient (`uncertainty.reml`). Intervals are two-sided.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.models.ratio import amounts
from savings.record import Figure
from savings.uncertainty.case import Told, make_case, positions
from savings.uncertainty.noise import inflation
from savings.uncertainty.reml import mixture_half_widths, noise_posterior
from savings.uncertainty.student import two_sided_t
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from savings.baseline import Baseline
    from savings.table import Table
    from savings.uncertainty.reml import NoisePosterior

FRESH_WATER = 4.190  # [MJ/(m3.K)] at 12 Cel; a heat meter set for it over-reads seawater by 2.2 %
_SALINITY = 35.16504 / 35.0  # absolute [g/kg] by practical salinity, TEOS-10 without the local anomaly
SALINITY = 34.3  # practical, of the Channel at Boulogne


class Measured(NamedTuple):
    """A quantity with its standard error."""

    value: float
    standard_error: float = 0.0

    @property
    def relative(self) -> float:
        """Standard error by value."""
        return abs(self.standard_error / self.value)


def quotient(above: Measured, below: Measured, unit: str, *, confidence: float = 0.9) -> Figure:
    """Return a quotient with its interval: u(q)/q = sqrt((u_a/a)² + (u_b/b)²).

    COP = heat / work, SCOP = Σ heat / Σ (work, sea pump and fans included), condensate return = condensate / steam,
    kW.h/m3 = energy / volume. 3000 kW.h ± 1 % of heat by 1000 kW.h ± 1 % of work is 3.00 ± 1.4 %.

    Raises
    ------
    ContractError
        If what is divided by is 0.
    """
    if below.value == 0.0:
        raise ContractError("a quotient by 0", place=f"indicator in {unit}", cure="choose days on which the plant ran")
    value = above.value / below.value
    error = math.hypot(above.standard_error, value * below.standard_error) / abs(below.value)
    return _figure(value, error, math.inf, unit, confidence)


def specific_use(table: Table, driver: str, *, confidence: float = 0.9, per: float = 1.0, unit: str = "") -> Figure:
    """Return energy by a driver over a table, Σ y / Σ x, such as kW.h a tonne, with its interval.

    Delta method: the error of the quotient is Σ (y - R x) / Σ x, whose variance is that of noise that remembers; the
    interval is of what such days use in the long run, not of the sums, which are known as well as their meters are.
    300 kW.h over 12 t are 25 kW.h/t.

    Parameters
    ----------
    table
        Rows; those without energy or driver are left out.
    driver
        A total (tonnes, m3, pallets) or a mean that counts by the length of the row.
    confidence
        Of the interval.
    per
        How many units of the driver the indicator speaks of: 1000 for a tonne of a driver in kg.
    unit
        Of the indicator; that of energy by that of the driver if left out.

    Raises
    ------
    ContractError
        If the driver adds up to nothing.
    """
    used = table.keep_drivers((driver,))
    used = used.take(used.valid)
    x = amounts(used, driver)
    total = float(x.sum())
    if not total > 0.0:
        raise ContractError(f"{driver} adds up to {total:g}", place="indicator", cure="choose days on which it moves")
    ratio = float(used.energy.sum()) / total
    error, dof = _error_of_sum(used, used.energy - ratio * x, x, confidence)
    name = unit or f"{table.unit}/{table.driver(driver).unit}"
    return _figure(ratio * per, error / total * per, dof, name, confidence)


def use_by_amount(baseline: Baseline, table: Table, driver: str, *, confidence: float = 0.9, unit: str = "") -> Figure:
    """Return energy by a driver over a table, with the interval of the noise around the baseline's model.

    Weather and production are taken as they were: what is left open is what the same days would have used once more.
    `specific_use` asks for more, the use under any conditions, and a year of seasons makes that answer wide.

    Raises
    ------
    ContractError
        If the amount adds up to 0 over the rows that have energy and the driver.
    """
    known = table.take(np.isfinite(table.energy) & np.isfinite(table.driver(driver).values))
    total = float(amounts(known, driver).sum())
    energy = float(known.energy.sum())
    case = make_case(baseline, known.keep_drivers(tuple(each.name for each in baseline.table.drivers)))
    noise = baseline.noise
    spread = inflation(case.scale[None], case.reporting_position, noise.noises)[0]
    every_year = case.scale @ case.place_waves[len(case.influence_position) :]
    error = _error_of(spread + float(every_year @ every_year) * noise.returning, noise, confidence)
    name = unit or f"{table.unit}/{table.driver(driver).unit}"
    if total == 0.0:
        raise ContractError("a quotient by 0", place=f"indicator in {name}", cure="choose days on which the plant ran")
    return _figure(energy / total, error / abs(total), noise.dof, name, confidence)


def thermal_power(
    flow: Measured, difference: float, temperature_error: float, heat_capacity: float, *, confidence: float = 0.9
) -> Figure:
    """Return the thermal power of a loop [kW]: P = c Q ΔT / 3.6, u(P)/P = sqrt((u_Q/Q)² + (√2 u_T/ΔT)²).

    At ΔT = 4 K and u_T = 0.1 K the thermometers alone leave 3.5 %, a pair matched to 0.05 K 1.8 %. The errors of both
    thermometers are independent.

    Parameters
    ----------
    flow
        [m3/h].
    difference
        Outlet less inlet [K].
    temperature_error
        Standard error of one thermometer [K].
    heat_capacity
        By volume [MJ/(m3.K)]: `seawater_heat_capacity`, or `FRESH_WATER`.
    confidence
        Of the interval.
    """
    per_kelvin = heat_capacity / 3.6 * flow.value
    error = math.hypot(
        heat_capacity / 3.6 * difference * flow.standard_error, per_kelvin * math.sqrt(2.0) * temperature_error
    )
    return _figure(per_kelvin * difference, error, math.inf, "kW", confidence)


def seawater_heat_capacity(temperature: ArrayLike, salinity: float = SALINITY) -> NDArray[np.float64]:
    """Return ρ cp of seawater [MJ/(m3.K)] at temperatures [Cel] of any shape; 4.0989 at 12 Cel and practical 34.3.

    Polynomials fitted to TEOS-10 at 10 dbar for 5 to 20 Cel and absolute salinities of 33.5 to 35.2 g/kg, within
    0.007 kg/m3 and 0.17 J/(kg.K).
    """
    t, s = np.asarray(temperature, np.float64), salinity * _SALINITY
    density = 1000.1698 - 0.001785 * t - 0.0048985 * t**2 + 0.797432 * s - 0.0020089 * s * t  # [kg/m3]
    capacity = 4188.501 - 1.06544 * t + 0.0060868 * t**2 - 5.79192 * s + 0.0427504 * s * t  # [J/(kg.K)]
    return np.asarray(density * capacity * 1e-6)


def _error_of_sum(
    table: Table, left: NDArray[np.float64], x: NDArray[np.float64], confidence: float
) -> tuple[float, float]:
    """Return the standard error of Σ left under noise that remembers, and its degrees of freedom.

    Hours are summed to days first: a sum over weeks feels the slow part of the noise only.
    """
    place, index = np.unique(positions(table, table), return_inverse=True)
    sums, direction = (np.bincount(index, column).astype(np.float64) for column in (left, x))
    noise = noise_posterior(
        Told(
            residual=sums, basis=(direction / np.linalg.norm(direction))[:, None], position=place,
            waves=np.zeros((len(place), 0)), influence=np.zeros((0, 1)), influence_position=place[:0],
        )
    )  # fmt: skip
    spread = inflation(np.ones((1, len(place))), place, noise.noises)[0]
    return _error_of(spread, noise, confidence), noise.dof


def _error_of(spread: NDArray[np.float64], noise: NoisePosterior, confidence: float) -> float:
    """Return the standard error of a sum whose variance is `spread` (K,) times that of each likely noise.

    That by which t of the noise's degrees of freedom gives the interval of the mixture: a mean of the variances would
    be ruled by the slowest noise that cannot be excluded.
    """
    half = mixture_half_widths(np.sqrt(spread * noise.variance)[None], noise, confidence)[0]
    return float(half) / two_sided_t(confidence, noise.dof)


def _figure(value: float, error: float, dof: float, unit: str, confidence: float) -> Figure:
    """Return a figure; without an interval where the error is not known."""
    if not math.isfinite(error):
        return Figure(value=value, low=None, high=None, unit=unit)
    half = two_sided_t(confidence, dof) * error
    return Figure(value=value, low=value - half, high=value + half, unit=unit, standard_error=error)
