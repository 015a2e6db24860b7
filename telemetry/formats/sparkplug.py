"""Sparkplug B 3.0: births, deaths and data of nodes and their devices, with what has to be remembered between them.

A birth names the metrics of a node or device and gives them aliases and types; data messages may then say the alias
only. Each node numbers its messages from 0 to 255 and round again. Where a number is missing, or an alias or a type is
not known, the node is asked to say everything anew (a rebirth); until it has, what it says is uncertain.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from google.protobuf.message import DecodeError

from telemetry.batch import RefusalReason
from telemetry.formats.rows import MOST_HINTS, Place, RefusedError, Rows, shown, unknown_point
from telemetry.formats.sparkplug_b_pb2 import Metric, Payload
from telemetry.formats.sparkplug_metric import no_number, quality_of, shown_metric, time_of, value_of
from telemetry.quality import Reason
from telemetry.topics import SPARKPLUG_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK_AGAIN_US = 10_000_000  # a node is not asked for a rebirth more often than this [µs]
MOST_NAMES = 10_000  # of a birth's metrics that are no points; the others are known by their alias only
LONGEST_NAME = 100  # characters kept of such a name
REBIRTH = "Node Control/Rebirth"
DEATH_NUMBER = "bdSeq"
_CONTROL = ("Node Control/", "Device Control/", "Node Info/", "Node Properties/", "Properties/")  # no readings
_DATA = ("NDATA", "DDATA", "NBIRTH", "DBIRTH")
_SEQUENCED = (*_DATA, "DDEATH")
_IGNORED = ("NCMD", "DCMD")  # commands are not for us, our own come back on the wildcard subscription


class SparkplugTopic(NamedTuple):
    """`spBv1.0/group/kind/node[/device]`."""

    kind: str
    node: str  # `group/node`
    device: str  # "" for the node itself

    @property
    def key(self) -> str:
        """The key of the site file's table: `group/node` or `group/node/device`."""
        return f"{self.node}/{self.device}" if self.device else self.node


def parse_sparkplug_topic(topic: str) -> SparkplugTopic | None:
    """Take a Sparkplug topic apart, or return None where it is none of a node's or device's."""
    levels = topic.split("/")
    if levels[0] != SPARKPLUG_ROOT or len(levels) not in (4, 5) or "" in levels:
        return None
    device = levels[4] if len(levels) == 5 else ""
    kind = levels[2]
    if kind not in (*_SEQUENCED, "NDEATH", *_IGNORED) or kind.startswith("D") != bool(device):
        return None
    return SparkplugTopic(kind, f"{levels[1]}/{levels[3]}", device)


def rebirth_command(node: str, timestamp_ms: int) -> tuple[str, bytes]:
    """Return topic and payload of the command that asks a node (`group/node`) to say everything anew."""
    group, _, name = node.partition("/")
    metric = Metric(name=REBIRTH, datatype=11, boolean_value=True, timestamp=timestamp_ms)
    payload = Payload(timestamp=timestamp_ms, metrics=[metric])
    return f"{SPARKPLUG_ROOT}/{group}/NCMD/{name}", payload.SerializeToString()


class Declared(NamedTuple):
    """What a birth said about a metric."""

    name: str
    datatype: int


NAMELESS = Declared("…", 0)


@dataclass(slots=True)
class Birth:
    """What a node or device declared when it was born."""

    by_alias: dict[int, Declared] = field(default_factory=dict)
    by_name: dict[str, Declared] = field(default_factory=dict)  # points only


@dataclass(slots=True)
class Node:
    """What is remembered about one node."""

    sound: bool = False  # born, and no message missing since
    seq: int | None = None  # the last one
    death_number: int | None = None
    asked_us: int | None = None  # when a rebirth was last asked for
    births: dict[str, Birth] = field(default_factory=dict)  # by device, "" for the node itself


class SparkplugState:
    """All nodes of a catalogue."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        """Know the nodes that are mapped; `mapping` leads from `group/node[/device]` to an asset."""
        self._nodes = {"/".join(key.split("/")[:2]): Node() for key in mapping}
        self.rebirths: list[str] = []  # nodes to ask since this was last emptied

    def keep(self, older: SparkplugState) -> None:
        """Take over what an older state remembers of the same nodes."""
        self._nodes |= {name: _copied(node) for name, node in older._nodes.items() if name in self._nodes}

    def copied(self) -> SparkplugState:
        """Return a state that remembers the same and goes its own way."""
        made: SparkplugState = copy(self)
        made._nodes = {name: _copied(node) for name, node in self._nodes.items()}
        made.rebirths = []
        return made

    def read(self, payload: bytes, topic: SparkplugTopic, place: Place | None, received_us: int) -> Rows:
        """Read one message; `place` is None where its node or device is not mapped to an asset."""
        if topic.kind in _IGNORED:
            return Rows()
        node = self._nodes.get(topic.node)
        if node is None:
            detail = f"Sparkplug node {shown(topic.node)} is not mapped to an asset – add it under [sparkplug]"
            raise RefusedError(RefusalReason.UNKNOWN_POINT, detail)
        content = _parsed(payload)
        if topic.kind == "NDEATH":
            _die(node, content)
            return Rows()
        follows = _follows(node, topic, content)
        if topic.kind == "DDEATH":
            node.births.pop(topic.device, None)
        elif topic.kind in ("NBIRTH", "DBIRTH"):
            _give_birth(node, topic, content, place)
        # Births of what is not mapped are not kept, or a node could fill our memory with them.
        if not follows or (place is not None and topic.kind != "DDEATH" and topic.device not in node.births):
            node.sound = False
        rows = _readings(node, topic, content, place, received_us) if topic.kind in _DATA else Rows()
        if not node.sound:
            self._ask(topic.node, node, received_us)
        return rows

    def _ask(self, name: str, node: Node, now_us: int) -> None:
        """Ask a node for a rebirth, unless it has just been asked."""
        if node.asked_us is None or not 0 <= now_us - node.asked_us < ASK_AGAIN_US:
            node.asked_us = now_us
            self.rebirths.append(name)


def _copied(node: Node) -> Node:
    """Copy what is remembered about a node; births are never changed once they are made."""
    return replace(node, births=dict(node.births))


def _parsed(payload: bytes) -> Payload:
    """Parse the protobuf."""
    content = Payload()
    try:
        content.ParseFromString(bytes(payload))
        texts = [text for metric in content.metrics for text in _texts(metric)]
    except (DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError(RefusalReason.UNDECODABLE, "not a Sparkplug B payload") from None
    # A text that is not UTF-8 shows when it is looked at, as bytes or by an exception: look before anything is kept.
    if not all(isinstance(text, str) for text in texts):
        raise RefusedError(RefusalReason.UNDECODABLE, "a name in the Sparkplug B payload is not UTF-8")
    return content


def _texts(metric: Metric) -> list[object]:
    """Return every text of a metric."""
    keys = list(metric.properties.keys) if metric.HasField("properties") else []
    return [metric.name, metric.string_value, *keys]


def _follows(node: Node, topic: SparkplugTopic, content: Payload) -> bool:
    """Take note of the message's number; return whether it follows the last one."""
    number = content.seq % 256
    follows = topic.kind == "NBIRTH" or (node.seq is not None and (number - node.seq) % 256 in (0, 1))
    node.seq = number  # the same number again is the same message again
    return follows


def _give_birth(node: Node, topic: SparkplugTopic, content: Payload, place: Place | None) -> None:
    """Remember what a node or device declares, if it is mapped."""
    if topic.kind == "NBIRTH":
        node.births.clear()
        node.sound = True
        node.asked_us = None
        node.death_number = _death_number(content)
    if place is None:
        return
    birth = node.births[topic.device] = Birth()
    for metric in content.metrics:
        if metric.name in place.names:
            declared = birth.by_name[metric.name] = Declared(metric.name, metric.datatype)
        else:
            declared = _unmapped(metric, len(birth.by_alias))
        if metric.HasField("alias"):
            birth.by_alias[metric.alias] = declared


def _unmapped(metric: Metric, known: int) -> Declared:
    """Return what is kept of a metric that is no point: enough to name it in a refusal, bounded all the same."""
    if known >= MOST_NAMES:
        return NAMELESS
    # No point's name holds an ellipsis: a name that was cut is never taken for one.
    return Declared(metric.name if len(metric.name) <= LONGEST_NAME else f"{metric.name[:LONGEST_NAME]}…", 0)


def _die(node: Node, content: Payload) -> None:
    """Forget a node that died; a will of an earlier connection, told late, is not about this life."""
    if node.death_number is None or _death_number(content) == node.death_number:
        node.births.clear()
        node.sound = False
        node.seq = None


def _death_number(content: Payload) -> int | None:
    """Return the number that ties a death to a birth."""
    for metric in content.metrics:
        if metric.name == DEATH_NUMBER:
            return metric.long_value or metric.int_value
    return None


def _readings(node: Node, topic: SparkplugTopic, content: Payload, place: Place | None, received_us: int) -> Rows:
    """Turn metrics into readings."""
    rows = Rows(entries=len(content.metrics))
    birth = node.births.get(topic.device, Birth())
    sound_before = node.sound
    for metric in content.metrics:
        declared = _declared(birth, metric)
        if declared is None and place is None:
            detail = f"{shown(topic.key)} is not mapped to an asset – add it under [sparkplug]"
            rows.refuse(RefusalReason.UNKNOWN_POINT, detail, shown_metric(metric, ""))
        elif declared is None:
            node.sound = False
            rows.refuse(
                RefusalReason.UNKNOWN_POINT,
                f"alias {metric.alias} was not declared by a birth",
                shown_metric(metric, ""),
            )
        elif declared.name == DEATH_NUMBER or declared.name.startswith(_CONTROL):
            rows.entries -= 1
        elif place is None or place.names.get(declared.name, -1) < 0:
            names = {} if place is None else place.names
            detail = unknown_point(declared.name, names, hint=len(rows.refusals) < MOST_HINTS)
            rows.refuse(RefusalReason.UNKNOWN_POINT, detail, shown_metric(metric, declared.name))
        else:
            ts_us, suspect = time_of(metric, content, received_us)
            value = value_of(metric, declared.datatype)
            if value is None:
                rows.refuse(RefusalReason.SCHEMA, no_number(metric, declared.name), shown_metric(metric, declared.name))
                continue
            suspect |= 0 if sound_before else Reason.COMM
            rows.add(place.names[declared.name], value, ts_us, quality_of(metric), suspect)
            rows.backlog |= metric.is_historical
    return rows


def _declared(birth: Birth, metric: Metric) -> Declared | None:
    """Return what is known about a metric: from its own name and type, else from the birth."""
    if not metric.HasField("name"):
        return birth.by_alias.get(metric.alias) if metric.HasField("alias") else None
    if metric.HasField("datatype"):
        return Declared(metric.name, metric.datatype)
    return birth.by_name.get(metric.name, Declared(metric.name, 0))
