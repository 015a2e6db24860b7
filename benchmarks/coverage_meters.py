"""The demonstrators of the simulated port as tables of energy and drivers, with what each of them truly saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from savings.table import Driver, Frequency, Role, Table, weekday

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmarks.coverage_port import PortHours

ZONE = ZoneInfo("Europe/Paris")
GAS_KWH_PER_M3 = 10.0  # [kW.h/m3], to add gas and electricity of one boundary
AIR, SEA, HUMIDITY = "quay/weather/t_air", "quay/intake/t_sea_in", "quay/weather/humidity"
BENDING = {AIR, SEA}
DAY_TYPES = np.array([0, 0, 0, 0, 0, 1, 2], np.float64)  # Monday to Friday, Saturday, Sunday


class Meter(NamedTuple):
    """What a demonstrator is judged by: points of energy by their factor, drivers, and when the measure is in place."""

    points: Mapping[str, float]
    drivers: tuple[str, ...]
    start_month: int  # of the scenario, when the reporting period begins
    avoid: tuple[int, int] | None = None  # months [from, to) of the reporting period with a known event: left out


# Drivers of the site file without those that the measure itself changes (defrosts, humidity of the room): with them
# the adjusted baseline would follow the measure.
METERS: Mapping[str, Meter] = {
    "seawater-condenser": Meter({"mole/refrigeration/energy": 1.0}, (AIR, SEA, "mole/dock/pallets_in"), 13, (19, 20)),
    "floating-head": Meter(
        {"fillets/chill_room/energy": 1.0}, (AIR, "fillets/water/landed", "fillets/chill_room/door"), 13
    ),
    "strip-doors": Meter(
        {"estran/cold_store/energy": 1.0},
        (AIR, HUMIDITY, "estran/cold_store/door", "estran/cold_store/pallets_in"), 14,
    ),
    "demand-defrost": Meter({"mole/frozen_2/evaporator_energy": 1.0}, (AIR, HUMIDITY, "mole/frozen_2/pallets_in"), 14),
    "steam-traps": Meter(
        {"cannery/boiler/gas": 1.0}, ("cannery/production/cooked", "cannery/production/shift_on", AIR), 13
    ),
    "condensate-return": Meter(
        {"darse/boiler/gas": 1.0}, ("darse/production/cooked", "darse/production/shift_on", SEA), 14
    ),
    "condensate-return (water)": Meter(
        {"darse/boiler/make_up": 1.0}, ("darse/production/cooked", "darse/production/shift_on", SEA), 14
    ),
    "seawater-for-water": Meter({"fillets/water/volume": 1.0}, ("fillets/water/landed",), 14),
    "seawater-heat-pump": Meter(
        {"estran/gas/volume": GAS_KWH_PER_M3, "estran/hot_water/energy": 1.0},
        ("estran/hot_water/volume", "estran/gas/smoked", SEA), 13,
    ),
}  # fmt: skip


class Known(NamedTuple):
    """A demonstrator's rows and what it truly saved."""

    baseline: Table
    reporting: Table
    truth: float  # over the rows of the reporting table [unit]


def known_meter(port: PortHours, name: str, frequency: Frequency, reporting_months: int, *, null: bool) -> Known:
    """Return a demonstrator of a simulated port: a year before it, and the months after it began."""
    meter = METERS[name]
    local, hour = _local(port.start_s)
    table = _table(port, meter, local, hour, frequency)
    begin = local[0].astype("datetime64[M]")
    start = begin + meter.start_month
    first, last = start.astype("datetime64[D]"), (start + reporting_months).astype("datetime64[D]")
    year = (start - 12).astype("datetime64[D]")
    within = (table.start >= first) & (table.start < last)
    if meter.avoid is not None and not null:
        event = [(begin + month).astype("datetime64[D]") for month in meter.avoid]
        within &= ~((table.start >= event[0]) & (table.start < event[1]))
    reporting = table.take(within)
    days = np.unique(local[np.isin(local.astype("datetime64[D]"), _days(reporting))].astype("datetime64[D]"))
    truth = 0.0 if null else _truth(port, name.split(" ", maxsplit=1)[0], meter, days)
    return Known(table.take((table.start >= year) & (table.start < first)), reporting, truth)


def _days(table: Table) -> NDArray[np.datetime64]:
    """Return every local day that the rows of a table cover."""
    first = table.start.astype("datetime64[D]")
    if table.frequency is not Frequency.MONTHLY:
        return np.unique(first)
    months = first.astype("datetime64[M]")
    spans = [np.arange(each, each + 1, dtype="datetime64[D]") for each in months]
    return np.concatenate(spans) if spans else first


def _truth(port: PortHours, demonstrator: str, meter: Meter, days: NDArray[np.datetime64]) -> float:
    total = 0.0
    for point, factor in meter.points.items():
        dates, saved = port.saved[demonstrator, point]
        total += factor * float(saved[np.isin(dates, days)].sum())
    return total


def _local(start_s: NDArray[np.int64]) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the local wall clock of each hour and its length [h]."""
    shift = [datetime.fromtimestamp(int(each), UTC).astimezone(ZONE).replace(tzinfo=UTC) for each in start_s]
    local = np.array([int(each.timestamp()) for each in shift])
    return local.astype("datetime64[s]"), np.ones(len(start_s))


def _table(
    port: PortHours, meter: Meter, local: NDArray[np.datetime64], hours: NDArray[np.float64], frequency: Frequency
) -> Table:
    unit = {Frequency.HOURLY: "datetime64[s]", Frequency.DAILY: "datetime64[D]", Frequency.MONTHLY: "datetime64[M]"}
    bucket = local.astype(unit[frequency])
    if frequency is Frequency.HOURLY:  # the hour that occurs twice stays two rows
        starts, index = bucket, np.arange(len(bucket))
    else:
        starts, index = np.unique(bucket, return_inverse=True)
    length = np.bincount(index, hours).astype(np.float64)
    energy = np.zeros(len(starts))
    for point, factor in meter.points.items():
        energy += factor * np.bincount(index, port.series[point])
    drivers = [
        Driver(name=key, role=Role.CHANGEPOINT if key in BENDING else Role.LINEAR,
               values=np.bincount(index, port.series[key]) / length)
        for key in meter.drivers
    ]  # fmt: skip
    start = starts.astype("datetime64[s]")
    if frequency is Frequency.DAILY:
        drivers.append(Driver(name="day type", role=Role.CATEGORY, values=DAY_TYPES[weekday(start)]))
    return Table(
        frequency=frequency, start=start, hours=length, energy=energy, drivers=tuple(drivers),
        coverage=np.ones(len(start)),
    )  # fmt: skip
