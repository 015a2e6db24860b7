"""Refused messages on their second way in, once the cause of the refusal is mended.

A message takes the road it took before – decode, one transaction, ledger – only without the broker, so that it keeps
its time of arrival (a plain value has no other time) and nobody needs the right to speak in a device's name. Entries
of it that were stored the first time are counted as duplicates; the ledger has a gateway of its own for all this.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from storage import quarantine
from storage.catalogue import list_sites, load_catalogue
from storage.engine import connect
from storage.ledger import IMPORT
from storage.quarantine_writer import kept_text
from storage.writer import Writer
from telemetry.batch import Message, RefusalReason
from telemetry.catalogue import Catalogue
from telemetry.decode import Decoder
from telemetry.topics import ROOT, SPARKPLUG_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.engine import Connection
    from storage.outcome import WriteResult
    from storage.quarantine import OpenEntry, QuarantineEntry
    from telemetry.batch import Decoded

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GATEWAY = "quarantine-replay"  # its name in the ledger
IMPORT_AGAIN = "a row of an imported file, which is not kept here – mend the cause and import the file again"
FIRST_STAYS = "another value is stored for the same point and time: the first one stays"


class Outcome(StrEnum):
    """What became of a replayed message."""

    STORED = "stored"
    STILL_REFUSED = "still_refused"  # nothing was written, the entries stay open
    CUT = "cut"  # too large to have been kept whole


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One message of the quarantine."""

    ids: tuple[int, ...]  # its entries that were asked for
    outcome: Outcome
    detail: str = ""
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0  # entries that were refused again beside others that were not


def choose(dsn: str, ids: Sequence[int], reason: str | None) -> list[int]:
    """Return the open entries that are asked for: those named, or all of one reason, or all; oldest first."""
    if ids:
        return sorted(ids)
    chosen: list[int] = []
    with connect(dsn, autocommit=True) as connection:
        while True:
            page = quarantine.list_(
                connection, reason=reason, open_only=True, before=chosen[-1] if chosen else None, limit=1000
            )
            if not page:
                return sorted(chosen)
            chosen += [entry.id for entry in page]


class _NothingStored(Exception):  # noqa: N818 – a verdict, not an error: it takes the transaction back
    """Every reading of the message was refused when it came to writing."""


def replay(dsn: str, ids: Sequence[int], *, who: str, retention_s: float, dry_run: bool = False) -> Iterator[Replayed]:
    """Replay the messages of these entries one by one, marking those that went in.

    A message of which nothing would be stored is left as it is. One message is held at a time.
    """
    decoders = _Decoders(dsn, retention_s)
    with connect(dsn, autocommit=True) as connection, Writer(dsn, gateway=GATEWAY) as writer:
        for group in quarantine.messages_of(connection, ids):
            message = quarantine.show(connection, group[0])
            asked = quarantine.entries_of(connection, group)
            yield _replay_one(message, asked, decoders, None if dry_run else _Way(writer, who))


@dataclass(frozen=True)
class _Way:
    """The way back in: the writer, and the name in whose name it is gone."""

    writer: Writer
    who: str

    def send(self, message: Message, decoded: Decoded, ids: Sequence[int]) -> WriteResult:
        """Store a message and mark its entries in one transaction; raise _NothingStored where nothing goes in."""

        def mark(connection: Connection, result: WriteResult) -> None:
            if not (result.stored + result.duplicate or decoded.told):
                raise _NothingStored
            quarantine.mark_replayed(connection, ids, who=self.who)

        return self.writer.write([message], decoded, also=mark)


def _replay_one(kept: QuarantineEntry, asked: Sequence[OpenEntry], decoders: _Decoders, way: _Way | None) -> Replayed:
    ids = tuple(entry.id for entry in asked)
    if verdict := _without_trying(kept, asked):
        return Replayed(ids=ids, outcome=verdict[0], detail=verdict[1])
    arrived_us = (kept.arrived_at - EPOCH) // timedelta(microseconds=1)
    message = Message(kept.topic, kept.payload or b"", kept.content_type, arrived_us)
    decoded = decoders.of(kept.topic).decode([message])
    again = {kept_text(refusal.entry): refusal.detail for refusal in decoded.refusals}
    if not (len(decoded.batch) or decoded.told) or all(entry.entry in again for entry in asked):
        detail = next((again[entry.entry] for entry in asked if entry.entry in again), None)
        return Replayed(
            ids=ids, outcome=Outcome.STILL_REFUSED, detail=detail or next(iter(again.values()), "it holds no reading")
        )
    if way is None:
        refused = len(decoded.refusals)
        return Replayed(ids=ids, outcome=Outcome.STORED, stored=len(decoded.batch), quarantined=refused)
    try:
        result = way.send(message, decoded, ids)
    except _NothingStored:
        return Replayed(ids=ids, outcome=Outcome.STILL_REFUSED, detail=FIRST_STAYS)
    return Replayed(
        ids=ids,
        outcome=Outcome.STORED,
        stored=result.stored,
        duplicate=result.duplicate,
        quarantined=result.quarantined,
    )


def _without_trying(kept: QuarantineEntry, asked: Sequence[OpenEntry]) -> tuple[Outcome, str] | None:
    """Return what is plain before anything is decoded, or None."""
    if kept.gateway == IMPORT:
        return Outcome.STILL_REFUSED, IMPORT_AGAIN
    if not kept.complete:
        return Outcome.CUT, f"{kept.payload_bytes} bytes, only the beginning is kept"
    if all(entry.reason == RefusalReason.CONFLICT for entry in asked):
        return Outcome.STILL_REFUSED, FIRST_STAYS
    return None


class _Decoders:
    """The decoder of each site, chosen by topic."""

    def __init__(self, dsn: str, retention_s: float) -> None:
        catalogues = [load_catalogue(dsn, site) for site in list_sites(dsn)]
        self._decoders = [(catalogue, _decoder(catalogue, retention_s)) for catalogue in catalogues]
        self._nobody = _decoder(Catalogue(site="", points={}, devices={}), retention_s)

    def of(self, topic: str) -> Decoder:
        """Return the decoder of the site that a topic belongs to; one that knows no point where none does."""
        for catalogue, decoder in self._decoders:
            if topic.startswith(f"{ROOT}/{catalogue.site}/") or topic in catalogue.plain_topics:
                return decoder
        for catalogue, decoder in self._decoders:
            if any(topic.startswith(f"{SPARKPLUG_ROOT}/{node.partition('/')[0]}/") for node in catalogue.sparkplug):
                return decoder
        return self._nobody


def _decoder(catalogue: Catalogue, retention_s: float) -> Decoder:
    return Decoder(catalogue, clock_us=lambda: time.time_ns() // 1000, retention_s=retention_s)
