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
from storage.writer import Writer
from telemetry.batch import Message, RefusalReason
from telemetry.catalogue import Catalogue
from telemetry.decode import Decoder
from telemetry.topics import SPARKPLUG_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from storage.quarantine import QuarantineEntry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GATEWAY = "quarantine-replay"  # its name in the ledger


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


def replay(dsn: str, ids: Sequence[int], *, who: str, retention_s: float, dry_run: bool = False) -> Iterator[Replayed]:
    """Replay the messages of these entries one by one, marking those that went in.

    A message whose entries would be refused again for the same cause is left as it is.
    """
    decoders = _Decoders(dsn, retention_s)
    with connect(dsn, autocommit=True) as connection, Writer(dsn, gateway=GATEWAY) as writer:
        for group in _by_message([quarantine.show(connection, number) for number in ids]):
            result = _replay_one(group, decoders, writer if not dry_run else None)
            if result.outcome is Outcome.STORED and not dry_run:
                quarantine.mark_replayed(connection, result.ids, who=who)
            yield result


def _by_message(entries: Sequence[QuarantineEntry]) -> list[list[QuarantineEntry]]:
    """Group entries that came in one message."""
    groups: dict[tuple[object, ...], list[QuarantineEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.gateway, entry.arrived_at, entry.topic, entry.payload), []).append(entry)
    return list(groups.values())


def _replay_one(group: Sequence[QuarantineEntry], decoders: _Decoders, writer: Writer | None) -> Replayed:
    first, ids = group[0], tuple(entry.id for entry in group)
    if first.payload is None or not first.complete:
        return Replayed(ids=ids, outcome=Outcome.CUT, detail=f"{first.payload_bytes} bytes, only the beginning is kept")
    if all(entry.reason == RefusalReason.CONFLICT for entry in group):
        detail = "another value is stored for the same point and time: the first one stays"
        return Replayed(ids=ids, outcome=Outcome.STILL_REFUSED, detail=detail)
    arrived_us = (first.arrived_at - EPOCH) // timedelta(microseconds=1)
    message = Message(first.topic, first.payload, first.content_type, arrived_us)
    decoded = decoders.of(first.topic).decode([message])
    again = {refusal.entry: refusal.detail for refusal in decoded.refusals}
    if all(entry.entry in again for entry in group):
        return Replayed(ids=ids, outcome=Outcome.STILL_REFUSED, detail=again[first.entry])
    if writer is None:
        return Replayed(ids=ids, outcome=Outcome.STORED, stored=len(decoded.batch), quarantined=len(again))
    result = writer.write([message], decoded)
    return Replayed(
        ids=ids,
        outcome=Outcome.STORED,
        stored=result.stored,
        duplicate=result.duplicate,
        quarantined=result.quarantined,
    )


class _Decoders:
    """The decoder of each site, chosen by topic."""

    def __init__(self, dsn: str, retention_s: float) -> None:
        catalogues = [load_catalogue(dsn, site) for site in list_sites(dsn)]
        self._decoders = [(catalogue, _decoder(catalogue, retention_s)) for catalogue in catalogues]
        self._nobody = _decoder(Catalogue(site="", points={}, devices={}), retention_s)

    def of(self, topic: str) -> Decoder:
        """Return the decoder of the site that a topic belongs to; one that knows no point where none does."""
        for catalogue, decoder in self._decoders:
            if f"/{catalogue.site}/" in topic or topic in catalogue.plain_topics:
                return decoder
        for catalogue, decoder in self._decoders:
            if any(topic.startswith(f"{SPARKPLUG_ROOT}/{node.partition('/')[0]}/") for node in catalogue.sparkplug):
                return decoder
        return self._nobody


def _decoder(catalogue: Catalogue, retention_s: float) -> Decoder:
    return Decoder(catalogue, clock_us=lambda: time.time_ns() // 1000, retention_s=retention_s)
