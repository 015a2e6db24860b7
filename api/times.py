"""Times in requests: only with a zone, or as a length of time before now."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, AwareDatetime, Field

LENGTH = re.compile(r"(\d{1,5})([smhdwy])")
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _possible(moment: datetime) -> datetime:
    """Refuse times that no reading can have; the database would not take some of them."""
    utc = moment.astimezone(UTC) if EARLIEST.year < moment.year < LATEST.year else EARLIEST
    if not EARLIEST < utc < LATEST:
        raise ValueError("the time must lie between 1971 and 2199")
    return utc


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_possible),
    Field(description="RFC 3339 with a zone.", examples=["2026-11-22T00:00:00Z"]),
]


def length_s(text: str) -> float | None:
    """Return the seconds of a length such as 90s, 15m, 6h, 7d, 1y; None where it is not one.

    Examples
    --------
    >>> length_s("6h")
    21600.0
    """
    match = LENGTH.fullmatch(text)
    return float(match[1]) * UNITS_S[match[2]] if match else None


def window_before(end: datetime, text: str) -> tuple[datetime, datetime] | None:
    """Return the window of a length that ends at `end`."""
    seconds = length_s(text)
    return None if not seconds else (end - timedelta(seconds=seconds), end)


def time_texts(column: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return µs since 1970-01-01 UTC (n,) as RFC 3339, as fine as the finest of them needs.

    Examples
    --------
    >>> time_texts(np.array([0, 1500_000])).tolist()
    ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:01.500Z']
    """
    unit: Literal["s", "ms", "us"] = "us"
    if not (column % 1000).any():
        unit = "ms" if (column % 1_000_000).any() else "s"
    texts: NDArray[np.str_] = np.datetime_as_string(column.astype("datetime64[us]"), unit=unit, timezone="UTC")
    return texts
