"""A simulated port in real time, quick to start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quaymeter.simulation.checkpoint import RestartableReadings
from simulators.live import LiveSource

if TYPE_CHECKING:
    from pathlib import Path

    from edge.agent import Agent
    from simulators.scenario import Scenario
    from telemetry.site import Site


def live_source(site: Site, scenario: Scenario, agent: Agent, *, beside: Path, history_s: float = 0.0) -> LiveSource:
    """Return a source of a port's readings; what it has to remember it keeps in files beside the agent's buffer."""
    readings = RestartableReadings(site, scenario, state=beside.with_suffix(".state"))
    return LiveSource(readings, agent, position=beside.with_suffix(".position"), history_s=history_s)
