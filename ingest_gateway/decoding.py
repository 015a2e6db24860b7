"""Decoders for the sites of one gateway, kept at the catalogue that was last applied.

A new catalogue is taken over between two batches, never within one. A batch with unknown points has the catalogue
looked at once more before anything is refused: a device may speak a moment after its site file was applied.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from telemetry.batch import Decoded, ReadingBatch, Refusal, RefusalReason, empty_batch
from telemetry.decode import Decoder
from telemetry.errors import QuaymeterError
from telemetry.topics import SPARKPLUG_ROOT, report_subscriptions, subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ingest_gateway.metrics import Metrics
    from ingest_gateway.settings import GatewaySettings
    from telemetry.batch import Message
    from telemetry.catalogue import Catalogue

log = logging.getLogger(__name__)

_AGAIN_AFTER_S = 1.0  # unknown points make us look at the database this often at most
_ROWS = ("point_id", "ts_us", "value", "quality", "received_us")
_BIRTHS_AND_DATA = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")


class SiteDecoders:
    """Decodes the messages of all sites; `decode` is called by one thread at a time, `refresh` by any."""

    def __init__(
        self,
        load: Callable[[], Mapping[str, Catalogue]],
        settings: GatewaySettings,
        metrics: Metrics,
        *,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """`load` returns the catalogues by site as they are in the database now."""
        self._load = load
        self._settings = settings
        self._metrics = metrics
        self._clock_us = clock_us
        self._refreshing = threading.Lock()
        self._catalogues: Mapping[str, Catalogue] = {}
        self._decoders: dict[str, Decoder] = {}
        self._looked_s = 0.0
        self.reason = "the catalogue was not loaded yet"  # why there is none, for people

    @property
    def loaded(self) -> bool:
        """Whether at least one site is known."""
        return bool(self._catalogues)

    def refresh(self) -> bool:
        """Look at the database; return whether anything changed. Trouble is kept in `reason`."""
        with self._refreshing:
            self._looked_s = time.monotonic()
            try:
                catalogues = self._load()
            except QuaymeterError as error:
                self.reason = str(error)
                return False
            missing = sorted(set(self._settings.sites) - set(catalogues)) or ([] if catalogues else ["any"])
            self.reason = (
                f"site {', '.join(missing)} is not in the database – quaymeter site apply FILE" if missing else ""
            )
            versions = {site: catalogue.version for site, catalogue in catalogues.items()}
            if versions == {site: catalogue.version for site, catalogue in self._catalogues.items()}:
                return False
            self._catalogues = catalogues
            self._metrics.catalogue_loads.inc()
            log.info("catalogue: %s", ", ".join(f"{s} {len(c.points)} points" for s, c in catalogues.items()))
            return True

    def filters(self, *, sparkplug: bool, reports: bool) -> frozenset[str]:
        """Return the topic filters that hold all readings; Sparkplug's, and status and meta, where we own them."""
        group = self._settings.group
        sites = (*self._settings.sites, *self._catalogues)
        wanted = {_shared(group, name) for site in sites for name in subscriptions(site)}
        if reports:
            wanted |= {name for site in sites for name in report_subscriptions(site)}
        for catalogue in self._catalogues.values():
            wanted |= {_shared(group, topic) for topic in catalogue.plain_topics}
            if sparkplug:
                nodes = {key.partition("/")[0] for key in catalogue.sparkplug}
                wanted |= {f"{SPARKPLUG_ROOT}/{node}/{kind}/#" for node in nodes for kind in _BIRTHS_AND_DATA}
        return frozenset(wanted)

    @property
    def catalogues(self) -> Collection[Catalogue]:
        """The catalogues as they are now."""
        return self._catalogues.values()

    @property
    def speaks_sparkplug(self) -> bool:
        """Whether any site maps Sparkplug nodes."""
        return any(catalogue.sparkplug for catalogue in self._catalogues.values())

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Decode messages (n,) of any site into one batch."""
        self._take_over()
        memories = {site: decoder.memory() for site, decoder in self._decoders.items()}
        decoded = self._decode(messages)
        unknown = any(refusal.reason == RefusalReason.UNKNOWN_POINT for refusal in decoded.refusals)
        if unknown and time.monotonic() - self._looked_s > _AGAIN_AFTER_S and self.refresh():
            for site, memory in memories.items():
                self._decoders[site].recall(memory)
            self._take_over()
            decoded = self._decode(messages)
        return decoded

    def _take_over(self) -> None:
        """Bring the decoders to the catalogues that `refresh` found."""
        for site, catalogue in self._catalogues.items():
            decoder = self._decoders.get(site)
            if decoder is None:
                self._decoders[site] = Decoder(
                    catalogue,
                    clock_us=self._clock_us,
                    retention_s=self._settings.retention_s,
                    future_s=self._settings.future_s,
                    max_payload=self._settings.max_payload,
                )
            elif decoder.catalogue is not catalogue:
                decoder.use(catalogue)

    def _decode(self, messages: Sequence[Message]) -> Decoded:
        if len(self._decoders) == 1:
            return self._decode_safely(next(iter(self._decoders.values())), messages)
        by_site: dict[str, list[int]] = {}
        for index, message in enumerate(messages):
            by_site.setdefault(self._site_of(message.topic), []).append(index)
        parts = [
            (self._decode_safely(self._decoders[site], [messages[index] for index in indices]), indices)
            for site, indices in by_site.items()
        ]
        return joined(parts)

    def _decode_safely(self, decoder: Decoder, messages: Sequence[Message]) -> Decoded:
        """Decode; should the decoder raise against its word, find the message and refuse it alone."""
        memory = decoder.memory()
        try:
            return decoder.decode(messages)
        except Exception as error:
            self._metrics.decode_failures.inc()
            log.exception("the decoder failed on %d messages", len(messages))
            decoder.recall(memory)
            if len(messages) == 1:
                detail = f"the decoder failed: {error!r} – a defect of quaymeter, please report it"
                refusal = Refusal(0, RefusalReason.UNDECODABLE, detail)
                return Decoded(batch=empty_batch(), refusals=[refusal], sequences=[], entries=np.ones(1, np.int64))
            half = len(messages) // 2
            return joined(
                [
                    (self._decode_safely(decoder, messages[:half]), range(half)),
                    (self._decode_safely(decoder, messages[half:]), range(half, len(messages))),
                ]
            )

    def _site_of(self, topic: str) -> str:
        """Return the site whose decoder judges a message; the first where none claims it."""
        levels = topic.split("/", 4)
        for site, catalogue in self._catalogues.items():
            if topic in catalogue.plain_topics or (len(levels) > 3 and levels[2] == site):
                return site
            # spBv1.0/{group}/{type}/{node}[/{device}]
            if levels[0] == SPARKPLUG_ROOT and len(levels) > 3:
                node = f"{levels[1]}/{levels[3]}"
                if any(key == node or key.startswith(f"{node}/") for key in catalogue.sparkplug):
                    return site
        return next(iter(self._catalogues))


def joined(parts: Sequence[tuple[Decoded, Sequence[int]]]) -> Decoded:
    """Join what parts of a list of messages turned into; each part with the places of its messages in the list."""
    columns = {name: np.concatenate([getattr(decoded.batch, name) for decoded, _ in parts]) for name in _ROWS}
    entries = np.zeros(sum(len(indices) for _, indices in parts), np.int64)
    for decoded, indices in parts:
        entries[indices] = decoded.found(len(indices)) if decoded.entries is None else decoded.entries
    message = [np.asarray(indices, np.int32)[decoded.batch.message] for decoded, indices in parts]
    return Decoded(
        batch=ReadingBatch(**columns, message=np.concatenate(message)),
        refusals=[
            refusal._replace(message=indices[refusal.message])
            for decoded, indices in parts
            for refusal in decoded.refusals
        ],
        sequences=[number for decoded, _ in parts for number in decoded.sequences],
        rebirths=[node for decoded, _ in parts for node in decoded.rebirths],
        entries=entries,
        told=[report for decoded, _ in parts for report in decoded.told],
    )


def _shared(group: str, topic_filter: str) -> str:
    """Return a filter as shared subscription; each has a share name of its own, the same for all gateways of a group.

    The standard lets one name hold several filters, but rumqttd (iotcore) then hands each message to one filter only:
    of 60 messages to three filters under one name 20 arrived, under three names all.
    """
    return f"$share/{group}-{crc32(topic_filter.encode()):08x}/{topic_filter}"
