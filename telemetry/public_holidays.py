"""Which local days are public holidays of a country, by the package `holidays`; its codes are those of ISO 3166."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from telemetry.errors import ContractError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray


@cache
def countries() -> tuple[str, ...]:
    """Return the codes of the countries whose public holidays are known, in order of the alphabet."""
    import holidays  # noqa: PLC0415 – a fifth of a second that few processes need

    return tuple(sorted(holidays.list_supported_countries(include_aliases=False)))


def unknown_country(code: str) -> str:
    """Return what to do about a country that is not known."""
    return f'{did_you_mean(code, countries())}write its two letters of ISO 3166, as "FR"'


def on_public_holiday(days: NDArray[np.datetime64], country: str) -> NDArray[np.bool_]:
    """Return which local days (n,) are public holidays of a country, those of regions left out; none for country "".

    >>> on_public_holiday(np.array(["2025-07-14", "2025-07-15"], "datetime64[D]"), "FR").tolist()
    [True, False]

    Raises
    ------
    ContractError
        If the country is not known.
    """
    if not country or not len(days):
        return np.zeros(len(days), np.bool_)
    if country not in countries():
        raise ContractError(
            f'unknown country "{country}"', place="public holidays", cure=unknown_country(country)
        )  # fmt: skip
    import holidays  # noqa: PLC0415 – as above

    years = np.unique(days.astype("datetime64[Y]").astype(np.int64)) + 1970
    found = sorted(holidays.country_holidays(country, years=years.tolist()))
    mask: NDArray[np.bool_] = np.isin(days.astype("datetime64[D]"), np.array(found, "datetime64[D]"))
    return mask
