"""A report as it is laid out: sections of blocks, every word and number in the reader's language.

What is said is decided here once; the page and the PDF only set it (`reports.html`, `reports.pdf`). Text is plain:
neither markup nor escapes.
"""

from __future__ import annotations

import msgspec


class _Block(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """What all blocks are: frozen, and told apart by `type` where a template reads them."""


class Heading(_Block, frozen=True):
    """A heading below the section's own, such as the name of a figure."""

    text: str
    level: int = 2  # 2 below the section, 3 below that


class Paragraph(_Block, frozen=True):
    """A sentence or two."""

    text: str
    style: str = "plain"  # plain, lead, note, good, open or bad: the last three judge


class Items(_Block, frozen=True):
    """Sentences one below the other."""

    texts: tuple[str, ...]


class Facts(_Block, frozen=True):
    """Names and what they are."""

    rows: tuple[tuple[str, str], ...]


class Grid(_Block, frozen=True):
    """A table; every row has a cell for each heading."""

    caption: str
    headings: tuple[str, ...]
    align: str  # a letter for each column: l or r
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()  # a last row, set apart
    note: str = ""


class Card(_Block, frozen=True):
    """One of the numbers that a reader looks for first."""

    label: str
    value: str
    interval: str
    note: str = ""


class Cards(_Block, frozen=True):
    """Numbers side by side."""

    cards: tuple[Card, ...]


class Picture(_Block, frozen=True):
    """A drawing as SVG, for paper and for a phone's width."""

    caption: str
    alt: str
    wide: str
    narrow: str


class Notice(_Block, frozen=True):
    """A finding in the reader's language; of a run that kept no templates, its own words in English below the title."""

    severity: str
    severity_word: str
    title: str
    message: str
    cure: str
    days: str
    foreign: bool  # message and cure are not in the reader's language


class Notices(_Block, frozen=True):
    """Findings one below the other."""

    notices: tuple[Notice, ...]
    note: str = ""


class Formula(_Block, frozen=True):
    """An equation, one term a line, with what its names stand for."""

    lines: tuple[str, ...]


class Signatures(_Block, frozen=True):
    """Lines to sign on: who, in which role."""

    roles: tuple[str, ...]
    columns: tuple[str, ...]


Block = Heading | Paragraph | Items | Facts | Grid | Cards | Picture | Notices | Formula | Signatures


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered part of the report."""

    number: int
    title: str
    blocks: tuple[Block, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report."""

    language: str
    kind: str  # "Savings report"
    title: str
    subtitle: str
    simulated: str  # what a reader of simulated data must be told; "" where they were measured
    facts: tuple[tuple[str, str], ...]  # of the cover
    contents: str  # heading of the table of contents
    foreign: str  # mark beside text that is not in the reader's language
    page_of: str  # "Page {page} of {pages}" with these two places
    footer: str
    sections: tuple[Section, ...]


def blocks_of(report: Report) -> list[Block]:
    """Return every block of a report in order."""
    return [block for section in report.sections for block in section.blocks]
