"""The state of a simulated port on disk, so that a live source need not simulate two years at every start."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import stat
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

import simulators
from simulators.port import Port
from simulators.sensors.port_readings import PortReadings, scenario_faults
from simulators.sensors.sampler import Sampler
from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.scenario import Scenario
    from simulators.sensors.sampler import DayReadings
    from telemetry.site import Site

log = logging.getLogger(__name__)

_DIGEST_BYTES = 32
_OURS_ALONE = 0o600
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class _State(NamedTuple):
    """A port and its sensors between two days."""

    next_day: date
    port: Port
    sampler: Sampler


class RestartableReadings(PortReadings):
    """Readings of a simulated port that begin at the last day told, where nothing about it has changed since.

    The file is only a short cut: without it, or with another site, scenario or code, everything is simulated anew, and
    the readings are the same. It holds no sums of the truth, is its owner's alone, and is not read where another may
    have written it.
    """

    def __init__(self, site: Site, scenario: Scenario, *, state: Path) -> None:
        super().__init__(
            _port(site, scenario), site, begins=scenario.begins, seed=scenario.seed,
            faults=scenario_faults(scenario, site),
        )  # fmt: skip
        self._scenario = scenario
        self._file = state
        self._fingerprint = _fingerprint(site, scenario)

    def days(self, first: date, last: date) -> Iterator[DayReadings]:
        """Yield the readings of the days of UTC from first to last, both included; none before the port begins."""
        state = self._kept()
        if state is None or state.next_day > first:
            sampler = Sampler(self.site, seed=self.seed, cadence_s=self.cadence_s, faults=self.faults)
            state = _State(self.begins, _port(self.site, self._scenario), sampler)
        port, sampler, today = state.port, state.sampler, state.next_day
        while today <= last:
            if today >= first:
                self._keep(_State(today, port, sampler))
            for made in port.days(today, today):
                if today >= first:
                    yield sampler.read(made.day, made.outputs)
                else:
                    sampler.skip(made.day, made.outputs)
            today += timedelta(days=1)

    def _kept(self) -> _State | None:
        """Return the state on disk, None where there is none of this very simulation."""
        try:
            content = _read_own(self._file)
        except OSError:
            return None
        except ConfigurationError as error:
            log.warning("%s; the port is simulated from its beginning", error)
            return None
        head, body = content[: 2 * _DIGEST_BYTES], content[2 * _DIGEST_BYTES :]
        if head[:_DIGEST_BYTES] != self._fingerprint:
            return None
        if head[_DIGEST_BYTES:] != _digest(body):
            log.warning("%s is damaged: the port is simulated from its beginning", self._file)
            return None
        found = pickle.loads(body)  # noqa: S301 – a file of our own that nobody else can have written
        return found if isinstance(found, _State) else None

    def _keep(self, state: _State) -> None:
        content = pickle.dumps(state)
        beside = self._file.with_name(self._file.name + ".new")
        try:
            _write_private(beside, self._fingerprint + _digest(content) + content)
            beside.replace(self._file)
        except OSError as error:
            log.warning("%s cannot be written, the next start takes longer: %s", self._file, error)


def _port(site: Site, scenario: Scenario) -> Port:
    """Return a port that keeps no truth: readings do not need it, and the file would give it away."""
    return Port(site, scenario, keeps_truth=False)


def _read_own(path: Path) -> bytes:
    """Return the content of a file of ours; unpickling what another wrote would run it.

    Raises
    ------
    ConfigurationError
        If it is another user's, or others may write it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe in its place would keep us waiting
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(stream.fileno())  # of what was opened: a look at the path beforehand may see another file
        if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode) or found.st_mode & _WRITABLE_BY_OTHERS:
            raise ConfigurationError(
                "it is not ours alone to write, so it is not read", place=str(path), cure="find out who made it"
            )
        return stream.read()


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS_ALONE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _fingerprint(site: Site, scenario: Scenario) -> bytes:
    """Return a digest of everything that decides what is simulated: site, scenario, code and its tables."""
    found = hashlib.sha256(f"{site!r} {np.__version__} {sys.version}".encode() + msgspec.json.encode(scenario))
    folder = Path(simulators.__file__).parent
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml")):
        found.update(path.read_bytes())
    return found.digest()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
