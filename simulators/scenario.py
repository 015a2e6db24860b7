"""Scenarios: what happens in a simulated port, and when, as a file that can be named, seeded and built upon.

A moment is a date of the site's calendar (`2025-11-03`, its local midnight) or an age of the scenario (`"P14M"` or
`"P45D"`, counted from `begins`). `include` names scenarios whose tables come first; a scalar set here wins.
"""

from __future__ import annotations

import math
import re
import tomllib
from calendar import monthrange
from datetime import MAXYEAR, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from telemetry.errors import ConfigurationError
from telemetry.toml_lines import Lines
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "scenarios"
_AGE = re.compile(r"P(\d+)([MD])")
_CURE = "docs/simulators.md lists what a scenario may say"
Moment = str  # a date as 2025-11-03, or an age of the scenario as P14M
_RENAME = {"start": "from", "end": "to"}
STEPS_S = (60, 900)  # steps of the physics [s]
_FIRST, _LAST = date(1970, 2, 1), date(2200, 1, 1)  # days before 1970 have no number; the warm-up is before the first
_Stage = tuple[Annotated[float, Meta(ge=0)], Annotated[float, Meta(ge=0, le=1)]]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=_RENAME):
    """A table of a scenario file that has a period."""

    start: Moment
    end: Moment | None = None


class Measure(_Table, frozen=True, kw_only=True):
    """One measure at one asset, done for one demonstrator."""

    demonstrator: str
    kind: str  # see simulators.measures.KINDS
    asset: str
    stages: Annotated[tuple[_Stage, ...], Meta(min_length=1)] = ((0.0, 1.0),)  # (days after the start, share from then)
    decay_per_year: Annotated[float, Meta(ge=0)] = 0.0  # share of the effect that a year takes away (wear, neglect)
    alternate_days: Annotated[int, Meta(ge=0)] = 0  # in force for so many days, off for as many, and so on; 0: always
    energy: tuple[str, ...] = ()  # points of the boundary; the site's demonstrator where empty

    def __post_init__(self) -> None:
        """Refuse numbers that are none and stages out of order; msgspec adds the place."""
        _finite("decay_per_year", self.decay_per_year)
        for days, share in self.stages:
            _finite("stages", days)
            _finite("stages", share)
        if any(later[0] <= earlier[0] for earlier, later in pairwise(self.stages)):
            raise ValueError("the days of `stages` do not ascend")


class Happening(_Table, frozen=True, kw_only=True):
    """Something that is no measure: a freezer out of service, a new line, another set point, more stock."""

    kind: str  # see simulators.measures.HAPPENINGS
    asset: str
    value: float
    caused_by: str = ""  # demonstrator without which it would not have happened (a rebound); else it hits all worlds

    def __post_init__(self) -> None:
        """Refuse a number that is none."""
        _finite("value", self.value)


class HeatWave(_Table, frozen=True, kw_only=True):
    """Days on which the air is hotter than the season."""

    peak_k: float  # above what the weather would have been [K]

    def __post_init__(self) -> None:
        """Refuse a number that is none."""
        _finite("peak_k", self.peak_k)


class RandomFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sensor faults by chance."""

    per_point_per_year: Annotated[float, Meta(ge=0)]

    def __post_init__(self) -> None:
        """Refuse a number that is none."""
        _finite("per_point_per_year", self.per_point_per_year)


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario as it is run: everything resolved but the moments, which need a time zone."""

    name: str
    begins: date  # first simulated day, a day of UTC
    seed: int = 0
    step_s: int = 900  # [s], 60 or 900
    title: dict[str, str] = {}
    include: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    happenings: tuple[Happening, ...] = ()
    heat_waves: tuple[HeatWave, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()  # read by simulators.sensors
    random_faults: RandomFaults | None = None

    def __post_init__(self) -> None:
        """Refuse steps that the physics does not make and days that the calendar does not know."""
        if self.step_s not in STEPS_S:
            raise ValueError(f"`step_s` is {self.step_s}, not 60 or 900")
        if not _FIRST <= self.begins <= _LAST:
            raise ValueError(f"`begins` is {self.begins}, not from {_FIRST} to {_LAST}")

    @property
    def demonstrators(self) -> tuple[str, ...]:
        """The demonstrators in order of appearance; world i is the port without the i-th of them, from 1."""
        return tuple(dict.fromkeys(measure.demonstrator for measure in self.measures))

    def instant_s(self, moment: Moment, zone: ZoneInfo) -> int:
        """Return a moment as seconds since 1970-01-01 UTC: midnight of its day in the zone.

        Raises
        ------
        ConfigurationError
            If a text is neither a date nor an age.
        """
        return int(datetime.combine(self._day(moment), time(), zone).timestamp())

    def _day(self, moment: Moment) -> date:
        found = _AGE.fullmatch(moment)
        if found is None:
            try:
                return date.fromisoformat(moment)
            except ValueError:
                raise ConfigurationError(
                    f'"{moment}" is no moment', place=f"scenario {self.name}", cure='2025-11-03, "P14M" or "P45D"'
                ) from None
        count, unit = int(found[1]), found[2]
        if unit == "D":
            try:
                return self.begins + timedelta(days=count)
            except OverflowError:
                raise ConfigurationError(
                    f'"{moment}" is beyond the calendar', place=f"scenario {self.name}", cure="a smaller age"
                ) from None
        return months_after(self.begins, count)


def _finite(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"`{name}` is {value}, no number")


def months_after(begins: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month where it is shorter.

    Raises
    ------
    ConfigurationError
        If that is beyond the last year of the calendar.
    """
    years, month = divmod(begins.month - 1 + months, 12)
    year = begins.year + years
    if year > MAXYEAR:
        raise ConfigurationError(f"{months} months after {begins} is no date", place="scenario", cure="fewer months")
    return date(year, month + 1, min(begins.day, monthrange(year, month + 1)[1]))


def names() -> list[str]:
    """Return the scenarios that come with the product."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_scenario(
    name: str | Path, *, seed: int | None = None, begins: date | None = None, step_s: int | None = None
) -> Scenario:
    """Read a scenario by its name or its file; seed, first day and step may be set anew.

    Raises
    ------
    ConfigurationError
        If the file is missing or says something it may not: with file, line and cure.
    """
    document = _composed(_path(name), ())
    for key, value in (("seed", seed), ("begins", begins), ("step_s", step_s)):
        if value is not None:
            document[key] = value
    return _typed(document, str(name))


def _path(name: str | Path) -> Path:
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        hint = did_you_mean(str(name), names())
        raise ConfigurationError(
            "there is no such scenario", place=str(name), cure=f"{hint}a file ending in .toml, or {', '.join(names())}"
        )
    return path


def _composed(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """Return a file's document with those it includes before it."""
    if path in above:
        raise ConfigurationError("it includes itself", place=str(path), cure="take it out of `include`")
    text = _text(path)
    try:
        own = _dates_as_text(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(str(error), place=str(path), cure="mend the TOML") from error
    own.setdefault("name", path.stem)
    _check(own, path, text)
    whole: dict[str, Any] = {}
    for each in own.get("include", ()):
        beside = path.parent / f"{each}.toml"
        _merge(whole, _composed(beside if beside.is_file() else _path(each), (*above, path)))
    _merge(whole, own)
    return whole


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"byte {error.start} is not UTF-8", place=str(path), cure="save the file as UTF-8"
        ) from error
    except OSError as error:
        raise ConfigurationError(str(error.strerror), place=str(path), cure="let it be read") from error


def _dates_as_text(value: Any) -> Any:  # noqa: ANN401 – whatever TOML holds
    """Return a document whose dates are text, so that moments are of one type."""
    if isinstance(value, dict):
        return {key: _dates_as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _merge(whole: dict[str, Any], more: dict[str, Any]) -> None:
    """Add tables to those that are there; let scalars win."""
    for key, value in more.items():
        whole[key] = [*whole.get(key, ()), *value] if isinstance(value, list) else value


def _check(document: dict[str, Any], path: Path, text: str) -> None:
    """Refuse what a scenario may not say, with the line of it."""
    try:
        msgspec.convert({"begins": date(2000, 1, 1), **document}, Scenario)
    except msgspec.ValidationError as error:
        cause, _, where = str(error).partition(" - at `$")
        steps = re.findall(r"\.?([^.\[\]]+)", where.rstrip("`"))
        line = Lines(text).of(tuple(int(step) if step.isdigit() else step for step in steps))
        raise ConfigurationError(cause, place=f"{path}:{line}", cure=_CURE) from error


def _typed(document: dict[str, Any], place: str) -> Scenario:
    try:
        return msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        raise ConfigurationError(str(error), place=place, cure=_CURE) from error
