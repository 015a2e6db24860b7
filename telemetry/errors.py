"""The errors that a user of quaymeter can meet.

    QuaymeterError
    ├── SiteFileError      a site file that cannot be used; carries every mistake found
    ├── ContractError      a value, unit or name that the contract does not allow
    ├── ConfigurationError a setting that is missing or wrong
    ├── StorageError       the database refused or could not be reached
    │   └── WindowTooLongError  more buckets than can be made while one waits
    ├── BrokerError        the MQTT broker refused or could not be reached
    └── TransferError      a file of history that cannot be read or written

Each one names the place, the cause and the cure, so that whoever reads it at four in the morning knows what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class QuaymeterError(Exception):
    """Base of all errors meant for a person: `place: cause (cure)`."""

    def __init__(self, cause: str, *, place: str = "", cure: str = "") -> None:
        """Keep the three parts; the message joins those that are given."""
        self.place = place
        self.cause = cause
        self.cure = cure
        super().__init__(f"{place}: {cause}" if place else cause)

    def __str__(self) -> str:
        """Place, cause and cure on one line."""
        text = super().__str__()
        return f"{text} – {self.cure}" if self.cure else text

    def __reduce__(self) -> tuple[Callable[..., QuaymeterError], tuple[object, ...]]:
        """Travel between processes as what it is: its parts are keywords, which an exception does not keep itself."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[QuaymeterError], args: tuple[object, ...], parts: dict[str, object]) -> QuaymeterError:
    """Return an error as it was in another process."""
    error = kind.__new__(kind, *args)
    vars(error).update(parts)
    return error


class ContractError(QuaymeterError):
    """A value, unit, kind or name that the telemetry contract does not allow."""


class ConfigurationError(QuaymeterError):
    """A setting is missing, contradictory or cannot be read."""


class StorageError(QuaymeterError):
    """The database refused an operation or could not be reached.

    `transient` says that the same operation may succeed later (connection lost, server stopping, disk full):
    nothing was half-written, and the caller tries again.
    """

    def __init__(self, cause: str, *, place: str = "", cure: str = "", transient: bool = False) -> None:
        """Keep whether trying again is worth it."""
        self.transient = transient
        super().__init__(cause, place=place, cure=cure)


class WindowTooLongError(StorageError):
    """So fine a resolution over so long a window is more than can be made while one waits: ask for less."""


class BrokerError(QuaymeterError):
    """The MQTT broker refused an operation or could not be reached."""


class TransferError(QuaymeterError):
    """A file of history cannot be read, or does not say what it must."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake in a site file."""

    file: str
    line: int  # 1-based; 0 where the mistake belongs to the whole file
    cause: str
    cure: str

    def __str__(self) -> str:
        """`file:line: cause – cure`, the form editors jump to."""
        return f"{self.file}:{self.line}: {self.cause} – {self.cure}"


class SiteFileError(QuaymeterError):
    """A site file with mistakes; `mistakes` holds all of them, in order of line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        """Keep all mistakes: a person mends them in one go."""
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
