"""Non-routine events: suggested by the series itself, decided by a person, sized by an indicator on their days.

Suggestions come from circular binary segmentation (Olshen, Venkatraman, Lucito & Wigler 2004): every pair of days
bounds a window, and the one whose level stands out most is taken, until none does. Scores are of generalised least
squares under the noise that the baseline's residuals show (`uncertainty.reml`), all windows at once: with r the
whitened residuals of what is already explained and h_a the whitened step that begins on day a,

    z(a, b) = (h_a - h_b)ᵀ r / |P (h_a - h_b)|,     P takes out what is already explained

Noise that remembers looks like shifts of level to a search that takes days as independent; whitened, it does not.
A window that reaches an end of the period is a step: the level changed there and stayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.adjustments import Adjustment
from savings.table import Frequency
from savings.uncertainty.case import make_case
from savings.uncertainty.interval import Method
from savings.uncertainty.reml import noise_posterior
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.uncertainty.reml import NoisePosterior

LEAST_DAYS = 7  # of a window: shorter ones move no saving, and weekends are not events
LEAST_SCORE = 5.0  # |z| of the best window on quiet meters stays below: docs/savings-methods.md says how often
MOST_EVENTS = 6
_RANK = 1e-8  # share of a step that must be left after what is explained


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


class _Series(NamedTuple):
    """Use beside what is expected, day by day, and its noise."""

    day: NDArray[np.datetime64]  # (d,)
    use: NDArray[np.float64]  # (d,) measured less expected [unit/d]
    known: NDArray[np.float64]  # (d, q) what a level may follow without being an event
    noise: NoisePosterior


def suggest(saving: AvoidedUse, *, least_score: float = LEAST_SCORE) -> tuple[Suggestion, ...]:
    """Return the events that the saving of a reporting period suggests, in order of time.

    A saving that is steady, as an amount or as a share of the adjusted baseline, suggests nothing. Bills by month are
    too few to tell. Adjustments that are already in the saving are not suggested again.
    """
    if saving.baseline.table.frequency is Frequency.MONTHLY or not len(saving.start):
        return ()
    reporting = saving.totals.reporting
    day, sums = _by_day(saving.start, np.column_stack([-saving.saving, saving.adjusted, reporting.hours]))
    hours = sums[:, 2:]
    whole = hours[:, 0] >= 12.0  # [h]: less of a day says little of its level
    rate = sums[whole, :2] / hours[whole] * 24.0
    known = np.column_stack([np.ones(len(rate)), rate[:, 1]])
    noise = noise_posterior(make_case(saving.baseline, reporting))
    return _found(_Series(day[whole], rate[:, 0], known, noise), least_score)


def suggest_in_baseline(baseline: Baseline, *, least_score: float = LEAST_SCORE) -> tuple[Suggestion, ...]:
    """Return the events that the residuals of a baseline suggest: days that it should perhaps not learn from."""
    if baseline.table.frequency is Frequency.MONTHLY:
        return ()
    case = make_case(baseline, baseline.table)
    day = baseline.table.start[0].astype("datetime64[D]") + case.position
    return _found(_Series(day, case.residual, case.basis, noise_posterior(case)), least_score)


def indicator_adjustment(
    saving: AvoidedUse,
    first_day: str,
    last_day: str,
    *,
    others: Sequence[tuple[str, str]] = (),
    reason: str = "",
) -> Adjustment:
    """Return the size of an event by an indicator on its days: their saving beside that of the other days.

        amount = -(Σ_event s - A_event / A_other · Σ_other s)

    with s the saving and A the adjusted baseline of the rows, so that the days of the event save the share that the
    other days save. The error is that of this contrast under noise that remembers, the baseline's parameters included;
    it is as good as independent of the period's own (exactly so for independent noise), and so joins it in quadrature.

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
    day = saving.start.astype("datetime64[D]")
    inside = _within(day, first_day, last_day)
    rest = ~inside
    for first, last in others:
        rest &= ~_within(day, first, last)
    place = f"event of {first_day} to {last_day}"
    if not inside.any():
        cure = "give days of the reporting period that have data"
        raise ContractError("no row of the saving lies within it", place=place, cure=cure)
    if not rest.any():
        cure = "state its size by a sub-meter, or exclude its days"
        raise ContractError("no other row is left to compare it with", place=place, cure=cure)
    weights = np.where(rest, -_usual_share(saving, inside, rest), 0.0) + inside
    contrast = saving.totals.intervals(weights[None], method=_contrast_method(saving.method))[0]
    earlier = float(saving.spread.sum(axis=0) @ weights)
    return Adjustment(
        days=(first_day, last_day),
        amount=-(contrast.value + earlier),
        standard_error=contrast.standard_error,
        reason=reason,
    )


def _usual_share(saving: AvoidedUse, inside: NDArray[np.bool_], rest: NDArray[np.bool_]) -> float:
    """Return by how much the other rows' saving counts: by adjusted use, by hours where that is not above 0."""
    size = saving.totals.adjusted
    if not (size > 0.0).all():
        size = saving.totals.reporting.hours
    return float(size[inside].sum() / size[rest].sum())


def _contrast_method(method: str) -> Method:
    """Return the saving's own method, or the default where that knows no contrast."""
    kind = Method(method)
    return Method.REML if kind in {Method.GUIDELINE14, Method.GUIDELINE14_126} else kind


def _within(day: NDArray[np.datetime64], first: str, last: str) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (day >= np.datetime64(first, "D")) & (day <= np.datetime64(last, "D"))
    return inside


def _by_day(
    start: NDArray[np.datetime64], columns: NDArray[np.float64]
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the local days that occur and the sums (d, c) over their rows."""
    day, place = np.unique(start.astype("datetime64[D]"), return_inverse=True)
    sums = np.zeros((len(day), columns.shape[1]))
    np.add.at(sums, place, columns)
    return day, sums


def _found(series: _Series, least_score: float) -> tuple[Suggestion, ...]:
    """Search, then fit all windows together and keep those that still stand out."""
    if len(series.day) < 3 * LEAST_DAYS or not np.isfinite(series.noise.variance).all():
        return ()
    white = _Whitened(series)
    windows = white.search(least_score)
    while windows:
        shift, error = white.fit(windows)
        score = np.abs(shift) / error
        weakest = int(np.argmin(score))
        if score[weakest] >= least_score:
            break
        del windows[weakest]
    else:
        return ()
    told = [_told(series, *each) for each in zip(windows, shift, error, strict=True)]
    return tuple(sorted(told, key=lambda each: each.first_day))


def _told(series: _Series, window: tuple[int, int], shift: float, error: float) -> Suggestion:
    """Return a window as people speak of it: one that begins with the period is a step at its end, seen from before."""
    begin, end = window
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
        per_day=sign * float(shift),
        total=sign * float(shift) * days,
        standard_error=float(error) * days,
        score=float(abs(shift) / error),
    )


class _Whitened:
    """A series of days whitened by its noise, and the search for windows in it."""

    def __init__(self, series: _Series) -> None:
        """Whiten the series, what is known, and the steps that begin on every day: (d, d + 1), the last never does."""
        count = len(series.day)
        apart = np.abs(np.subtract.outer(series.day, series.day).astype(np.int64))
        lower = np.linalg.cholesky(_correlation(series.noise, int(apart.max()))[apart])
        steps = np.column_stack([np.tri(count), np.zeros(count)])
        out = np.linalg.solve(lower, np.column_stack([series.use, series.known, steps]))
        known = series.known.shape[1]
        self._use, self._known, self._steps = out[:, 0], out[:, 1 : known + 1], out[:, known + 1 :]
        self._deviation = max(float(np.sqrt(series.noise.share @ series.noise.variance)), self._own_deviation())

    def _own_deviation(self) -> float:
        """Return the spread of what the known columns leave, by the median: shifts of level move it little."""
        left = self._use - self._known @ np.linalg.lstsq(self._known, self._use, rcond=None)[0]
        return float(np.median(np.abs(left - np.median(left)))) / 0.6745

    def search(self, least_score: float) -> list[tuple[int, int]]:
        """Return the windows (first day, day after the last) that stand out, the strongest first."""
        found: list[tuple[int, int]] = []
        while len(found) < MOST_EVENTS:
            score = self._scores(found)
            best = np.unravel_index(int(np.argmax(score)), score.shape)
            if score[best] < least_score:
                break
            found.append((int(best[0]), int(best[1])))
        return found

    def fit(self, windows: Sequence[tuple[int, int]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shifts (w,) of windows fitted together and their standard errors [unit/d]."""
        count = len(windows)
        columns = np.column_stack([self._columns(windows), self._known])
        size = np.linalg.norm(columns, axis=0)
        inverse = np.linalg.pinv(columns / np.where(size > 0, size, 1.0))
        shift = (inverse @ self._use)[:count] / size[:count]
        error = np.linalg.norm(inverse[:count], axis=1) / size[:count] * self._deviation
        return shift, error

    def _scores(self, found: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """Return |z| (d + 1, d + 1) of every window; 0 where it is too short, or nothing of it is left to see."""
        steps = self._steps
        explained = np.linalg.svd(np.column_stack([self._known, self._columns(found)]), full_matrices=False)
        basis = explained[0][:, explained[1] > 1e-10 * explained[1][0]]
        left = steps - basis @ (basis.T @ steps)
        along = left.T @ self._use
        gram = left.T @ left
        full = (steps**2).sum(axis=0)
        length = gram.diagonal()[:, None] + gram.diagonal() - 2.0 * gram
        days = np.subtract.outer(np.arange(len(full)), np.arange(len(full))).T
        rest = len(full) - 1 - days
        lawful = (days >= LEAST_DAYS) & (rest >= LEAST_DAYS) & (length > _RANK * max(float(full.max()), 1.0))
        z = np.abs(along[:, None] - along) / np.sqrt(np.where(lawful, length, 1.0)) / self._deviation
        return np.where(lawful, z, 0.0)

    def _columns(self, windows: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """Return the whitened indicators (d, w) of windows."""
        begin, end = ([each[side] for each in windows] for side in (0, 1))
        return self._steps[:, begin] - self._steps[:, end]


def _correlation(noise: NoisePosterior, most: int) -> NDArray[np.float64]:
    """Return the noise's correlation by days apart (most + 1,), averaged over what the likelihood leaves open."""
    apart = np.arange(most + 1)
    slow = (noise.share * (1.0 - noise.white)) @ noise.phi[:, None] ** apart
    slow[0] = 1.0
    return np.asarray(slow)
