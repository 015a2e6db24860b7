"""`[[faults]]` of a scenario read into faults; every mistake is explained."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from simulators.sensors.faults import LASTING, RULES, Fault, FaultKind, befalls
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from simulators.scenario import Scenario
    from simulators.sensors.faults import Rule
    from telemetry.site import Point, Site

_KEYS = ("point", "kind", "from", "to", "size", "with")
_PATTERN = "*?["


def faults_of(
    tables: Sequence[Mapping[str, object]], site: Site, *, scenario: Scenario | None = None
) -> tuple[Fault, ...]:
    """Return the faults that tables declare, in order of their start.

    A table has `point` (a key, or a pattern as `mole/frozen_1/*`, which befalls every point that it fits and the kind
    can befall), `kind`, `from`, `to` (not for a reset or a swap, which last), `size` where the kind has one, and `with`
    for crossed points. A day without time is its first midnight in the site's time zone; within a scenario a time may
    also be one of its ages, as `"P14M"`.

    Raises
    ------
    ConfigurationError
        With place, cause and cure, at the first mistake.
    """
    found = [
        fault
        for number, table in enumerate(tables, start=1)
        for fault in _Reader(number, table, site, scenario).faults()
    ]
    return tuple(sorted(found, key=lambda fault: (fault.start, fault.point, fault.kind)))


class _Reader:
    """Reads one table."""

    def __init__(self, number: int, table: Mapping[str, object], site: Site, scenario: Scenario | None) -> None:
        self._table = table
        self._scenario = scenario
        self._site = site
        self._points = {point.key: point for point in site.points}
        self._place = f"faults {number}" + (f" ({table['point']})" if "point" in table else "")

    def faults(self) -> list[Fault]:
        for key in self._table:
            if key not in _KEYS:
                self._fail(f"unknown key `{key}`", did_you_mean(key, _KEYS) or f"known: {', '.join(_KEYS)}")
        kind = self._kind()
        start, end = self._times(kind)
        size = self._size(kind)
        points = self._befallen(kind)
        other = self._other(kind, points)
        return [Fault(point=each.key, kind=kind, start=start, end=end, size=size, other=other) for each in points]

    def _kind(self) -> FaultKind:
        value = self._text("kind")
        if value not in list(FaultKind):
            known = ", ".join(FaultKind)
            self._fail(f'unknown kind "{value}"', did_you_mean(value, list(FaultKind)) or f"known: {known}")
        return FaultKind(value)

    def _befallen(self, kind: FaultKind) -> list[Point]:
        pattern, rule = self._text("point"), RULES[kind]
        if not any(sign in pattern for sign in _PATTERN):
            return [self._point("point", kind)]
        points = [point for key, point in self._points.items() if fnmatchcase(key, pattern) and befalls(kind, point)]
        if not points:
            self._fail(f"no point that {kind} can befall fits this pattern", f"write the key of {_wanted(rule)}")
        return points

    def _point(self, key: str, kind: FaultKind) -> Point:
        value = self._text(key)
        point = self._points.get(value)
        if point is None:
            cure = did_you_mean(value, self._points) or "write `area/asset/name` of a declared point"
            self._fail(f'unknown point "{value}"', cure)
        if not befalls(kind, point):
            self._fail(f"{kind} cannot befall a {point.kind} of {point.quantity}", f"it befalls {_wanted(RULES[kind])}")
        return point

    def _other(self, kind: FaultKind, points: list[Point]) -> str:
        if kind is not FaultKind.CROSSED:
            if "with" in self._table:
                self._fail("`with` belongs to crossed points", f"leave it out of {kind}")
            return ""
        other = self._point("with", kind)
        if len(points) != 1 or other.key == points[0].key:
            self._fail("exactly two points are crossed", 'write one key as `point` and another as `with = "…"`')
        if (other.quantity, other.kind) != (points[0].quantity, points[0].kind):
            self._fail(
                f"{points[0].quantity} cannot be taken for {other.quantity}", "cross two points of the same quantity"
            )
        return other.key

    def _times(self, kind: FaultKind) -> tuple[datetime, datetime]:
        start = self._instant("from")
        if kind in LASTING:
            if "to" in self._table:
                self._fail(f"{kind} happens at once and is never undone", "leave out `to`")
            return start, start
        end = self._instant("to")
        if end <= start:
            self._fail(f"it ends at {end.isoformat()}, which is not after its start", "write a `to` after `from`")
        return start, end

    def _instant(self, key: str) -> datetime:
        value = self._table.get(key)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                self._fail(f"`{key}` has no time zone", "end it with Z or +01:00, or give a day only")
            return value.astimezone(UTC)
        if isinstance(value, date):
            return datetime.combine(value, time.min, self._site.timezone).astimezone(UTC)
        if isinstance(value, str):
            return self._moment(key, value)
        cause = f"`{key}` is not a date" if key in self._table else f"it has no `{key}`"
        return self._fail(cause, f"write `{key} = 2025-03-01T06:00:00Z`")

    def _moment(self, key: str, text: str) -> datetime:
        """Return an instant that is written as text: ISO 8601, or an age of the scenario."""
        try:
            parsed = datetime.fromisoformat(text)
        except ValueError:
            if self._scenario is None:
                self._fail(f"`{key}` is not a date", f"write `{key} = 2025-03-01T06:00:00Z`")
            return datetime.fromtimestamp(self._scenario.instant_s(text, self._site.timezone), UTC)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
        if "T" in text or " " in text:
            self._fail(f"`{key}` has no time zone", "end it with Z or +01:00, or give a day only")
        return parsed.replace(tzinfo=self._site.timezone).astimezone(UTC)

    def _size(self, kind: FaultKind) -> float:
        rule = RULES[kind]
        if not rule.meaning:
            if "size" in self._table:
                self._fail(f"{kind} has no size", "leave out `size`")
            return 0.0
        value = self._table.get("size", rule.default)
        if value is None:
            self._fail("it has no `size`", f"add `size = …`: {rule.meaning}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._fail("`size` is not a number", f"write `size = 1.0`: {rule.meaning}")
        low_enough = rule.low <= value <= rule.high
        if not low_enough or (value == 0 and not rule.zero):
            bounds = f"from {rule.low:g} to {rule.high:g}" + ("" if rule.zero else ", not 0")
            self._fail(f"`size` is {value:g}", f"{rule.meaning}: {bounds}")
        return float(value)

    def _text(self, key: str) -> str:
        value = self._table.get(key)
        if not isinstance(value, str) or not value:
            cause = f"`{key}` is not a text" if key in self._table else f"it has no `{key}`"
            self._fail(cause, f'write `{key} = "…"`')
        return value

    def _fail(self, cause: str, cure: str) -> NoReturn:
        raise ConfigurationError(cause, place=self._place, cure=cure.strip())


def _wanted(rule: Rule) -> str:
    kinds = " or ".join(sorted(rule.points))
    return f"a {kinds}" + (f" of {' or '.join(sorted(rule.quantities))}" if rule.quantities else "")
