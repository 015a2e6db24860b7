"""The reader's language: which one; its words and numbers are the catalogues' (`locales.words`)."""

from __future__ import annotations

from babel.core import negotiate_locale

from locales import LANGUAGES
from locales.words import Words, noted, words

__all__ = ["Words", "choose", "noted", "words"]


def choose(*wishes: str | None, accept_language: str = "", default: str = "fr") -> str:
    """Return the first wish that we speak, else the browser's first that we speak, else the default.

    Examples
    --------
    >>> choose(None, "en")
    'en'
    >>> choose(accept_language="de-DE,en-GB;q=0.7,fr;q=0.3")
    'en'
    """
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
    preferred = sorted(_ranges(accept_language), key=lambda item: -item[1])
    found = negotiate_locale([tag for tag, weight in preferred if weight > 0], list(LANGUAGES), sep="-")
    return found or default


def _ranges(accept_language: str) -> list[tuple[str, float]]:
    ranges = []
    for item in accept_language[:500].split(","):
        tag, _, weight = item.strip().partition(";q=")
        try:
            ranges.append((tag, float(weight) if weight else 1.0))
        except ValueError:
            continue
    return ranges
