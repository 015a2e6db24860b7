"""Non-routine events: suggested by the series itself, decided by a person, sized by an indicator on their days.

Suggestions are shifts of level in use beside what is expected (`level_shifts`), under the noise that the baseline's
residuals show. A stretch that reaches an end of the period is a step: the level changed there and stayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from savings.adjustments import Adjustment, share_within
from savings.level_shifts import Series, level_shifts
from savings.table import Frequency
from savings.uncertainty.interval import Method
from savings.wording import said
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.level_shifts import Shift
    from savings.table import Table

LEAST_SCORE = 5.0  # |z| of the best window on quiet meters stays below: docs/savings-methods.md says how often
LEAST_SHARE = 0.02  # of usual use: a shift below it may be sure and still is not worth a person's time
LEAST_SEASON_DAYS = 180
MOST_TAKEN = 0.5  # share of use: what an event leaves beyond it may save another share, as a fan that never stops does
_MOST_SAVED = 0.9  # share of use: beyond it an event would be sized by what hardly shows


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A stretch of days whose use stands out; nothing is adjusted until a person agrees."""

    kind: str  # "window": the level came back; "step": it changed on the first day and stayed to the end
    first_day: str  # local day (ISO)
    last_day: str  # included
    days: int  # with data
    per_day: float  # shift of the use beside the other days [unit/d]; negative for a plant that stood
    total: float  # over its days: what an adjustment would add to the adjusted baseline [unit]
    standard_error: float  # of the total, under noise that remembers [unit]
    score: float  # |z| of the shift, all suggestions fitted together


def suggest(saving: AvoidedUse, *, least_score: float = LEAST_SCORE) -> tuple[Suggestion, ...]:
    """Return the events that the saving of a reporting period suggests, in order of time.

    A saving that is steady, as an amount or as a share of the adjusted baseline, or that comes and goes with the year,
    suggests nothing. Bills by month are too few to tell. What is adjusted already is not suggested again.
    """
    if saving.baseline.table.frequency is Frequency.MONTHLY or not len(saving.start):
        return ()
    reporting = saving.totals.reporting
    day, sums = _by_day(saving.start, np.column_stack([-saving.saving, saving.adjusted, reporting.hours]))
    hours = sums[:, 2:]
    whole = hours[:, 0] >= 12.0  # [h]: less of a day says little of its level
    rate = sums[whole, :2] / hours[whole] * 24.0
    known = np.column_stack([np.ones(len(rate)), rate[:, 1], *_season(day[whole])])
    size = saving.baseline.noise_size(day[whole])
    series = Series(day[whole], rate[:, 0], known, saving.totals.noise_within_years, size)
    return _suggested(series, least_score, usual=float(np.abs(rate[:, 1]).mean()))


def suggest_in_baseline(baseline: Baseline, *, least_score: float = LEAST_SCORE) -> tuple[Suggestion, ...]:
    """Return the events that the residuals of a baseline suggest: days that it should perhaps not learn from."""
    if baseline.table.frequency is Frequency.MONTHLY:
        return ()
    told = baseline.told
    day = baseline.table.start[0].astype("datetime64[D]") + told.position
    size = baseline.noise_size(day)
    series = Series(day, told.residual * size, told.basis * size[:, None], baseline.noise_within_years, size)
    table = baseline.table
    return _suggested(series, least_score, usual=24.0 * abs(float(table.energy.sum() / table.hours.sum())))


def indicator_adjustment(
    saving: AvoidedUse,
    first_day: str,
    last_day: str,
    *,
    others: Sequence[tuple[str, str]] = (),
    reason: str = "",
) -> Adjustment:
    """Return the size of an event by an indicator on its days: their saving beside that of the other days.

        amount = -(Σ_event s - u · A_event) / (1 - u),    u = Σ_other s / A_other

    with s the saving and A the adjusted baseline of the rows. The event is sized on what would have been used without
    the measure: on its days the measure saves the share u of what the event has left, as on all others, so that a plant
    half of which stands saves half. An event that the measure does not reach, such as a leak behind it, is smaller by
    1 - u: state its size. The divisor has u of 0.9 at most. Where the adjusted baseline is not above 0, hours stand for
    it and u for nothing.

    The error is that of the contrast under noise that remembers, the baseline's parameters included; it is as good as
    independent of the period's own (exactly so for independent noise), and so joins it in quadrature.

    Parameters
    ----------
    saving
        Without an adjustment for this event.
    first_day, last_day
        Local days (ISO), both included.
    others
        Days of other events, which tell nothing of the usual saving.
    reason
        Kept with the adjustment.

    Raises
    ------
    ContractError
        If the event has no row, or leaves no other row to be compared with.
    """
    reporting = saving.totals.reporting
    inside = _within(reporting, first_day, last_day)
    rest = ~inside
    for first, last in others:
        rest &= ~_within(reporting, first, last)
    place = f"event of {first_day} to {last_day}"
    if not inside.any():
        cure = said("give days of the reporting period that have data")
        raise ContractError(said("no row of the saving lies within it"), place=place, cure=cure)
    if not rest.any():
        cure = said("state its size by a sub-meter, or exclude its days")
        raise ContractError(said("no other row is left to compare it with"), place=place, cure=cure)
    weights = np.where(rest, -_usual_size(saving, inside, rest), 0.0) + inside
    contrast = saving.totals.intervals(weights[None], method=_contrast_method(saving.method))[0]
    earlier = float(saving.spread.sum(axis=0) @ weights)
    left = 1.0 - _saved_share(saving, rest)
    return Adjustment(
        days=(first_day, last_day),
        amount=-(contrast.value + earlier) / left,
        standard_error=contrast.standard_error / left,
        reason=reason,
    )


def share_taken(saving: AvoidedUse, first_day: str, last_day: str) -> float:
    """Return which share of the use that other days have, under the measure, lacks on the days of an event: 0 to 1.

    0 where there is no other day, or nothing to be expected. `saving` is without an adjustment for it.
    """
    inside = _within(saving.totals.reporting, first_day, last_day)
    rest = ~inside
    others = float(saving.adjusted[rest].sum())
    expected = float(saving.measured[rest].sum() * saving.adjusted[inside].sum()) / others if others > 0.0 else 0.0
    return min(max(1.0 - float(saving.measured[inside].sum()) / expected, 0.0), 1.0) if expected > 0.0 else 0.0


def _saved_share(saving: AvoidedUse, rest: NDArray[np.bool_]) -> float:
    """Return the share of use that the measure saves on other days, 0.9 at most; 0 where shares mean nothing."""
    if not (saving.adjusted > 0.0).all():
        return 0.0
    return min(float(saving.saving[rest].sum() / saving.adjusted[rest].sum()), _MOST_SAVED)


def _usual_size(saving: AvoidedUse, inside: NDArray[np.bool_], rest: NDArray[np.bool_]) -> float:
    """Return by how much the other rows' saving counts: by adjusted use, by hours where that is not above 0."""
    size = saving.adjusted
    if not (size > 0.0).all():
        size = saving.totals.reporting.hours
    return float(size[inside].sum() / size[rest].sum())


def _contrast_method(method: str) -> Method:
    """Return the saving's own method, or the default where that knows no contrast."""
    kind = Method(method)
    return Method.REML if kind in {Method.GUIDELINE14, Method.GUIDELINE14_126} else kind


def _within(table: Table, first: str, last: str) -> NDArray[np.bool_]:
    """Mask (n,) of rows that have a day from first to last; a month that has one counts as a whole."""
    inside: NDArray[np.bool_] = share_within(table.start, table.hours, (first, last)) > 0.0
    return inside


def _by_day(
    start: NDArray[np.datetime64], columns: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the local days that occur and the sums (d, c) over their rows."""
    day, place = np.unique(start.astype("datetime64[D]"), return_inverse=True)
    sums = np.zeros((len(day), columns.shape[1]))
    np.add.at(sums, place, columns)
    return day, sums


def _season(day: NDArray[np.datetime64]) -> tuple[NDArray[np.float64], ...]:
    """Return a wave of one year (d,) and its quarter turn: savings that come and go with it are no event.

    None below half a year, where a wave looks like any slow change.
    """
    if len(day) == 0 or (day[-1] - day[0]).astype(np.int64) < LEAST_SEASON_DAYS:
        return ()
    turn = 2.0 * np.pi * day.astype(np.int64) / 365.25
    return np.cos(turn), np.sin(turn)


def _suggested(series: Series, least_score: float, *, usual: float) -> tuple[Suggestion, ...]:
    """Return the shifts of level in a series that matter beside the usual use [unit/d], in order of time."""
    told = [_told(series, each) for each in level_shifts(series, least_score)]
    large = [each for each in told if abs(each.per_day) >= LEAST_SHARE * usual]
    return tuple(sorted(large, key=lambda each: each.first_day))


def _told(series: Series, shift: Shift) -> Suggestion:
    """Return a shift as people speak of it: one that begins with the period is a step at its end, seen from before."""
    begin, end = shift.window
    kind, sign = "window", 1.0
    if end == len(series.day):
        kind = "step"
    elif begin == 0:
        kind, sign, begin, end = "step", -1.0, end, len(series.day)
    days = end - begin
    return Suggestion(
        kind=kind,
        first_day=str(series.day[begin]),
        last_day=str(series.day[end - 1]),
        days=days,
        per_day=sign * shift.size,
        total=sign * shift.size * days,
        standard_error=shift.standard_error * days,
        score=shift.score,
    )
