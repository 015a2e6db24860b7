"""`quaymeter part`: the pieces that only the demo starts; hidden, each lives on its parent's lifeline."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.agent import Agent
from edge.buffer import Buffer
from edge.reports import own_assets
from quaymeter import logs
from quaymeter.cli.context import service_settings, user_name
from quaymeter.cli.kinds import BrokerKind  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import show_json
from quaymeter.lifecycle import hold_lifeline, stopping
from quaymeter.publishing import agent_settings, drain
from storage.embedded import EmbeddedServer
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from edge.agent import Agent as AnyAgent
    from simulators.live import LiveSource
    from simulators.source import SignalSource
    from storage.transfer import ImportResult
    from telemetry.site import Site

HISTORY_S = 3600.0
DRAIN_S = 15.0
SOURCE = "demo-source"  # speaks for every device of the site
POLITE = 10  # how much history gives way to what is live, as `nice` counts

Directory = Annotated[Path, typer.Argument(help="where its data are kept")]


def register(app: typer.Typer) -> None:
    """Add the hidden group."""
    group = typer.Typer(help="Pieces of the demo.", no_args_is_help=True)
    group.command()(database)
    group.command()(broker)
    group.command()(source)
    group.command()(history)
    app.add_typer(group, name="part", hidden=True)


def database(directory: Directory) -> None:
    """Run the pip-installed PostgreSQL server until the parent leaves."""
    logs.configure("info", "text")
    with stopping() as stop:
        server = EmbeddedServer(directory, passwords=True)
        dsn = server.start()
        try:
            hold_lifeline(stop)
            show_json({"dsn": dsn})
            stop.wait()
        finally:
            _stop_server(server)


def broker(directory: Directory, kind: Annotated[BrokerKind | None, typer.Option()] = None) -> None:
    """Run a broker on the loopback until the parent leaves."""
    from quaymeter.broker import LocalBroker  # noqa: PLC0415 – the other parts run without it

    logs.configure("info", "text")
    with stopping() as stop:
        local = LocalBroker(directory, prefer=kind.value if kind else None)
        port = local.start()
        try:
            hold_lifeline(stop)
            show_json({"port": port, "kind": local.kind, "durable": local.durable})
            while not stop.wait(0.5):
                if not local.running:
                    raise typer.Exit(1)
        finally:
            local.stop()


def source(
    context: typer.Context,
    buffer: Annotated[Path, typer.Argument(help="Where it keeps what is not yet safe.")],
    site_file: Annotated[Path, typer.Option()],
    history_s: Annotated[float, typer.Option(help="How much of the past is sent first [s].")] = HISTORY_S,
    scenario: Annotated[str, typer.Option(help="Scenario of the port's model, where there is one.")] = "",
    begins: Annotated[str, typer.Option(help="Its first day.")] = "",
) -> None:
    """Publish simulated readings of every point until the parent leaves, then wait for the last receipts."""
    settings = service_settings(context)
    site = load_site(site_file)
    with (
        stopping() as stop,
        closing(Buffer(buffer)) as kept,
        Agent(agent_settings(settings, site.id, SOURCE, assets=own_assets(site)), kept) as agent,
    ):
        hold_lifeline(stop, grace_s=DRAIN_S + 10)
        signals = _source(site, agent, history_s, scenario, begins)
        signals.run(stop)
        drain(agent, DRAIN_S)
        show_json({"sent": signals.readings, "unsafe": kept.packs})


def _source(site: Site, agent: AnyAgent, history_s: float, scenario: str, begins: str) -> SignalSource | LiveSource:
    """Return the physical model's readings where a scenario is named, else made-up signals."""
    if not scenario:
        from simulators.source import SignalSource  # noqa: PLC0415 – the other parts run without it

        return SignalSource(site, agent, history_s=history_s)
    from quaymeter.simulation.live import live_source  # noqa: PLC0415 – as above
    from simulators.scenario import load_scenario  # noqa: PLC0415 – as above

    told = load_scenario(scenario, begins=date.fromisoformat(begins))
    return live_source(site, told, agent, beside=agent.buffer.path, history_s=history_s)


class _StoppedError(Exception):
    """The parent left while history was being imported."""


def history(
    context: typer.Context,
    site_file: Annotated[Path, typer.Option()],
    scenario: Annotated[str, typer.Option()],
    begins: Annotated[str, typer.Option(help="First day.")],
    until: Annotated[str, typer.Option(help="Moment from which readings came live.")],
    cadence: Annotated[int, typer.Option(help="A point is read every max(its period, cadence) [s].")],
) -> None:
    """Import the simulated past with its truth, date the demonstrators, ask for their savings, and end.

    Stopped half way, the next start goes on.
    """
    from quaymeter.demo.plans import ask_for_savings  # noqa: PLC0415 – the other parts run without it
    from quaymeter.simulation.backfill import backfill  # noqa: PLC0415 – as above
    from quaymeter.simulation.plan import HistoryPlan  # noqa: PLC0415 – as above
    from simulators.scenario import load_scenario  # noqa: PLC0415 – as above

    settings = service_settings(context)
    os.nice(POLITE)
    first, end = date.fromisoformat(begins), datetime.fromisoformat(until).astimezone(UTC)
    plan = HistoryPlan(
        site=load_site(site_file), scenario=load_scenario(scenario, begins=first), first=first,
        last=(end - timedelta(microseconds=1)).date(),
        cadence_s=cadence, until=end,
    )  # fmt: skip
    with stopping() as stop:
        hold_lifeline(stop, grace_s=DRAIN_S + 10)
        began_s = time.monotonic()

        def tell(now: ImportResult) -> None:
            speed = (now.rows - now.resumed_at) / (time.monotonic() - began_s)
            show_json({"days_done": now.parts_done, "days": now.parts, "rows": now.rows, "rows_per_s": round(speed)})
            if stop.is_set():
                raise _StoppedError

        try:
            result = backfill(plan, settings.conninfo, truth_dsn=settings.truth_dsn, who=user_name(), progress=tell)
        except _StoppedError:
            return
        show_json({"days_done": result.parts_done, "days": result.parts, "rows": result.rows, "rows_per_s": 0}
                  | {"finished": True})  # fmt: skip
        ask_for_savings(settings.conninfo, plan.site.id, plan.scenario, stop)


def _stop_server(server: EmbeddedServer) -> None:
    """Stop the server, by its process id too: its own tools cannot see it where its directory was closed meanwhile."""
    try:
        server.stop()
    finally:
        pid = server.pid
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
        while server.pid is not None:
            time.sleep(0.05)
