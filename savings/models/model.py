"""A fitted model, whatever its form: parameters, prediction and how it moves with every parameter."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from savings.table import Table


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One fitted number."""

    name: str  # such as "base", "air.slope_above", "air.knot_above", "tonnes"
    value: float
    standard_error: float  # of independent residuals; NaN where it was not estimated
    unit: str = ""

    @property
    def t(self) -> float:
        """Value by its standard error; a knot's says nothing about its significance."""
        if not self.standard_error:
            return math.copysign(math.inf, self.value) if self.value else math.nan
        return self.value / self.standard_error


@dataclass(frozen=True, kw_only=True, eq=False)
class Model(ABC):
    """Energy of an interval from what explains it."""

    form: str  # "mean", "2P", "3PC", "3PH", "4P", "5P", "TOWT", "ratio"; "3PC+2P" with two change-point drivers
    terms: tuple[str, ...]  # names of the drivers that have a part in it
    parameters: tuple[Parameter, ...]

    @property
    def p(self) -> int:
        """Number of fitted parameters, knots counted."""
        return len(self.parameters)

    @property
    def waves(self) -> tuple[str, ...]:
        """What its waves of a year go with: a linear driver, or the base where the name is empty."""
        first = "season.sine"
        named = [each.name for each in self.parameters if each.name.endswith(first)]
        return tuple(name.removesuffix(first).removesuffix(".") for name in named)

    @abstractmethod
    def predict(self, table: Table) -> NDArray[np.float64]:
        """Return the energy (n,) of every row [unit of the table]; NaN where a driver is missing or unknown."""

    @abstractmethod
    def gradient(self, table: Table) -> NDArray[np.float64]:
        """Return the derivative (n, p) of the prediction by every parameter, knots included."""
