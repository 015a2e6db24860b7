"""The points of a catalogue as arrays: row numbers, conversion factors, bounds. Built once a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.units import conversion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from telemetry.catalogue import Catalogue, CataloguePoint
    from telemetry.site import Point

NEVER_US = np.iinfo(np.int64).max
PULSE_UNITS = ("{pulse}", "{count}")  # what a pulse register may call its unit

MISSING = -1  # variant of a name that is not declared
WRONG_UNIT = -2  # variant of a unit that the point does not have


class Units(dict[str, int]):
    """Units of one point → variant; "" is the declared one, and an illegal one yields WRONG_UNIT."""

    def __missing__(self, unit: str) -> int:
        """Answer for illegal units."""
        return WRONG_UNIT


class NoUnits(Units):
    """Units of a point that does not exist."""

    def __missing__(self, unit: str) -> int:
        """Answer for every unit."""
        return MISSING


@dataclass(frozen=True, kw_only=True, eq=False)
class PointTable:
    """Columns over points, and over variants: a variant is a point in one of its legal units.

    Variant number and row number are unrelated; `row` leads from one to the other. All bounds are in canonical units.
    """

    points: Sequence[Point]
    # by row, shape (n_points,)
    point_id: NDArray[np.int32]
    physical_min: NDArray[np.float64]
    physical_max: NDArray[np.float64]
    valid_min: NDArray[np.float64]  # -inf where none is declared
    valid_max: NDArray[np.float64]
    rate_limit: NDArray[np.float64]  # [canonical unit per second], inf where none is declared
    calibration_due_us: NDArray[np.int64]
    is_state: NDArray[np.bool_]
    # by variant, shape (n_variants,)
    row: NDArray[np.int32]
    factor: NDArray[np.float64]
    offset: NDArray[np.float64]
    # look-ups
    declared: dict[str, int]  # point key → its variant in the declared unit
    units: Sequence[Units]  # by variant, and at MISSING: unit → variant
    sorted_id: NDArray[np.int32]  # point ids in order …
    sorted_row: NDArray[np.int32]  # … and their rows

    def rows_of(self, point_id: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the row of each point id (n,), -1 where there is none."""
        if len(self.sorted_id) == 0:
            return np.full(len(point_id), -1, np.int32)
        place = np.minimum(np.searchsorted(self.sorted_id, point_id), len(self.sorted_id) - 1)
        return np.where(self.sorted_id[place] == point_id, self.sorted_row[place], np.int32(-1))


def table_of(catalogue: Catalogue) -> PointTable:
    """Turn a catalogue into arrays."""
    entries = list(catalogue.points.values())
    points = [entry.point for entry in entries]
    quantities = [QUANTITIES[point.quantity] for point in points]
    ids = _ids(entries)
    order = np.argsort(ids, kind="stable")
    declared, units, row, pairs = _variants(points)
    return PointTable(
        points=points,
        point_id=ids,
        physical_min=_floats(quantity.minimum for quantity in quantities),
        physical_max=_floats(quantity.maximum for quantity in quantities),
        valid_min=_floats(-np.inf if point.valid_min is None else point.valid_min for point in points),
        valid_max=_floats(np.inf if point.valid_max is None else point.valid_max for point in points),
        rate_limit=_floats(np.inf if point.rate_limit is None else point.rate_limit for point in points),
        calibration_due_us=np.array([_due_us(point) for point in points], np.int64),
        is_state=np.array([point.kind is Kind.STATE for point in points], np.bool_),
        row=np.array(row, np.int32),
        factor=_floats(factor for factor, _ in pairs),
        offset=_floats(offset for _, offset in pairs),
        declared=declared,
        units=units,
        sorted_id=ids[order],
        sorted_row=order.astype(np.int32),
    )


def _ids(entries: list[CataloguePoint]) -> NDArray[np.int32]:
    """Point ids by row."""
    return np.array([entry.point_id for entry in entries], np.int32)


def _floats(values: Iterable[float]) -> NDArray[np.float64]:
    """Collect a float column."""
    return np.fromiter(values, np.float64)


def _due_us(point: Point) -> int:
    """First instant [µs] at which the calibration is overdue: the end of the due day, UTC."""
    if point.calibration_due is None:
        return int(NEVER_US)
    end = datetime.combine(point.calibration_due, time.max, UTC)
    return int(end.timestamp() * 1e6) + 1


def _variants(points: list[Point]) -> tuple[dict[str, int], list[Units], list[int], list[tuple[float, float]]]:
    """Give every (point, legal unit) a number; a register of pulses is weighed in its declared unit only."""
    declared: dict[str, int] = {}
    units: list[Units] = []
    row: list[int] = []
    pairs: list[tuple[float, float]] = []
    for number, point in enumerate(points):
        home = len(row)
        factor, offset = conversion(point.quantity, point.unit)
        known = Units({"": home})
        declared[point.key] = home
        row.append(number)
        pairs.append((factor * (point.pulse_weight or 1.0), offset))
        if point.pulse_weight is not None:
            known.update(dict.fromkeys(PULSE_UNITS, home))
        for unit, pair in QUANTITIES[point.quantity].units.items():
            if unit == point.unit and point.pulse_weight is None:
                known[unit] = home
                continue
            known[unit] = len(row)
            row.append(number)
            pairs.append(pair)
        units += [known] * (len(row) - home)
    units.append(NoUnits())  # the last one: it is found at MISSING
    return declared, units, row, pairs
