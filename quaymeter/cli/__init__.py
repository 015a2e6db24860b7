"""The command line: `quaymeter --help`."""

from __future__ import annotations

import os
import sys

from quaymeter.cli.application import build_app


def main() -> None:
    """Run the command that the process was started with."""
    # Before numpy is imported. Fits are of hundreds of rows: a second thread brings nothing, and on cores that have
    # other work it makes them two to four times slower (docs/decisions.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = sys.argv[1:]
    build_app(arguments)(arguments, prog_name="quaymeter")
