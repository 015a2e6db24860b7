"""One language's words, and its way of writing numbers and times."""

from __future__ import annotations

import gettext
import re
from functools import cache
from typing import TYPE_CHECKING

from babel import Locale, dates, numbers

from locales import DIRECTORY, DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo


def noted(message: str) -> str:
    """Mark a sentence for the catalogues where it is defined; it is translated where it is shown."""
    return message


TOO_LONG = 1e15  # babel ends at 28 digits, and a reader before
# A European port: English with days before months and a clock of 24 hours.
REGIONS = {"fr": "fr_FR", "en": "en_GB"}


class Words:
    """One language's words, numbers and times."""

    def __init__(self, language: str, domain: str = DOMAIN) -> None:
        self.language = language
        self.locale = Locale.parse(REGIONS[language])
        self.catalogue = gettext.translation(domain, DIRECTORY, languages=[language])

    def __call__(self, message: str, **figures: object) -> str:
        """Return the message in this language, with named figures filled in."""
        text = self.catalogue.gettext(message)
        return text % figures if figures else text

    def template(self, one: str, many: str, n: int) -> str:
        """Return the translation of a template with named places, of its form for n where there are two.

        Raises
        ------
        KeyError
            If it was never translated. English is the language of templates.
        """
        text = self.catalogue.ngettext(one, many, n) if many else self.catalogue.gettext(one)
        if text in {one, many} and self.language != "en":
            raise KeyError(one)
        return text

    def plural(self, one: str, many: str, n: int) -> str:
        """Return the form for n, with `%(n)s` written as this language writes whole numbers."""
        return self.catalogue.ngettext(one, many, n) % {"n": self.number(n, 0)}

    def named(self, names: Mapping[str, str], otherwise: str) -> str:
        """Return the name of a thing of the site in this language, or in any, or its key."""
        return names.get(self.language) or next(iter(names.values()), "") or otherwise

    def number(self, value: float, decimals: int) -> str:
        """Return a number with fixed decimals: 1 234,5 in French, 1,234.5 in English, 1.2E15 where it is endless."""
        if abs(value) >= TOO_LONG:
            large: str = numbers.format_scientific(value, format="0.###E0", locale=self.locale)
            return large
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        text: str = numbers.format_decimal(value, format=pattern, locale=self.locale)
        return text.removeprefix("-") if not any(figure in text for figure in "123456789") else text

    def time(self, moment: datetime, zone: tzinfo, *, style: str = "medium") -> str:
        """Return date and time of day in the site's zone."""
        text: str = dates.format_datetime(moment, format=style, tzinfo=zone, locale=self.locale)
        return self.first(text)

    def day(self, moment: datetime) -> str:
        """Return day and month, short: 21 nov., Nov 21."""
        text: str = dates.format_skeleton("MMMd", moment, tzinfo=moment.tzinfo, locale=self.locale)
        return self.first(text)

    def month(self, moment: datetime) -> str:
        """Return month and year, short: nov. 2026, Nov 2026."""
        text: str = dates.format_skeleton("yMMM", moment, tzinfo=moment.tzinfo, locale=self.locale)
        return text

    def date(self, day: date) -> str:
        """Return a date: 1 mars 2027, Mar 1, 2027."""
        text: str = dates.format_date(day, locale=self.locale)
        return self.first(text)

    def first(self, text: str) -> str:
        """Return a written date in which French calls the first of a month so: 1er nov."""
        return re.sub(r"(?<!\d)1 (?=[^\W\d])", "1er ", text) if self.language == "fr" else text

    def clock(self, moment: datetime, zone: tzinfo) -> str:
        """Return the time of day with seconds in the site's zone."""
        return moment.astimezone(zone).strftime("%H:%M:%S")


@cache
def words(language: str, domain: str = DOMAIN) -> Words:
    """Return the words of a language, read once."""
    return Words(language, domain)
