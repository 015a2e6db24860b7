"""`quaymeter doctor`: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from quaymeter.cli.context import Json, Session
from quaymeter.cli.output import ExitCode, say, show_json, stdout
from quaymeter.doctor.examination import examine
from quaymeter.doctor.finding import Finding, State

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(context: typer.Context, *, as_json: Json = False) -> None:
    """Look at machine, settings, database, site, broker and processes: state, cause and cure of each.

    Changes nothing. Exit 1 where something does not work; a warning alone is exit 0.

    Example:  quaymeter --env-file var/demo/settings.env doctor
    """
    session = context.find_object(Session)
    console = stdout()
    found = []
    for finding in examine(session.environ if session else os.environ):
        found.append(finding)
        if not as_json:
            _show(console, finding)
    counts = Counter(finding.state for finding in found)
    healthy = counts[State.FAIL] == 0
    if as_json:
        figures = {str(state): counts[state] for state in State}
        show_json({"healthy": healthy, "counts": figures, "findings": [finding.document() for finding in found]})
    else:
        say(", ".join(f"{counts[state]} {state}" for state in State))
    raise typer.Exit(ExitCode.OK if healthy else ExitCode.NOT_IN_ORDER)


def _show(console: Console, finding: Finding) -> None:
    console.print(Text(f"{finding.state:<5}", style=STYLES[finding.state]), end="")
    console.print(f"{finding.check}: {finding.cause}", markup=False)
    if finding.cure:
        console.print(f"       cure: {finding.cure}", markup=False)
