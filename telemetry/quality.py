"""Quality of a reading: one small integer, kept from the wire to the figure on the screen.

    bits 0–1    class that counts: 0 good, 1 uncertain, 2 bad (the worse of device and server)
    bits 2–12   reasons, as flags
    bits 13–14  class that the device itself gave

The device's own class is kept apart, so that what the server judged can be told from what the device said.
The whole fits a PostgreSQL int2 and never turns negative.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class QualityClass(IntEnum):
    """How far a reading may be trusted."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2  # stored, never counted


class Reason(IntFlag):
    """Why a reading is not simply good."""

    RANGE = 1 << 2  # outside the point's valid range
    RATE = 1 << 3  # changed faster than the point's rate limit
    STUCK = 1 << 4
    SPIKE = 1 << 5
    STALE = 1 << 6
    COMM = 1 << 7  # the device lost its bus
    CLOCK = 1 << 8  # the device's clock is off, or it has none
    CALIBRATION_DUE = 1 << 9
    SUBSTITUTED = 1 << 10
    MANUAL = 1 << 11
    SIMULATED = 1 << 12


CLASS_MASK = 0b11
REASON_MASK = 0x1FFC
DEVICE_SHIFT = 13
WIRE_MASK = CLASS_MASK | REASON_MASK  # what a device may send in `q`


def from_device(wire: NDArray[np.int16]) -> NDArray[np.int16]:
    """Turn device qualities (n,) as sent into stored ones: the class is copied into the device's bits.

    Class 3 does not exist on the wire and counts as bad.
    """
    given = np.minimum(wire & CLASS_MASK, QualityClass.BAD)
    stored: NDArray[np.int16] = (given | (wire & REASON_MASK) | (given << DEVICE_SHIFT)).astype(np.int16)
    return stored


def as_sent(stored: NDArray[np.int16]) -> NDArray[np.int16]:
    """Turn stored qualities (n,) into ones that a device could have sent; -1 where a stored one cannot be."""
    possible = (stored >= 0) & (stored & CLASS_MASK <= QualityClass.BAD) & (stored >> DEVICE_SHIFT <= QualityClass.BAD)
    sent: NDArray[np.int16] = np.where(possible, stored & WIRE_MASK, -1).astype(np.int16)
    return sent


def judged(
    quality: NDArray[np.int16], where: NDArray[np.bool_], reason: Reason, worst: QualityClass
) -> NDArray[np.int16]:
    """Return qualities (n,) with `reason` set and the class at least `worst` where the mask (n,) holds."""
    raised = np.maximum(quality & CLASS_MASK, worst) | (quality & ~CLASS_MASK) | reason
    result: NDArray[np.int16] = np.where(where, raised, quality).astype(np.int16)
    return result


def quality_class(quality: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the class that counts (n,), 0 to 2."""
    classes: NDArray[np.int16] = quality & np.int16(CLASS_MASK)
    return classes


def combined(qualities: Sequence[NDArray[np.int16]]) -> NDArray[np.int16]:
    """Return what several qualities (n,) say together: the worst classes, and every reason."""
    first, *others = qualities
    together = first.astype(np.int16)
    for other in others:
        worst = np.maximum(together & CLASS_MASK, other & CLASS_MASK)
        device = np.maximum(together >> DEVICE_SHIFT, other >> DEVICE_SHIFT) << DEVICE_SHIFT
        together = (worst | ((together | other) & REASON_MASK) | device).astype(np.int16)
    return together
