"""Where a demo keeps its data, and the lock that lets only one demo at a time use them."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT = Path("var/demo")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The directory of a demo and what is where in it."""

    root: Path

    @property
    def database(self) -> Path:
        """Data of the embedded PostgreSQL server."""
        return self.root / "postgresql"

    @property
    def broker(self) -> Path:
        """Sessions and queues of the broker."""
        return self.root / "broker"

    @property
    def buffer(self) -> Path:
        """What the source of signals has not yet seen safe."""
        return self.root / "source.sqlite"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.root / "logs"

    @property
    def slots(self) -> Path:
        """Locks of the gateway's number."""
        return self.root / "slots"

    @property
    def settings_file(self) -> Path:
        """The settings with which other commands reach the running demo, with the rights of its services."""
        return self.root / "settings.env"

    @property
    def owner_file(self) -> Path:
        """The settings of the database's owner."""
        return self.root / "owner.env"

    @property
    def truth_file(self) -> Path:
        """The settings with the key to the simulated truth."""
        return self.root / "truth.env"

    @property
    def token_file(self) -> Path:
        """The token with which the API lets a program write."""
        return self.root / "api_write_token"

    @property
    def story_file(self) -> Path:
        """When the simulated port begins, and when it went live: the same at every start."""
        return self.root / "story.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for this process; refuses where another demo has it."""
        path = self.root / "demo.lock"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigurationError(
                f"cannot be written: {error.strerror}",
                place=str(self.root),
                cure="choose another directory with --data-dir",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = path.read_text(encoding="utf-8").strip() or "?"
            os.close(descriptor)
            raise ConfigurationError(
                f"another demo (process {other}) is using it",
                place=str(self.root),
                cure="stop that one with Ctrl-C, or choose another directory with --data-dir",
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        try:
            yield
        finally:
            os.close(descriptor)

    def write_private(self, path: Path, values: Mapping[str, str]) -> None:
        """Write a settings file; only its owner may read it."""
        self.write_secret(path, "".join(f"{name}={value}\n" for name, value in values.items()))

    def write_secret(self, path: Path, text: str) -> None:
        """Write a file that only its owner may read."""
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
