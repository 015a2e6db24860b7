"""Series over the steps of one day: ends of steps, memories that are linear, switches with a dead band, minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.day import MINUTES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def ends(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a smooth series at the ends of steps (…, n) from its means over them: half way to the next mean.

    The last one goes on as steeply as before: a day knows nothing of the next. The error is an eighth of the second
    difference, 6 mm for the tide at 15 minutes.
    """
    after = np.concatenate((means[..., 1:], 2.0 * means[..., -1:] - means[..., -2:-1]), axis=-1)
    return 0.5 * (means + after)


def recurrence(keep: NDArray[np.float64], add: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x[k] = keep[k]·x[k−1] + add[k] for all steps (…, n), with x[−1] = start (…), without a loop.

    `keep` lies above 0 and up to 1; its product over the series must stay above 1e-200 (460 time constants a day).
    """
    product = np.cumprod(keep, axis=-1)
    found: NDArray[np.float64] = product * (start[..., None] + np.cumsum(add / product, axis=-1))
    return found


def switched(values: NDArray[np.float64], *, on_above: float, off_below: float, before: bool) -> NDArray[np.bool_]:
    """Return a switch with a dead band over (n,): between the limits it stays as it was, at first `before`."""
    decides = (values > on_above) | (values < off_below)
    last = np.maximum.accumulate(np.where(decides, np.arange(len(values)), -1))
    found: NDArray[np.bool_] = np.where(last < 0, before, values[last] > on_above)
    return found


def minutes_on(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a state by the minute (1440,) from the share of each step that it is on (n,): on from a half."""
    return np.repeat((share >= 0.5).astype(np.float64), MINUTES // len(share))
