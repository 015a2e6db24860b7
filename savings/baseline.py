"""The baseline: a model chosen and fitted to the rows that may be used, with what must be known about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from savings.findings import Finding
    from savings.models.model import Model
    from savings.statistics import FitStatistics
    from savings.table import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline:
    """A fitted model and the rows it was fitted to."""

    table: Table  # the rows used, all of them with energy and every driver
    model: Model
    residuals: NDArray[np.float64]  # measured less predicted (n,) [unit]
    weights: NDArray[np.float64]  # (n,) of each residual's square: 1 for days and hours, 1 / days for months, mean 1
    statistics: FitStatistics
    findings: tuple[Finding, ...]
    excluded: tuple[tuple[str, str], ...]  # (start as ISO, reason) of rows left out


def fit_baseline(table: Table, *, candidates: tuple[str, ...] | None = None, robust: bool = False) -> Baseline:
    """Choose and fit a model; InsufficientDataError where no number may be given."""
    raise NotImplementedError
