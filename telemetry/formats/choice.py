"""Which format a payload is in: the content type decides; without a known one, the shape does."""

from __future__ import annotations

from enum import Enum

from telemetry.batch import RefusalReason
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE
from telemetry.formats.rows import RefusedError

SENML_JSON_TYPE = "application/senml+json"
SENML_CBOR_TYPE = "application/senml+cbor"
PLAIN_TYPE = "text/plain"


class Format(Enum):
    """Wire formats on a topic of the port."""

    ENVELOPE_JSON = 1
    ENVELOPE_CBOR = 2
    SENML_JSON = 3
    SENML_CBOR = 4


_BY_TYPE = {
    JSON_TYPE: Format.ENVELOPE_JSON,
    CBOR_TYPE: Format.ENVELOPE_CBOR,
    SENML_JSON_TYPE: Format.SENML_JSON,
    SENML_CBOR_TYPE: Format.SENML_CBOR,
}
_SPACE = b" \t\r\n"
_SELF_DESCRIBED = b"\xd9\xd9\xf7"  # the tag that says "this is CBOR"


def format_of(content_type: str, payload: bytes) -> Format:
    """Choose by content type, else by the first byte."""
    found = _BY_TYPE.get(content_type)
    if found is None and content_type:
        found = _BY_TYPE.get(content_type.partition(";")[0].strip().lower())
    return found if found is not None else _by_shape(content_type, payload)


def _by_shape(content_type: str, payload: bytes) -> Format:
    """Choose by the first byte: `{`, `[`, or a CBOR map or array."""
    head = bytes(payload[:64]).lstrip(_SPACE)
    if head.startswith(b"{"):
        return Format.ENVELOPE_JSON
    if head.startswith(b"["):
        return Format.SENML_JSON
    first = bytes(payload[:4]).removeprefix(_SELF_DESCRIBED)[:1]
    if b"\xa0" <= first <= b"\xbf":
        return Format.ENVELOPE_CBOR
    if b"\x80" <= first <= b"\x9f":
        return Format.SENML_CBOR
    if content_type.startswith(PLAIN_TYPE):
        raise RefusedError(
            RefusalReason.SCHEMA,
            "a plain value on an asset's topic – map a topic of its own to the point (plain_topics)",
        )
    raise RefusedError(RefusalReason.UNDECODABLE, "neither JSON nor CBOR – set the content type and send what it says")
