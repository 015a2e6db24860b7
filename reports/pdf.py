"""A report on paper: its document set by typst, in process, with the fonts of two packages and no network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import typst

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from reports.document import Report

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
STANDARD: Final = "ua-1"  # tagged, with the language and the words of every drawing: screen readers can read it
_FONTS = "font_source_sans_pro"


def pdf(report: Report, at: datetime) -> bytes:
    """Return a document as PDF; `at` is written into it as its time, so that the same document gives the same bytes."""
    return typst.compile(
        str(TEMPLATE),
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
        sys_inputs={"report": msgspec.json.encode(report).decode()},
        pdf_standards=STANDARD,
        timestamp=at.replace(microsecond=0),  # a PDF knows whole seconds
    )


def font_folder() -> Path:
    """Return the folder of the text face.

    Raises
    ------
    ConfigurationError
        If its package is not installed.
    """
    found = find_spec(_FONTS)
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(
            "the fonts of reports are not installed", place="reports", cure="pip install 'quaymeter[reports]'"
        )
    return Path(found.submodule_search_locations[0]) / "files"
