"""Specific consumption: energy in proportion to one driver (kWh/t), as IPMVP Option A may stipulate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.models.model import Model, Parameter
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.table import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class RatioModel(Model):
    """Energy = ratio · driver; a driver that is a mean counts by the length of the row."""

    def predict(self, table: Table) -> NDArray[np.float64]:
        """Return the energy (n,) of every row [unit of the table]."""
        return self.parameters[0].value * amounts(table, self.terms[0])

    def gradient(self, table: Table) -> NDArray[np.float64]:
        """Return the driver's amounts (n, 1)."""
        return amounts(table, self.terms[0])[:, None]


def amounts(table: Table, name: str) -> NDArray[np.float64]:
    """Return how much of a driver each row has (n,)."""
    driver = table.driver(name)
    return driver.values if driver.is_total else driver.values * table.span


def fit_ratio(table: Table, name: str) -> RatioModel:
    """Return Σ energy / Σ driver: 100 kWh over 4 t is 25 kWh/t.

    The ratio estimator and its standard error, Cochran, Sampling Techniques, 3rd ed. 1977, §2.11 and 6.4, without the
    correction for finite populations. Rows without energy or driver are left out.
    """
    x = amounts(table, name)
    used = np.isfinite(x) & np.isfinite(table.energy)
    total = float(x[used].sum())
    if not total > 0.0:
        cure = "choose another driver or period"
        raise ContractError(f"{name} adds up to {total:g}", place="ratio model", cure=cure)
    ratio = float(table.energy[used].sum()) / total
    n = int(used.sum())
    left = table.energy[used] - ratio * x[used]
    error = float(np.sqrt(n * (left @ left) / (n - 1))) / total if n > 1 else float("nan")
    return stipulated_ratio(name, ratio, standard_error=error, unit=f"{table.unit}/{table.driver(name).unit}")


def stipulated_ratio(name: str, ratio: float, *, standard_error: float, unit: str) -> RatioModel:
    """Return a ratio that parties agreed on, with the standard error they agreed on [unit a unit of the driver]."""
    parameter = Parameter(name=f"{name}.ratio", value=ratio, standard_error=standard_error, unit=unit)
    return RatioModel(form="ratio", terms=(name,), parameters=(parameter,))
