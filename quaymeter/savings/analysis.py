"""From a file to a figure: baseline and reporting rows, the fit, the avoided use, and what forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.notes import Notes
from quaymeter.savings.read import Reading, gap_findings, inside, read
from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import Baseline, fit_baseline
from savings.findings import Finding, InsufficientDataError, Severity
from savings.reach import check_ends
from savings.table import Frequency, weekday

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quaymeter.savings.request import Period, Request
    from savings.table import Table

OTHERWISE = {  # of rows that could be read, and still are in no sum
    "baseline": "not used by the fit: too little of its time is covered, or an error code",
    "reporting": "a kind that the baseline never saw, or an error code",
}
ENDS = {"readings_begin_late", "readings_end_early"}
FAR = 5.0  # standard errors between weekends and weekdays before it is said: neighbouring days are not independent


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be found out from a table."""

    baseline: Period
    reporting: Period | None = None  # None: the fit alone
    confidence: float = 0.9
    method: str = "reml"
    robust: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """The answer: a baseline, a saving, or the findings that forbid them."""

    reading: Reading
    request: Request
    question: Question
    baseline: Baseline | None
    saving: AvoidedUse | None
    findings: tuple[Finding, ...]  # of reading, fit and saving, those that stop first
    excluded: tuple[tuple[str, str, str], ...]  # (period, row's start as ISO, reason)

    @property
    def stopped(self) -> bool:
        """Whether a finding forbids a figure."""
        return any(finding.severity is Severity.STOP for finding in self.findings)


def analyse(request: Request, question: Question) -> Analysis:
    """Read, fit and compare.

    Raises
    ------
    TransferError, ConfigurationError
        As `read`. Data that allow no figure raise nothing: their findings say so.
    """
    reading = read(request)
    found = list(reading.findings)
    periods = {"baseline": question.baseline, **({"reporting": question.reporting} if question.reporting else {})}
    for name, period in periods.items():
        found += period_findings(reading, period, name, out=_asked_out(reading, request))
        found += gap_findings(reading, period, name)
    baseline, saving = None, None
    if not _stops(found):
        baseline, saving, more = _figures(request, question, reading)
        lost = {each.code for each in found} & {"gaps"}  # the file's own rows say it day by day
        found += [each for each in more if each.code not in lost]
        if (
            saving is not None
            and question.reporting is not None
            and (ends := _ends(request, question.reporting, reading, saving))
        ):
            found = [*(each for each in found if each.code != "reporting_beyond_file"), *ends]
    return Analysis(
        reading=reading, request=request, question=question, baseline=baseline, saving=saving,
        findings=_ordered(found), excluded=_excluded(reading, request, periods, (baseline, saving)),
    )  # fmt: skip


def rows_of(reading: Reading, request: Request, period: Period) -> Table:
    """Return the rows of a period without the stretches that were asked out."""
    return reading.table.take(inside(reading.table, period) & ~_asked_out(reading, request))


def _figures(
    request: Request, question: Question, reading: Reading
) -> tuple[Baseline | None, AvoidedUse | None, list[Finding]]:
    """Fit and compare; InsufficientDataError becomes its findings."""
    baseline = None
    try:
        baseline = fit_baseline(rows_of(reading, request, question.baseline), robust=question.robust)
        fitted = [*baseline.findings, *_kinds_of_day(baseline)]
        if question.reporting is None:
            return baseline, None, fitted
        after = rows_of(reading, request, question.reporting)
        saving = avoided_use(baseline, after, confidence=question.confidence, method=question.method)
    except InsufficientDataError as error:
        return baseline, None, [*(baseline.findings if baseline else ()), *error.findings]
    return baseline, saving, [*fitted, *saving.findings, *_ends(request, question.reporting, reading, saving)]


def period_findings(
    reading: Reading, period: Period, name: str, *, out: NDArray[np.bool_] | None = None
) -> list[Finding]:
    """Stop where a period has no rows, or none but those asked out (m,), and say where the file's rows are."""
    notes = Notes()
    rows = inside(reading.table, period)
    file = f"the file runs from {reading.table.start[0]} to {reading.table.start[-1]}"
    usable = rows & reading.table.valid
    if out is not None and usable.any() and not (usable & ~out).any():
        notes.stop(
            f"{name}_empty", f"Every row of the {name} period, {period.text}, is left out with --exclude.",
            "exclude less, or choose another period",
        )  # fmt: skip
        return notes.findings
    if not usable.any():
        what = "no rows" if not rows.any() else "no row with meter and drivers"
        notes.stop(
            f"{name}_empty", f"The {name} period, {period.text}, has {what}; {file}.", f"choose another --{name}"
        )
        return notes.findings
    if period.shared_end:
        notes.info("period_end_shared", f"The baseline ends where the reporting period begins: {period.text}.")
    step = np.timedelta64(int(np.median(reading.table.hours) * 3600), "s")
    late, early = reading.table.start[rows][0] - period.start, period.end - reading.table.start[rows][-1] - step
    if max(late, early) > max(2 * step, np.timedelta64(2, "D")):
        notes.warn(
            f"{name}_beyond_file", f"The {name} period, {period.text}, is not all in the file: {file}.",
            f"bring the rest, or name what is there: --{name}",
        )  # fmt: skip
    return notes.findings


def _kinds_of_day(baseline: Baseline) -> list[Finding]:
    """Say where days of the week differ and the model does not know."""
    table, notes = baseline.table, Notes()
    if table.frequency is not Frequency.DAILY or any(each.is_kind for each in table.drivers):
        return []
    day = weekday(table.start)
    week = "--day-types week lets the model know them, --day-types weekday all seven days"
    cures = dict.fromkeys((5, 6), f"{week}; with --holidays FR public holidays count as Sundays")
    cures[0] = (
        "where the site rests on Saturday and Sunday, days are stamped at their end: --stamp end; where it rests and "
        "starts cold, --day-types weekday lets the model know Mondays, --day-types rest the days of rest before, and "
        "--holidays FR public holidays"
    )
    for number, cure in cures.items():
        parts = baseline.residuals[day == number], baseline.residuals[(day > 0) & (day < 5)]
        if min(map(len, parts)) < 8:
            continue
        difference = float(parts[0].mean() - parts[1].mean())
        error = float(np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts)))
        if abs(difference) > FAR * error:
            name = {5: "Saturdays", 6: "Sundays", 0: "Mondays"}[number]
            notes.info(
                "kinds_of_day_differ", f"{name} use {abs(difference):,.4g} {'more' if difference > 0 else 'less'} than "
                "other days, beyond what the drivers explain.", cure, (name,),
            )  # fmt: skip
    return notes.findings


def _ends(request: Request, asked: Period, reading: Reading, saving: AvoidedUse) -> tuple[Finding, ...]:
    """Say where the rows of the sum begin late or end early; rows that were asked out are not missed."""
    counts = np.isin(reading.table.start, saving.start) | _asked_out(reading, request)
    return tuple(check_ends(reading.table.take(inside(reading.table, asked) & counts), asked.start, asked.end))


def _asked_out(reading: Reading, request: Request) -> NDArray[np.bool_]:
    out = np.zeros(len(reading.table), np.bool_)
    for period in request.exclude:
        out |= period.holds(reading.table.start)
    return out


def _excluded(
    reading: Reading, request: Request, periods: dict[str, Period], fitted: tuple[Baseline | None, AvoidedUse | None]
) -> tuple[tuple[str, str, str], ...]:
    """List every row of the periods that is in no sum, and why."""
    baseline, saving = fitted
    asked = _asked_out(reading, request)
    used = {"baseline": baseline.table.start if baseline else None, "reporting": saving.start if saving else None}
    listed = []
    for name, period in periods.items():
        rows = inside(reading.table, period)
        starts = used[name]
        out = asked | (reading.reasons != "" if starts is None else ~np.isin(reading.table.start, starts))
        reasons = np.where(asked, "left out with --exclude", reading.reasons)
        reasons = np.where(reasons == "", OTHERWISE[name], reasons)
        listed += [(name, str(reading.table.start[row]), str(reasons[row])) for row in np.flatnonzero(rows & out)]
    return tuple(listed)


def _stops(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.STOP for finding in findings)


def _ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Put what stops first, then warnings; what two parts found alike stands once."""
    order = [Severity.STOP, Severity.WARNING, Severity.INFO]
    distinct = {(each.code, each.message): each for each in findings}
    return tuple(sorted(distinct.values(), key=lambda each: order.index(each.severity)))
