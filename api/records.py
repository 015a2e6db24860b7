"""Records of savings in the description of the API: their shape from their own types, a meaning for every field."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from api import saving_answers, saving_bodies
from api.portfolio import Portfolio
from savings.record import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = "application/json"
PLACE = "#/components/schemas/{name}"
KINDS: tuple[type[msgspec.Struct], ...] = (
    Run, Portfolio, saving_answers.DemonstratorHeadline, saving_answers.PlanRevision, saving_answers.EventState,
    saving_answers.DailyTable, saving_answers.MonthlyTable, saving_answers.Restatement, saving_answers.Job,
    saving_bodies.EventBody, saving_bodies.DecisionBody, saving_bodies.RunBody,
)  # fmt: skip
MEANINGS = {
    "adjusted": "What would have been used without the measure, accepted events included [unit of the figure].",
    "adjustments": "What accepted events add to the adjusted baseline [unit of the figure].",
    "after": "What it is now.",
    "against": "Number of the run that this one is compared with.",
    "agreed_at": "When somebody agreed or said no.",
    "agreed_by": "Who agreed or said no.",
    "amount": "Added to the adjusted baseline over these days [unit of the figure].",
    "at": "When it was changed.",
    "autocorrelation": "Of the residuals from one row to the next.",
    "baseline": "The key figure over the baseline.",
    "baseline_from": "First local day of the baseline.",
    "baseline_high": "Highest that the baseline saw.",
    "baseline_low": "Lowest that the baseline saw.",
    "baseline_to": "Last local day of the baseline, included.",
    "before": "What it was.",
    "boundary": "What is inside, by language.",
    "calendar": "Calendar of the site whose public holidays count as days of rest; empty: none do.",
    "carbon": "Tonnes of CO2 equivalent not emitted.",
    "cause": "Kind of change, or why a run was made.",
    "changed": "Kinds of change there are: code, readings, events, rates, plan, new days.",
    "code": "Machine-readable name, such as baseline_too_short.",
    "condition_number": "Of the model's matrix: large where drivers move together.",
    "confidence": "Of every interval, as a share.",
    "context": "Points worth seeing beside it.",
    "cost": "What the measure costs.",
    "coverage": "Share of the period's time that is valid.",
    "created_at": "When it was computed.",
    "cumulative": "Sum of the saving from the first day on [unit of the figure].",
    "cumulative_high": "Upper end of the interval of the sum.",
    "cumulative_low": "Lower end of the interval of the sum.",
    "cure": "What to do about it.",
    "cure_wording": "What the cure is made of, likewise.",
    "curves": "The model against one driver, the others at their means.",
    "cv_rmse": "Root mean square error as a share of mean use.",
    "daily": "The reporting period by day.",
    "day": "Local days.",
    "error_parts": "Standard errors of the saving by cause: model, events, stipulated, meter.",
    "day_types": "Kinds of day that the model may tell apart.",
    "days": "Days, or names, concerned.",
    "declared_at": "When it was declared.",
    "demonstrator": "Id of the demonstrator.",
    "discount_rate": "As a share.",
    "driver": "Point, or day_type.",
    "drivers": "What explains the use.",
    "drivers_by_day": "Hourly rows take each driver's mean of their local day.",
    "effects": "How much each kind of change moved the saving; they add up.",
    "emission_factor": "Id of an emission factor of the site.",
    "entries": "The cheapest first.",
    "errors": "Measured less predicted, by month [unit of the figure].",
    "event": "The event as it stands.",
    "events": "Accepted events and what the run made of them; of an explanation, ids of those that changed.",
    "evidence": "What it rests on: a work order, a photograph, a log.",
    "excluded": "Rows that are in no sum, with reasons.",
    "expected_saving": "Lowest and highest share of the adjusted baseline.",
    "factor": "Unit of the figure per canonical unit of the point.",
    "findings": "What a reader must know.",
    "first": "First row that changed.",
    "first_day": "Local day.",
    "fit": "The baseline by row.",
    "form": "Name of the model's form.",
    "formulas": "Derived points whose formula is another.",
    "frequency": "daily, hourly or monthly.",
    "high": "Upper end of the interval.",
    "holidays": "Country whose public holidays counted, then and now.",
    "id": "Name for machines.",
    "indicators": "Key figures before and after.",
    "input_hash": "SHA-256 of the run's input.",
    "interactive_effects": "What the measure does outside its boundary, by language.",
    "investment_eur": "[EUR]",
    "ipmvp_edition": "Edition of the protocol that the plan follows.",
    "is_total": "Whether the driver adds up over a row.",
    "known_at": "Nothing that arrived later is in it.",
    "label": "Name for people, by language.",
    "last": "Last row that changed.",
    "last_day": "Local day, included.",
    "lasts_days": "Time constant of what a driver brings [d]: above 0, its days before count in a column of their own.",
    "leave_out_extrapolation": "Rows beyond the baseline's range of a driver are in no sum, and listed.",
    "life_years": "[a]",
    "low": "Lower end of the interval.",
    "measure": "What was done, by language.",
    "measured": "What was used [unit of the figure].",
    "message": "One sentence with figures, in English.",
    "meter": "Id of the figure within the plan.",
    "meters": "The figures.",
    "method": "Of uncertainty: reml, guideline14, guideline14_126, hac, bootstrap, ols. Of an event: how it was sized.",
    "methods": "The same saving by other methods of uncertainty.",
    "model": "The baseline model.",
    "money": "[EUR]",
    "month": "Calendar month of the site.",
    "months": "By calendar month.",
    "n": "Rows.",
    "n_effective": "Rows, less what their correlation takes away.",
    "name": "Name for people, by language; of a parameter, its term.",
    "nmbe": "Bias as a share of use.",
    "normalised": "The saving in a year of the baseline's conditions (365 days); null where a period is no year.",
    "note": "Free text.",
    "option": "IPMVP's option.",
    "out_of_sample": "The model form fitted without a month and asked for it.",
    "p": "Fitted numbers, knots included.",
    "parameter": "What is stipulated.",
    "parameters": "Fitted numbers.",
    "percent": "[%] of the adjusted baseline.",
    "period": "baseline or reporting.",
    "periods": "Baseline and reporting period; null while the plan is not dated.",
    "plan": "The plan, or the names of its parts that changed.",
    "plan_revisions": "Of the plan, then and now.",
    "plural": "Its form for several; empty where there is none.",
    "point": "area/asset/name",
    "points": "Points that are added up.",
    "predicted": "By the model [unit of the figure].",
    "r2": "Share of variance that is explained.",
    "r2_adj": "The same, adjusted for the number of parameters.",
    "ranges": "What the baseline saw of each driver, and what was asked for.",
    "rates": "Ids of tariffs and emission factors that are new, gone or changed.",
    "reason": "Why it is left out.",
    "reporting": "The key figure over the reporting period.",
    "reporting_from": "First local day of the reporting period.",
    "reporting_high": "Highest of the reporting period.",
    "reporting_low": "Lowest of the reporting period.",
    "reporting_to": "Last local day, included; null: it goes on.",
    "residual": "Measured less predicted [unit of the figure].",
    "responsible": "Who answers for it.",
    "rmse": "[unit of the figure]",
    "role": "linear, changepoint or category; in a run also week, the day of the week that an hour counts as.",
    "rows": "Rows of time; of an explanation, those that changed.",
    "rows_beyond": "Rows beyond the baseline's range by more than a tenth of it.",
    "saving": "Adjusted baseline less measured use.",
    "severity": "info, warning, or stop: no figure may be given.",
    "since": "First day on which it was so.",
    "site": "Id of the site.",
    "source": "Where it comes from.",
    "standard_error": "In the unit of the value.",
    "start": "First instant, on the local wall clock.",
    "static_factors": "What is taken to stay as it is.",
    "status": "Whether somebody agreed.",
    "stipulations": "Parameters that option A does not measure.",
    "suggestions": "Events that the machine suspects: in no figure.",
    "t": "Value by its standard error.",
    "tariff": "Ids of tariffs that add up.",
    "template": "A sentence with named places.",
    "terms": "Columns of the model.",
    "title": "What happened, in a few words.",
    "tolerance": "Change of the daily mean beyond which is said [unit of the point].",
    "unit": "UCUM code.",
    "used": "Rows that are in a sum.",
    "used_from": "First local day that is in a sum.",
    "used_to": "Last local day of the last row that is in a sum.",
    "value": "The number; of a static factor, as people say it.",
    "values": "What stands in these places; of a curve or a driver, its rows.",
    "versions": "Of quaymeter, its methods, numpy and Python.",
    "wording": "What the message is made of, for other languages; null in runs of before.",
    "x": "Values of the driver.",
    "y": "Use [unit of the figure].",
    "yearly_eur": "[EUR/a]",
}


def components(kinds: Iterable[type[msgspec.Struct]] = KINDS) -> dict[str, Any]:
    """Return the schemas of records for the description of the API, by name."""
    _, found = msgspec.json.schema_components(kinds, ref_template=PLACE)
    for schema in found.values():
        for name, field in schema.get("properties", {}).items():
            if "description" not in field and name in MEANINGS:
                field["description"] = MEANINGS[name]
    return found


def schema_of(kind: type[msgspec.Struct], *, many: bool = False) -> dict[str, Any]:
    """Return the reference to a record's schema, or to a list of such."""
    one = {"$ref": PLACE.format(name=kind.__name__)}
    return {"type": "array", "items": one} if many else one


def answer(record: object, *, status: int = HTTPStatus.OK) -> Response:
    """Return a record, or a list of such, as JSON."""
    return Response(msgspec.json.encode(record), media_type=JSON, status_code=status)


def answers(
    kind: type[msgspec.Struct], *, many: bool = False, status: int = HTTPStatus.OK
) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of a route that answers with a record, or with a list of such."""
    content = {JSON: {"schema": schema_of(kind, many=many)}}
    return {int(status): {"content": content, "description": HTTPStatus(status).phrase}}


def takes(kind: type[msgspec.Struct], example: object) -> dict[str, Any]:
    """Return the OpenAPI entry of the body of a route, with an example."""
    content = {JSON: {"schema": schema_of(kind), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
