"""A small site with one point of every kind, and short ways to say something to its decoder."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from telemetry.batch import Decoded, Message, RefusalReason
from telemetry.catalogue import Catalogue, catalogue_of
from telemetry.decode import Decoder
from telemetry.errors import SiteFileError
from telemetry.formats.envelope import encode_pack
from telemetry.site_file import parse_site
from telemetry.topics import telemetry_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from telemetry.errors import Mistake

NOW_MS = 1_790_000_000_000  # 2026-09-21T14:13:20Z
NOW_US = 1000 * NOW_MS
DEVICE = "edge-1"
ASSET = "quay/loop"
OTHER_ASSET = "quay/store"
OTHER_DEVICE = "edge-2"
TOPIC = telemetry_topic("harbour", ASSET)

SITE = """
plain_topics = { "legacy/index" = "quay/loop/volume", "legacy/door" = "quay/loop/door" }
sparkplug = { "port/node" = "quay/loop", "port/node/store" = "quay/store", "port/other/only" = "quay/store" }

[site]
id = "harbour"
name = "Harbour"
position = [50.7, 1.6]
timezone = "Europe/Paris"

[[utilities]]
id = "seawater"
name = { fr = "Eau de mer", en = "Seawater" }

[[operators]]
id = "port"
name = "Port"

[[assets]]
key = "quay/loop"
name = { fr = "Boucle", en = "Loop" }
utility = "seawater"
operator = "port"
device = "edge-1"
[assets.points]
t_in = { name = "In", quantity = "temperature", unit = "Cel", kind = "gauge", period_s = 60, range = [-2, 30] }
t_jump = { name = "Jump", quantity = "temperature", unit = "Cel", kind = "gauge", period_s = 60, rate_limit = 0.1 }
pressure = { name = "Pressure", quantity = "gauge_pressure", unit = "bar", kind = "gauge", period_s = 60 }
flow = { name = "Flow", quantity = "volume_flow", unit = "m3/h", kind = "gauge", period_s = 60 }
conductivity = { name = "Conductivity", quantity = "conductivity", unit = "mS/cm", kind = "gauge", period_s = 60 }
energy = { name = "Energy", quantity = "energy", unit = "kW.h", kind = "counter", period_s = 60, modulus = 1e8 }
volume = { name = "Volume", quantity = "volume", unit = "m3", kind = "counter", period_s = 60, pulse_weight = 0.01 }
door = { name = "Door", quantity = "state", unit = "1", kind = "state", period_s = 60 }
landed = { name = "Landed", quantity = "mass", unit = "t", kind = "event", period_s = 3600 }
overdue = { name = "Old", quantity = "level", unit = "m", kind = "gauge", period_s = 60, calibration_due = 2026-01-31 }

[[assets]]
key = "quay/store"
name = { fr = "Chambre", en = "Store" }
utility = "seawater"
operator = "port"
device = "edge-2"
[assets.points]
t_air = { name = "Air", quantity = "temperature", unit = "Cel", kind = "gauge", period_s = 60 }
"""


def mistakes(text: str) -> list[Mistake]:
    """Return the mistakes of a site file that has some."""
    with pytest.raises(SiteFileError) as caught:
        parse_site(text, "port.toml")
    return caught.value.mistakes


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of the small site; point ids are 1…n in order of key."""
    return catalogue_of(parse_site(SITE, "harbour.toml"))


def decoder(**settings: Any) -> Decoder:
    """Return a fresh decoder whose clock stands still at NOW."""
    return Decoder(catalogue(), clock_us=lambda: NOW_US, **settings)


def point_id(name: str, asset: str = ASSET) -> int:
    """Return the number of a point."""
    return catalogue().points[f"{asset}/{name}"].point_id


def message(payload: bytes, topic: str = TOPIC, content_type: str = "", received_us: int = NOW_US) -> Message:
    """Wrap a payload."""
    return Message(topic, payload, content_type, received_us)


def pack(entries: Iterable[Mapping[str, Any]], *, ts_ms: int | None = NOW_MS, seq: int = 1, **options: Any) -> bytes:
    """Encode an envelope of our device."""
    return encode_pack(DEVICE, 1, seq, ts_ms, entries, **options)


def decode(payload: bytes, topic: str = TOPIC, content_type: str = "") -> Decoded:
    """Decode one message with a fresh decoder."""
    return decoder().decode([message(payload, topic, content_type)])


def reasons(decoded: Decoded) -> list[RefusalReason]:
    """Return the reasons of all refusals."""
    return [refusal.reason for refusal in decoded.refusals]


def readings(decoded: Decoded) -> list[tuple[str, int, float]]:
    """Return (point name, time [ms], value) of everything accepted."""
    names = {entry.point_id: entry.point.short_name for entry in catalogue().points.values()}
    batch = decoded.batch
    columns = zip(batch.point_id.tolist(), batch.ts_us.tolist(), batch.value.tolist(), strict=True)
    return [(names[number], ts_us // 1000, value) for number, ts_us, value in columns]
