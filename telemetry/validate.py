"""The server's checks, on columns: the same for live messages and for imported history.

Each check is a handful of numpy calls for a whole batch. What cannot be stored at all gets a refusal reason; what can
be stored but not be trusted gets a quality flag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from telemetry.batch import RefusalReason
from telemetry.points import NEVER_US
from telemetry.quality import WIRE_MASK, QualityClass, Reason, from_device, judged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from telemetry.points import PointTable

US_PER_S = 1_000_000
DEFAULT_RETENTION_S = 20 * 365 * 86400.0  # an old logger is welcome; a clock that fell back to 2000 is not
DEFAULT_FUTURE_S = 300.0

ACCEPTED = 0
REFUSALS: tuple[RefusalReason | None, ...] = (None, *RefusalReason)  # by code; code 0 is accepted
CODE = {reason: code for code, reason in enumerate(REFUSALS) if reason is not None}

DETAILS = {
    RefusalReason.UNKNOWN_POINT: "no such point – declare it in the site file or mend the name",
    RefusalReason.SCHEMA: f"quality is not one from 0 to {WIRE_MASK}",
    RefusalReason.FUTURE: "ahead of its arrival by more than is allowed – set the device's clock",
    RefusalReason.TOO_LATE: "older than the retention limit – import it as history, or mend the device's clock",
    RefusalReason.RANGE_REJECT: "not finite, or physically impossible for the quantity – check unit and sensor",
}


@dataclass(frozen=True, kw_only=True)
class TimeLimits:
    """How old a reading may be now, and how far ahead of its arrival."""

    retention_s: float = DEFAULT_RETENTION_S
    future_s: float = DEFAULT_FUTURE_S


@dataclass(frozen=True, kw_only=True, eq=False)
class Checked:
    """The outcome of the checks; columns of length n."""

    quality: NDArray[np.int16]  # as stored, see telemetry.quality; meaningless where refused
    refusal: NDArray[np.int8]  # 0 accepted, else a code: `REFUSALS[code]` is the reason

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Mask (n,) of what may be stored."""
        return np.equal(self.refusal, ACCEPTED)


def convert_columns(
    table: PointTable, point_id: NDArray[np.int32], value: NDArray[np.float64], unit: str = ""
) -> NDArray[np.float64]:
    """Return values (n,) in canonical units; `unit` "" is each point's declared unit.

    Raises ContractError where the unit is not one of a point's quantity. Unknown points come out as NaN.
    """
    from telemetry.units import conversion  # noqa: PLC0415  history import only

    rows = table.rows_of(point_id)
    factor, offset = np.full(len(table.points), np.nan), np.zeros(len(table.points))
    for row in np.unique(rows[rows >= 0]):
        point = table.points[row]
        if unit:
            factor[row], offset[row] = conversion(point.quantity, unit)
        else:
            variant = table.declared[point.key]
            factor[row], offset[row] = table.factor[variant], table.offset[variant]
    if len(table.points) == 0:
        return np.full(len(value), np.nan)
    return np.where(rows >= 0, value * factor[rows] + offset[rows], np.nan)


def validate_columns(
    table: PointTable,
    point_id: NDArray[np.int32],
    ts_us: NDArray[np.int64],
    value: NDArray[np.float64],
    *,
    now_us: int,
    limits: TimeLimits | None = None,
    wire_quality: NDArray[np.int16] | None = None,
) -> Checked:
    """Check columns (n,) of readings whose values are already in canonical units.

    `ts_us` and `now_us` in µs since 1970-01-01 UTC; `wire_quality` as a device would send it, good where not given.
    Rate limits are not looked at: they need the points' order, see `telemetry.rates`.
    """
    rows = table.rows_of(point_id)
    known = rows >= 0
    if len(table.points) == 0:
        unknown = np.full(len(rows), CODE[RefusalReason.UNKNOWN_POINT], np.int8)
        return Checked(quality=np.zeros(len(rows), np.int16), refusal=unknown)
    quality = np.zeros(len(rows), np.int64) if wire_quality is None else wire_quality.astype(np.int64)
    checked = check_rows(table, np.maximum(rows, 0), ts_us, value, quality, now_us=now_us, limits=limits)
    if bool(known.all()):
        return checked
    refusal = np.where(known, checked.refusal, CODE[RefusalReason.UNKNOWN_POINT]).astype(np.int8)
    return Checked(quality=checked.quality, refusal=refusal)


def check_rows(
    table: PointTable,
    row: NDArray[np.int32],
    ts_us: NDArray[np.int64],
    value: NDArray[np.float64],
    wire_quality: NDArray[np.int64],
    *,
    now_us: int,
    limits: TimeLimits | None = None,
    received_us: NDArray[np.int64] | None = None,
) -> Checked:
    """Check readings (n,) by row of the table; every row exists.

    A time is in the future or not as seen from its arrival (`received_us` (n,), now where not given), however long the
    reading waited since: replayed from quarantine tomorrow, it is as wrong as today.
    """
    limits = limits or TimeLimits()
    arrived_us = now_us if received_us is None else received_us
    refusal = np.zeros(len(row), np.int8)
    # The order matters: later reasons overwrite earlier ones, so the plainest cause comes last.
    possible = (value >= table.physical_min[row]) & (value <= table.physical_max[row])  # False for NaN too
    _refuse(refusal, ~possible, RefusalReason.RANGE_REJECT)
    _refuse(refusal, ts_us < now_us - int(limits.retention_s * US_PER_S), RefusalReason.TOO_LATE)
    _refuse(refusal, ts_us > arrived_us + int(limits.future_s * US_PER_S), RefusalReason.FUTURE)
    _refuse(refusal, (wire_quality & ~WIRE_MASK) != 0, RefusalReason.SCHEMA)
    return Checked(quality=_quality(table, row, ts_us, value, wire_quality), refusal=refusal)


def _refuse(refusal: NDArray[np.int8], where: NDArray[np.bool_], reason: RefusalReason) -> None:
    """Set a refusal code in place."""
    if where.any():
        refusal[where] = CODE[reason]


def _quality(
    table: PointTable,
    row: NDArray[np.int32],
    ts_us: NDArray[np.int64],
    value: NDArray[np.float64],
    wire_quality: NDArray[np.int64],
) -> NDArray[np.int16]:
    """Judge readings (n,): valid range and calibration, on top of what the device said."""
    if wire_quality.any():
        quality = from_device((wire_quality & WIRE_MASK).astype(np.int16))
    else:
        quality = np.zeros(len(row), np.int16)
    outside = (value < table.valid_min[row]) | (value > table.valid_max[row])
    if outside.any():
        quality = judged(quality, outside, Reason.RANGE, QualityClass.BAD)
    if table.calibration_due_us.min(initial=NEVER_US) != NEVER_US:
        overdue = ts_us >= table.calibration_due_us[row]
        if overdue.any():
            quality = judged(quality, overdue, Reason.CALIBRATION_DUE, QualityClass.UNCERTAIN)
    return quality
