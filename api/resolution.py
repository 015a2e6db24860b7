"""Which resolution suits a window: enough points for a screen, never finer than the sensor."""

from __future__ import annotations

from enum import StrEnum

from storage.series import Resolution


class WantedResolution(StrEnum):
    """What may be asked for: raw readings, a roll-up (a day is the site's day), or what suits the window."""

    AUTO = "auto"
    RAW = "raw"
    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"


WIDTHS_S = {Resolution.MINUTE: 60.0, Resolution.QUARTER: 900.0, Resolution.HOUR: 3600.0, Resolution.DAY: 86400.0}
TARGET = 1500  # values of one point that a chart or a person can use


def suited(window_s: float, period_s: float, *, target: int = TARGET, raw: bool = True) -> Resolution:
    """Return the finest resolution that gives at most about `target` values of one point.

    Parameters
    ----------
    window_s : float
        Length of the window [s].
    period_s : float
        Sampling period of the fastest point asked for [s].
    target : int
        Values wanted at most.
    raw : bool
        Whether there are raw readings; derived points have none.

    Examples
    --------
    >>> suited(6 * 3600, 60.0)
    <Resolution.RAW: 'raw'>
    >>> suited(30 * 86400, 60.0)
    <Resolution.HOUR: '1h'>
    >>> suited(6 * 3600, 60.0, raw=False)
    <Resolution.MINUTE: '1m'>
    """
    if raw and window_s / period_s <= target:
        return Resolution.RAW
    for resolution, width_s in WIDTHS_S.items():
        if width_s >= period_s and window_s / width_s <= target:
            return resolution
    return Resolution.DAY
