"""The small port with demonstrators, and a run of one of them: computed once, stored where it is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from savings.input_record import CorrectionRecord
from savings.record import FindingRecord
from savings.run import compute, input_hash
from storage import events_nonroutine, savings_runs
from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.plan import Cost, DriverPlan, MeteredPoint, NonRoutineEvent
from tests.api.conftest import small_port
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, made_up_plan

if TYPE_CHECKING:
    from savings.input_record import RunInput
    from savings.record import Run
    from telemetry.plan import Plan

METER, AIR, FLOW = "store/room-1/energy", "store/room-1/t_air", "loop/pump-1/flow"


@cache
def stored_plan() -> Plan:
    """Return the plan of the small port's cold store."""
    plan = made_up_plan()
    point = MeteredPoint(point=METER, tariff=("electricity",), emission_factor="mix")
    meter = msgspec.structs.replace(plan.meters[0], points=(point,))
    drivers = (DriverPlan(point=AIR, role="changepoint"), DriverPlan(point=FLOW))
    cost = Cost(investment_eur=10_000.0, life_years=10.0, discount_rate=0.0, source="offer")
    return msgspec.structs.replace(plan, meters=(meter,), drivers=drivers, cost=cost)


def undated_plan() -> Plan:
    """Return a plan that has no periods."""
    name = {"fr": "Pompe à vitesse variable", "en": "Pump with variable speed"}
    return msgspec.structs.replace(stored_plan(), id="pump", name=name, periods=None)


def stopped_plan() -> Plan:
    """Return a plan whose data carry no figure."""
    name = {"fr": "Purgeurs de vapeur", "en": "Steam traps"}
    return msgspec.structs.replace(stored_plan(), id="traps", name=name)


def struck_out() -> CorrectionRecord:
    """Return a week that nothing counts in, because the meter stood still."""
    return CorrectionRecord(
        number=3, point=METER, starts=datetime(2026, 11, 1, 23, tzinfo=UTC), ends=datetime(2026, 11, 8, 23, tzinfo=UTC),
        who="A. Martin", why="index <bloqué>", made_at=datetime(2026, 11, 20, 9, tzinfo=UTC), readings=0,
    )  # fmt: skip


@cache
def computed(saved: float = 0.08) -> tuple[RunInput, Run]:
    """Return an input of two years that saved so much, and its run."""
    given = made_up_input(made_up(saved=saved), plan=stored_plan())
    columns = zip((AIR, FLOW), given.meters[0].drivers, strict=True)
    drivers = tuple(msgspec.structs.replace(column, name=name) for name, column in columns)
    meter = msgspec.structs.replace(given.meters[0], drivers=drivers, carriers={METER: given.meters[0].energy})
    given = msgspec.structs.replace(
        given, site="small", site_name="Petit port", meters=(meter,), simulated=True, corrections=(struck_out(),)
    )
    return given, compute(given)


def with_demonstrators(dsn: str) -> None:
    """Apply the small port with three demonstrators, one of them not dated, and with their prices."""
    given, _ = computed()
    site = replace(
        small_port(), demonstrators=(stored_plan(), undated_plan(), stopped_plan()), tariffs=given.tariffs,
        emission_factors=given.emission_factors,
    )  # fmt: skip
    apply_site(dsn, site, who="test")


def stored(dsn: str, *, saved: float = 0.08, known_at: datetime | None = None, explanation: Any = None) -> int:
    """Store a run of the cold store and return its id."""
    given, run = computed(saved)
    if known_at is not None:
        given = msgspec.structs.replace(given, known_at=known_at)
        run = msgspec.structs.replace(run, known_at=known_at, input_hash=input_hash(given))
    with connect(dsn, autocommit=True) as connection:
        return savings_runs.save(
            connection, given, run, cause="nightly", asked_by="worker", explanation=explanation or {"first": True}
        )


def stored_stop(dsn: str) -> int:
    """Store a run that gives no figure, and return its id."""
    given, run = computed()
    stop = FindingRecord(code="baseline_too_short", severity="stop", message="60 days", cure="wait")
    meter = msgspec.structs.replace(
        run.meters[0], saving=None, percent=None, money=None, carbon=None, daily=None, months=(), findings=(stop,)
    )
    given = msgspec.structs.replace(given, plan=stopped_plan())
    run = msgspec.structs.replace(run, demonstrator="traps", meters=(meter,), money=None, carbon=None)
    with connect(dsn, autocommit=True) as connection:
        return savings_runs.save(connection, given, run, cause="nightly", asked_by="worker")


def suspected(dsn: str) -> str:
    """Store a suspected event of the cold store and return its key."""
    event = NonRoutineEvent(
        id="", meter="energy", first_day=date(2026, 6, 1), last_day=date(2026, 6, 9), title="Door left open",
    )  # fmt: skip
    with connect(dsn, autocommit=True) as connection:
        (key,) = events_nonroutine.suggest(connection, "small", "cold-store", [event], who="worker")
    return key
