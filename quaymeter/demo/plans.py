"""The demonstrators of a simulated port get their periods from its scenario: a year before, and from the measure on."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from simulators.scenario import months_after
from storage.demonstrators import declare, demonstrators
from storage.engine import connect
from storage.jobs import ask_for_run
from storage.overview import sites
from storage.rollups import backlog_before
from telemetry.plan import Periods

if TYPE_CHECKING:
    from threading import Event

    from simulators.scenario import Scenario

LOG = logging.getLogger(__name__)
WHO = "demo"
PAUSE_S = 1.0
LIVE = timedelta(days=2)  # what is older comes after what is live


def ask_for_savings(dsn: str, site: str, scenario: Scenario, stop: Event) -> list[int]:
    """Date the plans once the past is rolled up, and ask for a run of each; return the jobs, none if stopped before."""
    with connect(dsn, autocommit=True) as connection:
        while backlog_before(connection, datetime.now(UTC) - LIVE):
            if stop.wait(PAUSE_S):
                return []
        zone = next(ZoneInfo(each.timezone) for each in sites(connection) if each.id == site)
        dated = periods_of(scenario, zone)
        found = [each for each in demonstrators(connection, site) if each.key in dated]
        for each in [each for each in found if each.plan.periods is None]:  # what somebody has dated stays
            plan = replace(each.plan, periods=dated[each.key])
            declare(connection, site, plan, who=WHO, reason=f"the simulated scenario {scenario.name}")
    return [ask_for_run(dsn, site, each.key, asked_by=WHO) for each in found]


def periods_of(scenario: Scenario, zone: ZoneInfo) -> dict[str, Periods]:
    """Return the periods of every demonstrator that a scenario has a year of before its measure.

    The baseline is the year up to the day before; a measure that comes in stages is reported from the first on.
    """
    found: dict[str, Periods] = {}
    for name in scenario.demonstrators:
        instants = [scenario.instant_s(each.start, zone) for each in scenario.measures if each.demonstrator == name]
        begins = datetime.fromtimestamp(min(instants), zone).date()
        first = months_after(begins, -12)
        if first >= scenario.begins and begins <= datetime.now(zone).date():
            found[name] = Periods(baseline_from=first, baseline_to=begins - timedelta(days=1), reporting_from=begins)
    return found
