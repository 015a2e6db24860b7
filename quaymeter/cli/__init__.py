"""The command line: `quaymeter --help`."""

from __future__ import annotations

import sys

from quaymeter.cli.application import build_app


def main() -> None:
    """Run the command that the process was started with."""
    arguments = sys.argv[1:]
    build_app(arguments)(arguments, prog_name="quaymeter")
