"""`quaymeter demo`: a whole port on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from quaymeter.cli.context import Json, default_site_file
from quaymeter.cli.kinds import BrokerKind  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import ExitCode, progress, say, show_json, stderr
from quaymeter.demo.family import StoppedError
from quaymeter.demo.place import DEFAULT, Place
from quaymeter.demo.session import Options, Report, Session
from quaymeter.lifecycle import stopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from quaymeter.demo.port import DemoPort


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(  # noqa: PLR0913 – each is an option of the command
    *,
    data_dir: Annotated[
        Path, typer.Option(help="Where its data are kept; a second start goes on with them.")
    ] = DEFAULT,
    site_file: Annotated[Path | None, typer.Option(help="The port to show.", exists=True, dir_okay=False)] = None,
    port: Annotated[int, typer.Option(help="Port of the page; another one is taken where it is not free.")] = 8080,
    broker: Annotated[BrokerKind | None, typer.Option(help="Which broker; mosquitto where it is installed.")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Run, add up, report, end.")] = False,
    scenario: Annotated[str, typer.Option(help="What happens in the simulated port.")] = "capecure",
    history_months: Annotated[
        int, typer.Option(help="Months of simulated past, imported in the background; 0: none.", min=0)
    ] = 26,
    history_cadence: Annotated[
        int, typer.Option(help="A point of that past is read every max(its period, this) [s].", min=1)
    ] = 3600,
    seconds: Annotated[float, typer.Option(help="How long signals flow in a headless run.", min=1)] = 60.0,
    as_json: Json = False,
) -> None:
    """Run a whole port on this machine: database, broker, gateway, worker, API, and a source of simulated signals.

    Nothing else has to be installed. Ctrl-C stops everything; what was stored is kept. With --headless it ends by
    itself, and the exit code is 1 unless every reading that came in is accounted for.

    Example:  quaymeter demo --headless --seconds 60 --json
    """
    place = Place(root=data_dir)
    options = Options(
        place=place, site_file=site_file or default_site_file(), api_port=port, broker=str(broker or ""),
        scenario=scenario, history_months=history_months, history_cadence_s=history_cadence,
    )  # fmt: skip
    with stopping() as stop, place.held(), progress() as bar:
        session = Session(options, tell=say, stop=stop, tell_history=_history_bar(bar))
        try:
            report = _run(session, place, seconds if headless else None)
        except StoppedError:
            say("stopped while starting")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if report is not None:
        _finish(report, as_json=as_json)


def _run(session: Session, place: Place, seconds: float | None) -> Report | None:
    """Run until stopped, or for some seconds [s] and then report."""
    with session:
        _welcome(session.port, place, session.first_reading_s)
        session.run(seconds=seconds)
        report = session.report() if seconds is not None else None
        say("stopping")
    say("everything is stopped; the data are kept")
    return report


def _history_bar(bar: Progress) -> Callable[[int, int, str], None]:
    """Return what shows how far the past is, from the first news of it on."""
    tasks: list[TaskID] = []

    def move(done: int, days: int, note: str) -> None:
        if not tasks:
            tasks.append(bar.add_task("history (days)", total=days, note=""))
        bar.update(tasks[0], completed=done, total=days, note=note)
        if done == days and not bar.tasks[0].fields.get("told"):
            bar.update(tasks[0], told=True)
            say(f"the simulated past is in: {days} days, {note.partition(',')[0]}")

    return move


def _welcome(port: DemoPort, place: Place, first_reading_s: float) -> None:
    """Tell where the page is, once there is something on it."""
    say(f"first reading visible after {first_reading_s:.1f} s")
    if not port.broker.durable:
        say(f"broker {port.broker.kind}: for demonstrations, it forgets its queue when it is killed (receipts make up)")
    say(f"readings are simulated; other commands reach this demo with --env-file {place.settings_file}")
    say(f"plans, events and runs are written through the API with the token in {place.token_file}")
    say(f"what is true of them: quaymeter --env-file {place.truth_file} truth")
    stderr().print(f"quaymeter is running: {port.url}   (Ctrl-C stops it)", style="bold", markup=False)


def _finish(report: Report, *, as_json: bool) -> None:
    if as_json:
        show_json(asdict(report))
    else:
        for name, value in asdict(report).items():
            say(f"{name:>16}: {value}")
    raise typer.Exit(ExitCode.OK if report.balanced else ExitCode.NOT_IN_ORDER)
