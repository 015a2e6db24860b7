"""What several sections are made of: headings of figures, pictures, lists of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.charts.canvas import NARROW, WIDE
from reports.document import Heading, Picture
from reports.figures import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from locales.words import Words
    from reports.document import Block
    from reports.part import Material, Part

VERSIONS = {"methods": noted("methods")}  # of a run, those that are no program's name


def heading(material: Material, part: Part) -> Iterator[Heading]:
    """Yield the name of a figure, where there are several to tell apart."""
    if material.several:
        yield Heading(text=material.say.named(part.run.name, part.run.meter))


def subheading(material: Material, text: str) -> Heading:
    """Return a heading below a figure's name, or below the section where figures have no headings: none is skipped."""
    return Heading(text=text, level=3 if material.several else 2)


def picture(draw: Callable[[float], str], *, caption: str, alt: str) -> Iterator[Block]:
    """Yield a drawing at both widths; nothing where there is nothing to draw."""
    wide = draw(WIDE)
    if wide:
        yield Picture(caption=caption, alt=alt, wide=wide, narrow=draw(NARROW))


def named(say: Words, names: Mapping[str, str]) -> str:
    """Return a thing's name, a dash where it has none."""
    return say.named(names, NONE)


def versions_in_words(say: Words, versions: Mapping[str, str]) -> str:
    """Return versions by the names of what they count."""
    return ", ".join(f"{say(VERSIONS[name]) if name in VERSIONS else name} {text}" for name, text in versions.items())


def known(text: str) -> str:
    """Return a text, a dash where it is empty."""
    return text or NONE
