"""The status of a device: retained `online`, last will `offline` (see docs/contract.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import cbor2
import msgspec

from telemetry.batch import RefusalReason
from telemetry.formats.envelope import TIME_QUALITIES, VERSION
from telemetry.formats.report import DeviceId, Number, PastMilliseconds, Report, read_report
from telemetry.formats.rows import RefusedError

if TYPE_CHECKING:
    from telemetry.formats.rows import Place


class State(StrEnum):
    """Whether somebody speaks for a device."""

    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, kw_only=True)
class DeviceStatus:
    """What one status message says."""

    site: str
    device: str
    state: State
    received_us: int  # arrival [µs since 1970-01-01 UTC]
    boot: int | None = None  # None: the bare word, which says nothing but the state
    link: int = 0  # counts connections within a boot from 1; 0: not told
    told_us: int | None = None  # device time [µs since 1970-01-01 UTC]; None: a last will, or no clock
    clock: str = ""  # ntp, rtc, none, or "" where not told
    via: str = ""  # the agent that speaks for the device, where it is not the device itself
    packs: int | None = None  # kept and not yet safe, by whoever speaks
    kept_bytes: int | None = None  # [B]
    oldest_us: int | None = None  # time of the oldest pack kept [µs since 1970-01-01 UTC]
    dropped_packs: int | None = None  # lost to a full buffer
    dropped_readings: int | None = None

    @property
    def speaker(self) -> str:
        """Who spoke: the device itself, or the agent that speaks for it."""
        return self.via or self.device

    @property
    def last_will(self) -> bool:
        """Whether the broker said it in the speaker's place: written beforehand, it has no time."""
        return self.state is State.OFFLINE and self.told_us is None

    @property
    def at_us(self) -> int:
        """When the device was in this state [µs since 1970-01-01 UTC]: its own time, but never one yet to come."""
        return self.received_us if self.told_us is None else min(self.told_us, self.received_us)


class _Dropped(msgspec.Struct, gc=False):
    packs: Number = 0
    readings: Number = 0


class _Status(Report, kw_only=True, gc=False):
    state: Literal["online", "offline"]
    link: Number = 0
    via: DeviceId = ""
    packs: Number | None = None
    bytes: Number | None = None
    oldest: PastMilliseconds | None = None
    dropped: _Dropped | None = None


_decode_json = msgspec.json.Decoder(_Status).decode
_BARE = {state.value.encode(): state for state in State}


def read_status(payload: bytes, content_type: str, place: Place, received_us: int) -> DeviceStatus:
    """Read a status; RefusedError refuses it. The bare words `online` and `offline` are understood as well."""
    bare = _BARE.get(payload)
    if bare is not None:
        return DeviceStatus(site=place.site, device=place.device, state=bare, received_us=received_us)
    said = read_report(payload, content_type, place, _Status, _decode_json)
    if said.tsq not in TIME_QUALITIES:
        raise RefusedError(RefusalReason.SCHEMA, "`tsq` is not one of ntp, rtc, none")
    return DeviceStatus(
        site=place.site,
        device=said.dev,
        state=State(said.state),
        received_us=received_us,
        boot=said.boot,
        link=said.link,
        told_us=said.told_us,
        clock=said.tsq,
        via="" if said.via == said.dev else said.via,
        packs=said.packs,
        kept_bytes=said.bytes,
        oldest_us=None if said.oldest is None else 1000 * said.oldest,
        dropped_packs=None if said.dropped is None else said.dropped.packs,
        dropped_readings=None if said.dropped is None else said.dropped.readings,
    )


def encode_status(
    dev: str,
    state: State,
    boot: int,
    *,
    link: int = 0,
    via: str = "",
    ts_ms: int | None = None,
    cbor: bool = False,
    **more: Any,  # noqa: ANN401  numbers and small maps
) -> bytes:
    """Encode one status; `ts_ms` [ms since 1970-01-01 UTC] is None in a last will, which is written beforehand.

    `more` may hold `tsq`, `packs`, `bytes`, `oldest` [ms] and `dropped` ({"packs": n, "readings": n}).
    """
    status: dict[str, Any] = {"v": VERSION, "dev": dev, "state": str(state), "boot": boot}
    given = {"link": link or None, "via": via if via != dev and via else None, "ts": ts_ms, **more}
    status |= {name: value for name, value in given.items() if value is not None}
    return cbor2.dumps(status) if cbor else msgspec.json.encode(status)
