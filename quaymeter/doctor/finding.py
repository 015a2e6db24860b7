"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry.errors import QuaymeterError


class State(StrEnum):
    """How a thing was found."""

    OK = "ok"
    WARN = "warn"  # works, but not as it should
    FAIL = "fail"  # does not work


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was looked at, how it is, why, and what to do."""

    check: str
    state: State
    cause: str
    cure: str = ""

    def document(self) -> dict[str, str]:
        """Return the finding for JSON."""
        return asdict(self)


def ok(check: str, cause: str) -> Finding:
    """Return that a thing is in order, with what was seen."""
    return Finding(check=check, state=State.OK, cause=cause)


def warn(check: str, cause: str, cure: str) -> Finding:
    """Return that a thing works but not as it should."""
    return Finding(check=check, state=State.WARN, cause=cause, cure=cure)


def fail(check: str, cause: str, cure: str) -> Finding:
    """Return that a thing does not work."""
    return Finding(check=check, state=State.FAIL, cause=cause, cure=cure)


def failed(check: str, error: QuaymeterError, cure: str = "its log says more") -> Finding:
    """Return an error as a finding; `cure` where the error brings none."""
    return fail(check, f"{error.place}: {error.cause}" if error.place else error.cause, error.cure or cure)
