"""A model form that was chosen already, fitted to other rows: without a month, or of another plant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from savings.models.changepoint import fit_changepoint
from savings.models.ratio import fit_ratio
from savings.models.towt import fit_towt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from savings.models.model import Model
    from savings.table import Table


def refit(model: Model, table: Table, *, weight: NDArray[np.float64] | None = None) -> Model:
    """Return the form of a model fitted to other rows, each with energy and every driver of the model.

    Waves of a year stay in it; knots are searched anew. With two change-point drivers ("3PC+2P") each may take either
    form, and one that explains nothing here is left straight out, as when the baseline was fitted. `weight` (n,) is of
    each row's squared residual.

    Raises
    ------
    ContractError
        If the table lacks a driver of the model.
    """
    used = table.keep_drivers(model.terms)
    if model.form == "ratio":
        return fit_ratio(used, model.terms[0])
    if model.form == "TOWT":
        return fit_towt(used, weight=weight, seasonal=model.waves)
    return fit_changepoint(used, candidates=tuple(model.form.split("+")), weight=weight, seasonal=model.waves)
