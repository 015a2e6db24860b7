"""Sentences that can be said again in another language: a template, and the values that fill it.

The template is the key of its translation; the English sentence is the template filled in. How a value is written is
its reader's affair, so behind the colon of a place stands of what kind it is:

    {count} {low:.4g} {share:.0%}      numbers, as Python writes them in English
    {driver:name} {points:name}        keys of drivers, points or parameters, which have names for people
    {day:day}                          a local day (ISO)
    {low:.4g}{unit:unit}               a unit (UCUM) with the space before it; nothing where there is none
    {title:title} {evidence:evidence}  what the machine, or a person, wrote of an event
    {source}                           text as it stands, or another sentence
"""

from __future__ import annotations

import math
import string

import msgspec
import numpy as np


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What a sentence is made of, as a run keeps it."""

    template: str
    values: dict[str, int | float | str | Wording | tuple[str | Wording, ...] | None]  # None: a number that is none
    plural: str = ""  # the template where the value `count` is not 1; "" where no count decides


class Sentence(str):
    """An English sentence that knows what it is made of."""

    __slots__ = ("wording",)
    wording: Wording | None

    def __new__(cls, text: str, wording: Wording | None = None) -> Sentence:  # noqa: PYI034 – Self hides what a copy needs
        """Keep the text as the string itself; a copy is made of the text alone, and is given its wording after."""
        self = super().__new__(cls, text)
        self.wording = wording
        return self


def said(template: str, /, **values: object) -> Sentence:
    """Return a template filled in with its values.

    >>> said("{driver:name} has one value, {value:.4g}{unit:unit}.", driver="air", value=20.0, unit="Cel")
    'air has one value, 20 Cel.'
    """
    return _sentence(template, template, "", values)


def counted(one: str, many: str, /, *, count: int, **values: object) -> Sentence:
    """Return the template for one, or that for any other count, filled in.

    >>> counted("{count} gap", "{count} gaps", count=2)
    '2 gaps'
    """
    return _sentence(one if count == 1 else many, one, many, {"count": count, **values})


def wording_of(text: str) -> Wording | None:
    """Return what a sentence is made of; None of a text that was never a template."""
    return text.wording if isinstance(text, Sentence) else None


class _English(string.Formatter):
    """Writes the sentence that a run keeps beside its parts: keys, units and days as machines know them."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, tuple):
            return separator(value).join(str(each) for each in value)
        if isinstance(value, str):
            return f" {value}" if value and format_spec == "unit" else str(value)
        return format(value, format_spec)


def separator(values: tuple[object, ...]) -> str:
    """Return what stands between the parts of a list: commas between names, semicolons between sentences."""
    return "; " if any(isinstance(each, Sentence | Wording) for each in values) else ", "


def _sentence(chosen: str, template: str, plural: str, values: dict[str, object]) -> Sentence:
    text = _English().vformat(chosen, (), values)
    kept = {name: _kept(value) for name, value in values.items()}
    return Sentence(text, msgspec.convert({"template": template, "plural": plural, "values": kept}, Wording))


def _kept(value: object) -> object:
    """Return a value as JSON holds it."""
    if isinstance(value, tuple):
        return tuple(_kept(each) for each in value)
    if isinstance(value, str):
        return wording_of(value) or str(value)
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
