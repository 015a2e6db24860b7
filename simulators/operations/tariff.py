"""Tariffs with peak and off-peak hours of local time, by season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.day import DAY_S
from simulators.operations.calendar import offsets_s
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class Tariff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a unit of a utility costs, by hour and season."""

    utility: str  # as in the site file
    unit: str  # of the amount, UCUM
    timezone: str = "Europe/Paris"
    off_peak: tuple[tuple[float, float], ...] = ((0.0, 6.0), (22.0, 24.0))  # local hours, each from and to [h]
    winter: tuple[int, ...] = (11, 12, 1, 2, 3)  # months
    winter_peak_eur: float  # for each unit [EUR]
    winter_off_peak_eur: float
    summer_peak_eur: float
    summer_off_peak_eur: float

    def price_eur(self, ts_s: ArrayLike) -> NDArray[np.float64]:
        """Return the price of a unit (n,) [EUR] at instants (n,) [s since 1970-01-01 UTC]."""
        local_s = np.asarray(ts_s, np.int64) + offsets_s(ts_s, self.timezone)
        hour = (local_s % DAY_S) / 3600.0
        month = local_s.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
        cheap = np.zeros(hour.shape, np.bool_)
        for begins, ends in self.off_peak:
            cheap |= (hour >= begins) & (hour < ends)
        winter = np.where(cheap, self.winter_off_peak_eur, self.winter_peak_eur)
        summer = np.where(cheap, self.summer_off_peak_eur, self.summer_peak_eur)
        return np.where(np.isin(month, self.winter), winter, summer)


def read_tariffs(tables: Sequence[object]) -> list[Tariff]:
    """Return the tariffs of a port's `[[tariffs]]`.

    Raises
    ------
    ConfigurationError
        If a key is unknown, missing or of another type.
    """
    try:
        return [msgspec.convert(table, Tariff) for table in tables]
    except msgspec.ValidationError as error:
        cure = f"known: {', '.join(Tariff.__struct_fields__)}"
        raise ConfigurationError(str(error), place="tariffs", cure=cure) from error
