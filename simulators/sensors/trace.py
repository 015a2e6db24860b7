"""What a plant says of a day, read at instants: levels in straight lines, means held, flows summed to a total."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulators.outputs import Amounts, Flow, Level, Mean, Switch
from telemetry.errors import ConfigurationError
from telemetry.site import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.sensors.grid import Grid

_FITS: dict[Kind, tuple[type, ...]] = {
    Kind.GAUGE: (Level, Mean, Switch, Amounts),  # amounts: a laboratory's results
    Kind.COUNTER: (Flow, Amounts),
    Kind.STATE: (Switch, Mean),
    Kind.EVENT: (Amounts,),
}


class Before(NamedTuple):
    """What is left of the days before; columns (m, 1) for points side by side."""

    value: float | NDArray[np.float64] = math.nan  # last level or state
    total: float | NDArray[np.float64] = 0.0  # everything counted since the first day [canonical unit]


def check_fits(key: str, kind: Kind, output: Output) -> None:
    """Raise ConfigurationError where a plant gives a point what its kind cannot show."""
    if not isinstance(output, _FITS[kind]):
        legal = " or ".join(each.__name__ for each in _FITS[kind])
        raise ConfigurationError(
            f"the port model gives a {type(output).__name__} to a point of kind {kind}",
            place=key,
            cure=f"give a {legal}, or change the point's kind in the site file",
        )


def values_at(output: Output, before: Before, grid: Grid) -> NDArray[np.float64]:
    """Return levels, means or states (…, n) at the grid's instants; amounts at theirs, and NaN elsewhere.

    Before the first day's first step end nothing is known of a level, so it is held at that first value.
    """
    if isinstance(output, Level):
        ends = output.values
        starts = np.empty_like(ends)
        starts[..., 1:] = ends[..., :-1]
        starts[..., :1] = np.where(np.isnan(before.value), ends[..., :1], before.value)
        begun = starts[..., grid.step]
        between: NDArray[np.float64] = begun + (ends[..., grid.step] - begun) * grid.fraction
        return between
    if isinstance(output, Switch):
        return output.values[grid.minute]
    if isinstance(output, Amounts):
        place = np.searchsorted(output.ts_s, grid.ts_s)
        there = np.isin(grid.ts_s, output.ts_s)
        return np.where(there, np.append(output.values, math.nan)[place], math.nan)
    return output.values[..., grid.step]


def totals_at(output: Output, before: Before, grid: Grid) -> NDArray[np.float64]:
    """Return what was counted (…, n) from the first day to each instant [canonical unit]; never falls."""
    counted = _counted(output)
    if isinstance(output, Amounts):
        return before.total + counted[np.searchsorted(output.ts_s, grid.ts_s, side="right")]
    return before.total + (counted[..., grid.step] + output.values[..., grid.step] * grid.fraction)


def after(output: Output, before: Before) -> Before:
    """Return what is left of this day for the next."""
    if isinstance(output, Flow | Amounts):
        return Before(before.value, before.total + float(_counted(output)[-1]))
    return Before(float(output.values[-1]), before.total)


def changes(output: Output, day: Day, before: Before) -> NDArray[np.int64]:
    """Return the instants (k,) at which a state switches [s since 1970-01-01 UTC]."""
    values = output.values
    earlier = np.append(values[0] if np.isnan(before.value) else before.value, values[:-1])
    starts_s = day.minutes_s if isinstance(output, Switch) else day.starts_s
    switched: NDArray[np.int64] = starts_s[values != earlier]
    return switched


def merged(amounts: Amounts) -> Amounts:
    """Return amounts with one of each instant: what falls on the same second was weighed together."""
    if not (np.diff(amounts.ts_s) == 0).any():
        return amounts
    ts_s, place = np.unique(amounts.ts_s, return_inverse=True)
    return Amounts(ts_s, np.bincount(place, weights=amounts.values).astype(np.float64))


def _counted(output: Output) -> NDArray[np.float64]:
    """Sum up from the start of the day, one after the other, so that the sum is the same however days are cut."""
    counted = np.zeros((*output.values.shape[:-1], output.values.shape[-1] + 1))
    np.cumsum(output.values, axis=-1, out=counted[..., 1:])
    return counted
