"""Receipts: the gateway's word that a pack is committed, matched to the pack by MQTT 5 correlation data.

    correlation data    8 bytes identity of the buffer, 8 bytes number of the pack (big-endian)
    payload             {"received": n, "stored": n, "duplicate": n, "quarantined": n[, "cut": true]}

The identity keeps a receipt that was meant for an earlier buffer of the same device from settling anything here.
"""

from __future__ import annotations

import struct

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the entries of one pack. A quarantined entry is safe too: it is kept with its reason."""

    received: int
    stored: int
    duplicate: int
    quarantined: int
    cut: bool = False  # refused, and too large to be kept whole: the pack is safe nowhere but here

    @property
    def balanced(self) -> bool:
        """Say whether every entry is accounted for."""
        return self.received == self.stored + self.duplicate + self.quarantined

    def covers(self, readings: int) -> bool:
        """Say whether this can be the receipt of so many readings: all counted, or the pack quarantined whole."""
        return self.received == readings or (self.received, self.quarantined) == (1, 1)


_decoder = msgspec.json.Decoder(Receipt)
_NUMBER = struct.Struct(">8sQ")


def correlation(identity: bytes, number: int) -> bytes:
    """Return the correlation data of a pack, 16 bytes."""
    return _NUMBER.pack(identity, number)


def pack_number(identity: bytes, data: bytes | None) -> int | None:
    """Return the number of the pack that correlation data mean, None if they are not of this buffer."""
    if data is None or len(data) != _NUMBER.size:
        return None
    owner, number = _NUMBER.unpack(data)
    return int(number) if owner == identity else None


def read_receipt(payload: bytes) -> Receipt | None:
    """Return a receipt, None if it cannot be read or does not add up (the pack is then sent again)."""
    try:
        receipt = _decoder.decode(payload)
    except msgspec.MsgspecError:
        return None
    return receipt if receipt.balanced else None
