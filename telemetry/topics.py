"""Topics of the port: `port/v1/{site}/{area}/{asset}/{telemetry|event|status|meta|cmd}`, lower case, no units."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from telemetry.errors import ContractError

ROOT = "port/v1"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")  # one level of a topic, and every id of a site file
SPARKPLUG_ROOT = "spBv1.0"


class TopicKind(StrEnum):
    """Last level of a topic."""

    TELEMETRY = "telemetry"  # QoS 1, never retained
    EVENT = "event"  # QoS 1, never retained
    STATUS = "status"  # retained, with a last will `offline`
    META = "meta"  # retained: what the device believes about its points
    CMD = "cmd"


class Topic(NamedTuple):
    """One topic, taken apart."""

    site: str
    asset: str  # `area/asset`
    kind: TopicKind


_KINDS = {str(kind): kind for kind in TopicKind}


def is_name(text: str) -> bool:
    """Return whether a text may be a site, area, asset, device or point name."""
    return NAME.fullmatch(text) is not None


def parse_topic(topic: str) -> Topic | None:
    """Take a topic apart, or return None where it is not one of the port's."""
    levels = topic.split("/")
    if len(levels) != 6 or levels[0] != "port" or levels[1] != "v1":
        return None
    kind = _KINDS.get(levels[5])
    if kind is None or not (is_name(levels[2]) and is_name(levels[3]) and is_name(levels[4])):
        return None
    return Topic(levels[2], f"{levels[3]}/{levels[4]}", kind)


def topic_of(site: str, asset: str, kind: TopicKind) -> str:
    """Build the topic of an asset (`area/asset`)."""
    area, _, name = asset.partition("/")
    if not (is_name(site) and is_name(area) and is_name(name)):
        raise ContractError(
            f'site "{site}" and asset "{asset}" do not make a topic',
            cure="an asset is `area/asset`; names are lower case letters, digits, - and _",
        )
    return f"{ROOT}/{site}/{asset}/{kind}"


def telemetry_topic(site: str, asset: str) -> str:
    """Build the topic that readings of an asset are published on."""
    return topic_of(site, asset, TopicKind.TELEMETRY)


def event_topic(site: str, asset: str) -> str:
    """Build the topic that events of an asset are published on."""
    return topic_of(site, asset, TopicKind.EVENT)


def status_topic(site: str, asset: str) -> str:
    """Build the topic on which it stands whether somebody speaks for an asset's device."""
    return topic_of(site, asset, TopicKind.STATUS)


def meta_topic(site: str, asset: str) -> str:
    """Build the topic on which it stands what an asset's device believes about its points."""
    return topic_of(site, asset, TopicKind.META)


def receipt_topic(site: str, device: str) -> str:
    """Build the topic on which a device of ours awaits its receipts; any MQTT 5 response topic is answered."""
    if not (is_name(site) and is_name(device)):
        raise ContractError(
            f'site "{site}" and device "{device}" do not make a topic',
            cure="names are lower case letters, digits, - and _",
        )
    return f"{ROOT}/{site}/{device}/receipt"


def subscriptions(site: str) -> tuple[str, str]:
    """Return the two filters that hold all readings of a site."""
    return f"{ROOT}/{site}/+/+/{TopicKind.TELEMETRY}", f"{ROOT}/{site}/+/+/{TopicKind.EVENT}"


def report_subscriptions(site: str) -> tuple[str, str]:
    """Return the two filters that hold what the devices of a site say about themselves."""
    return f"{ROOT}/{site}/+/+/{TopicKind.STATUS}", f"{ROOT}/{site}/+/+/{TopicKind.META}"
