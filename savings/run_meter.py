"""One figure of a run: rows, fit, events, saving, and everything that is said beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import Baseline, fit_baseline
from savings.curves import curve_points, driver_ranges
from savings.findings import Finding, InsufficientDataError, Severity
from savings.meter_error import meter_error
from savings.out_of_sample import out_of_sample
from savings.record import MeterRun
from savings.run_events import outcomes, stipulated_error, suggestion_findings, suggestions_of
from savings.run_normalised import normalised_figure
from savings.run_records import (
    daily_columns,
    error_parts,
    finding_record,
    fit_columns,
    methods_beside,
    model_record,
    month_rows,
    percent_figure,
    saving_figure,
)
from savings.run_sizes import row_findings, sized_events
from savings.run_table import coverage_of, end_findings, excluded_rows, period_rows, within_range
from savings.run_worth import indicators, run_worth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from savings.input_record import MeterInput, RunInput
    from savings.record import EventOutcome, Excluded
    from savings.run_table import PeriodRows
    from telemetry.plan import NonRoutineEvent


class _Worked(NamedTuple):
    """How far a figure got."""

    after: PeriodRows  # the reporting period, less what the plan leaves out once the baseline's range is known
    baseline: Baseline | None
    saving: AvoidedUse | None
    findings: tuple[Finding, ...]
    events: tuple[EventOutcome, ...]
    suggestions: tuple[NonRoutineEvent, ...] = ()


def meter_run(given: RunInput, meter: MeterInput) -> MeterRun:
    """Return everything a run says of one figure."""
    before, asked = period_rows(given, meter)
    worked = _worked(given, meter, before, asked)
    after = worked.after
    baseline, saving, unit = worked.baseline, worked.saving, meter.meter.unit
    valued = None if saving is None else run_worth(given, meter, before, after, saving)
    findings = (*worked.findings, *(() if valued is None else valued.findings))
    labels = {each.name: each.label for each in meter.drivers}
    return MeterRun(
        meter=meter.meter.id,
        name=meter.meter.name,
        unit=unit,
        saving=None if saving is None else saving_figure(saving, unit),
        percent=None if saving is None else percent_figure(saving),
        measured=None if saving is None else float(saving.measured.sum()),
        adjusted=None if saving is None else float(saving.adjusted.sum()),
        adjustments=None if saving is None else float(saving.spread.sum()),
        money=None if valued is None else valued.money,
        carbon=None if valued is None else valued.carbon,
        normalised=None
        if baseline is None or saving is None
        else normalised_figure(given, meter, baseline, before, after),
        error_parts={} if saving is None else error_parts(saving),
        methods={} if saving is None else methods_beside(saving, unit),
        model=None if baseline is None else model_record(baseline),
        out_of_sample=None if baseline is None else out_of_sample(baseline),
        ranges=() if baseline is None else driver_ranges(baseline.table, asked.table, labels),
        coverage=(
            coverage_of(before, None if baseline is None else baseline.table),
            coverage_of(after, None if saving is None else saving.totals.reporting),
        ),
        months=() if saving is None else month_rows(saving, unit),
        daily=None if saving is None else daily_columns(saving),
        fit=None if baseline is None else fit_columns(baseline),
        curves=() if baseline is None else curve_points(baseline),
        events=worked.events,
        suggestions=worked.suggestions,
        indicators=()
        if baseline is None or saving is None
        else indicators(meter, baseline, before, after, given.plan.confidence),
        findings=tuple(finding_record(each) for each in _ordered(findings)),
        excluded=_excluded(before, after, baseline, saving),
    )


def measured_saving(given: RunInput, meter: MeterInput) -> AvoidedUse:
    """Return the saving behind a run's figure; InsufficientDataError, with all findings, where there is none."""
    before, after = period_rows(given, meter)
    worked = _worked(given, meter, before, after)
    if worked.saving is None:
        raise InsufficientDataError(worked.findings, place=f"demonstrator {given.plan.id}, {meter.meter.id}")
    return worked.saving


def _worked(given: RunInput, meter: MeterInput, before: PeriodRows, asked: PeriodRows) -> _Worked:
    """Fit and compare, first without events, then with those that were agreed upon; what forbids a figure is found."""
    baseline, after = None, asked
    plan = given.plan
    try:
        baseline = fit_baseline(before.table)
        if plan.leave_out_extrapolation:
            after = within_range(asked, baseline.table)
        saving = avoided_use(baseline, after.table, confidence=plan.confidence, method=plan.method)
    except InsufficientDataError as error:
        found = (*(baseline.findings if baseline else ()), *error.findings)
        return _Worked(after, baseline, None, found, outcomes(meter, {}))
    plain, events = saving, sized_events(meter, saving)
    sized = tuple(events.adjustments.values())
    agreed, stipulated = stipulated_error(plan, saving, sized)
    told = (
        *end_findings(after, saving.rows),
        *events.findings,
        *row_findings(meter, before, after, saving),
        *stipulated,
    )
    if any(each.severity is Severity.STOP for each in stipulated):
        found = (*baseline.findings, *saving.findings, *told)
        return _Worked(after, baseline, None, found, outcomes(meter, {}))
    metered, unknown = meter_error(meter, before, after, saving)
    if adjustments := (*sized, *agreed, *metered):
        saving = avoided_use(
            baseline, after.table, confidence=plan.confidence, method=plan.method, adjustments=adjustments
        )  # fmt: skip
    shown = _with_all_days(given, meter, baseline, asked, saving)
    suggestions = suggestions_of(meter, baseline, shown, plain, events.events)
    findings = (*baseline.findings, *saving.findings, *told, *unknown, *suggestion_findings(suggestions))
    return _Worked(after, baseline, saving, findings, outcomes(meter, events.adjustments), suggestions)


def _with_all_days(
    given: RunInput, meter: MeterInput, baseline: Baseline, asked: PeriodRows, saving: AvoidedUse
) -> AvoidedUse:
    """Return the saving in which events stand out: with the days that the plan leaves out for their drivers.

    An event that moves a driver, as a store that takes nothing in, else has a few of its days left, and its neighbours
    are seen at a wrong level.
    """
    plan = given.plan
    if not plan.leave_out_extrapolation:
        return saving
    try:
        plain = avoided_use(baseline, asked.table, confidence=plan.confidence, method=plan.method)
    except InsufficientDataError:  # for most of its days lie beyond the range: then those within tell what they can
        return saving
    sized = tuple(sized_events(meter, plain).adjustments.values())
    if not sized:
        return plain
    return avoided_use(
        baseline, asked.table, confidence=plan.confidence, method=plan.method, adjustments=sized
    )  # fmt: skip


def _excluded(
    before: PeriodRows, after: PeriodRows, baseline: Baseline | None, saving: AvoidedUse | None
) -> tuple[Excluded, ...]:
    """Return every row of both periods that is in no sum; where there is no sum, those that the input left out."""
    fitted = before.table.start if baseline is None else baseline.table.start
    summed = after.table.start if saving is None else saving.start
    return (
        *excluded_rows(before, fitted, () if baseline is None else baseline.excluded),
        *excluded_rows(after, summed),
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put what stops first, then warnings; what two parts found alike stands once."""
    order = [Severity.STOP, Severity.WARNING, Severity.INFO]
    distinct = {(each.code, each.message): each for each in findings}
    return tuple(sorted(distinct.values(), key=lambda each: order.index(each.severity)))
