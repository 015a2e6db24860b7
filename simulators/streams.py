"""Random numbers that are addressed, not drawn: the same seed, name and index give the same number, in any order.

Every source of luck (a door, a trap, the sea's weather) has a stream of its own, so that a measure changes physics and
never luck, and so that any stretch of time can be made alone. The numbers are a SplitMix64 hash of key and index
(Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014), normal ones by Box and Muller (1958).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Stream:
    """One named source of luck."""

    key: int  # 64 bits

    @classmethod
    def of(cls, seed: int, *names: str) -> Self:
        """Return the stream of a seed and a path of names, for example `Stream.of(7, "door", "mole/frozen_1")`."""
        text = "\0".join((str(seed), *names)).encode()
        return cls(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big"))

    def uniform(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return numbers strictly between 0 and 1, in the shape of the integer index."""
        return _uniform(np.uint64(self.key), np.asarray(index, np.int64))

    def normal(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return standard normal numbers, in the shape of the integer index."""
        return _normal(np.uint64(self.key), np.asarray(index, np.int64))


@dataclass(frozen=True, eq=False)
class Streams:
    """Several sources of luck side by side, each with the very numbers that it has alone."""

    keys: NDArray[np.uint64]  # (m, 1)

    @classmethod
    def of(cls, streams: Iterable[Stream]) -> Self:
        """Put streams side by side."""
        return cls(np.array([[stream.key] for stream in streams], np.uint64))

    def normal(self, index: ArrayLike) -> NDArray[np.float64]:
        """Return standard normal numbers (m, n) of the integer index (n,)."""
        return _normal(self.keys, np.asarray(index, np.int64))


def _uniform(key: np.uint64 | NDArray[np.uint64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = _bits(key, index)
    bits >>= np.uint64(11)
    found = bits.astype(np.float64)
    found += 0.5
    found *= 2.0**-53
    return found


def _normal(key: np.uint64 | NDArray[np.uint64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    radius = np.sqrt(-2.0 * np.log(_uniform(key, 2 * index)))
    found: NDArray[np.float64] = radius * np.cos(2.0 * np.pi * _uniform(key, 2 * index + 1))
    return found


def _bits(key: np.uint64 | NDArray[np.uint64], index: NDArray[np.int64]) -> NDArray[np.uint64]:
    # Modulo 2**64, by functions of arrays: those wrap in silence, where a lone number would warn.
    mixed = np.asarray(index).astype(np.uint64)
    mixed *= _GOLDEN
    mixed = np.asarray(np.add(mixed, key))
    for shift, factor in ((np.uint64(30), _FIRST), (np.uint64(27), _SECOND)):
        mixed ^= mixed >> shift
        mixed *= factor
    mixed ^= mixed >> np.uint64(31)
    return mixed
