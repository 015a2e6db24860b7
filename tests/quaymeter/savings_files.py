"""Files as engineers have them: written here by formula, so that every sum is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from quaymeter.savings.read import Reading, read
from quaymeter.savings.request import Request
from savings.table import Frequency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

PARIS = ZoneInfo("Europe/Paris")
NOISE_KWH = 12.0
SAVED = 0.08


def local_hours(first: str, last: str, minutes: int = 60) -> list[datetime]:
    """Return the starts of intervals of local days, both included, in Paris time."""
    begin = datetime.combine(date.fromisoformat(first), datetime.min.time(), PARIS).astimezone(UTC)
    day_after = date.fromisoformat(last) + timedelta(days=1)
    end = datetime.combine(day_after, datetime.min.time(), PARIS).astimezone(UTC)
    count = int((end - begin) / timedelta(minutes=minutes))
    return [(begin + k * timedelta(minutes=minutes)).astimezone(PARIS) for k in range(count)]


def days(first: str, last: str) -> list[date]:
    """Return days, both included."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=k) for k in range((end - begin).days + 1)]


def write(path: Path, heading: str, rows: Iterable[Sequence[object]], separator: str = ",") -> Path:
    """Write a CSV."""
    lines = [heading, *(separator.join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def plant(first: str, last: str, measure: str, *, seed: int = 1) -> list[tuple[date, float, float, float]]:
    """Return day, use [kWh], air [°C] and tonnes of a plant that saves 8 % from a day on: base, cooling, production."""
    made = np.random.default_rng(seed)
    rows = []
    for day in days(first, last):
        air = 12 - 8 * np.cos(2 * np.pi * (day.timetuple().tm_yday - 20) / 365) + made.normal(0, 2.5)
        tonnes = 0.0 if day.weekday() == 6 else 20 + made.normal(0, 4)
        use = 400 + 18 * max(air - 11, 0) + 9 * tonnes + made.normal(0, NOISE_KWH)
        rows.append((day, use * (1 - SAVED if day >= date.fromisoformat(measure) else 1), float(air), tonnes))
    return rows


def reading(path: Path, energy: str = "kWh", time: str = "time", **options: object) -> Reading:
    """Read a file in Paris time, by day unless said otherwise."""
    chosen: dict[str, object] = {"tz": "Europe/Paris", "frequency": Frequency.DAILY, **options}
    return read(Request(path=path, time=time, energy=energy, **chosen))  # type: ignore[arg-type] # each test gives its own


def codes(found: Reading) -> list[str]:
    """Return the codes of a reading's findings."""
    return [finding.code for finding in found.findings]
