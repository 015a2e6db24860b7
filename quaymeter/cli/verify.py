"""`quaymeter savings verify`: recompute a bundle and hold every number against it; needs no database."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as Grid

from quaymeter.cli.context import Json  # noqa: TC001 – typer reads annotations when it runs
from quaymeter.cli.output import ExitCode, progress, say, show_json, stdout
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from savings.bundle import Bundle
    from savings.verification import Verification

MOST_SHOWN = 20  # differences


def read_bundle(path: Path) -> Bundle:
    """Return what a bundle file holds.

    Raises
    ------
    TransferError
        Where it cannot be read, is no bundle or was changed.
    """
    from savings.bundle import unpack  # noqa: PLC0415 – imports wait until they are needed

    try:
        data = path.read_bytes()
    except OSError as error:
        raise TransferError(f"cannot be read: {error.strerror}", place=str(path), cure="name a bundle") from error
    return unpack(data, place=str(path))


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle of a savings run (.zip).", exists=True, dir_okay=False)],
    *,
    as_json: Json = False,
) -> None:
    """Check the hashes of a bundle, recompute its run from its input, and compare every number.

    Exit 1 where a number differs, 5 where the file is no bundle or was changed.

    Example:  quaymeter savings verify floating-head.zip
    """
    from savings.verification import verify as recompute  # noqa: PLC0415 – imports wait until they are needed

    held = read_bundle(bundle)
    with progress() as bar:
        task = bar.add_task("recomputing", total=len(held.given.meters), note="")

        def begun(meter: str) -> None:
            bar.update(task, note=meter, advance=0)

        found = recompute(held, progress=begun)
        bar.update(task, completed=len(held.given.meters))
    if as_json:
        show_json(_document(held, found))
    else:
        _tell(held, found)
    raise typer.Exit(ExitCode.OK if found.agrees else ExitCode.NOT_IN_ORDER)


def _document(held: Bundle, found: Verification) -> dict[str, object]:
    return {
        "demonstrator": held.run.demonstrator, "site": held.run.site, "known_at": held.run.known_at.isoformat(),
        "agrees": found.agrees, "numbers": found.numbers, "identical": found.identical,
        "largest_difference": found.largest, "input_hash": found.input_hash,
        "differences": [each._asdict() for each in found.differences],
        "versions": {name: {"run": there, "here": here} for name, (there, here) in found.versions.items()},
    }  # fmt: skip


def _tell(held: Bundle, found: Verification) -> None:
    run = held.run
    say(f"{run.demonstrator} of {run.site}, {run.reporting_from} to {run.reporting_to}, as known at {run.known_at}")
    for name, (there, here) in found.versions.items():
        say(f"{name} is {here} here, the run was made with {there}")
    if found.differences:
        grid = Grid(box=None)
        for heading in ("where", "bundle", "recomputed"):
            grid.add_column(heading, overflow="fold")
        for each in found.differences[:MOST_SHOWN]:
            grid.add_row(each.where.replace("[", r"\["), str(each.said), str(each.found))
        stdout().print(grid)
        stdout().print(f"DIFFERS: {len(found.differences)} of {found.numbers} numbers and texts")
        return
    for meter in run.meters:
        if meter.saving is not None:
            low, high = meter.saving.low, meter.saving.high
            stdout().print(f"{meter.meter}: {meter.saving.value!r} {meter.unit} ({low!r} to {high!r})")
        else:
            stdout().print(f"{meter.meter}: no figure, as in the bundle")
    exact = f"{found.identical} of {found.numbers} numbers bit for bit"
    rest = "" if found.identical == found.numbers else f", the others to {found.largest:.0e} of their size"
    stdout().print(f"agrees: {exact}{rest}")
    stdout().print(f"input sha256 {found.input_hash}")
