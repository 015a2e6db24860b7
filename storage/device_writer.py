"""The writer's side of what devices say about themselves: each report guarded against older ones that come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from psycopg.types.json import Jsonb

from storage.statements import statement
from storage.times import from_us
from telemetry.formats.status import DeviceStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from storage.engine import Connection
    from telemetry.formats.meta import AssetMeta


def keep_reports(connection: Connection, told: Sequence[DeviceStatus | AssetMeta]) -> None:
    """Write reports within the open transaction, of each speaker in the order they came.

    Speakers come in the order of their names, so that writers side by side wait for each other and do not deadlock.
    """
    for report in sorted(told, key=_speaker):
        if isinstance(report, DeviceStatus):
            connection.execute(statement("devices", "note_status"), _status(report), prepare=True)
        else:
            connection.execute(statement("devices", "note_meta"), _meta(report), prepare=True)


def _speaker(report: DeviceStatus | AssetMeta) -> tuple[str, str]:
    return report.site, report.speaker if isinstance(report, DeviceStatus) else report.device


def _status(status: DeviceStatus) -> Mapping[str, object]:
    return {
        "site": status.site,
        "device": status.device,
        "state": str(status.state),
        "at": from_us(status.at_us),
        "received_at": from_us(status.received_us),
        "has_time": status.told_us is not None,
        "boot": status.boot,
        "link": status.link,
        "via": status.via,
        "speaker": status.speaker,
        "last_will": status.last_will,
        "clock": status.clock,
        "packs": status.packs,
        "kept_bytes": status.kept_bytes,
        "oldest": _moment(status.oldest_us),
        "dropped_packs": status.dropped_packs,
        "dropped_readings": status.dropped_readings,
    }


def _meta(meta: AssetMeta) -> Mapping[str, object]:
    return {
        "site": meta.site,
        "asset": meta.asset,
        "device": meta.device,
        "boot": meta.boot,
        "at": from_us(meta.at_us),
        "received_at": from_us(meta.received_us),
        "has_time": meta.told_us is not None,
        "catalogue": meta.catalogue,
        "points": Jsonb([msgspec.to_builtins(point) for point in meta.points]),
    }


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else from_us(microseconds)
