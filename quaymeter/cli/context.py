"""What every command needs first: the settings, from the environment and a settings file."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quaymeter import logs
from quaymeter.settings import Settings
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SITE_FILE = Path("sites/capecure.toml")

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout, for programs.")]
Lifeline = Annotated[bool, typer.Option("--lifeline", hidden=True, help="Stop when stdin closes.")]


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the command line was started with, before any command."""

    environ: Mapping[str, str] = field(default_factory=dict)


def settings_of(context: typer.Context, **options: object) -> Settings:
    """Return the settings of this process; options of the command win over the environment."""
    session = context.find_object(Session)
    return Settings.load(session.environ if session else os.environ, **options)


def service_settings(context: typer.Context, **options: object) -> Settings:
    """Return the settings of a long-running process and configure its logging by them."""
    settings = settings_of(context, **options)
    logs.configure(settings.log_level, settings.log_format)
    return settings


def read_settings_file(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines; `#` begins a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", place=str(path), cure="is the demo running, and the path right?"
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigurationError("is not NAME=value", place=f"{path}:{number}", cure="write one setting a line")
        found[name.strip()] = value.strip()
    return found


def default_site_file() -> Path:
    """Return the site file that comes with quaymeter, from the working directory or from beside the package."""
    beside = Path(__file__).resolve().parents[2] / DEFAULT_SITE_FILE
    for path in (DEFAULT_SITE_FILE, beside):
        if path.is_file():
            return path
    raise ConfigurationError("no site file is here", place=str(DEFAULT_SITE_FILE), cure="name one with --site-file")


def user_name() -> str:
    """Return who runs this, for the audit log; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
