"""Store-and-forward on disk: a pack is kept until somebody else has safely got it.

One SQLite file in WAL mode with `synchronous=FULL`: when `put` returns, the pack has been through fsync and survives
`kill -9` and a power cut. Settling needs no fsync of its own to be right: a settlement lost in a crash means that a
pack is sent once more, and the database knows it for a duplicate.

Numbers of packs are never used twice, not even after the file has been emptied, so a late receipt can only ever settle
the pack that it is for.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import uuid
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

OVERHEAD_BYTES = 64  # what a row costs beside its texts and payload, rounded up
BOOTS_SINCE_S = 1_577_836_800  # 2020-01-01T00:00:00Z [s]

SCHEMA = """
CREATE TABLE IF NOT EXISTS pack (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL, topic TEXT NOT NULL, content_type TEXT NOT NULL,
    readings INTEGER NOT NULL, bytes INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS dropped (device TEXT PRIMARY KEY, packs INTEGER NOT NULL, readings INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS identity (
    one INTEGER PRIMARY KEY CHECK (one = 1), buffer BLOB NOT NULL, boot INTEGER NOT NULL
);
"""


class BufferFullError(QuaymeterError):
    """The buffer has no room and may not drop what it holds."""


class WhenFull(StrEnum):
    """What gives way when the buffer is full."""

    DROP_OLDEST = "drop_oldest"  # the newest readings matter most; what was dropped is counted per device
    REFUSE = "refuse"  # the caller keeps its data: for replays and imports, which can wait


class Pack(NamedTuple):
    """One message on its way to the broker."""

    device: str
    topic: str
    payload: bytes
    content_type: str
    readings: int  # entries in it


class StoredPack(NamedTuple):
    """A pack with the number that the buffer gave it."""

    id: int
    pack: Pack


class Dropped(NamedTuple):
    """What a device has lost to a full buffer, since the file was made."""

    packs: int
    readings: int


class Buffer:
    """Packs on disk, oldest first, bounded by bytes. Safe to use from several threads; one process at a time.

    Parameters
    ----------
    path
        The SQLite file; made where it is missing. A damaged one is put aside under another name, never deleted.
    max_bytes
        Bound of topics, payloads and `OVERHEAD_BYTES` a pack [B]. The file may be up to twice as large.
    when_full
        Which packs give way when the bound is met.
    """

    def __init__(
        self, path: Path, *, max_bytes: int = 256 * 1024 * 1024, when_full: WhenFull = WhenFull.DROP_OLDEST
    ) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self.when_full = when_full
        self._lock = threading.Lock()
        self.changed = threading.Event()  # set whenever a pack comes in; whoever empties the buffer clears it
        self._db = _open(path)
        self.identity, self.boot = _boot(self._db)
        row = self._db.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM pack").fetchone()
        self._packs: int = row[0]
        self._bytes: int = row[1]
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'pack'").fetchone()
        self._last_id: int = row[0] if row else 0

    def put(self, pack: Pack) -> int:
        """Keep one pack; return its number. It is on disk when this returns."""
        return self.put_many([pack])[0]

    def put_many(self, packs: Sequence[Pack]) -> list[int]:
        """Keep packs in one transaction (one fsync); all or none. Return their numbers, in order.

        Raises
        ------
        BufferFullError
            If there is no room and nothing may be dropped.
        """
        sizes = [_size(pack) for pack in packs]
        with self._lock:
            with self._transaction():
                freed_packs, freed_bytes = self._make_room(sum(sizes))
                ids = list(range(self._last_id + 1, self._last_id + 1 + len(packs)))
                rows = (
                    (number, pack.device, pack.topic, pack.content_type, pack.readings, size, pack.payload)
                    for number, pack, size in zip(ids, packs, sizes, strict=True)
                )
                self._db.executemany(
                    "INSERT INTO pack (id, device, topic, content_type, readings, bytes, payload)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
            self._last_id += len(packs)
            self._packs += len(packs) - freed_packs
            self._bytes += sum(sizes) - freed_bytes
        self.changed.set()
        return ids

    def after(self, number: int, limit: int) -> list[StoredPack]:
        """Return up to `limit` packs younger than `number`, oldest first."""
        return self._select("WHERE id > ? ORDER BY id LIMIT ?", (number, limit))

    def get(self, numbers: Iterable[int]) -> list[StoredPack]:
        """Return those of the packs that are still kept, oldest first."""
        wanted = list(numbers)
        marks = ",".join("?" * len(wanted))
        return self._select(f"WHERE id IN ({marks}) ORDER BY id", wanted)

    def settle(self, numbers: Iterable[int]) -> dict[int, int]:
        """Let go of packs that are safe elsewhere; return those that were still kept: number → readings in it."""
        wanted = sorted(set(numbers))
        settled: list[tuple[int, int, int]] = []  # number, bytes and readings of each
        with self._lock:
            with self._transaction():
                for start in range(0, len(wanted), 500):
                    some = wanted[start : start + 500]
                    marks = ",".join("?" * len(some))
                    rows = self._db.execute(
                        f"DELETE FROM pack WHERE id IN ({marks}) RETURNING id, bytes, readings", some
                    )
                    settled.extend(rows.fetchall())
            self._packs -= len(settled)
            self._bytes -= sum(size for _, size, _ in settled)
        return {number: readings for number, _, readings in sorted(settled)}

    @property
    def packs(self) -> int:
        """Packs kept."""
        return self._packs

    @property
    def size_bytes(self) -> int:
        """Bytes counted against the bound [B]."""
        return self._bytes

    def dropped(self) -> dict[str, Dropped]:
        """Return what each device has lost to a full buffer.

        An upper bound: a pack that was already on its way when it was dropped may have arrived after all.
        """
        with self._lock:
            rows = self._db.execute("SELECT device, packs, readings FROM dropped").fetchall()
        return {device: Dropped(packs, readings) for device, packs, readings in rows}

    def close(self) -> None:
        """Close the file; what is kept stays."""
        with self._lock:
            self._db.close()

    def _select(self, condition: str, values: Sequence[int]) -> list[StoredPack]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT id, device, topic, payload, content_type, readings FROM pack {condition}", values
            ).fetchall()
        return [StoredPack(row[0], Pack(*row[1:])) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit what the block did, or undo all of it."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise BufferFullError(
                f"the buffer cannot be written: {error}", place=str(self.path), cure="free some disk space"
            ) from error
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _make_room(self, needed: int) -> tuple[int, int]:
        """Drop the oldest packs until `needed` bytes fit; return packs and bytes freed."""
        if self._bytes + needed <= self.max_bytes:
            return 0, 0
        if self.when_full is WhenFull.REFUSE or needed > self.max_bytes:
            raise BufferFullError(
                f"{needed} B do not fit: {self._bytes} of {self.max_bytes} B are taken by {self._packs} packs",
                place=str(self.path),
                cure="wait until the gateway answers, or give the buffer more room",
            )
        freed = packs = last = 0
        lost: dict[str, list[int]] = {}
        for number, device, readings, size in self._db.execute(
            "SELECT id, device, readings, bytes FROM pack ORDER BY id"
        ):
            if self._bytes - freed + needed <= self.max_bytes:
                break
            freed, packs, last = freed + size, packs + 1, number
            lost.setdefault(device, []).append(readings)
        self._db.execute("DELETE FROM pack WHERE id <= ?", (last,))
        self._db.executemany(
            "INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT (device)"
            " DO UPDATE SET packs = packs + excluded.packs, readings = readings + excluded.readings",
            [(device, len(readings), sum(readings)) for device, readings in lost.items()],
        )
        return packs, freed


def _size(pack: Pack) -> int:
    texts = len(pack.device.encode()) + len(pack.topic.encode()) + len(pack.content_type.encode())
    return len(pack.payload) + texts + OVERHEAD_BYTES


def _open(path: Path) -> sqlite3.Connection:
    """Open the file; put a damaged one aside, since readings to come matter more than a file nobody can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.OperationalError as error:
        raise QuaymeterError(
            f"the buffer cannot be opened: {error}",
            place=str(path),
            cure="another agent may be using it: stop that one, or give this one a file of its own",
        ) from error
    except sqlite3.DatabaseError as error:
        aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            if file.exists():
                file.rename(aside.with_name(aside.name + suffix))
        log.error("the buffer %s is damaged (%s): put aside as %s, starting empty", path, error, aside.name)  # noqa: TRY400 – the cause is in the line, a trace adds nothing
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
    try:
        # Exclusive: two agents on one buffer would settle each other's packs. The kernel frees it on kill -9.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_size_limit = 16777216")
        _check(db)
        db.executescript(SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise sqlite3.DatabaseError(f"quick_check: {found}")


def _boot(db: sqlite3.Connection) -> tuple[bytes, int]:
    """Count this start; return the buffer's identity and the boot number.

    A new file starts from the clock (seconds since 2020), not from one: on a replaced disk a boot that was used before
    would make new packs look like old ones.
    """
    first = max(1, int(time.time()) - BOOTS_SINCE_S)
    row = db.execute(
        "INSERT INTO identity VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET boot = boot + 1 RETURNING buffer, boot",
        (uuid.uuid4().bytes[:8], first),
    ).fetchone()
    return bytes(row[0]), int(row[1])
