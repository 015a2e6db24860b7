"""Receipts: the answer to a publisher that its message is committed.

A publisher that keeps a message until it is safe sets an MQTT 5 response topic and correlation data; the gateway
answers there after its commit with what became of the message, as JSON:

    {"received":50,"stored":49,"duplicate":0,"quarantined":1}

with `"cut":true` besides where the message was refused and is too large to be kept whole in quarantine.

The response topic is chosen by the publisher and served with the gateway's rights, so only topics that end in
`/receipt` under the site's own branch are answered: otherwise a device could have the gateway publish to the command
topic of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest_gateway.intake import ReplyTo

CONTENT_TYPE = "application/json"
_ROOT = "port/v1/"
_LEAF = "/receipt"


class Receipt(NamedTuple):
    """One answer, ready to publish at QoS 0: a lost one makes the publisher send again, which is harmless."""

    topic: str
    correlation: bytes
    payload: bytes


def may_answer(topic: str) -> bool:
    """Return whether a response topic is one that devices may ask for."""
    return (
        topic.startswith(_ROOT) and topic.endswith(_LEAF) and len(topic) <= 256 and not ("+" in topic or "#" in topic)
    )


def receipt_payload(received: int, stored: int, duplicate: int, quarantined: int, cut: bool = False) -> bytes:  # noqa: FBT001, FBT002  a row of counts as zip gives it
    """Return the JSON body; `received` was counted when the message was read, the others when it was written."""
    counts = (received, stored, duplicate, quarantined)
    return b'{"received":%d,"stored":%d,"duplicate":%d,"quarantined":%d%b}' % (*counts, b',"cut":true' if cut else b"")


def receipts_for(
    replies: Sequence[ReplyTo | None],
    received: NDArray[np.int64],
    stored: NDArray[np.int64],
    duplicate: NDArray[np.int64],
    quarantined: NDArray[np.int64],
    cut: NDArray[np.bool_],
) -> list[Receipt]:
    """Return the receipts of a batch from what is known per message, each (n_messages,)."""
    columns = (received, stored, duplicate, quarantined, cut)
    counts = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Receipt(reply.topic, reply.correlation, receipt_payload(*count))
        for reply, count in zip(replies, counts, strict=True)
        if reply is not None and may_answer(reply.topic)
    ]
