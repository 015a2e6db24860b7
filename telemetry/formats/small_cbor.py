"""A small, strict reader for CBOR whose maps have integer keys (SenML).

The library reads CBOR faster, but where it takes integers as keys it takes lists too, and lists hash without a secret:
they can be chosen so that all of them collide, and 640 kB then take 17 s. Here a map holds few keys, nesting is
shallow, a length is never believed before the bytes are there, and no tag but the decimal fraction is understood.
"""

from __future__ import annotations

import struct
from typing import Any

MOST_KEYS = 32  # in one map
DEEPEST = 8
INDEFINITE = -1
_BREAK = object()
_DECIMAL_FRACTION = 4
_SELF_DESCRIBED = 55799
_LARGEST_EXPONENT = 400


class SmallCborError(ValueError):
    """Not the CBOR that is read here."""


class Opaque:
    """A tagged value that is not understood."""

    def __init__(self, tag: int) -> None:
        """Keep the tag's number."""
        self.tag = tag

    def __repr__(self) -> str:
        """Name the tag."""
        return f"tag {self.tag}"


def read_small_cbor(payload: bytes) -> Any:  # noqa: ANN401  CBOR is any
    """Read one item that fills the whole payload."""
    reader = _Reader(payload)
    item = reader.item(0)
    if item is _BREAK or reader.position != len(payload):
        raise SmallCborError(f"content ends at byte {reader.position} of {len(payload)}")
    return item


class _Reader:
    """A position in the bytes."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.position = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        end = self.position + size
        if end > len(self.payload):
            raise SmallCborError(f"{size} bytes announced at byte {self.position}, {len(self.payload)} are there")
        taken = self.payload[self.position : end]
        self.position = end
        return taken

    def argument(self, info: int) -> int:
        """Return the number that follows a head."""
        if info < 24:
            return info
        if info <= 27:
            return int.from_bytes(self.take(1 << (info - 24)), "big")
        if info == 31:
            return INDEFINITE
        raise SmallCborError(f"reserved length at byte {self.position}")

    def item(self, depth: int) -> Any:  # noqa: ANN401  CBOR is any
        """Read one item."""
        if depth > DEEPEST:
            raise SmallCborError("nested too deeply")
        head = self.take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self.simple(info)
        number = self.argument(info)
        if major in (0, 1, 6) and number == INDEFINITE:
            raise SmallCborError(f"no length at byte {self.position}")
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major in (2, 3):
            return self.string(major, number)
        if major == 4:
            return self.array(number, depth)
        return self.map(number, depth) if major == 5 else self.tagged(number, depth)

    def simple(self, info: int) -> Any:  # noqa: ANN401  CBOR is any
        """Read floats, truth values, null and break."""
        if info in (25, 26, 27):
            return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], self.take(1 << (info - 24)))[0]
        if info == 31:
            return _BREAK
        if info == 24:
            self.take(1)
        return {20: False, 21: True}.get(info)

    def string(self, major: int, size: int) -> str | bytes:
        """Read text or bytes, in one piece or in several."""
        if size != INDEFINITE:
            whole = self.take(size)
        else:
            pieces = []
            while (head := self.take(1)[0]) != 0xFF:
                length = self.argument(head & 31)
                if head >> 5 != major or length == INDEFINITE:
                    raise SmallCborError(f"a string of mixed pieces at byte {self.position}")
                pieces.append(self.take(length))
            whole = b"".join(pieces)
        return whole if major == 2 else whole.decode()

    def array(self, size: int, depth: int) -> list[Any]:
        """Read a list."""
        items: list[Any] = []
        while size == INDEFINITE or len(items) < size:
            item = self.item(depth + 1)
            if item is _BREAK:
                if size != INDEFINITE:
                    raise SmallCborError(f"a list ends early at byte {self.position}")
                break
            items.append(item)
        return items

    def map(self, size: int, depth: int) -> dict[Any, Any]:
        """Read a map of few keys, which are integers or texts."""
        pairs: dict[Any, Any] = {}
        count = 0
        while size == INDEFINITE or count < size:
            key = self.item(depth + 1)
            if key is _BREAK and size == INDEFINITE:
                break
            count += 1
            if count > MOST_KEYS or type(key) not in (int, str):
                raise SmallCborError(f"more than {MOST_KEYS} keys, or a strange one, at byte {self.position}")
            value = self.item(depth + 1)
            if value is _BREAK:
                raise SmallCborError(f"a key without a value at byte {self.position}")
            pairs[key] = value
        return pairs

    def tagged(self, tag: int, depth: int) -> Any:  # noqa: ANN401  CBOR is any
        """Read what a tag is put on."""
        content = self.item(depth + 1)
        if tag == _SELF_DESCRIBED:
            return content
        if tag == _DECIMAL_FRACTION and isinstance(content, list) and [type(one) for one in content] == [int, int]:
            exponent, mantissa = content
            if abs(exponent) <= _LARGEST_EXPONENT:
                return float(f"{mantissa}e{exponent}")
        return Opaque(tag)
