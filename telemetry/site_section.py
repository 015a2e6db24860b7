"""Reading one table of a site file: typed values out, mistakes with their line noted, unknown keys named."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from telemetry.errors import Mistake
from telemetry.topics import is_name
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from telemetry.toml_lines import Lines, Path

LANGUAGES = ("fr", "en")
Table = dict[str, Any]


@dataclass
class Book:
    """One site file while it is read: where things stand, and what is wrong with them."""

    file: str
    lines: Lines
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    mistakes: list[Mistake] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)  # keys of all points that are written down, sound or not

    def mistake(self, path: Path, cause: str, cure: str) -> None:
        """Note a mistake at the line of a path."""
        noted = Mistake(file=self.file, line=self.lines.of(path), cause=cause, cure=cure)
        if noted not in self.mistakes:
            self.mistakes.append(noted)


class Section:
    """One table of the file; `fallback` is a table of defaults, as a point's type is."""

    def __init__(self, book: Book, path: Path, table: object, what: str, fallback: Section | None = None) -> None:
        """Read a table that describes `what`."""
        self.book = book
        self.path = path
        self.what = what
        self._fallback = fallback
        self._asked: set[str] = set()
        self.table: Table = {}
        if isinstance(table, dict):
            self.table = table
        else:
            book.mistake(path, f"{what} is not a table", "write it as `{ key = value, … }` or under a header")

    def has(self, key: str) -> bool:
        """Return whether a key is given here or in the defaults."""
        self._asked.add(key)
        return key in self.table or (self._fallback is not None and self._fallback.has(key))

    def at(self, key: str) -> Path:
        """Return the path of a key: here, or in the defaults where it comes from there."""
        if key not in self.table and self._fallback is not None and self._fallback.has(key):
            return self._fallback.at(key)
        return (*self.path, key)

    def value(self, key: str, *, required: bool = True) -> Any:  # noqa: ANN401  TOML holds anything
        """Return a raw value or None, noting a required one that is missing."""
        self._asked.add(key)
        if key in self.table:
            return self.table[key]
        if self._fallback is not None and self._fallback.has(key):
            return self._fallback.value(key)
        if required:
            self.book.mistake(self.path, f"{self.what} has no `{key}`", f"add `{key} = …`")
        return None

    def wrong(self, key: str, cause: str, cure: str) -> None:
        """Note a mistake at a key."""
        self.book.mistake(self.at(key), f"{self.what}: {cause}", cure)

    def text(self, key: str, *, required: bool = True) -> str:
        """Return a text, "" where there is none."""
        value = self.value(key, required=required)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, f"`{key}` is not a text", f'write `{key} = "…"`')
            return ""
        return value

    def name(self, key: str) -> str:
        """Return a name that fits into a topic."""
        value = self.text(key)
        if value and not is_name(value):
            self.wrong(key, f'"{value}" cannot be a level of a topic', "use lower case letters, digits, - and _")
        return value

    def choice(self, key: str, known: Iterable[str], *, required: bool = True) -> str:
        """Return a text that is one of the known ones."""
        value = self.text(key, required=required)
        options = list(known)
        if value and value not in options:
            listed = f"known: {', '.join(sorted(options))}" if len(options) <= 40 else "see the declarations above"
            self.wrong(key, f'unknown {key} "{value}"', did_you_mean(value, options).strip() or listed)
            return ""
        return value

    def number(self, key: str, *, required: bool = True) -> float | None:
        """Return a finite number."""
        value = self.value(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(key, f"`{key}` is not a number", f"write `{key} = 1.0`, with a point and without quotes")
            return None
        return float(value)

    def positive(self, key: str, *, required: bool = True, bounds: tuple[float, float] = (1e-12, 1e18)) -> float | None:
        """Return a number above zero and within bounds that no real plant leaves."""
        value = self.number(key, required=required)
        if value is not None and value <= 0:
            self.wrong(key, f"`{key}` is {value:g}", "it has to be more than 0")
            return None
        if value is not None and not bounds[0] <= value <= bounds[1]:
            self.wrong(key, f"`{key}` is {value:g}", f"it has to be from {bounds[0]:g} to {bounds[1]:.8g}")
            return None
        return value

    def pair(self, key: str, *, required: bool = True) -> tuple[float, float] | None:
        """Return two numbers, the lower first."""
        value = self.value(key, required=required)
        if value is None:
            return None
        numbers = isinstance(value, list) and len(value) == 2
        if not numbers or any(isinstance(one, bool) or not isinstance(one, int | float) for one in value):
            self.wrong(key, f"`{key}` is not two numbers", f"write `{key} = [0, 100]`")
            return None
        if not value[0] < value[1]:
            self.wrong(key, f"`{key}` goes from {value[0]:g} to {value[1]:g}", "write the lower number first")
            return None
        return float(value[0]), float(value[1])

    def names(self, key: str = "name", *, required: bool = True) -> dict[str, str]:
        """Return a name in every language."""
        value = self.value(key, required=required)
        if value is None:
            return dict.fromkeys(LANGUAGES, "")
        if isinstance(value, str):
            return dict.fromkeys(LANGUAGES, value)
        if not isinstance(value, dict) or not all(isinstance(value.get(one), str) for one in LANGUAGES):
            self.wrong(key, f"`{key}` is not given in every language", f'write `{key} = {{ fr = "…", en = "…" }}`')
            return dict.fromkeys(LANGUAGES, "")
        return {language: value[language] for language in LANGUAGES}

    def texts(self, key: str) -> dict[str, str]:
        """Return a table of texts."""
        value = self.value(key, required=False)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            self.wrong(key, f"`{key}` is not a table of texts", f'write `{key} = {{ label = "…" }}`')
            return {}
        return dict(value)

    def flag(self, key: str) -> bool:
        """Return yes or no, no where nothing is said."""
        value = self.value(key, required=False)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, f"`{key}` is neither yes nor no", f"write `{key} = true`, without quotes, or leave it out")
        return value is True

    def day(self, key: str) -> date | None:
        """Return a day without time."""
        value = self.value(key, required=False)
        if value is None:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.wrong(key, f"`{key}` is not a day", f"write `{key} = 2027-03-31`, without quotes")
            return None
        return value

    def instant(self, key: str, *, required: bool = True) -> datetime | None:
        """Return an instant; a day means its first midnight in the site's time zone."""
        value = self.value(key, required=required)
        if value is None:
            return None
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                return value
            self.wrong(key, f"`{key}` has no time zone", "end it with Z or +01:00, or give a day only")
        elif isinstance(value, date):
            return datetime.combine(value, time.min, self.book.zone)
        else:
            self.wrong(key, f"`{key}` is not a date", f"write `{key} = 2025-01-01`, without quotes")
        return None

    def done(self, allowed: Iterable[str] = ()) -> None:
        """Name the keys that nobody asked for."""
        known = self._asked | set(allowed)
        for key in self.table:
            if key not in known:
                cure = did_you_mean(key, known).strip() or f"known here: {', '.join(sorted(known))}"
                self.book.mistake((*self.path, key), f"{self.what}: unknown key `{key}`", cure)


def sections(book: Book, table: Mapping[str, object], key: str, what: str) -> list[Section]:
    """Return the elements of an array of tables."""
    value = table.get(key, [])
    if not isinstance(value, list):
        book.mistake((key,), f"`{key}` is not a list of tables", f"write `[[{key}]]` above each one")
        return []
    return [Section(book, (key, index), element, f"{what} {index + 1}") for index, element in enumerate(value)]


def identified(book: Book, document: Mapping[str, object], key: str, what: str) -> list[Section]:
    """Return the elements of a list of tables, each with an id of its own."""
    found = sections(book, document, key, what)
    seen: set[str] = set()
    for section in found:
        identity = section.name("id")
        section.what = f"{what} {identity}" if identity else section.what
        if identity in seen:
            section.wrong("id", f'"{identity}" is declared twice', "rename or remove one")
        seen.add(identity)
    return found
