"""What spikes hide: noise that remembers beneath rows that stand far out.

A drain that was left open for a day, a tank that was filled: where few rows make most of the variance, restricted
likelihood takes noise for new in every row, and what is slow beneath them, which is all that a total over months
feels, is lost in it. So the noise is told a second time, from rows clipped at FAR robust standard deviations (Huber
1981, ch. 1: an influence that is bounded), and what was clipped, which comes anew in every row, joins its part without
memory. Likelihoods of different rows cannot be compared: BELIEVED is the share of this second opinion, set by how often
intervals then hold the truth (docs/decisions.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.statistics import robust_deviation
from savings.uncertainty.noise import Noises

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from savings.uncertainty.reml import NoisePosterior

FAR = 4.0  # robust standard deviations from 0 at which a row is clipped
MOST = 0.5  # of the sum of squares that spikes make, where they hide something
BELIEVED = 0.25  # share of what the clipped rows tell


def without_spikes(residual: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return residuals (n,) clipped where they stand far out, None where that takes less than MOST of their squares.

    >>> without_spikes(np.array([1.0, -1.0, 1.0, -1.0, 20.0])).round(2).tolist()
    [1.0, -1.0, 1.0, -1.0, 5.93]
    """
    limit = FAR * robust_deviation(np.abs(residual))
    clipped = np.clip(residual, -limit, limit)
    hidden = 0.0 < float(clipped @ clipped) < (1.0 - MOST) * float(residual @ residual)
    return clipped if hidden else None


def beside(beneath: NoisePosterior, spikes: float) -> NoisePosterior:
    """Return a noise told from clipped rows with the variance of what was clipped [u²], new in every row."""
    kept = beneath.variance / (beneath.variance + spikes)
    phi, white, brief = beneath.noises
    return beneath._replace(
        noises=Noises(phi, 1.0 - (1.0 - white) * kept, brief * kept),
        variance=beneath.variance + spikes,
        returning=beneath.returning * kept,
    )


def weighed(plain: NoisePosterior, hidden: NoisePosterior) -> NoisePosterior:
    """Return both opinions as one, the second with a share BELIEVED."""
    return plain._replace(
        noises=Noises(*(np.concatenate(both) for both in zip(plain.noises, hidden.noises, strict=True))),
        share=np.concatenate([(1.0 - BELIEVED) * plain.share, BELIEVED * hidden.share]),
        variance=np.concatenate([plain.variance, hidden.variance]),
        dofs=np.concatenate([plain.dofs, hidden.dofs]),
        returning=np.concatenate([plain.returning, hidden.returning]),
        reference=np.concatenate([plain.reference, hidden.reference]),
    )
