"""Runs that were kept by earlier versions can still be read and computed again: later fields have defaults."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from savings import input_record, record
from savings.bundle import pack_kept, unpack
from savings.record import decode_input, decode_run, encoded
from savings.run import compute
from savings.verification import verify
from telemetry import plan as plans
from tests.reports.examples import boiler_house, boiler_house_run

# The fields of the first version of the records; whatever else one of them has came later.
FIRST = {
    "Source": "point name unit kind role accuracy_class calibration_due readings bad_readings",
    "DriverColumn": "name label role unit is_total values",
    "MeterInput": "meter start hours energy carriers coverage drivers reasons events sources",
    "FactorChange": "factor day before after unit",
    "RunInput": "site site_name timezone plan plan_revision known_at reporting_to meters tariffs emission_factors "
                "factor_changes",
    "Figure": "value low high unit standard_error",
    "FindingRecord": "code severity message cure days",
    "ParameterRecord": "name value standard_error t unit",
    "ModelRecord": "form terms parameters n p r2 r2_adj rmse cv_rmse nmbe autocorrelation n_effective condition_number",
    "OutOfSample": "months errors nmbe cv_rmse",
    "DriverRange": "driver label unit baseline_low baseline_high reporting_low reporting_high rows_beyond",
    "Excluded": "period start reason",
    "MonthRow": "month rows measured adjusted adjustments saving cumulative",
    "DailyColumns": "day measured adjusted adjustments saving cumulative cumulative_low cumulative_high",
    "FitColumns": "start measured predicted residual",
    "CurvePoints": "driver x y",
    "EventOutcome": "event amount standard_error",
    "CoverageRecord": "period rows used coverage",
    "Indicator": "id name baseline reporting",
    "MeterRun": "meter name unit saving percent measured adjusted adjustments money carbon normalised methods model "
                "out_of_sample ranges coverage months daily fit curves events suggestions indicators findings excluded",
    "Run": "demonstrator site known_at reporting_from reporting_to confidence method meters money carbon input_hash "
           "versions",
    "MeteredPoint": "point factor tariff emission_factor",
    "MeterPlan": "id name unit points drivers",
    "DriverPlan": "point role",
    "Periods": "baseline_from baseline_to reporting_from reporting_to",
    "StaticFactor": "id name value since point tolerance",
    "Stipulation": "parameter value unit standard_error source",
    "Cost": "investment_eur yearly_eur life_years discount_rate source",
    "Plan": "id name measure boundary option meters drivers day_types frequency periods confidence method "
            "expected_saving interactive_effects static_factors stipulations cost responsible context note "
            "ipmvp_edition",
    "NonRoutineEvent": "id meter first_day last_day title evidence method amount standard_error status agreed_by "
                       "agreed_at",
}  # fmt: skip


def as_first(value: Any) -> Any:
    """Return a record as JSON of the first version would hold it: without all that came later."""
    if isinstance(value, msgspec.Struct):
        kept = FIRST[type(value).__name__].split()
        return {name: as_first(getattr(value, name)) for name in kept}
    if isinstance(value, tuple | list):
        return [as_first(each) for each in value]
    return {name: as_first(each) for name, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("name", FIRST)
def test_every_later_field_has_a_default(name: str) -> None:
    """What the first version did not write may be missing, and what it wrote is still there."""
    cls = next(found for room in (record, input_record, plans) if (found := getattr(room, name, None)))
    fields = {field.name: field for field in msgspec.structs.fields(cls)}
    assert set(FIRST[name].split()) <= set(fields)
    assert [field.name for field in fields.values() if field.required and field.name not in FIRST[name].split()] == []


def test_an_input_of_the_first_version_is_computed_as_ever() -> None:
    """Without its later fields an input decodes, says all that it said, and gives the same savings."""
    given = boiler_house()
    old = decode_input(msgspec.json.encode(as_first(given)))
    assert as_first(old) == as_first(given)
    assert encoded(old) != encoded(given)
    ours, theirs = compute(old), boiler_house_run()
    assert [each.saving for each in ours.meters] == [each.saving for each in theirs.meters]


def test_a_run_of_the_first_version_can_be_read() -> None:
    """Without its later fields a run decodes, and says all that it said."""
    run = boiler_house_run()
    old = decode_run(msgspec.json.encode(as_first(run)))
    assert as_first(old) == as_first(run)
    assert old != run


def test_a_bundle_of_the_first_version_still_verifies() -> None:
    """A run is packed as it was kept, so its hash holds; what it did not say is no difference."""
    given = msgspec.json.encode(as_first(boiler_house()))
    digest = hashlib.sha256(given).hexdigest()
    run = as_first(msgspec.structs.replace(boiler_house_run(), input_hash=digest))
    assert verify(unpack(pack_kept(given, msgspec.json.encode(run)))).differences == ()
    run["meters"][0]["saving"]["value"] += 100.0
    found = verify(unpack(pack_kept(given, msgspec.json.encode(run)))).differences
    assert [each.where for each in found] == ["meters[0].saving.value"]
