"""`quaymeter replay`: recorded data over the road of a device, with its own timestamps."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from time import monotonic as time_now
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from edge.agent import Agent
from edge.buffer import Buffer, WhenFull
from quaymeter.access import REPLAY_USER
from quaymeter.cli.context import Json, default_site_file, settings_of
from quaymeter.cli.output import ExitCode, progress, say, show_json
from quaymeter.lifecycle import stopping
from quaymeter.publishing import agent_settings
from simulators.open_data import OPEN_DATA
from simulators.recorded import Fold, RecordedColumn, RecordedLayout, parse_tz
from simulators.replay import Replay, ReplayProgress
from telemetry.errors import BrokerError, ConfigurationError
from telemetry.site_file import load_site

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from rich.progress import Progress, TaskID

    from telemetry.site import Site

OPEN_DATA_SITE = "open_data.toml"
CONNECT_S = 15.0

File = Annotated[
    Path, typer.Argument(help="CSV (also .gz) or Parquet; with --open-data the collection's folder.", exists=True)
]
Time = Annotated[str, typer.Option(help="Column of the time: a heading, or a number from 0 with --no-header.")]
Zone = Annotated[str, typer.Option(help="Zone of times without one: Europe/Paris, or UTC+01:00 for standard time.")]
Columns = Annotated[
    list[str] | None, typer.Option("--map", help="column=area/asset/point[:unit], once for each column.")
]
FoldRule = Annotated[Fold, typer.Option(help="Which hour is meant where one happens twice.")]
Header = Annotated[bool, typer.Option(help="Whether the first line of a CSV file holds headings.")]
SiteFile = Annotated[Path | None, typer.Option("--site", help="Site file that declares the points.", exists=True)]
Known = Annotated[str, typer.Option(help=f"A known recording: {', '.join(OPEN_DATA)} or all.")]
Speed = Annotated[float, typer.Option(help="Recorded seconds a second; 0: as fast as it goes.", min=0)]
Drain = Annotated[float, typer.Option(help="Wait at most this long for the last receipts [s].", min=0)]


class Recording(NamedTuple):
    """One file and how it is read."""

    path: Path
    layout: RecordedLayout


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(  # noqa: PLR0913 – each is an option of the command
    context: typer.Context,
    file: File,
    *,
    time: Time = "time",
    tz: Zone = "UTC",
    columns: Columns = None,
    fold: FoldRule = Fold.REFUSE,
    header: Header = True,
    site_file: SiteFile = None,
    open_data: Known = "",
    speed: Speed = 0.0,
    drain: Drain = 600.0,
    as_json: Json = False,
) -> None:
    """Publish recorded data over MQTT as a device would, and wait until all of it is safe in the database.

    Sending the same file again stores nothing twice: the same readings come back as duplicates.

    Example:  quaymeter replay meter.csv --time date --tz UTC+01:00 --map kwh=quay/meter/energy:kW.h --speed 3600

    Example:  quaymeter replay ../data/mv --open-data school
    """
    site = load_site(site_file or _site_file(open_data))
    if open_data:
        chosen = _open_data(open_data, file)
    else:
        mapped = tuple(_column(text, site) for text in columns or [])
        layout = RecordedLayout(time_column=time, tz=parse_tz(tz), columns=mapped, fold=fold, header=header)
        chosen = [Recording(file, _not_empty(layout))]
    settings = agent_settings(settings_of(context), site.id, REPLAY_USER)
    with (
        stopping() as stop,
        tempfile.TemporaryDirectory(prefix="quaymeter-replay-") as folder,
        closing(Buffer(Path(folder) / "buffer.sqlite", when_full=WhenFull.REFUSE)) as buffer,
        Agent(settings, buffer) as agent,
    ):
        _wait_for_broker(agent, stop)
        results = _send(agent, site, chosen, speed=speed, drain_s=drain, stop=stop)
    _finish(chosen, results, as_json=as_json)


def _site_file(open_data: str) -> Path:
    return default_site_file().with_name(OPEN_DATA_SITE) if open_data else default_site_file()


def _open_data(name: str, folder: Path) -> list[Recording]:
    """Return the files of a known recording below the folder of the collection."""
    if name != "all" and name not in OPEN_DATA:
        known = ", ".join([*OPEN_DATA, "all"])
        raise ConfigurationError(f'there is no recording "{name}"', place="--open-data", cure=f"one of {known}")
    groups = OPEN_DATA.values() if name == "all" else [OPEN_DATA[name]]
    chosen = [Recording(folder / one.path, one.layout) for group in groups for one in group]
    for recording in chosen:
        if not recording.path.is_file():
            raise ConfigurationError(
                f"{recording.path} is not there", place="--open-data", cure="give the collection's folder as FILE"
            )
    return chosen


def _not_empty(layout: RecordedLayout) -> RecordedLayout:
    if not layout.columns:
        raise ConfigurationError(
            "no column is mapped to a point", place="--map", cure="for example --map kwh=quay/meter/energy:kW.h"
        )
    return layout


def _column(text: str, site: Site) -> RecordedColumn:
    """Read `column=area/asset/point[:unit]`; without a unit the values are in the one that the point declares."""
    column, _, target = text.rpartition("=")
    point, _, unit = target.partition(":")
    if not column or point.count("/") != 2:
        raise ConfigurationError(
            f'"{text}" is not column=area/asset/point[:unit]',
            place="--map",
            cure="for example --map kwh=quay/meter/energy:kW.h",
        )
    declared = {one.key: one.unit for one in site.points}
    return RecordedColumn(column=column, point=point, unit=unit or declared.get(point, ""))


def _wait_for_broker(agent: Agent, stop: threading.Event) -> None:
    """Refuse to wait for ever for a broker that is not there, or that does not let us in."""
    end = time_now() + CONNECT_S
    while not agent.publisher.connected and not stop.is_set():
        if time_now() > end:
            raise BrokerError(
                f"no connection within {CONNECT_S:.0f} s",
                place=f"broker {agent.settings.host}:{agent.settings.port}",
                cure="start it, or mend QUAYMETER_BROKER_*; `quaymeter doctor` says what is wrong",
            )
        stop.wait(0.05)


def _send(
    agent: Agent, site: Site, chosen: list[Recording], *, speed: float, drain_s: float, stop: threading.Event
) -> list[ReplayProgress]:
    """Send one file after the other; ends early where somebody asks to stop."""
    results: list[ReplayProgress] = []
    with progress() as bar:
        for recording in chosen:
            if stop.is_set():
                break
            task = bar.add_task(recording.path.name, total=None, note="")
            player = Replay(site, agent, speed=speed, on_progress=_moving(bar, task))
            results.append(player.run(recording.path, recording.layout, stop=stop, drain_s=drain_s))
    return results


def _moving(bar: Progress, task: TaskID) -> Callable[[ReplayProgress], None]:
    """Return what moves a progress bar: how many of the readings read so far are safe."""

    def move(now: ReplayProgress) -> None:
        note = f"{now.readings} read, {now.settled} safe"
        bar.update(task, total=now.readings or None, completed=now.settled, note=note)

    return move


def _finish(chosen: list[Recording], results: list[ReplayProgress], *, as_json: bool) -> None:
    finished = len(results) == len(chosen) and all(result.finished for result in results)
    done = list(zip((recording.path for recording in chosen), results, strict=False))
    if as_json:
        show_json({"finished": finished, "files": [{"file": str(path), **asdict(result)} for path, result in done]})
    for path, result in done:
        say(
            f"{path.name}: {result.readings} readings in {result.packs} packs, {result.stored} stored, "
            f"{result.duplicate} seen before, {result.quarantined} refused, {result.missing} empty cells, "
            f"{result.seconds:.1f} s"
        )
    if not finished:
        say("not everything is safe; run it again: what is stored already is not stored twice")
    refused = any(result.quarantined for result in results)
    raise typer.Exit(ExitCode.OK if finished and not refused else ExitCode.NOT_IN_ORDER)
