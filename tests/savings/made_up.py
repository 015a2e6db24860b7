"""A made-up meter for the tests of intervals: daily use by air and tonnes, in noise of known memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from savings.table import Driver, Frequency, Role, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def remembering(rng: np.random.Generator, phi: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return AR(1) noise of variance 1 along the first axis."""
    out = rng.normal(size=shape)
    for row in range(1, shape[0]):
        out[row] = phi * out[row - 1] + np.sqrt(1 - phi * phi) * out[row]
    return out


def made_up(days: int = 730, *, seed: int = 1, saved: float = 0.0) -> Table:
    """Return days from 2025-01-01 on; from the second year on a share of the use is saved."""
    rng = np.random.default_rng(seed)
    number = np.arange(days)
    air = 12 - 7 * np.cos(2 * np.pi * number / 365) + 3 * remembering(rng, 0.8, (days,))
    tonnes = rng.uniform(20, 40, days)
    use = 1500 + 40 * np.maximum(air - 12, 0) + 8 * tonnes + 60 * remembering(rng, 0.6, (days,))
    use[365:] *= 1 - saved
    return Table(
        frequency=Frequency.DAILY,
        start=(np.datetime64("2025-01-01") + number).astype("datetime64[s]"),
        hours=np.full(days, 24.0),
        energy=use,
        coverage=np.ones(days),
        drivers=(
            Driver(name="air", role=Role.CHANGEPOINT, values=air),
            Driver(name="tonnes", role=Role.LINEAR, values=tonnes, is_total=True),
        ),
    )


def by_month(table: Table) -> Table:
    """Return days as calendar months: amounts added up, air averaged."""
    _, first, at = np.unique(table.start.astype("datetime64[M]"), return_index=True, return_inverse=True)
    days = np.bincount(at).astype(np.float64)
    return Table(
        frequency=Frequency.MONTHLY, start=table.start[first], hours=24.0 * days,
        energy=np.bincount(at, table.energy).astype(np.float64), coverage=np.ones(len(days)),
        drivers=tuple(
            replace(each, values=np.bincount(at, each.values).astype(np.float64) / (1 if each.is_total else days))
            for each in table.drivers
        ),
    )  # fmt: skip
