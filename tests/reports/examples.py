"""Runs for the tests of reports: a boiler house with two figures and everything that a plan may hold, made up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from savings.input_record import CorrectionRecord, DriverColumn, FactorChange, MeterInput, RunInput, Source
from savings.run import compute
from telemetry.plan import (
    Cost,
    DriverPlan,
    EventMethod,
    MeteredPoint,
    MeterPlan,
    NonRoutineEvent,
    Option,
    Periods,
    Plan,
    StaticFactor,
    Status,
    Stipulation,
)
from telemetry.site import DatedValue

if TYPE_CHECKING:
    from savings.record import Run

PARIS = ZoneInfo("Europe/Paris")
KNOWN_AT = datetime(2027, 2, 3, 2, 30, tzinfo=UTC)
FIRST, DAYS = np.datetime64("2025-01-01"), 730
WORKS = slice(365, 386)  # rows between the periods
AIR, TONNES = "plant/weather/t_air", "plant/line-1/tonnes"
AIR_NAME = {"fr": "Air extérieur", "en": "Outdoor air"}
MADE = {"fr": "Tonnes produites", "en": "Tonnes made"}
GAS, STEAM_WATER = "boiler/gas/volume", "boiler/make-up/volume"


def plan() -> Plan:
    """Return the plan of condensate that comes back: gas and water, option A."""
    return Plan(
        id="condensate-return",
        name={"fr": "Retour des condensats", "en": "Condensate return"},
        measure={"fr": "Bâche et pompe de retour des condensats", "en": "Condensate tank and return pump"},
        boundary={
            "fr": "Chaufferie : compteur de gaz et compteur d’eau d’appoint",
            "en": "Boiler house: gas meter and make-up water meter",
        },
        option=Option.A,
        meters=(
            MeterPlan(
                id="gas", name={"fr": "Gaz", "en": "Gas"}, unit="kW.h",
                points=(MeteredPoint(point=GAS, factor=10.9, tariff=("gas",), emission_factor="gas"),),
            ),
            MeterPlan(
                id="water", name={"fr": "Eau d’appoint", "en": "Make-up water"}, unit="m3",
                points=(MeteredPoint(point=STEAM_WATER, tariff=("water", "sewer"), emission_factor="water"),),
            ),
        ),
        drivers=(DriverPlan(point=AIR, role="changepoint"), DriverPlan(point=TONNES)),
        periods=Periods(
            baseline_from=date(2025, 1, 1), baseline_to=date(2025, 12, 31), reporting_from=date(2026, 1, 22),
            reporting_to=date(2026, 12, 31),
        ),
        expected_saving=(0.03, 0.06),
        interactive_effects={
            "fr": "La pompe consomme 3 kWh par jour, hors périmètre",
            "en": "The pump uses 3 kWh a day, outside the boundary",
        },
        static_factors=(
            StaticFactor(
                id="pressure", name={"fr": "Pression de vapeur", "en": "Steam pressure"}, value="8 bar",
                since=date(2024, 3, 1), point="boiler/steam/pressure", tolerance=0.3,
            ),
            StaticFactor(id="hours", name={"fr": "Horaires", "en": "Working hours"}, value="2 × 8 h"),
        ),
        stipulations=(
            Stipulation(
                parameter="heat of the gas, by the 10.9 kWh/m³ assumed", value=1.0, unit="1", standard_error=0.01,
                source="supplier's certificates of 2024",
            ),
        ),
        cost=Cost(investment_eur=18_000, yearly_eur=600, source="quote of 12 March 2025"),
        responsible="A. Martin",
        note="Agreed with the client on 3 December 2024.",
    )  # fmt: skip


def events() -> tuple[NonRoutineEvent, ...]:
    """Return an event that was agreed upon, one left out and one that was rejected."""
    return (
        NonRoutineEvent(
            id="flush", meter="gas", first_day=date(2026, 5, 4), last_day=date(2026, 5, 14), title="Network flushed",
            evidence="log book, page 12", status=Status.ACCEPTED, agreed_by="A. Martin and C. Petit",
            agreed_at="2026-06-01T09:00:00Z",
        ),
        NonRoutineEvent(
            id="leak", meter="gas", first_day=date(2026, 9, 7), last_day=date(2026, 9, 9), title="Gas valve replaced",
            evidence="invoice 221", method=EventMethod.EXCLUDED, status=Status.ACCEPTED, agreed_by="A. Martin",
        ),
        NonRoutineEvent(
            id="fog", meter="gas", first_day=date(2026, 11, 2), last_day=date(2026, 11, 4), title="Days of fog",
            evidence="weather is in the model", status=Status.REJECTED, agreed_by="A. Martin",
        ),
    )  # fmt: skip


def corrections() -> tuple[CorrectionRecord, ...]:
    """Return a day that a file put right, and days that a stuck meter was struck out of."""
    made = datetime(2025, 11, 20, 9, tzinfo=UTC)
    struck = CorrectionRecord(
        number=3, point=GAS, starts=datetime(2025, 4, 8, tzinfo=PARIS), ends=datetime(2025, 4, 14, tzinfo=PARIS),
        who="C. Petit", why="index bloqué", made_at=made, readings=0,
    )  # fmt: skip
    filed = CorrectionRecord(
        number=4, point=STEAM_WATER, starts=datetime(2025, 6, 2, 14, tzinfo=PARIS),
        ends=datetime(2025, 6, 3, 14, tzinfo=PARIS), who="A. Martin", why="sent tenfold since the swap", made_at=made,
        readings=1440, source="eau.csv", sha256="ab" * 32,
    )  # fmt: skip
    return struck, filed


@cache
def boiler_house(*, saved: float = 0.05, simulated: bool = True, days: int = DAYS) -> RunInput:
    """Return the input of a run with two figures; fewer days make it too short for any."""
    rng = np.random.default_rng(7)
    number = np.arange(DAYS)
    start = FIRST + number
    air = 12 - 7 * np.cos(2 * np.pi * (number - 20) / 365) + 2 * _remembering(rng, 0.8)
    working = (start.astype(np.int64) + 3) % 7 < 5
    tonnes = np.where(working, rng.uniform(18, 30, DAYS), rng.uniform(2, 6, DAYS))
    before = number < WORKS.stop
    base = 9_000 + 210 * np.maximum(16 - air, 0) + 320 * tonnes
    gas = base * np.where(before, 1, 1 - saved) + 500 * _remembering(rng, 0.6)
    gas[488:499] += 4_000  # the flush
    water = (6 + 0.55 * tonnes) * np.where(before, 1, 0.66) + 0.8 * _remembering(rng, 0.4)
    gas[97:103] = np.nan
    air[210:213] = np.nan
    rows = slice(DAYS - days, DAYS)
    meters = tuple(
        _meter(plan().meters[at], energy[rows], air[rows], tonnes[rows], start[rows], own)
        for at, energy, own in ((0, gas, events()), (1, water, ()))
    )
    return RunInput(
        site="north-quay", site_name="Quai nord", timezone="Europe/Paris", plan=plan(), plan_revision=3,
        known_at=KNOWN_AT, reporting_to=date(2026, 12, 31), meters=meters, simulated=simulated,
        tariffs=(
            _dated("gas", "EUR/kW.h", 0.062, 2024, 2026, "contract 2024"),
            _dated("gas", "EUR/kW.h", 0.071, 2026, None, "contract 2026"),
            _dated("water", "EUR/m3", 1.82, 2024, None, "municipal tariff"),
            _dated("sewer", "EUR/m3", 2.1, 2024, None, "municipal tariff"),
        ),
        emission_factors=(
            _dated("gas", "kg/kW.h", 0.239, 2024, None, "Base Carbone"),
            _dated("water", "kg/m3", 0.132, 2024, None, "Base Carbone"),
        ),
        corrections=corrections(),
        factor_changes=(FactorChange(factor="pressure", day=date(2026, 10, 5), before=8.0, after=7.4, unit="bar"),),
    )  # fmt: skip


@cache
def boiler_house_run(*, saved: float = 0.05, days: int = DAYS) -> Run:
    """Return the run of that input."""
    return compute(boiler_house(saved=saved, days=days))


def short_run() -> tuple[RunInput, Run]:
    """Return half a year of reporting by bills, with no price, no cost, no static factor and nothing expected."""
    bare = msgspec.structs.replace(
        plan(), option=Option.C, expected_saving=None, static_factors=(), stipulations=(), cost=None, responsible="",
        note="", interactive_effects={}, frequency="monthly", meters=plan().meters[:1],
    )  # fmt: skip
    given = boiler_house()
    first = given.meters[0]
    months = np.array(first.start, "datetime64[M]").astype(str)
    names = sorted(set(months))[:18]
    groups = [np.flatnonzero(months == name) for name in names]

    def mean(column: tuple[float | None, ...]) -> tuple[float | None, ...]:
        return tuple(float(np.mean([column[row] for row in rows if column[row] is not None])) for rows in groups)

    bills = msgspec.structs.replace(
        first, start=tuple(f"{name}-01T00:00:00" for name in names), hours=tuple(24.0 * len(rows) for rows in groups),
        energy=tuple((value or 0.0) * len(rows) for value, rows in zip(mean(first.energy), groups, strict=True)),
        coverage=(1.0,) * len(names), reasons=("",) * len(names), events=(),
        drivers=(msgspec.structs.replace(first.drivers[0], values=mean(first.drivers[0].values)),),
    )  # fmt: skip
    bills = msgspec.structs.replace(bills, carriers={GAS: bills.energy})
    short = msgspec.structs.replace(
        given, plan=bare, meters=(bills,), tariffs=(), emission_factors=(), factor_changes=(), simulated=False,
        reporting_to=date(2026, 6, 30),
    )  # fmt: skip
    return short, compute(short)


def without_figure(given: RunInput) -> RunInput:
    """Return an input whose meters never read: nothing can be computed from it."""
    dead = tuple(
        msgspec.structs.replace(
            each, energy=(None,) * len(each.energy), reasons=("energy_missing",) * len(each.energy),
            carriers={name: (None,) * len(column) for name, column in each.carriers.items()},
        )
        for each in given.meters
    )  # fmt: skip
    return msgspec.structs.replace(given, meters=dead)


def _meter(
    meter: MeterPlan, energy: np.ndarray, air: np.ndarray, tonnes: np.ndarray, start: np.ndarray,
    own: tuple[NonRoutineEvent, ...],
) -> MeterInput:  # fmt: skip
    kinds = (start.astype(np.int64) + 3) % 7
    day_type = np.where(kinds < 5, 0.0, kinds - 4.0)
    use, point = _column(energy), meter.points[0].point
    return MeterInput(
        meter=meter, start=tuple(str(each.astype("datetime64[s]")) for each in start), hours=(24.0,) * len(start),
        energy=use, carriers={point: use}, coverage=tuple(np.where(np.isfinite(energy), 1.0, 0.0).tolist()),
        drivers=(
            DriverColumn(name=AIR, label=AIR_NAME, role="changepoint", unit="Cel", is_total=False, values=_column(air)),
            DriverColumn(name=TONNES, label=MADE, role="linear", unit="t", is_total=True, values=_column(tonnes)),
            DriverColumn(name="day_type", label={"fr": "Type de jour", "en": "Kind of day"}, role="category", unit="",
                         is_total=False, values=_column(day_type)),
        ),
        reasons=tuple(
            "energy_missing" if no_use else f"driver_missing: {AIR}" if no_air else ""
            for no_use, no_air in zip(np.isnan(energy), np.isnan(air), strict=True)
        ),
        events=own,
        sources=(
            Source(point=point, name=meter.name, unit="m3", kind="counter", role="energy", accuracy_class="class 1.5",
                   calibration_due=date(2028, 4, 1), readings=104_300, bad_readings=17),
            Source(point=AIR, name=AIR_NAME, unit="Cel", kind="gauge", role="driver", readings=70_080),
            Source(point=TONNES, name=MADE, unit="t", kind="event", role="driver", readings=730),
        ),
    )  # fmt: skip


def _column(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else value for value in values.tolist())


def _remembering(rng: np.random.Generator, phi: float) -> np.ndarray:
    """Return noise (n,) of variance 1 whose neighbours correlate by phi."""
    noise = rng.normal(size=DAYS)
    for row in range(1, DAYS):
        noise[row] = phi * noise[row - 1] + np.sqrt(1 - phi * phi) * noise[row]
    return noise


def _dated(name: str, unit: str, value: float, first: int, last: int | None, source: str) -> DatedValue:
    return DatedValue(
        id=name, quantity="energy" if "kW.h" in unit else "volume", unit=unit, value=value,
        valid_from=datetime(first, 1, 1, tzinfo=PARIS),
        valid_to=None if last is None else datetime(last, 1, 1, tzinfo=PARIS), source=source,
    )  # fmt: skip
