"""The demonstrators of the simulated port as tables of energy and drivers, with what each of them truly saved."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from savings.reporting_checks import outside_range
from savings.table import Driver, Frequency, Role, Table, weekday

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmarks.coverage_port import PortHours

ZONE = ZoneInfo("Europe/Paris")
GAS_KWH_PER_M3 = 10.0  # [kW.h/m3], to add gas and electricity of one boundary
AIR, SEA, HUMIDITY = "quay/weather/t_air", "quay/intake/t_sea_in", "quay/weather/humidity"
BENDING = {AIR, SEA}
_NIGHT_H = 3
DAY_TYPES = np.array([0, 0, 0, 0, 0, 1, 2], np.float64)  # Monday to Friday, Saturday, Sunday


class Meter(NamedTuple):
    """What a demonstrator is judged by: points of energy by their factor, drivers, and when the measure is in place."""

    points: Mapping[str, float]
    drivers: tuple[str, ...]
    start_month: int  # of the scenario, when the reporting period begins
    avoid: tuple[int, int] | None = None  # months [from, to) of the reporting period with a known event: left out
    forms: tuple[str, ...] | None = None  # of hourly models, where the default is wrong: see below
    each_weekday: bool = False  # seven kinds of day: a boiler that rested on Sunday starts cold on Monday
    less_night: bool = False  # less the flow of 0 to 3 h of the same day: leaks and toilets, in both periods alike


# Drivers of the site file but for two kinds. Those that the measure itself changes (defrosts, humidity of the room) are
# left out: the adjusted baseline would follow the measure. Where steam is metered and the measure does not change it,
# it stands for what production takes and traps lose: condensate return changes gas and water by steam, and the steam
# itself only where steam heats the feed tank, which it does not at the Darse. What the season brings (mains water) is
# left to the model's wave.
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
        {"cannery/boiler/gas": 1.0},
        ("cannery/production/cooked", "cannery/production/shift_on", AIR), 13, each_weekday=True,
    ),
    "condensate-return": Meter(
        {"darse/boiler/gas": 1.0},
        ("darse/boiler/steam", "darse/production/shift_on", SEA), 14, each_weekday=True,
    ),
    "condensate-return (water)": Meter(
        {"darse/boiler/make_up": 1.0}, ("darse/boiler/steam", "darse/production/cooked"), 14, each_weekday=True,
        forms=("mean",),  # hours of the week would explain what meals and steam do, and leave them wrong slopes
    ),
    "seawater-for-water": Meter({"fillets/water/volume": 1.0}, ("fillets/water/landed",), 14, less_night=True),
    "seawater-heat-pump": Meter(
        {"estran/gas/volume": GAS_KWH_PER_M3, "estran/hot_water/energy": 1.0},
        ("estran/hot_water/volume", "estran/gas/smoked"), 13,
    ),
}  # fmt: skip


class Known(NamedTuple):
    """A demonstrator's rows and what it truly saved."""

    baseline: Table
    reporting: Table
    truth: float  # over the rows of the reporting table [unit]
    forms: tuple[str, ...] | None = None  # that compete, the default ones where None


def known_meter(port: PortHours, name: str, frequency: Frequency, reporting_months: int, *, null: bool) -> Known:
    """Return a demonstrator of a simulated port: a year before it, and the months after it began."""
    meter = METERS[name]
    local = _local(int(port.start_s[0]), len(port.start_s))
    table = _table(port, meter, local, np.ones(len(local)), frequency)
    begin = local[0].astype("datetime64[M]")
    start = begin + meter.start_month
    first, last = start.astype("datetime64[D]"), (start + reporting_months).astype("datetime64[D]")
    year = (start - 12).astype("datetime64[D]")
    baseline = table.take((table.start >= year) & (table.start < first))
    within = (table.start >= first) & (table.start < last) & ~_beyond(table, baseline)
    if meter.avoid is not None and not null:
        event = [(begin + month).astype("datetime64[D]") for month in meter.avoid]
        within &= ~((table.start >= event[0]) & (table.start < event[1]))
    reporting = table.take(within)
    days = np.unique(local[np.isin(local.astype("datetime64[D]"), _days(reporting))].astype("datetime64[D]"))
    truth = 0.0 if null else _truth(port, name.split(" ", maxsplit=1)[0], meter, days)
    return Known(baseline, reporting, truth, meter.forms if frequency is Frequency.HOURLY else None)


def year_after(port: PortHours, name: str, table: Table) -> Table:
    """Return every row of a meter from the first of a reporting table on for a year, nothing left out."""
    local = _local(int(port.start_s[0]), len(port.start_s))
    every = _table(port, METERS[name], local, np.ones(len(local)), table.frequency)
    first = table.start[0].astype("datetime64[M]").astype("datetime64[D]")
    return every.take((every.start >= first) & (every.start < first + 366))


def air_of(port: PortHours, table: Table) -> NDArray[np.float64]:
    """Return the mean air temperature of each row (n,) [Cel], also of a meter that has no such driver."""
    local = _local(int(port.start_s[0]), len(port.start_s))
    every = _table(port, Meter({}, (AIR,), 0), local, np.ones(len(local)), table.frequency)
    place = np.searchsorted(every.start, table.start)
    return every.driver(AIR).values[place]


def _beyond(table: Table, baseline: Table) -> NDArray[np.bool_]:
    """Mask (n,) of days with a driver beyond the baseline's range, as the finding `extrapolation` names them."""
    beyond = np.zeros(len(table), np.bool_)
    for driver in baseline.drivers:
        if driver.role is not Role.CATEGORY:
            beyond |= outside_range(driver.values, table.driver(driver.name).values)
    day = table.start.astype("datetime64[D]")
    return np.isin(day, day[beyond])


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


@lru_cache
def _local(first_s: int, hours: int) -> NDArray[np.datetime64]:
    """Return the local wall clock (n,) of so many hours in a row."""
    passed = first_s + 3600 * np.arange(hours)
    shift = [datetime.fromtimestamp(int(each), UTC).astimezone(ZONE).replace(tzinfo=UTC) for each in passed]
    return np.array([int(each.timestamp()) for each in shift]).astype("datetime64[s]")


def _night_line(use: NDArray[np.float64], local: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return the mean use of the hours from 0 to 3 of each hour's day (n,)."""
    day = local.astype("datetime64[D]")
    _, place = np.unique(day, return_inverse=True)
    night = local - day < np.timedelta64(_NIGHT_H, "h")
    hours = np.maximum(np.bincount(place, night), 1.0)  # a first day of UTC may begin after its local night
    return np.asarray((np.bincount(place, use * night) / hours)[place])


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
    use = sum((factor * port.series[point] for point, factor in meter.points.items()), np.zeros(len(local)))
    energy = np.bincount(index, use - _night_line(use, local) if meter.less_night else use).astype(np.float64)
    drivers = [
        Driver(name=key, role=Role.CHANGEPOINT if key in BENDING else Role.LINEAR,
               values=np.bincount(index, port.series[key]) / length)
        for key in meter.drivers
    ]  # fmt: skip
    start = starts.astype("datetime64[s]")
    if frequency is Frequency.DAILY:
        kinds = np.arange(7.0) if meter.each_weekday else DAY_TYPES
        drivers.append(Driver(name="day type", role=Role.CATEGORY, values=kinds[weekday(start)]))
    return Table(
        frequency=frequency, start=start, hours=length, energy=energy, drivers=tuple(drivers),
        coverage=np.ones(len(start)),
    )  # fmt: skip
