"""`quaymeter savings report`: a run's bundle as a report for people, PDF or one page of HTML; needs no database."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quaymeter.cli.output import ExitCode, progress, say
from quaymeter.cli.verify import read_bundle
from telemetry.errors import ConfigurationError, TransferError

if TYPE_CHECKING:
    from reports.part import Restatement
    from savings.bundle import Bundle


class Language(StrEnum):
    """Languages of reports."""

    FR = "fr"
    EN = "en"


class Format(StrEnum):
    """What a report is written as."""

    PDF = "pdf"
    HTML = "html"


BundleFile = Annotated[Path, typer.Argument(help="A bundle of a savings run (.zip).", exists=True, dir_okay=False)]
Previous = Annotated[
    Path | None,
    typer.Option("--previous", help="Bundle of the run before: says what changed.", exists=True, dir_okay=False),
]
In = Annotated[Language, typer.Option("--language", help="Of the report.")]
As = Annotated[Format, typer.Option("--format", help="PDF for paper, HTML for screens; each is one file.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="File to write; if left out, beside the bundle.", dir_okay=False)
]


def report(
    bundle: BundleFile,
    *,
    previous: Previous = None,
    language: In = Language.FR,
    kind: As = Format.PDF,
    out: Out = None,
) -> None:
    """Write the report of a run: how much, how sure, by which method, from which data, what was left out and why.

    Exit 1 where the run gives no figure: the report says why, and what to do.

    Example:  quaymeter savings report floating-head.zip --language en --out floating-head.pdf
    """
    held = read_bundle(bundle)
    target = out or bundle.with_suffix(f".{language}.{kind}")
    with progress() as bar:
        task = bar.add_task(f"writing {target.name}", total=None, note="")
        made = _made(held, language, kind, _restatement(held, previous))
        bar.update(task, completed=1)
    try:
        target.write_bytes(made)
    except OSError as error:
        cure = "name a file that you may write"
        raise TransferError(f"cannot be written: {error.strerror}", place=str(target), cure=cure) from error
    say(f"written: {target}")
    if held.run.stopped:
        say("the run gives no figure; the report says why")
    raise typer.Exit(ExitCode.NOT_IN_ORDER if held.run.stopped else ExitCode.OK)


def _made(held: Bundle, language: str, kind: Format, restatement: Restatement | None) -> bytes:
    try:
        from reports.savings_report import savings_report_html, savings_report_pdf  # noqa: PLC0415 – an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"reports need the Python package {error.name!r}, which is not installed", place="quaymeter savings report",
            cure="install quaymeter with its extra: pip install 'quaymeter[reports]'",
        ) from error  # fmt: skip
    if kind is Format.PDF:
        return savings_report_pdf(held.given, held.run, language, restatement)
    return savings_report_html(held.given, held.run, language, restatement).encode()


def _restatement(held: Bundle, previous: Path | None) -> Restatement | None:
    """Return the run before with why the two differ; None where none is named."""
    if previous is None:
        return None
    from reports.part import Restatement as Restated  # noqa: PLC0415 – imports wait until they are needed
    from savings.restate import explain  # noqa: PLC0415
    from savings.run import compute  # noqa: PLC0415

    before = read_bundle(previous)
    if before.run.demonstrator != held.run.demonstrator:
        raise TransferError(
            f"it is a run of {before.run.demonstrator!r}, not of {held.run.demonstrator!r}", place=str(previous),
            cure="name an earlier bundle of the same demonstrator",
        )  # fmt: skip
    return Restated(
        previous=before.run,
        explanation=explain(0, (before.given, before.run), (held.given, held.run), compute),
    )
