"""The commands of `quaymeter`, each group in a module of its own that is imported when it is asked for.

A gateway does not pay for the API's imports, and an image without the API still shows its help.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path  # noqa: TC003 – typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from quaymeter.cli.context import Session, read_settings_file
from quaymeter.cli.output import ExitCode, exit_code, say, show_error
from telemetry.errors import ConfigurationError, QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Sequence

# command → module that registers it; the order is the order of the help
COMMANDS = {
    "demo": "demo",
    "gateway": "gateway",
    "worker": "worker",
    "api": "api",
    "replay": "replay",
    "simulate": "simulate",
    "truth": "truth",
    "savings": "savings",
    "demonstrators": "demonstrators",
    "site": "site",
    "quarantine": "quarantine",
    "import": "transfer",
    "export": "transfer",
    "correct": "correct",
    "db": "db",
    "doctor": "doctor",
    "part": "part",
}

HELP = """Shows, with numbers that survive an audit, what a port's utilities do and what each improvement saves.

Settings come from QUAYMETER_* variables, or for secrets from files named by QUAYMETER_*_FILE; docs/install.md lists \
them.

Exit codes: 0 in order, 1 done but something is not in order, 2 wrong use, 3 configuration, 4 database or broker out \
of reach, 5 file, 130 interrupted.

A port on this machine, nothing else needed:  quaymeter demo

What is wrong with this installation, and how to mend it:  quaymeter doctor
"""


class ExplainingGroup(TyperGroup):
    """Turns errors meant for a person into two lines and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 – typer keeps its context's type private
        """Run the command; see `ExitCode`."""
        try:
            return super().invoke(ctx)
        except QuaymeterError as error:
            show_error(error)
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt:
            say("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our output left (`quaymeter export … | head`): that is no error of ours.
            raise typer.Exit(ExitCode.OK) from None


def build_app(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the application with the command named first in the arguments, or with all commands."""
    app = typer.Typer(
        cls=ExplainingGroup, help=HELP, no_args_is_help=True, add_completion=True, pretty_exceptions_show_locals=False
    )
    # A callback keeps the application a group even when a single command is registered.
    app.callback()(_root)
    asked = _asked(arguments)
    names = [COMMANDS[asked]] if asked in COMMANDS else list(dict.fromkeys(COMMANDS.values()))
    for name in names:
        _register(app, name, needed=len(names) == 1)
    return app


def _root(
    context: typer.Context,
    env_file: Annotated[
        Path | None,
        typer.Option(help="Read QUAYMETER_* settings from this file too; the demo writes var/demo/settings.env."),
    ] = None,
) -> None:
    """Collect the settings' sources; the environment wins over the file."""
    from_file = read_settings_file(env_file) if env_file else {}
    context.obj = Session(environ={**from_file, **os.environ})


def _asked(arguments: Sequence[str]) -> str:
    """Return the command in the arguments, "" where there is none."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--env-file" and rest:
            rest.pop(0)
    return rest[0] if rest else ""


def _register(app: typer.Typer, module: str, *, needed: bool) -> None:
    """Let a module add its commands; a part that is not installed only matters when it is asked for."""
    try:
        import_module(f"quaymeter.cli.{module}").register(app)
    except ModuleNotFoundError as error:
        if find_spec((error.name or "").partition(".")[0]) is not None:
            raise  # a part of a package that is here: not an installation's fault
        if not needed:
            return
        show_error(
            ConfigurationError(
                f"this command needs the Python package {error.name!r}, which is not installed",
                place=f"quaymeter {module}",
                cure="install quaymeter with its extra, for example: pip install 'quaymeter[api,demo]'",
            )
        )
        raise SystemExit(ExitCode.CONFIGURATION) from error
