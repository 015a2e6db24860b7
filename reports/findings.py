"""Findings in the reader's language: a title by code, the sentence with its figures and the cure from their templates.

What was found is written by code that knows no reader, and kept for ever. Where a run kept no template, its English
sentences stand as they were written, and are marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Notice
from reports.equation import parameter_name
from reports.figures import days_between, stretches_in_words
from reports.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from locales.words import Words
    from reports.part import Part
    from savings.record import FindingRecord

SEVERITIES: Mapping[str, str] = {"stop": noted("stops"), "warning": noted("warning"), "info": noted("noted")}
TITLES: Mapping[str, str] = {
    "baseline_after_reporting": noted("The baseline lies after the reporting period"),
    "baseline_empty": noted("The baseline has no usable row"),
    "baseline_too_short": noted("The baseline is short"),
    "between_plants_assumed": noted("How far plants differ is assumed"),
    "category_not_whole": noted("Kinds are not whole numbers"),
    "category_unknown": noted("A kind of day that the baseline never saw"),
    "coverage_low": noted("Much of a period cannot be used"),
    "driver_averaged": noted("A driver was averaged over each row"),
    "driver_gaps": noted("A driver has gaps"),
    "driver_is_the_meter": noted("A driver is the meter itself"),
    "driver_missing": noted("A driver is missing in the reporting period"),
    "driver_without_effect": noted("A driver explains nothing and was left out"),
    "driver_without_variation": noted("A driver does not vary"),
    "emission_factor_missing": noted("Days without an emission factor"),
    "emission_factor_unusable": noted("An emission factor that cannot be used"),
    "drivers_collinear": noted("Two drivers move together"),
    "duplicate_timestamps": noted("Times that come twice"),
    "error_codes": noted("Error codes among the readings"),
    "event_in_part": noted("A stated event that lies partly outside the rows"),
    "event_not_sized": noted("An accepted event whose size cannot be found"),
    "event_suggested": noted("A possible non-routine event"),
    "event_takes_most": noted("An event takes most of the use of its days"),
    "event_takes_whole_rows": noted("An event takes longer rows out than it lasts"),
    "event_without_rows": noted("An accepted event that changes nothing"),
    "events_overlap": noted("Accepted events share days"),
    "extrapolation": noted("Conditions that the baseline has not seen"),
    "extremes": noted("Extreme values"),
    "gaps": noted("Long gaps in the baseline"),
    "ill_conditioned": noted("Single coefficients say little"),
    "noise_follows_season": noted("Noise is larger in one season than in another"),
    "noise_outlasts_baseline": noted("The baseline is short beside what changes slowly"),
    "kinds_of_day_differ": noted("Kinds of day differ"),
    "meter_accuracy_unknown": noted("The accuracy of a meter is not known"),
    "negative_energy": noted("Negative use"),
    "nothing_stipulated": noted("Option A without a stipulated parameter"),
    "periods_overlap": noted("The periods overlap"),
    "plan_unusable": noted("A plan that gives no figure"),
    "register_reset": noted("A register was set back"),
    "register_rollover": noted("A register rolled over"),
    "replication_extrapolates": noted("Conditions that the demonstrator has not seen"),
    "reporting_empty": noted("The reporting period has no usable row"),
    "rows_scaled": noted("Rows scaled up to their whole time"),
    "sign_unexpected": noted("A slope against expectation"),
    "stipulated": noted("A parameter was agreed upon, not measured"),
    "readings_begin_late": noted("Readings begin late"),
    "readings_end_early": noted("Readings end early"),
    "stuck_values": noted("A value repeated for a long time"),
    "tariff_missing": noted("Days without a tariff"),
    "tariff_unusable": noted("A tariff that cannot be used"),
    "temperature_implausible": noted("Temperatures that cannot be"),
    "too_few_rows_for_driver": noted("Too few rows for a driver"),
    "units_mixed": noted("Units seem mixed"),
    "zeros": noted("Long stretches of zero"),
}


def title(code: str, say: Words) -> str:
    """Return what a finding is called in the reader's language; its code where it has no title."""
    return say(TITLES[code]) if code in TITLES else code


def notices(part: Part, found: Iterable[FindingRecord], say: Words) -> tuple[Notice, ...]:
    """Return findings of a figure as they are shown."""
    return tuple(_notice(part, each, say) for each in found)


def _notice(part: Part, found: FindingRecord, say: Words) -> Notice:
    message, cure = sentence(part, found.wording, say), sentence(part, found.cure_wording, say)
    whole = bool(message) and bool(cure or not found.cure)
    return Notice(
        severity=found.severity,
        severity_word=say(SEVERITIES.get(found.severity, found.severity)),
        title=title(found.code, say),
        message=message[:1].upper() + message[1:] if whole else found.message,  # it may begin with a name
        cure=cure if whole else found.cure,
        days=_concerned(part, found, say),
        foreign=not whole and say.language != "en",
    )


def _concerned(part: Part, found: FindingRecord, say: Words) -> str:
    """Return the days of a finding as stretches; drivers and parameters by their names, anything else as it stands."""
    days = found.days
    if days and all(_is_day(text) for text in days):
        if found.code.startswith("event"):  # its first day and its last
            return days_between(say, days[0], days[-1])
        return stretches_in_words(say, days)
    return ", ".join(parameter_name(text, part, say) for text in days)


def _is_day(text: str) -> bool:
    return len(text) >= 10 and text[:4].isdigit() and text[4] == text[7] == "-"
