"""A report as one page of HTML that needs nothing else: no script, no font, no address; it prints, and fits a phone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from jinja2 import Template

    from reports.document import Picture, Report

TEMPLATES = Path(__file__).parent / "templates"


def page(report: Report) -> str:
    """Return a document as HTML."""
    return _template().render(report=report, style=Markup(_style()), drawing=_drawing)  # noqa: S704 – our own file


def _drawing(picture: Picture, width: str) -> Markup:
    """Return one width of a picture as an image with its words for those who cannot see it."""
    svg = picture.wide if width == "wide" else picture.narrow
    opening = Markup('<svg class="{}" role="img" aria-label="{}"').format(width, picture.alt)  # format escapes
    return opening + Markup(svg.removeprefix("<svg"))  # noqa: S704 – drawn by reports.charts, which escapes its words


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html")


@cache
def _style() -> str:
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")
