"""What a run says, in the reader's words: the template in the reader's language, filled in with the reader's numbers.

A sentence that cannot be said so – of an older run, which kept no parts, or of a newer one – is shown as it stands.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

from reports.equation import parameter_name
from reports.figures import NARROW, NONE, day, number, percent, rounded, shown, with_unit
from reports.suggestions import evidence_words, title_words
from savings.wording import Wording, separator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from locales.words import Words
    from reports.part import Part

_NUMBER = re.compile(r"\.?(?P<figures>\d*)(?P<form>[gf%]?)")


def sentence(part: Part, wording: Wording | None, say: Words) -> str:
    """Return a sentence in the reader's language; "" where it cannot be said in it."""
    if wording is None:
        return ""
    try:
        return _Told(part, say).told(wording)
    except (KeyError, ValueError):  # not translated, or no template of this version
        return ""


class _Told(string.Formatter):
    """Fills templates in, every value as its kind is written for this reader (`savings.wording`)."""

    def __init__(self, part: Part, say: Words) -> None:
        self._part, self._say = part, say

    def told(self, wording: Wording) -> str:
        """Return a sentence; KeyError where there is no translation or a value is missing."""
        count = wording.values.get("count")
        template = self._say.template(wording.template, wording.plural, count if isinstance(count, int) else 1)
        return self.vformat(template, (), wording.values)

    def get_field(
        self,
        field_name: str,
        args: Sequence[object],  # noqa: ARG002 – of string.Formatter; templates name their places
        kwargs: Mapping[str, object],
    ) -> tuple[object, str]:
        """Return a value by its name: attributes and items of values are nobody's affair."""
        return kwargs[field_name], field_name

    def format_field(self, value: object, format_spec: str) -> str:
        """Return a value as the reader writes it."""
        if isinstance(value, tuple):
            between = separator(value).replace(";", f"{NARROW};" if self._say.language == "fr" else ";")
            return between.join(self.format_field(each, format_spec) for each in value)
        if isinstance(value, Wording):
            return self.told(value)
        if isinstance(value, str):
            return self._text(value, format_spec)
        return self._number(value, format_spec) if isinstance(value, int | float) else NONE

    def _text(self, value: str, kind: str) -> str:
        say = self._say
        if kind == "name":
            return parameter_name(value, self._part, say)
        if kind == "day":
            return day(say, value)
        if kind == "unit":
            return with_unit("", shown(say, value))
        if kind == "title":
            return title_words(value, say)
        return evidence_words(value, say) if kind == "evidence" else value

    def _number(self, value: float, spec: str) -> str:
        found = _NUMBER.fullmatch(spec)
        if found is None:
            raise ValueError(spec)
        figures = int(found["figures"] or 6)
        if found["form"] == "%":
            return percent(self._say, value, figures)
        if found["form"] == "f":
            return number(self._say, value, figures)
        return number(self._say, value, 0) if isinstance(value, int) else rounded(self._say, value, figures)
