"""What the command line writes: results to stdout, progress and explanations to stderr, exit codes by cause."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from telemetry.errors import (
    BrokerError,
    ConfigurationError,
    QuaymeterError,
    SiteFileError,
    StorageError,
    TransferError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table


class ExitCode(IntEnum):
    """What a script may read from the exit of `quaymeter`."""

    OK = 0
    NOT_IN_ORDER = 1  # done, but what was looked at is not in order: mistakes, findings, a ledger that does not balance
    USAGE = 2  # the command line itself is wrong
    CONFIGURATION = 3  # a setting is missing or wrong, or a part is not installed
    UNREACHABLE = 4  # database or broker cannot be reached, or refused
    FILE = 5  # a file cannot be read, written or understood
    INTERRUPTED = 130


_BY_CAUSE: tuple[tuple[type[QuaymeterError], ExitCode], ...] = (
    (SiteFileError, ExitCode.NOT_IN_ORDER),
    (ConfigurationError, ExitCode.CONFIGURATION),
    (StorageError, ExitCode.UNREACHABLE),
    (BrokerError, ExitCode.UNREACHABLE),
    (TransferError, ExitCode.FILE),
)


def exit_code(error: QuaymeterError) -> ExitCode:
    """Return the exit code that goes with an error."""
    return next((code for kind, code in _BY_CAUSE if isinstance(error, kind)), ExitCode.NOT_IN_ORDER)


def make_folder(folder: Path, option: str) -> None:
    """Make a folder that an option names, with those above it.

    Raises
    ------
    TransferError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TransferError(
            f"{folder} cannot be made: {error.strerror}", place=option, cure="name a folder that you may write"
        ) from error


def stdout() -> Console:
    """Return a console on stdout, for results."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def stderr() -> Console:
    """Return a console on stderr, for progress, hints and errors."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Write a line for a person to stderr."""
    stderr().print(text, markup=False)


def show_json(document: object) -> None:
    """Write one JSON document to stdout, one line, nothing else."""
    sys.stdout.write(json.dumps(document, default=str, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def show_table(table: Table) -> None:
    """Write a table to stdout."""
    Console(file=sys.stdout, highlight=False).print(table)


def show_error(error: QuaymeterError) -> None:
    """Write an error in red with its cure to stderr."""
    if isinstance(error, SiteFileError):
        for mistake in error.mistakes:
            say(str(mistake))
        say(f"{len(error.mistakes)} mistake(s)")
        return
    place = f"{error.place}: " if error.place else ""
    stderr().print("error: ", style="bold red", end="")
    say(f"{place}{error.cause}")
    if error.cure:
        say(f"  cure: {error.cure}")


def progress() -> Progress:
    """Return a progress bar on stderr; it leaves no trace where stderr is no terminal."""
    console = stderr()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
