"""Reading what the fast path of `telemetry.decode` does not take: columns, CBOR, and packs with something wrong.

A pack goes down three steps, each slower and more patient: typed with single samples (in `telemetry.decode`), typed
with columns, and at last entry by entry, where one bad entry is told from its good neighbours.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cbor2
import msgspec

from telemetry.batch import MessageNumber, RefusalReason
from telemetry.formats.envelope import (
    CBOR_TYPE,
    JSON_OR_NONE,
    TIME_QUALITIES,
    VERSION,
    Pack,
    Series,
    SeriesPack,
    typed_json,
)
from telemetry.formats.rows import (
    LARGEST_NUMBER,
    MOST_HINTS,
    Place,
    RefusedError,
    Rows,
    clipped_ms,
    shown,
    unknown_point,
    whole,
)
from telemetry.quality import WIRE_MASK, Reason
from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from telemetry.points import PointTable

_series_pack = msgspec.json.Decoder(SeriesPack).decode
LONGEST_INTEGER = 19  # digits: longer ones become floats, since they cannot be exact anyway


def _integer(digits: str) -> float:
    """Parse a JSON integer without the cost of huge ones."""
    return int(digits) if len(digits) <= LONGEST_INTEGER else float(digits)


_patient_json = json.JSONDecoder(parse_int=_integer).decode


def read_json(payload: bytes) -> Any:  # noqa: ANN401  JSON is any
    """Parse JSON with patience: NaN, infinities and numbers too large are let through for the checks to refuse."""
    try:
        return _patient_json(str(payload, "utf-8"))
    except UnicodeDecodeError as error:
        raise RefusedError(RefusalReason.UNDECODABLE, f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise RefusedError(RefusalReason.UNDECODABLE, "JSON nested too deeply") from None
    except ValueError as error:
        raise RefusedError(RefusalReason.UNDECODABLE, f"not JSON: {str(error)[:120]}") from None


def _left_alone(number: int) -> Callable[[Any, bool], Any]:
    """Make a decoder that only names a tag: bignums, fractions, patterns and sharing have no place here."""

    def keep(_content: object, _immutable: bool) -> cbor2.CBORTag:  # noqa: FBT001  as cbor2 calls it
        return cbor2.CBORTag(number, None)

    return keep


# Every tag that cbor2 would turn into something costly or cyclic; 55799 (self-described CBOR) stays understood.
_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000)
_SEMANTICS = {number: _left_alone(number) for number in _TAGS}


def read_cbor(payload: bytes) -> Any:  # noqa: ANN401  CBOR is any
    """Parse CBOR without tags, to a bounded depth."""
    try:
        # Keys are texts: lists as keys hash without a secret and can be chosen so that all of them collide.
        return cbor2.loads(payload, semantic_decoders=_SEMANTICS, max_depth=8, strict_hashable_types=True)
    except (cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError, TypeError, MemoryError) as error:
        raise RefusedError(RefusalReason.UNDECODABLE, f"not CBOR: {str(error)[:120]}") from None


def usual_pack(payload: bytes, content_type: str) -> Pack | None:
    """Decode an envelope of single samples; None where the content type is another, an exception where it is none."""
    if content_type in JSON_OR_NONE:
        return typed_json(payload)
    return msgspec.convert(read_cbor(payload), Pack) if content_type == CBOR_TYPE else None


def envelope_json(payload: bytes, place: Place, received_us: int) -> Rows:
    """Read a JSON envelope that is not the usual case."""
    try:
        pack = _series_pack(payload)
        return _columns(pack, place, received_us)
    except (msgspec.DecodeError, ValueError, RecursionError, KeyError):
        return _by_entry(read_json(payload), place, received_us)


def envelope_cbor(payload: bytes, place: Place, received_us: int) -> Rows:
    """Read a CBOR envelope."""
    content = read_cbor(payload)
    try:
        pack = msgspec.convert(content, SeriesPack)
        return _columns(pack, place, received_us)
    except (msgspec.ValidationError, ValueError, RecursionError, KeyError):
        return _by_entry(content, place, received_us)


def check_header(version: object, device: object, expected: str) -> None:
    """Refuse a pack of another version or another device."""
    if version != VERSION or version is True:
        raise RefusedError(RefusalReason.SCHEMA, "`v` is not 1, the only version of the envelope")
    if not isinstance(device, str):
        raise RefusedError(RefusalReason.SCHEMA, "`dev` is not the id of a device")
    if device != expected:
        raise RefusedError(
            RefusalReason.NOT_ALLOWED, f"device {shown(device)} is not {expected}, the one declared for this asset"
        )


def _columns(pack: SeriesPack, place: Place, received_us: int) -> Rows:
    """Turn a well-formed pack with columns into rows; KeyError or ValueError send it to `_by_entry`."""
    check_header(pack.v, pack.dev, place.device)
    base_us, suspect = _base(pack.ts, pack.tsq, received_us)
    rows = Rows(number=MessageNumber(pack.dev, pack.boot, pack.seq, place.site))
    rows.entries = sum([len(item.v) if isinstance(item.v, list) else 1 for item in pack.e])
    for item in pack.e:
        variant = place.names[item.n]
        if variant < 0:
            raise KeyError(item.n)
        if item.u:
            variant = place.table.units[variant][item.u]
            if variant < 0:
                raise KeyError(item.u)
        _extend(rows, item, variant, base_us)
    rows.suspect = [suspect] * len(rows.values)
    return rows


def _extend(rows: Rows, item: Series, variant: int, base_us: int) -> None:
    """Add the samples of one typed entry."""
    values = item.v if isinstance(item.v, list) else [item.v]
    n = len(values)
    times = item.t if isinstance(item.t, list) else [item.t] * n
    quality = item.q if isinstance(item.q, list) else [item.q] * n
    if len(times) != n or len(quality) != n or (isinstance(item.t, list) and not isinstance(item.v, list)):
        raise ValueError
    rows.variants += [variant] * n
    rows.values += values
    rows.ts_us += [base_us + 1000 * t for t in times]
    rows.quality += quality


def _base(ts: int | None, tsq: str, received_us: int) -> tuple[int, int]:
    """Return the pack's time [µs], and what the server holds against it."""
    if tsq not in TIME_QUALITIES:
        raise ValueError
    if ts is None:
        return received_us, Reason.CLOCK
    return 1000 * ts, Reason.CLOCK if tsq == "none" else 0


def _by_entry(content: object, place: Place, received_us: int) -> Rows:
    """Read an envelope entry by entry, refusing only what is wrong."""
    if not isinstance(content, dict):
        raise RefusedError(RefusalReason.SCHEMA, "an envelope is an object with v, dev, boot, seq, ts, tsq and e")
    check_header(content.get("v"), content.get("dev"), place.device)
    boot, seq = (_number(content, label) for label in ("boot", "seq"))
    ts = None
    if content.get("ts") is not None:
        ts = whole(content["ts"])
        if ts is None:
            raise RefusedError(RefusalReason.SCHEMA, "`ts` is not a whole number of milliseconds")
    try:
        base_us, suspect = _base(None if ts is None else clipped_ms(ts), content.get("tsq", ""), received_us)
    except (ValueError, TypeError):
        raise RefusedError(RefusalReason.SCHEMA, "`tsq` is not one of ntp, rtc, none") from None
    entries = content.get("e")
    if not isinstance(entries, list):
        raise RefusedError(RefusalReason.SCHEMA, "`e` is not a list of entries")
    rows = Rows(number=MessageNumber(place.device, boot, seq, place.site))
    rows.entries = len(entries)
    for entry in entries:
        _entry(rows, entry, place, base_us, suspect)
    return rows


def _number(content: dict[object, object], label: str) -> int:
    """Read `boot` or `seq`."""
    value = whole(content.get(label))
    if value is None or not 0 <= value <= LARGEST_NUMBER:
        raise RefusedError(RefusalReason.SCHEMA, f"`{label}` is not a whole number from 0")
    return value


def _entry(rows: Rows, entry: object, place: Place, base_us: int, suspect: int) -> None:
    """Read one entry, of one sample or in columns."""
    if not isinstance(entry, dict):
        rows.refuse(RefusalReason.SCHEMA, "an entry is an object with n and v", entry)
        return
    variant = resolve(rows, entry, entry.get("n"), entry.get("u", ""), place)
    if variant is None:
        return
    values, times, quality = entry.get("v"), entry.get("t", 0), entry.get("q", 0)
    if not isinstance(values, list):
        _sample(rows, entry, variant, (values, times, quality), (base_us, suspect), whole_entry=True)
        return
    n = len(values)
    times = times if isinstance(times, list) else [times] * n
    quality = quality if isinstance(quality, list) else [quality] * n
    if len(times) != n or len(quality) != n:
        rows.refuse(RefusalReason.SCHEMA, "v, t and q of an entry in columns differ in length", entry)
        return
    rows.entries += n - 1  # the samples of a column count each
    for sample in zip(values, times, quality, strict=True):
        _sample(rows, entry, variant, sample, (base_us, suspect), whole_entry=False)


def resolve(rows: Rows, entry: object, name: object, unit: object, place: Place) -> int | None:
    """Return the variant of a name and unit, or refuse the entry."""
    if not isinstance(name, str) or not isinstance(unit, str | None):
        rows.refuse(RefusalReason.SCHEMA, "`n` is not a name, or `u` not a unit", entry)
        return None
    variant = place.names.get(name, -1)
    if variant < 0:
        detail = unknown_point(name, place.names, hint=len(rows.refusals) < MOST_HINTS)
        rows.refuse(RefusalReason.UNKNOWN_POINT, detail, entry)
        return None
    if not unit:
        return variant
    found = place.table.units[variant].get(unit)
    if found is None:
        rows.refuse(RefusalReason.UNIT, unit_detail(place.table, variant, unit), entry)
    return found


def unit_detail(table: PointTable, variant: int, unit: str) -> str:
    """Explain a unit that is not the quantity's."""
    point = table.points[table.row[variant]]
    legal = QUANTITIES[point.quantity].units
    return f"unit {shown(unit)} is not one of {point.quantity} – legal: {', '.join(legal)}"


def _sample(
    rows: Rows,
    entry: dict[str, object],
    variant: int,
    sample: tuple[object, object, object],
    base: tuple[int, int],
    *,
    whole_entry: bool,
) -> None:
    """Read one sample."""
    value, time, quality = sample
    source = entry if whole_entry else {"n": entry.get("n"), "u": entry.get("u", ""), "v": value, "t": time}
    offset, wire = whole(time), whole(quality)
    if offset is None:
        rows.refuse(RefusalReason.SCHEMA, "`t` is not a whole number of milliseconds", source)
    elif wire is None or not 0 <= wire <= WIRE_MASK:
        rows.refuse(RefusalReason.SCHEMA, f"`q` is not a quality from 0 to {WIRE_MASK}", source)
    elif not isinstance(value, int | float):
        rows.refuse(RefusalReason.SCHEMA, "`v` is not a number", source)
    else:
        rows.add(variant, value, base[0] + 1000 * clipped_ms(offset), wire, base[1])
