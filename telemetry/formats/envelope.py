"""The envelope, our own wire format, in JSON and CBOR: structures and encoder (see docs/contract.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import cbor2
import msgspec

from telemetry.errors import ContractError
from telemetry.formats.rows import FARTHEST_MS, LARGEST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

JSON_TYPE = "application/vnd.quaymeter+json"
CBOR_TYPE = "application/vnd.quaymeter+cbor"
VERSION = 1
TOLD_TIME_QUALITIES = ("ntp", "rtc", "none")
TIME_QUALITIES = frozenset({*TOLD_TIME_QUALITIES, ""})  # a clock that says nothing of itself counts as `rtc`

Milliseconds = Annotated[int, msgspec.Meta(ge=-FARTHEST_MS, le=FARTHEST_MS)]
Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
WireQuality = Annotated[int, msgspec.Meta(ge=0, le=0x1FFF)]


class Entry(msgspec.Struct, gc=False, omit_defaults=True):
    """One sample of one point."""

    n: str
    v: float | bool
    u: str = ""
    t: Milliseconds = 0  # offset from the pack's `ts` [ms]
    q: WireQuality = 0


class Pack(msgspec.Struct, gc=False):
    """A message of single samples: the usual case, decoded in one go."""

    v: int
    dev: str
    boot: Number
    seq: Number
    e: list[Entry]
    ts: Milliseconds | None = None  # [ms since 1970-01-01 UTC]
    tsq: str = ""


JSON_OR_NONE = frozenset({JSON_TYPE, ""})  # content types that promise an envelope in JSON, or promise nothing
typed_json = msgspec.json.Decoder(Pack).decode


class Series(msgspec.Struct, gc=False, omit_defaults=True):
    """An entry that may hold many samples of one point: `t` and `v` (and `q`) as lists."""

    n: str
    v: float | bool | list[float | bool]
    u: str = ""
    t: Milliseconds | list[Milliseconds] = 0
    q: WireQuality | list[WireQuality] = 0


class SeriesPack(msgspec.Struct, gc=False):
    """A message with entries in columns."""

    v: int
    dev: str
    boot: Number
    seq: Number
    e: list[Series]
    ts: Milliseconds | None = None
    tsq: str = ""


def entry(name: str, value: float, *, unit: str = "", t: int = 0, quality: int = 0) -> dict[str, Any]:
    """Make an entry for one sample; `t` is the offset from the pack's time [ms]."""
    return _trimmed({"n": name, "v": value}, unit, t, quality)


def series(
    name: str,
    offsets_ms: Sequence[int],
    values: Sequence[float],
    *,
    unit: str = "",
    quality: int | Sequence[int] = 0,
) -> dict[str, Any]:
    """Make an entry for many samples of one point; both sequences have length n."""
    if len(offsets_ms) != len(values):
        raise ContractError(
            f"{len(offsets_ms)} times and {len(values)} values for {name}", cure="give one time for each value"
        )
    return _trimmed({"n": name, "v": list(values)}, unit, list(offsets_ms), quality)


def encode_pack(
    dev: str,
    boot: int,
    seq: int,
    ts_ms: int | None,
    entries: Iterable[Mapping[str, Any]],
    *,
    tsq: str = "ntp",
    cbor: bool = False,
) -> bytes:
    """Encode one envelope; `ts_ms` is the pack's time [ms since 1970-01-01 UTC], None where the device has no clock.

    Entries come from `entry` and `series`.
    """
    if tsq not in TOLD_TIME_QUALITIES:
        raise ContractError(f'time quality "{tsq}"', cure=f"one of {', '.join(TOLD_TIME_QUALITIES)}")
    pack: dict[str, Any] = {"v": VERSION, "dev": dev, "boot": boot, "seq": seq}
    if ts_ms is not None:
        pack["ts"] = ts_ms
    pack["tsq"] = tsq
    pack["e"] = list(entries)
    return cbor2.dumps(pack) if cbor else msgspec.json.encode(pack)


def _trimmed(made: dict[str, Any], unit: str, t: object, quality: int | Sequence[int]) -> dict[str, Any]:
    """Add what is not the default."""
    if unit:
        made["u"] = unit
    if t != 0:
        made["t"] = t
    if quality != 0:
        made["q"] = quality if isinstance(quality, int) else list(quality)
    return made
