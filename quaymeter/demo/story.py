"""What a demo's simulated port is and since when: settled at its first start, the same ever after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

LIVE_BEFORE = timedelta(hours=1)  # the live road brings so much of the past at the first start


@dataclass(frozen=True, kw_only=True)
class Story:
    """When a simulated port began, and when its live source did."""

    scenario: str
    begins: date  # first simulated day, of UTC
    live_from: datetime  # what was before is history
    cadence_s: int = 900  # of the history [s]

    @classmethod
    def of(cls, path: Path, *, scenario: str, months: int, cadence_s: int, now: datetime) -> Self:
        """Return the story kept in a file; without one, begin it on the first of a month, so many months before now."""
        try:
            return cls._read(path)
        except FileNotFoundError:
            story = cls(
                scenario=scenario, begins=_months_before(now.date(), months), live_from=now - LIVE_BEFORE,
                cadence_s=cadence_s,
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"cannot be read: {error}", place=str(path), cure="choose another directory with --data-dir"
            ) from error
        path.write_text(story._text(), encoding="utf-8")
        return story

    @property
    def last(self) -> date:
        """The last day of which there is history, of UTC."""
        return (self.live_from - timedelta(microseconds=1)).date()

    @classmethod
    def _read(cls, path: Path) -> Self:
        said = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            scenario=str(said["scenario"]),
            begins=date.fromisoformat(said["begins"]),
            live_from=datetime.fromisoformat(said["live_from"]).astimezone(UTC),
            cadence_s=int(said.get("cadence_s", cls.cadence_s)),  # demos that were begun before it could be chosen
        )

    def _text(self) -> str:
        said = {
            "scenario": self.scenario, "begins": self.begins, "live_from": self.live_from, "cadence_s": self.cadence_s
        }  # fmt: skip
        return json.dumps(said, default=lambda moment: moment.isoformat()) + "\n"


def _months_before(day: date, months: int) -> date:
    years, month = divmod(12 * day.year + day.month - 1 - months, 12)
    return date(years, month + 1, 1)
