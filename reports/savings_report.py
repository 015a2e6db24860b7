"""The savings report: PDF and page from the records of a run, and from nothing else. No clock, no file, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.compose import compose
from reports.page import page
from reports.pdf import pdf

if TYPE_CHECKING:
    from reports.part import Restatement
    from savings.input_record import RunInput
    from savings.record import Run


def savings_report_pdf(given: RunInput, run: Run, language: str, restatement: Restatement | None = None) -> bytes:
    """Return the report of a run as PDF; the same records give the same bytes.

    Parameters
    ----------
    given, run
        The input of a run and the run itself.
    language
        "fr" or "en".
    restatement
        The run before this one and why the two differ.

    Raises
    ------
    KeyError
        If the language is neither.
    ConfigurationError
        If the fonts are not installed.
    """
    return pdf(compose(given, run, language, restatement), run.known_at)


def savings_report_html(given: RunInput, run: Run, language: str, restatement: Restatement | None = None) -> str:
    """Return the report of a run as one HTML page that needs nothing else; parameters as for the PDF."""
    return page(compose(given, run, language, restatement))
