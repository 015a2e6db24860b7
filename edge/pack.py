"""Numbered packs: the envelope of the contract, one after another within a boot.

A gap in the numbers is how the server learns that something was lost on the way, so a number is only used up by a pack
that the buffer has taken (see `Agent.send_many`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.buffer import Pack
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, encode_pack
from telemetry.topics import TopicKind, topic_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Readings of one asset that belong together."""

    asset: str  # `area/asset`
    ts_ms: int | None  # time of the pack [ms since 1970-01-01 UTC]; None where the device has no clock
    entries: Sequence[Mapping[str, Any]]  # from telemetry.formats.envelope: `entry` and `series`
    tsq: str = "ntp"
    kind: TopicKind = TopicKind.TELEMETRY


class Packer:
    """Numbers and encodes the packs of one device within one boot."""

    def __init__(self, site: str, device: str, boot: int, *, cbor: bool = False) -> None:
        self.site = site
        self.device = device
        self.boot = boot
        self.next_seq = 0
        self._cbor = cbor

    def pack(self, sampled: Sampled) -> Pack:
        """Return the next pack; its number is used up (set `next_seq` back if the pack was not kept)."""
        payload = encode_pack(
            self.device,
            self.boot,
            self.next_seq,
            sampled.ts_ms,
            sampled.entries,
            tsq=sampled.tsq,
            cbor=self._cbor,
        )
        self.next_seq += 1
        readings = sum(len(entry["v"]) if isinstance(entry["v"], list) else 1 for entry in sampled.entries)
        topic = topic_of(self.site, sampled.asset, sampled.kind)
        return Pack(self.device, topic, payload, CBOR_TYPE if self._cbor else JSON_TYPE, readings)
