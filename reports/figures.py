"""Numbers as a reader of the report wants them: to the figures that their interval bears, in the reader's language."""

from __future__ import annotations

import math
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
from babel import dates, numbers

from locales.words import TOO_LONG, noted
from telemetry.symbols import SYMBOLS, symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from locales.words import Words
    from savings.record import Figure

NONE = "–"
NARROW = "\u202f"  # between a number and its unit, never broken
MINUS = "\u2212"
# Units that have words: tonnes of a footprint say of what they are, which UCUM lets braces do; things that are counted.
WORDS = {"t{CO2e}": noted("t CO₂e"), "kg{CO2e}": noted("kg CO₂e"), "{pallet}": noted("pallet")}


def number(say: Words, value: float | None, decimals: int) -> str:
    """Return a number with fixed decimals, with tens and hundreds rounded off where decimals are negative.

    An en dash stands for what is missing.
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = say.number(round(value, decimals), max(decimals, 0))
    return text.replace("-", MINUS)


def significant(value: float, figures: int = 4) -> int:
    """Return the decimals that show a value to so many figures.

    >>> significant(9972.83), significant(0.012346), significant(123456.0)
    (0, 5, -2)
    """
    if not math.isfinite(value) or value == 0:
        return 0
    return figures - 1 - math.floor(math.log10(abs(value)))


def plain(say: Words, value: float | None, figures: int = 4) -> str:
    """Return a number to so many figures; whole numbers keep all of theirs."""
    if value is None or not math.isfinite(value):
        return NONE
    return number(say, value, min(max(significant(value, figures), 0), 6))


def rounded(say: Words, value: float, figures: int) -> str:
    """Return a number to so many figures at most, without zeros at its end; whole numbers keep all of theirs."""
    if not math.isfinite(value):
        return NONE
    places = min(max(significant(value, figures), 0), 6)
    return number(say, value, len(f"{value:.{places}f}".partition(".")[2].rstrip("0")))


def stated(say: Words, value: float) -> str:
    """Return a number that somebody stated with the decimals that it was stated with, six figures at most."""
    _, _, fraction = f"{value:.6g}".partition(".")
    return number(say, value, len(fraction) if "e" not in fraction else 6)


def with_unit(text: str, unit: str) -> str:
    """Join a number and a unit without a break."""
    return f"{text}{NARROW}{unit}" if unit and text != NONE else text


def shown(say: Words, unit: str) -> str:
    """Return a unit, or a quotient of units, as people write it.

    A slope's unit is one by that of its driver, which may be a quotient itself: kW.h/kJ/kg is kWh/(kJ/kg).
    """
    if unit in SYMBOLS:
        return symbol(unit)
    above, *below = (say(WORDS[part]) if part in WORDS else symbol(part) for part in unit.split("/"))
    under = "/".join(part for part in below if part)
    return "/".join(part for part in (above, f"({under})" if "/" in under else under) if part)


def footprint(figure: Figure | None) -> Figure | None:
    """Return a figure of emissions [t] that says of what it is, in kilograms where it is below a tonne."""
    if figure is None:
        return None
    times, unit = (1.0, "t{CO2e}") if abs(figure.value) >= 1 else (1000.0, "kg{CO2e}")
    low, high, error = (
        None if end is None else times * end for end in (figure.low, figure.high, figure.standard_error)
    )
    return msgspec.structs.replace(
        figure, value=times * figure.value, low=low, high=high, standard_error=error, unit=unit
    )


def decimals_of(figure: Figure) -> int:
    """Return the decimals that an interval bears: its half width to two figures, percents to one decimal.

    A figure without an interval is shown to four figures.
    """
    if figure.low is None or figure.high is None or figure.high <= figure.low:
        return significant(figure.value)
    places = significant((figure.high - figure.low) / 2, 2)
    return min(places, 1) if figure.unit == "%" else places


def value_of(say: Words, figure: Figure | None, *, decimals: int | None = None) -> str:
    """Return a figure's value with its unit: kWh, €, %, t CO₂e."""
    if figure is None:
        return NONE
    places = decimals_of(figure) if decimals is None else decimals
    return amount(say, figure.value, figure.unit, places)


def amount(say: Words, value: float | None, unit: str, decimals: int) -> str:
    """Return a number with its unit, percent and money as the language writes them."""
    if value is None or not math.isfinite(value):
        return NONE
    if unit == "%":
        return percent(say, value / 100, decimals)
    if unit == "EUR":
        return money(say, value, decimals)
    return with_unit(number(say, value, decimals), shown(say, unit))


def interval_of(say: Words, figure: Figure | None, *, decimals: int | None = None) -> str:
    """Return an interval in words: from … to …."""
    if figure is None or figure.low is None or figure.high is None:
        return NONE
    places = decimals_of(figure) if decimals is None else decimals
    ends = {
        "low": number(say, figure.low, places) if _shares_unit(figure) else amount(say, figure.low, figure.unit, places)
    }
    return say("from %(low)s to %(high)s", high=amount(say, figure.high, figure.unit, places), **ends)


def full(say: Words, figure: Figure | None) -> str:
    """Return value and interval on one line."""
    if figure is None:
        return NONE
    if figure.low is None:
        return value_of(say, figure)
    return say("%(value)s (%(interval)s)", value=value_of(say, figure), interval=interval_of(say, figure))


def percent(say: Words, share: float | None, decimals: int) -> str:
    """Return a share in percent: 8,4 % in French, 8.4% in English."""
    if share is None or not math.isfinite(share):
        return NONE
    gap = NARROW if say.language == "fr" else ""
    return f"{number(say, 100 * share, max(decimals, 0))}{gap}%"


def money(say: Words, value: float, decimals: int) -> str:
    """Return euros: 1 234 € in French, €1,234 in English."""
    if abs(value) >= TOO_LONG:
        return with_unit(number(say, value, decimals), "€")
    pattern = "#,##0" + ("." + "0" * decimals if decimals > 0 else "")
    pattern = f"{pattern}{NARROW}¤" if say.language == "fr" else f"¤{pattern}"
    text: str = numbers.format_currency(
        round(value, decimals) + 0.0, "EUR", format=pattern, locale=say.locale, currency_digits=False
    )
    return text.replace("-", MINUS)


def day(say: Words, moment: date | str) -> str:
    """Return a date in words."""
    return say.date(date.fromisoformat(moment[:10]) if isinstance(moment, str) else moment)


def days_between(say: Words, first: date | str, last: date | str) -> str:
    """Return a stretch of days as short as the language writes it: 4–6 Dec 2026; one day as one."""
    one, other = (date.fromisoformat(end[:10]) if isinstance(end, str) else end for end in (first, last))
    if one == other:
        return day(say, one)
    words: str = dates.format_interval(one, other, "yMMMd", locale=say.locale)
    return say.first(words.replace("\u2009", " "))  # thin spaces that the text face lacks


def month(say: Words, text: str) -> str:
    """Return an ISO month in words."""
    words: str = dates.format_skeleton("yMMM", date.fromisoformat(f"{text}-01"), locale=say.locale)
    return words


def stretches(days: Iterable[str]) -> list[tuple[date, date, int]]:
    """Return ISO days or times as stretches of days that follow each other: first, last, entries.

    >>> stretches(["2026-01-01", "2026-01-02", "2026-01-05"])[1][2]
    1
    """
    found = sorted(date.fromisoformat(text[:10]) for text in days)
    whole: list[tuple[date, date, int]] = []
    for each, group in groupby(found):
        count = len(list(group))
        if whole and (each - whole[-1][1]).days == 1:
            whole[-1] = (whole[-1][0], each, whole[-1][2] + count)
        else:
            whole.append((each, each, count))
    return whole


def stretches_in_words(say: Words, days: Iterable[str], most: int = 6) -> str:
    """Return days as stretches in words, the first few."""
    found = stretches(days)
    texts = [days_between(say, first, last) for first, last, _ in found[:most]]
    if len(found) > most:
        texts.append(say.plural("and %(n)s more", "and %(n)s others", len(found) - most))
    return ", ".join(texts)


def moment(say: Words, when: datetime, zone: str) -> str:
    """Return date and time of day in a zone, which is named."""
    text: str = dates.format_datetime(when, format="medium", tzinfo=dates.get_timezone(zone), locale=say.locale)
    return f"{say.first(text)} ({zone})"


def _shares_unit(figure: Figure) -> bool:
    return figure.unit not in {"%", "EUR"}
