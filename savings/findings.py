"""What was found wrong, or worth knowing, about data and models: named, machine-readable, with a cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How much a finding weighs."""

    INFO = "info"
    WARNING = "warning"
    STOP = "stop"  # no number may be given


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a reader must know about the data or the model."""

    code: str  # machine-readable, such as "baseline_too_short"
    severity: Severity
    message: str  # one sentence with figures; of `savings.wording`, where it is to be said in other languages too
    cure: str
    days: tuple[str, ...] = ()  # days (ISO) or names concerned


class InsufficientDataError(QuaymeterError):
    """Data from which no savings figure may be given; carries every finding, those that do not stop included."""

    def __init__(self, findings: Iterable[Finding], *, place: str = "") -> None:
        """Speak of the findings that stop, and keep them all."""
        self.findings = tuple(findings)
        stops = [finding for finding in self.findings if finding.severity is Severity.STOP]
        cause = "; ".join(f"{finding.code}: {finding.message}" for finding in stops)
        super().__init__(cause, place=place, cure="; ".join(finding.cure for finding in stops))


def refuse_stops(findings: Iterable[Finding], *, place: str) -> tuple[Finding, ...]:
    """Return the findings, or raise InsufficientDataError where one of them stops."""
    kept = tuple(findings)
    if any(finding.severity is Severity.STOP for finding in kept):
        raise InsufficientDataError(kept, place=place)
    return kept
