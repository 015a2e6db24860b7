"""The records of all that comes out of a savings run, and how they and its input are kept. Missing numbers are null.

A run is a pure function of its input (`savings.run.compute`), JSON holds both exactly, and all that is told is in them.
What goes in: `savings.input_record`.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 – msgspec reads annotations when it decodes

import msgspec

from savings.input_record import Column, RunInput
from savings.wording import Wording  # noqa: TC001 – as above
from telemetry.plan import NonRoutineEvent, Words  # noqa: TC001 – as above


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all records of what comes out are."""


class Figure(_Record, frozen=True):
    """A number with its two-sided interval of the plan's confidence."""

    value: float
    low: float | None
    high: float | None
    unit: str
    standard_error: float | None = None


class FindingRecord(_Record, frozen=True):
    """What a reader must know (savings.findings.Finding), in English and as what it is made of."""

    code: str
    severity: str  # info, warning, stop
    message: str
    cure: str
    days: tuple[str, ...] = ()
    wording: Wording | None = None  # of the message; None in runs of before there were any
    cure_wording: Wording | None = None


class ParameterRecord(_Record, frozen=True):
    """One fitted number."""

    name: str
    value: float
    standard_error: float | None
    t: float | None
    unit: str


class ModelRecord(_Record, frozen=True):
    """The baseline model and how well it fits."""

    form: str
    terms: tuple[str, ...]
    parameters: tuple[ParameterRecord, ...]
    n: int
    p: int
    r2: float | None
    r2_adj: float | None
    rmse: float | None  # [unit of the figure]
    cv_rmse: float | None  # share
    nmbe: float | None  # share, in sample
    autocorrelation: float | None
    n_effective: float | None
    condition_number: float | None


class OutOfSample(_Record, frozen=True):
    """The model form fitted without a month and asked for it, month by month of the baseline."""

    months: tuple[str, ...]
    errors: tuple[float, ...]  # measured less predicted, by month [unit]
    nmbe: float | None  # share of use
    cv_rmse: float | None  # of monthly totals, share


class DriverRange(_Record, frozen=True):
    """What the baseline saw of a driver, and what the reporting period asked for."""

    driver: str
    label: Words
    unit: str
    baseline_low: float
    baseline_high: float
    reporting_low: float | None
    reporting_high: float | None
    rows_beyond: int  # rows beyond the baseline's range by more than a tenth of it


class Excluded(_Record, frozen=True):
    """A row that is in no sum."""

    period: str  # baseline or reporting
    start: str
    reason: str


class MonthRow(_Record, frozen=True):
    """One calendar month of the reporting period."""

    month: str
    rows: int
    measured: float
    adjusted: float  # adjustments included
    adjustments: float
    saving: Figure
    cumulative: float


class DailyColumns(_Record, frozen=True):
    """The reporting period by local day (by bill where rows are months); columns (d,)."""

    day: tuple[str, ...]
    measured: tuple[float, ...]
    adjusted: tuple[float, ...]
    adjustments: tuple[float, ...]
    saving: tuple[float, ...]
    cumulative: tuple[float, ...]
    cumulative_low: Column
    cumulative_high: Column


class FitColumns(_Record, frozen=True):
    """The baseline by row, for plots; columns (n,)."""

    start: tuple[str, ...]
    measured: tuple[float, ...]
    predicted: tuple[float, ...]
    residual: tuple[float, ...]


class CurvePoints(_Record, frozen=True):
    """The model against one driver, the others at their means."""

    driver: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class EventOutcome(_Record, frozen=True):
    """An event and what the run made of it."""

    event: NonRoutineEvent
    amount: float | None  # added to the adjusted baseline [unit]
    standard_error: float | None


class CoverageRecord(_Record, frozen=True):
    """How much of a period is there."""

    period: str
    rows: int
    used: int
    coverage: float  # share of the period's time that is valid; what lacks at its ends is not
    used_from: date | None = None  # first day that is used; None where nothing is, and in runs of before it was told
    used_to: date | None = None  # last day of the last row that is used


class Indicator(_Record, frozen=True):
    """A key figure before and after, such as kW.h a tonne."""

    id: str
    name: Words
    baseline: Figure
    reporting: Figure


class MeterRun(_Record, frozen=True, kw_only=True):
    """Everything a run says of one figure; `saving` is None where a finding stops."""

    meter: str
    name: Words
    unit: str
    saving: Figure | None
    percent: Figure | None  # [%] of the adjusted baseline
    measured: float | None
    adjusted: float | None
    adjustments: float | None
    money: Figure | None  # [EUR]
    carbon: Figure | None  # [t] of CO2 equivalent
    normalised: Figure | None  # in a year of the baseline's conditions; None where either period is no year
    methods: dict[str, Figure]  # the same saving by other methods of uncertainty
    error_parts: dict[str, float] = {}  # standard errors by cause: model, events, stipulated, meter [unit]
    model: ModelRecord | None
    out_of_sample: OutOfSample | None
    ranges: tuple[DriverRange, ...]
    coverage: tuple[CoverageRecord, ...]
    months: tuple[MonthRow, ...]
    daily: DailyColumns | None
    fit: FitColumns | None
    curves: tuple[CurvePoints, ...]
    events: tuple[EventOutcome, ...]
    suggestions: tuple[NonRoutineEvent, ...]
    indicators: tuple[Indicator, ...]
    findings: tuple[FindingRecord, ...]
    excluded: tuple[Excluded, ...]


class Run(_Record, frozen=True):
    """One savings run of one demonstrator."""

    demonstrator: str
    site: str
    known_at: datetime
    reporting_from: date
    reporting_to: date
    confidence: float
    method: str
    meters: tuple[MeterRun, ...]
    money: Figure | None  # of all figures [EUR]
    carbon: Figure | None  # [t]
    input_hash: str  # SHA-256 of the input's JSON
    versions: dict[str, str]  # quaymeter, methods, numpy, python

    @property
    def made_by(self) -> dict[str, str]:
        """The versions of what made it; a run of before methods were counted was made by the first."""
        return self.versions if "methods" in self.versions else {**self.versions, "methods": "1"}

    @property
    def stopped(self) -> bool:
        """Whether a finding forbids any figure."""
        return any(meter.saving is None for meter in self.meters)


def encoded(record: RunInput | Run) -> bytes:
    """Return a record as JSON, keys in the order of their declaration: the same record gives the same bytes."""
    return msgspec.json.encode(record)


def decode_input(data: bytes) -> RunInput:
    """Read an input; msgspec.ValidationError names what is wrong and where."""
    return msgspec.json.decode(data, type=RunInput)


def decode_run(data: bytes) -> Run:
    """Read a run; msgspec.ValidationError names what is wrong and where."""
    return msgspec.json.decode(data, type=Run)
