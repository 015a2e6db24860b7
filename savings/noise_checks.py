"""What the residuals say of the noise: whether the baseline shows how long it lasts, and whether it has a season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from savings.findings import Finding, Severity
from savings.table import Frequency
from savings.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from savings.baseline import Baseline
    from savings.uncertainty.interval import Totals

YEAR = 365  # [d]
FEWEST = 3.0  # independent samples of its noise that a baseline should hold
LIKELY = 0.2  # share of the likelihood from which on it may well not; white noise leaves a few percent


def check_memory(totals: Totals) -> Iterator[Finding]:
    """Find noise that outlasts the baseline: traps that fail and stay so, wear, a habit that changes once a year.

    Of a wandering that a year shows once, memories from a month to for ever fit alike; where it lasts for years,
    intervals from one year held the truth 72 times in 100 instead of 90 (docs/savings.md). Bills are too few to tell.
    """
    noise, table = totals.noise, totals.baseline_table
    likely = noise.likely_below(FEWEST)
    if table.frequency is Frequency.MONTHLY or not likely > LIKELY:
        return
    yield Finding(
        code="noise_outlasts_baseline",
        severity=Severity.WARNING,
        message=said(
            "What no driver explains may well change so slowly that the baseline's {rows} rows say no more of it than "
            "three independent ones: the interval may be too narrow.",
            rows=len(table),
        ),
        cure=said("take a baseline of two years, or make what changes slowly a driver, as a count of what has failed"),
    )


def check_season_of_noise(baseline: Baseline) -> Iterator[Finding]:
    """Tell that the noise is larger in one season than in another, where it is: intervals of half years go by it."""
    first = baseline.table.start[0].astype("datetime64[D]")
    days = first + np.arange(YEAR)
    largest, ratio = days[baseline.noise_size(days).argmax()], baseline.told.spread.ratio
    if ratio == 1.0:
        return
    yield Finding(
        code="noise_follows_season",
        severity=Severity.INFO,
        message=said(
            "What no driver explains varies from day to day {ratio:.1f} times as much about {day:day} as half a year "
            "from it, and the interval of each stretch of days goes by its season.",
            ratio=ratio,
            day=str(largest),
        ),
        cure=said("nothing to do; a driver that varies with the season as much may explain it"),
        days=(str(largest),),
    )
