"""What reading a file found, as findings: one sentence with figures, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quaymeter.savings.clock import to_wall
from savings.findings import Finding, Severity
from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

# Findings of reading a file that stop, and may be let pass; those of periods, fit and comparison may not.
ACCEPTABLE = (
    "category_not_whole", "driver_looks_like_register", "energy_looks_like_register", "not_a_register", "units_mixed",
)  # fmt: skip
MOST_DAYS = 5  # named in a sentence; `days` has all


class Notes:
    """Findings, gathered while a file is read."""

    def __init__(self) -> None:
        """Begin with none."""
        self.findings: list[Finding] = []

    def info(self, code: str, message: str, cure: str = "", days: Iterable[str] = ()) -> None:
        """Note what was done and is in order."""
        self._add(code, Severity.INFO, message, cure, days)

    def warn(self, code: str, message: str, cure: str, days: Iterable[str] = ()) -> None:
        """Note what may make the result wrong."""
        self._add(code, Severity.WARNING, message, cure, days)

    def stop(self, code: str, message: str, cure: str, days: Iterable[str] = ()) -> None:
        """Note what forbids a result."""
        self._add(code, Severity.STOP, message, cure, days)

    def _add(self, code: str, severity: Severity, message: str, cure: str, days: Iterable[str]) -> None:
        self.findings.append(Finding(code=code, severity=severity, message=message, cure=cure, days=tuple(days)))


def check_accepted(accepted: Collection[str]) -> None:
    """Refuse codes that cannot be accepted.

    Raises
    ------
    ConfigurationError
        For a code that no finding of a file has, or that cannot be let pass.
    """
    for code in accepted:
        if code not in ACCEPTABLE:
            raise ConfigurationError(
                f"no finding {code!r} can be accepted", place=f"--accept {code}",
                cure=f"{did_you_mean(code, ACCEPTABLE)}what may be accepted: {', '.join(ACCEPTABLE)}",
            )  # fmt: skip


def accept(findings: Iterable[Finding], accepted: Collection[str]) -> list[Finding]:
    """Return findings; those that stop and were accepted only warn, and say who let them pass."""
    return [
        replace(each, severity=Severity.WARNING, message=f"{each.message} Accepted with --accept {each.code}.")
        if each.severity is Severity.STOP and each.code in accepted
        else each
        for each in findings
    ]


def days_of(time_s: NDArray[np.int64], tz: str) -> tuple[str, ...]:
    """Return the local days (ISO) of instants [s], each once."""
    return days_of_wall(to_wall(time_s, tz)) if len(time_s) else ()


def days_of_wall(wall: NDArray[np.datetime64]) -> tuple[str, ...]:
    """Return the days (ISO) of wall-clock times, each once."""
    return tuple(np.unique(wall.astype("datetime64[D]")).astype(str).tolist())


def some(days: Collection[str]) -> str:
    """Name a few days and how many more there are."""
    listed = list(days)
    rest = len(listed) - MOST_DAYS
    return ", ".join(listed[:MOST_DAYS]) + (f" and {rest} more" if rest > 0 else "")


def counted(count: int, what: str) -> str:
    """Return `1 row`, `2 rows`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
