"""What devices say about themselves, as answers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Record
from storage import devices
from telemetry.meta_check import Difference

DeviceState = Literal["online", "offline", "unknown"]


class MetaDifference(Record):
    """One thing that a device and the site file do not agree on."""

    point: str = Field(description="Name within the asset.", examples=["flow"])
    what: Difference = Field(examples=["unit"])
    told: str = Field(description="By the device; empty where it says nothing of the point.", examples=["L/s"])
    declared: str = Field(description="In the site file; empty where it says nothing of it.", examples=["m3/h"])


class Meta(Record):
    """What a device believes about the points of one asset."""

    asset: str = Field(description="area/asset", examples=["quay/intake"])
    told_at: datetime = Field(description="The device's time, else the arrival.", examples=["2026-11-22T03:00:00Z"])
    catalogue: str = Field(
        description="Version of the site file that the device was configured from, where it tells one.",
        examples=["5f1c2a9be0d34471"],
    )
    points: int = Field(examples=[12])
    compared: bool = Field(description="False for the few seconds until a gateway has looked.", examples=[True])
    differences: list[MetaDifference]


class Device(Record):
    """One device of a site: whether somebody speaks for it, and whether it believes what the site file says."""

    device: str = Field(examples=["edge-quay-1"])
    assets: list[str] = Field(description="area/asset", examples=[["quay/intake"]])
    state: DeviceState = Field(description="unknown: it never said.", examples=["online"])
    since: datetime | None = Field(
        description="Of this state; after a broken connection, when the broker's word for it arrived.",
        examples=["2026-11-22T03:00:00Z"],
    )
    last_will: bool = Field(description="Offline because the connection broke: nobody said goodbye.", examples=[False])
    status_at: datetime | None = Field(description="Of the newest status.", examples=["2026-11-22T03:12:00Z"])
    last_seen: datetime | None = Field(
        description="Arrival of anything of it: a status, a numbered message, a reading.",
        examples=["2026-11-22T03:12:01Z"],
    )
    boot: int | None = Field(description="Its own count of restarts.", examples=[17])
    via: str = Field(description="The agent that speaks for it; empty where it is itself.", examples=[""])
    clock: str = Field(description="Source of its time: ntp, rtc, none; empty where not told.", examples=["ntp"])
    packs_kept: int | None = Field(description="Packs not yet safe, with who speaks for it.", examples=[0])
    bytes_kept: int | None = Field(description="[B]", examples=[0])
    oldest_kept: datetime | None = Field(description="Time of the oldest pack kept.", examples=[None])
    packs_dropped: int | None = Field(description="Lost to a full buffer.", examples=[0])
    readings_dropped: int | None = Field(description="Lost to a full buffer.", examples=[0])
    missing: int = Field(description="Messages that were numbered and never came; see /losses.", examples=[4])
    data_alarm: bool = Field(description="What it believes about its points is not what the site file says.")
    meta: list[Meta] = Field(description="What it believes, asset by asset; empty where it tells nothing.")


class DeviceChange(Record):
    """One change of a device's state, or a restart."""

    at: datetime = Field(examples=["2026-11-22T03:00:00Z"])
    state: DeviceState = Field(examples=["offline"])
    boot: int | None = Field(examples=[17])
    via: str = Field(examples=[""])


class DeviceDetail(Device):
    """One device with its latest changes."""

    changes: list[DeviceChange] = Field(description="Newest first; a hundred are kept.")


def answers(rows: Sequence[devices.DeviceRow], metas: Iterable[devices.MetaRow]) -> list[Device]:
    """Return devices with what they believe."""
    by_device: dict[str, list[Meta]] = {}
    for meta in metas:
        by_device.setdefault(meta.device, []).append(_meta(meta))
    return [_device(row, by_device.get(row.device, [])) for row in rows]


def detail(device: Device, changes: Iterable[devices.ChangeRow]) -> DeviceDetail:
    """Return one device with its changes."""
    told = [DeviceChange(at=row.at, state=_state(row.state), boot=row.boot, via=row.via) for row in changes]
    return DeviceDetail(**dict(device), changes=told)


def _meta(row: devices.MetaRow) -> Meta:
    return Meta(
        asset=row.asset,
        told_at=row.at,
        catalogue=row.catalogue,
        points=row.points,
        compared=row.compared,
        differences=[MetaDifference(**one._asdict()) for one in row.differences],
    )


def _device(row: devices.DeviceRow, metas: list[Meta]) -> Device:
    return Device(
        device=row.device,
        assets=list(row.assets),
        state=_state(row.state),
        since=row.since,
        last_will=row.last_will,
        status_at=row.status_at,
        last_seen=row.last_seen,
        boot=row.boot,
        via=row.via,
        clock=row.clock,
        packs_kept=row.packs,
        bytes_kept=row.kept_bytes,
        oldest_kept=row.oldest,
        packs_dropped=row.dropped_packs,
        readings_dropped=row.dropped_readings,
        missing=row.missing,
        data_alarm=any(meta.differences for meta in metas),
        meta=metas,
    )


def _state(word: str) -> DeviceState:
    return "online" if word == "online" else "offline" if word == "offline" else "unknown"
