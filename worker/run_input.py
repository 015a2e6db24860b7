"""Everything that a savings run is made of, read from the database into one record."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from savings.input_record import CorrectionRecord, DriverColumn, MeterInput, RunInput, Source
from savings.run_table import column_of
from storage.aligned import aligned
from storage.as_decided import decided_events, decided_plan
from storage.corrections import counting
from storage.derived import made_of
from storage.overview import assets, points_by_key, sites
from storage.rates import emission_factors, tariffs
from storage.row_clock import last_whole_day
from telemetry.errors import ContractError, StorageError
from telemetry.plan import Status
from telemetry.quality import Reason
from worker.day_types import day_type_driver, holiday_country
from worker.days_before import with_days_before
from worker.driver_names import with_names_apart
from worker.drivers_by_day import day_mean_label, with_drivers_by_day
from worker.formulas import formula_of
from worker.static_factors import factor_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from savings.input_record import FactorChange
    from storage.aligned import Aligned, AlignedFigure, PointColumn
    from storage.engine import Connection
    from storage.overview import PointRow
    from telemetry.plan import NonRoutineEvent, Plan


def run_input(
    connection: Connection,
    site: str,
    demonstrator: str,
    *,
    known_at: datetime | None = None,
    now: datetime | None = None,
    last_day: date | None = None,
) -> RunInput:
    """Return the input of a run by the plan in force.

    Parameters
    ----------
    known_at
        A moment of the past: readings that arrived, corrections that were made, revisions of the plan and events that
        were decided later are left out. Tariffs, emission factors, calendars and what the site file says of points
        (class, meter swaps) are those of today. None: all that has come by now.
    last_day
        Last local day looked at; the last that is over where none is given. The plan's reporting period may end sooner.

    Raises
    ------
    ContractError
        If the plan is not dated, names what the site does not have, or its reporting period has not begun.
    StorageError
        If there is no such demonstrator.
    """
    place = next((each for each in sites(connection) if each.id == site), None)
    if place is None:
        raise StorageError(f"no site {site!r} in the database", cure="apply its file: quaymeter site apply")
    moment = known_at or now or datetime.now(UTC)
    revision = decided_plan(connection, site, demonstrator, known_at)
    plan = revision.plan
    until = _last_day(plan, last_day or last_whole_day(moment, place.timezone))
    country, known = holiday_country(connection, site, plan), points_by_key(connection, site)
    data = aligned(connection, site, place.timezone, plan, last_day=until, known_at=known_at)
    plant = assets(connection, site)
    figures = [with_names_apart(figure, plant) for figure in data.figures]
    agreed = [row.event for row in decided_events(connection, site, demonstrator, known_at)]
    points = [point for meter in plan.meters for point in meter.points]
    given = RunInput(
        site=site, site_name=place.name, timezone=place.timezone, plan=plan,
        plan_revision=revision.revision, known_at=moment.astimezone(UTC), reporting_to=until,
        meters=tuple(_meter(plan, figure, agreed, country, known) for figure in figures),
        tariffs=tariffs(connection, site, {tariff for point in points for tariff in point.tariff}),
        emission_factors=emission_factors(connection, site, {point.emission_factor for point in points} - {""}),
        factor_changes=_factor_changes(plan, data), simulated=_simulated(data), holidays=country,
    )  # fmt: skip
    return replace(given, corrections=_corrections(connection, given, data, known, known_at))


def _last_day(plan: Plan, last: date) -> date:
    """Return the last day of the reporting period that is over."""
    if plan.periods is None:
        raise ContractError(
            "the plan has no periods", place=f"demonstrator {plan.id}",
            cure="give it a baseline and a reporting period, in the site file or with a revision of the plan",
        )  # fmt: skip
    until = last if plan.periods.reporting_to is None else min(last, plan.periods.reporting_to)
    if until < plan.periods.reporting_from:
        raise ContractError(
            f"its reporting period begins on {plan.periods.reporting_from} and has no whole day yet",
            place=f"demonstrator {plan.id}", cure="wait for that day, or correct the periods of the plan",
        )  # fmt: skip
    return until


def _meter(
    plan: Plan, figure: AlignedFigure, agreed: Iterable[NonRoutineEvent], country: str, known: Mapping[str, PointRow]
) -> MeterInput:
    roles = {driver.point: driver.role for driver in plan.drivers_of(figure.meter)}
    by_day = plan.drivers_by_day and plan.frequency == "hourly"
    if by_day:
        figure = with_drivers_by_day(plan, figure)
    drivers = [
        _driver(column, roles[key], by_day=by_day and roles[key] != "category")
        for key, column in figure.drivers.items()
    ]
    before, kinds = with_days_before(plan, figure), day_type_driver(plan, figure.clock.start, country)
    return MeterInput(
        meter=figure.meter,
        start=tuple(str(start) for start in figure.clock.start),
        hours=tuple(figure.clock.hours.tolist()),
        energy=column_of(figure.energy),
        carriers={key: column_of(value) for key, value in figure.carriers.items()},
        coverage=tuple(figure.coverage.tolist()),
        drivers=(*drivers, *before.drivers, *(() if kinds is None else (kinds,))),
        reasons=before.reasons,
        # A suggestion is nobody's word yet: it may not make the input another one.
        events=tuple(each for each in agreed if each.meter == figure.meter.id and each.status is not Status.SUGGESTED),
        sources=(
            *(_source(column, "energy", known) for column in figure.points.values()),
            *(_source(column, "driver", known) for column in figure.drivers.values()),
        ),
    )


def _corrections(
    connection: Connection, given: RunInput, data: Aligned, known: Mapping[str, PointRow], known_at: datetime | None
) -> tuple[CorrectionRecord, ...]:
    """Return the corrections that reach into either period, of all measured points that figures and drivers rest on."""
    periods = given.plan.periods
    if periods is None:
        return ()
    columns = [column for figure in data.figures for column in (*figure.points.values(), *figure.drivers.values())]
    points = sorted({key for column in columns for key in made_of(column.row, known)})
    windows = ((periods.baseline_from, periods.baseline_to), (periods.reporting_from, given.reporting_to))
    found: dict[int, CorrectionRecord] = {}
    for first, last in windows:
        starts, ends = (_midnight(day, given.timezone) for day in (first, last + timedelta(days=1)))
        for one in counting(connection, given.site, points, starts=starts, ends=ends, known_at=known_at):
            found[one.number] = CorrectionRecord(
                number=one.number, point=one.point, starts=one.starts.astimezone(UTC), ends=one.ends.astimezone(UTC),
                who=one.who, why=one.why, made_at=one.made_at.astimezone(UTC), readings=one.readings,
                source=one.source or "", sha256=one.sha256 or "",
            )  # fmt: skip
    return tuple(found[number] for number in sorted(found))


def _midnight(day: date, timezone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(timezone))


def _driver(column: PointColumn, role: str, *, by_day: bool) -> DriverColumn:
    name = column.row.name
    return DriverColumn(
        name=column.row.key, label=day_mean_label(name) if by_day else dict(name), role=role, unit=column.row.unit,
        is_total=column.is_total, values=column_of(column.value),
    )  # fmt: skip


def _source(column: PointColumn, role: str, known: Mapping[str, PointRow]) -> Source:
    row = column.row
    return Source(
        point=row.key, name=dict(row.name), unit=row.unit, kind=str(row.kind), role=role,
        accuracy_class=row.accuracy_class, calibration_due=row.calibration_due, readings=int(column.readings.sum()),
        bad_readings=int(column.bad.sum()), formula=formula_of(row, known),
    )  # fmt: skip


def _simulated(data: Aligned) -> bool:
    """Whether any reading of the figures or their drivers is marked as simulated."""
    columns = [column for figure in data.figures for column in (*figure.points.values(), *figure.drivers.values())]
    return any(column.quality & Reason.SIMULATED for column in columns)


def _factor_changes(plan: Plan, data: Aligned) -> tuple[FactorChange, ...]:
    """Return what watched factors did, in order of time."""
    found: list[FactorChange] = []
    for factor in plan.static_factors:
        if factor.point and plan.periods is not None:
            found += factor_changes(factor, data.watched[factor.point], data.days.start, plan.periods)
    return tuple(sorted(found, key=lambda change: (change.day, change.factor)))
