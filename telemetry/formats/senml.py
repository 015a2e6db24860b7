"""SenML (RFC 8428) in JSON and CBOR: base values resolved, names and units brought to the contract's.

A record is one reading: its value `v` or `vb`, or for a counter its sum `s` if it has one. The last part of the full
name (after the last `/` or `:`) is the point's name; what stands before it has to be the device, the asset, or a `urn:`
that names no other device or asset of the site (what else it names, a serial number, the site file does not know).
SenML's units are not UCUM: those that a quantity has are translated, any other is refused. A record without a unit is
in the point's declared one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from telemetry.batch import RefusalReason
from telemetry.formats.envelope_read import read_json, resolve
from telemetry.formats.rows import FARTHEST_MS, Place, RefusedError, Rows, as_float, shown
from telemetry.formats.small_cbor import read_small_cbor
from telemetry.quality import Reason
from telemetry.site import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

RELATIVE_BELOW = 2**28  # [s] smaller times count from now
VERSION_BITS = 10 | 16  # RFC 9100: version 10, and the feature "secondary units"
FARTHEST_US = 1000 * FARTHEST_MS

# IANA's SenML units, primary and secondary (RFC 8798), that a quantity of ours has → UCUM.
UNITS = {
    unit: unit
    for unit in (
        *("m", "cm", "mm", "kg", "g", "s", "ms", "min", "h", "A", "mA", "V", "mV", "K", "Cel", "Hz", "Pa", "hPa"),
        *("W", "kW", "J", "m3", "m3/s", "S/m", "var", "kvar", "dB", "kg/m3"),
    )
} | {
    "l": "L",
    "l/s": "L/s",
    "VA": "V.A",
    "kVA": "kV.A",
    "Wh": "W.h",
    "kWh": "kW.h",
    "varh": "var.h",
    "kvarh": "kvar.h",
    "pH": "[pH]",
    "NTU": "{NTU}",
    "%RH": "%",
    "%": "%",
    "/100": "%",
    "/": "1",
    "count": "{count}",
    "1/s": "Hz",
    "1/min": "/min",
    "ppm": "[ppm]",
    "ppb": "[ppb]",
    "mg/l": "mg/L",
    "ug/l": "ug/L",
    "g/l": "g/L",
}
SUM_UNITS = {"": "", "W": "J", "kW": "kJ", "m3/s": "m3", "l/s": "L"}  # unit times seconds → UCUM

_LABELS = ("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd")
_BASE_LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs"}
_CBOR_LABELS: dict[Any, str] = {**dict(enumerate(_LABELS)), **_BASE_LABELS}
_SAYS_NOTHING = frozenset(_BASE_LABELS.values())  # a record of base values only is no reading
_KNOWN = _SAYS_NOTHING | {*_LABELS}
_json: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def senml_json(payload: bytes, place: Place, received_us: int) -> Rows:
    """Read a SenML pack in JSON."""
    try:
        pack = _json(payload)
    except (ValueError, RecursionError):
        pack = read_json(payload)  # slower; tells what is wrong, and lets odd numbers through to the checks
    return _pack(pack, place, received_us)


def senml_cbor(payload: bytes, place: Place, received_us: int) -> Rows:
    """Read a SenML pack in CBOR."""
    try:
        pack = read_small_cbor(bytes(payload))
    except (ValueError, OverflowError) as error:
        raise RefusedError(RefusalReason.UNDECODABLE, f"not CBOR as SenML has it: {str(error)[:120]}") from None
    if isinstance(pack, list):
        pack = [
            {_CBOR_LABELS.get(key, key): value for key, value in record.items()} if isinstance(record, dict) else record
            for record in pack
        ]
    return _pack(pack, place, received_us)


@dataclass(slots=True)
class _Base:
    """Base values, which hold from the record that gives them on."""

    name: str = ""
    time: float = 0
    unit: str = ""
    value: float | None = None
    sum: float | None = None


def _pack(pack: object, place: Place, received_us: int) -> Rows:
    """Resolve the records one after another."""
    if not isinstance(pack, list):
        raise RefusedError(RefusalReason.SCHEMA, "a SenML pack is a list of records")
    rows = Rows(entries=len(pack))
    base = _Base()
    broken = ""
    for record in pack:
        if not isinstance(record, dict):
            rows.refuse(RefusalReason.SCHEMA, "a SenML record is an object", record)
            continue
        if not broken and not _SAYS_NOTHING.isdisjoint(record):
            broken = _rebase(base, record)
        strange = _strange_label(record)
        if strange:
            detail = f"label {shown(strange)} has to be understood and is not"
            broken = detail if strange.startswith("b") else broken  # a base value of a kind we do not know
            rows.refuse(RefusalReason.SCHEMA, detail, record)
        elif broken:
            rows.refuse(RefusalReason.SCHEMA, broken, record)
        elif record.keys() <= _SAYS_NOTHING:
            rows.entries -= 1
        else:
            _record(rows, record, base, place, received_us)
    return rows


def _rebase(base: _Base, record: dict[Any, Any]) -> str:
    """Take over base values; return what is wrong with them, since that spoils all records from here on."""
    wrong = _wrong_base(record)
    if not wrong:
        base.name = record.get("bn", base.name)
        base.unit = record.get("bu", base.unit)
        base.time = as_float(record.get("bt", base.time))
        base.value = _number(record.get("bv", base.value))
        base.sum = _number(record.get("bs", base.sum))
    return wrong


def _wrong_base(record: dict[Any, Any]) -> str:
    """Return what is wrong with the base values of a record."""
    version = _finite(record.get("bver", 10))
    if version is None or (version > 10 and int(version) & ~VERSION_BITS):
        return "this version of SenML is not understood (10 and 26 are)"
    for label in ("bn", "bu"):
        if not isinstance(record.get(label, ""), str):
            return f"`{label}` is not a text"
    for label in ("bt", "bv", "bs"):
        if _finite(record.get(label, 0)) is None:
            return f"`{label}` is not a finite number"
    return ""


def _strange_label(record: dict[Any, Any]) -> str:
    """Return a label that has to be understood and is not: one that ends with `_`."""
    if record.keys() <= _KNOWN:
        return ""
    return next((label for label in record if isinstance(label, str) and label.endswith("_")), "")


def _number(value: object) -> float | None:
    """Return a number as a float; true and false are none."""
    return as_float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _finite(value: object) -> float | None:
    """Return a finite number."""
    number = _number(value)
    return number if number is not None and isfinite(number) else None


def _record(rows: Rows, record: dict[Any, Any], base: _Base, place: Place, received_us: int) -> None:
    """Turn one resolved record into a reading."""
    name = _point_name(rows, record, base, place)
    if name is None:
        return
    time = _finite(record.get("t", 0))
    if time is None:
        rows.refuse(RefusalReason.SCHEMA, "`t` is not a finite number", record)
        return
    reading = _reading(rows, record, base, place, name)
    if reading is None:
        return
    value, unit = reading
    variant = resolve(rows, record, name, unit, place)
    if variant is not None:
        ts_us, suspect = _instant(base.time + time, received_us)
        rows.add(variant, value, ts_us, 0, suspect)


def _point_name(rows: Rows, record: dict[Any, Any], base: _Base, place: Place) -> str | None:
    """Return the point's name, or refuse the record where its full name is another device's."""
    own = record.get("n", "")
    if not isinstance(own, str):
        rows.refuse(RefusalReason.SCHEMA, "`n` is not a text", record)
        return None
    full = base.name + own
    cut = max(full.rfind("/"), full.rfind(":")) + 1
    if cut:
        owner = full[:cut].rstrip("/:")
        if not _is_owner(owner, place):
            detail = f"name {shown(full)} is neither of device {place.device} nor of asset {place.asset}"
            rows.refuse(RefusalReason.NOT_ALLOWED, detail, record)
            return None
    return full[cut:]


def _is_owner(owner: str, place: Place) -> bool:
    """Return whether what stands before a point's name may stand at this place."""
    if not owner.startswith("urn:"):
        return owner in ("", place.device, place.asset, f"{place.site}/{place.asset}")
    parts = [part.removeprefix(f"{place.site}/") for part in owner.split(":")]
    return place.strangers.isdisjoint(parts)


def _reading(rows: Rows, record: dict[Any, Any], base: _Base, place: Place, name: str) -> tuple[float, str] | None:
    """Return the value of a record and its unit as UCUM, or refuse the record."""
    unit = record.get("u", base.unit)
    if not isinstance(unit, str):
        rows.refuse(RefusalReason.SCHEMA, "`u` is not a text", record)
        return None
    variant = place.names.get(name, -1)
    counter = variant >= 0 and place.table.points[place.table.row[variant]].kind is Kind.COUNTER
    if counter and ("s" in record or (base.sum is not None and "v" not in record)):
        value, units = _added(record.get("s"), base.sum), SUM_UNITS
    elif "vb" in record:
        value, units = record["vb"] if isinstance(record["vb"], bool) else None, UNITS
    else:
        value, units = _added(record.get("v"), base.value), UNITS
    if value is None:
        rows.refuse(RefusalReason.SCHEMA, "no number in `v`, `vb` or, for a counter, `s`", record)
        return None
    if unit and unit not in units:
        rows.refuse(RefusalReason.UNIT, f"unit {shown(unit)} is not a SenML unit that this point can have", record)
        return None
    return value, units[unit] if unit else ""


def _added(value: object, base: float | None) -> float | None:
    """Add a base value; a missing one counts as zero, two missing ones are nothing."""
    if value is None:
        return base
    number = _number(value)
    return number if number is None or base is None else number + base


def _instant(time_s: float, received_us: int) -> tuple[int, int]:
    """Return a time [µs], and what the server holds against it: a time counted from now is no device's own."""
    limit = FARTHEST_MS // 1000
    time_s = max(-limit, min(limit, time_s))
    if time_s < RELATIVE_BELOW:
        return received_us + round(time_s * 1e6), Reason.CLOCK
    return round(time_s * 1e6), 0
