"""What an agent says about the devices that it speaks for: their status, and what it believes about their points."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import cbor2
import msgspec

from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE
from telemetry.formats.meta import MetaPoint, encode_meta, meta_point
from telemetry.formats.status import State, encode_status
from telemetry.topics import meta_topic, status_topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.buffer import Buffer
    from telemetry.site import Site


@dataclass(frozen=True, kw_only=True)
class OwnAsset:
    """An asset that an agent publishes, as it was configured."""

    key: str  # `area/asset`
    device: str = ""  # the device that the site file gives it; "" where that is the agent itself
    points: tuple[MetaPoint, ...] | None = None  # what the agent believes about its points; None: it tells nothing


class ReportMessage(NamedTuple):
    """One retained message."""

    topic: str
    payload: bytes
    content_type: str = JSON_TYPE


def own_assets(site: Site, device: str | None = None) -> tuple[OwnAsset, ...]:
    """Return the assets of one device as an agent configured from the site file has them; of all without `device`."""
    points: dict[str, list[MetaPoint]] = {}
    for point in site.points:
        points.setdefault(point.asset, []).append(meta_point(point))
    return tuple(
        OwnAsset(key=asset.key, device=asset.device, points=tuple(points.get(asset.key, ())))
        for asset in site.assets
        if device is None or asset.device == device
    )


class Reporter:
    """Writes the reports of one agent."""

    def __init__(self, site: str, client_id: str, assets: Sequence[OwnAsset], buffer: Buffer) -> None:
        self._site = site
        self._client_id = client_id
        self._assets = assets
        self._buffer = buffer
        self.link = 0  # connections of this boot, the present one included

    def next_link(self) -> None:
        """Count one more connection; before its CONNECT, because the last will goes with that."""
        self.link += 1

    def last_will(self) -> ReportMessage | None:
        """Return what the broker is to say in our place, None where we speak for nothing.

        A connection has one last will. It goes to the first asset's topic and names who spoke (`dev`, or `via` where
        the agent speaks for others), so that all devices of that connection count as offline. It is written before the
        connection is there, so it has no time; boot and link tell which connection it ends.
        """
        return self._status(self._assets[0], State.OFFLINE) if self._assets else None

    def statuses(self, state: State) -> list[ReportMessage]:
        """Return the status of every asset's device, with what the buffer holds now."""
        dropped = self._buffer.dropped()
        common: dict[str, Any] = {
            "packs": self._buffer.packs,
            "bytes": self._buffer.size_bytes,
            "oldest": oldest_ms(self._buffer),
        }
        now_ms = time.time_ns() // 1_000_000
        return [
            self._status(asset, state, ts_ms=now_ms, **common, dropped=lost._asdict() if lost else None)
            for asset in self._assets
            for lost in [dropped.get(self._device(asset))]
        ]

    def metas(self) -> list[ReportMessage]:
        """Return what is believed about the points of every asset that says so."""
        now_ms = time.time_ns() // 1_000_000
        return [
            ReportMessage(
                meta_topic(self._site, asset.key),
                encode_meta(self._device(asset), self._buffer.boot, asset.points, ts_ms=now_ms),
            )
            for asset in self._assets
            if asset.points is not None
        ]

    def _device(self, asset: OwnAsset) -> str:
        return asset.device or self._client_id

    def _status(self, asset: OwnAsset, state: State, *, ts_ms: int | None = None, **more: Any) -> ReportMessage:  # noqa: ANN401  numbers and small maps
        payload = encode_status(
            self._device(asset), state, self._buffer.boot, link=self.link, via=self._client_id, ts_ms=ts_ms, **more
        )
        return ReportMessage(status_topic(self._site, asset.key), payload)


class _Time(msgspec.Struct):
    """What is read of a pack here."""

    ts: int | None = None  # [ms since 1970-01-01 UTC]


def oldest_ms(buffer: Buffer) -> int | None:
    """Return the time of the oldest pack kept [ms since 1970-01-01 UTC]; None where none is kept or it has no time."""
    for stored in buffer.after(0, 1):
        try:
            if stored.pack.content_type == CBOR_TYPE:
                ts = msgspec.convert(cbor2.loads(stored.pack.payload), _Time).ts
            else:
                ts = msgspec.json.decode(stored.pack.payload, type=_Time).ts
        except (ValueError, cbor2.CBORDecodeError):  # not an envelope of ours
            return None
        return ts if ts is not None and ts >= 0 else None
    return None
