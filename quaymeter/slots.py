"""Fixed numbers for replicas: the first free one on this machine, held by a file lock for as long as a process lives.

A gateway's name is its MQTT client id, and the broker keeps a session under it. A container's host name changes
with every `docker compose up`, so a session would be left behind each time; a number that is free again as soon as
its holder is gone – the kernel drops the lock, kill -9 included – lets the next replica find that session.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOT = "{slot}"
MOST = 256


def default_directory() -> Path:
    """Return where the locks are kept when no setting says otherwise."""
    return Path.home() / ".local" / "state" / "quaymeter" / "slots"


@contextmanager
def name_with_slot(template: str, directory: Path) -> Iterator[str]:
    """Hold the first free number and give the name with it: `gateway-{slot}` → `gateway-1`.

    A template without `{slot}` is a name as it stands and takes no lock.
    """
    if SLOT not in template:
        yield template
        return
    number, descriptor = _take(template, directory)
    try:
        yield template.replace(SLOT, str(number))
    finally:
        os.close(descriptor)


@contextmanager
def stopped_name(name: str, directory: Path) -> Iterator[None]:
    """Hold a name that no process on this machine may have, so that none takes it meanwhile."""
    descriptor = _lock(name, directory)
    if descriptor is None:
        raise ConfigurationError(f"{name} runs on this machine", place=str(directory), cure="stop it first")
    try:
        yield
    finally:
        os.close(descriptor)


def _take(template: str, directory: Path) -> tuple[int, int]:
    """Return the first free number and the descriptor that holds its lock."""
    for number in range(1, MOST + 1):
        descriptor = _lock(template.replace(SLOT, str(number)), directory)
        if descriptor is not None:
            return number, descriptor
    raise ConfigurationError(
        f"all {MOST} numbers are taken", place=str(directory), cure="give this gateway a name without {slot}"
    )


def _lock(name: str, directory: Path) -> int | None:
    """Return the descriptor that holds a name's lock, None where another process holds it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
    except OSError as error:
        raise ConfigurationError(
            f"cannot keep a lock in {directory}: {error.strerror}",
            place="QUAYMETER_GATEWAY_SLOTS",
            cure="name a directory that this user may write to, on a local disk",
        ) from error
    return descriptor
