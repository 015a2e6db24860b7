"""The demonstrators of the simulated port as tables of energy and drivers, with what each of them truly saved.

Energies are what meters of their class make of them: each demonstrator, of a length and a frequency, has meters of its
own, which read too much or too little by anything within their class, the same before and after. Savings are what was
truly saved.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.coverage_port import EARLIER_MONTHS
from savings.day_types import kinds_of_day
from savings.reporting_checks import outside_range
from savings.table import Driver, Frequency, Role, Table, weekday
from telemetry.plan import DayTypes
from telemetry.public_holidays import on_public_holiday

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmarks.coverage_port import PortHours

ZONE, COUNTRY = ZoneInfo("Europe/Paris"), "FR"
GAS_KWH_PER_M3 = 10.0  # [kW.h/m3], to add gas and electricity of one boundary
AIR, SEA, HUMIDITY = "quay/weather/t_air", "quay/intake/t_sea_in", "quay/weather/humidity"
BENDING = {AIR, SEA}
_NIGHT_H = 3


class Meter(NamedTuple):
    """What a demonstrator is judged by: points of energy by their factor, drivers, and when the measure is in place."""

    points: Mapping[str, float]
    drivers: tuple[str, ...]
    start_month: int  # of the scenario, when the reporting period begins
    avoid: tuple[int, int] | None = None  # months [from, to) of the reporting period with a known event: left out
    drivers_by_day: bool = False  # of hourly models: what works slowly, or in cycles longer than an hour
    also_by_hour: tuple[str, ...] = ()  # drivers of hourly models, to which public holidays are days like others
    day_types: DayTypes = DayTypes.WEEK
    less_night: bool = False  # less the flow of 0 to 3 h of the same day: leaks and toilets, in both periods alike


# The drivers of the site file. What the measure itself changes (defrosts, humidity of the room) is left out: the
# adjusted baseline would follow the measure. Where steam is metered and the measure does not change it, it stands for
# what production takes and traps lose: condensate return changes gas and water by steam, and the steam itself only
# where steam heats the feed tank, which it does not at the Darse. What the season brings (mains water) is left to the
# model's wave. Boilers: each day of the week, as one that rested on Sunday starts cold on Monday.
METERS: Mapping[str, Meter] = {
    "seawater-condenser": Meter(
        {"mole/refrigeration/energy": 1.0},
        (AIR, "mole/dock/pallets_in", "mole/frozen_1/door_load", "mole/chill_1/door_load"), 13, (19, 20),
        drivers_by_day=True,
    ),
    "floating-head": Meter(
        {"fillets/chill_room/energy": 1.0}, (AIR, "fillets/water/landed", "fillets/chill_room/door"), 13,
        drivers_by_day=True,
    ),
    "strip-doors": Meter(
        {"estran/cold_store/energy": 1.0}, (AIR, "estran/cold_store/door_load", "estran/cold_store/pallets_in"), 14
    ),
    "demand-defrost": Meter({"mole/frozen_2/evaporator_energy": 1.0}, (AIR, HUMIDITY, "mole/frozen_2/pallets_in"), 14),
    "steam-traps": Meter(
        {"cannery/boiler/gas": 1.0},
        ("cannery/production/cooked", AIR), 13, day_types=DayTypes.WEEKDAY,
        also_by_hour=("cannery/production/shift_on",),
    ),
    "condensate-return": Meter(
        {"darse/boiler/gas": 1.0},
        ("darse/boiler/steam", "darse/production/cooked"), 14, day_types=DayTypes.WEEKDAY,
        also_by_hour=("darse/production/shift_on", SEA),
    ),
    "condensate-return (water)": Meter(
        {"darse/boiler/make_up": 1.0}, ("darse/boiler/steam", "darse/production/cooked"), 14, drivers_by_day=True,
        day_types=DayTypes.WEEKDAY,
    ),
    "seawater-for-water": Meter({"fillets/water/volume": 1.0}, ("fillets/water/landed",), 14, less_night=True),
    "seawater-heat-pump": Meter(
        {"estran/gas/volume": GAS_KWH_PER_M3, "estran/hot_water/energy": 1.0},
        ("estran/hot_water/volume", "estran/gas/smoked"), 13,
    ),
}  # fmt: skip


class Carrier(NamedTuple):
    """One meter of a figure."""

    baseline: float  # its part of the baseline's use
    reporting: float  # what it used in the reporting period [unit]
    limit: float  # largest error of its class [1]


class Known(NamedTuple):
    """A demonstrator's rows and what it truly saved."""

    baseline: Table
    reporting: Table
    truth: float  # over the rows of the reporting table [unit]
    carriers: tuple[Carrier, ...] = ()

    def limits(self, adjusted: float) -> tuple[float, ...]:
        """Return by how much each meter may falsify the saving, given the adjusted baseline [unit]."""
        errors = (abs(each.baseline * adjusted - each.reporting) * each.limit for each in self.carriers)
        return tuple(error for error in errors if error > 0.0)


def known_meter(
    port: PortHours, name: str, frequency: Frequency, reporting_months: int, *, null: bool, baseline_months: int = 24
) -> Known:
    """Return a demonstrator of a simulated port: one or two years before it, and the months after it began."""
    meter = _metered(METERS[name], port, f"{name} {frequency} {reporting_months}")
    local = _local(int(port.start_s[0]), len(port.start_s))
    table = _table(port, meter, local, np.ones(len(local)), frequency)
    begin = local[0].astype("datetime64[M]") + EARLIER_MONTHS
    start = begin + meter.start_month
    first, last = start.astype("datetime64[D]"), (start + reporting_months).astype("datetime64[D]")
    from_day = (start - baseline_months).astype("datetime64[D]")
    baseline = table.take((table.start >= from_day) & (table.start < first))
    within = (table.start >= first) & (table.start < last) & ~_beyond(table, baseline)
    if meter.avoid is not None and not null:
        event = [(begin + month).astype("datetime64[D]") for month in meter.avoid]
        within &= ~((table.start >= event[0]) & (table.start < event[1]))
    reporting = table.take(within)
    days = np.unique(local[np.isin(local.astype("datetime64[D]"), _days(reporting))].astype("datetime64[D]"))
    truth = 0.0 if null else _truth(port, name.split(" ", maxsplit=1)[0], METERS[name], days)
    return Known(baseline, reporting, truth, _carriers(port, meter, local, (baseline, reporting)))


def _metered(meter: Meter, port: PortHours, demonstrator: str) -> Meter:
    """Return a demonstrator as meters of its own tell it: each factor with an error within the meter's class."""
    draw = np.random.default_rng([port.seed, zlib.crc32(demonstrator.encode())])
    read = {point: factor * (1.0 + draw.uniform(-1, 1) * port.limits[point]) for point, factor in meter.points.items()}
    return meter._replace(points=read)


def _carriers(
    port: PortHours, meter: Meter, local: NDArray[np.datetime64], periods: tuple[Table, Table]
) -> tuple[Carrier, ...]:
    """Return each meter of a figure with its part of the baseline and its use of the reporting period."""
    day = local.astype("datetime64[D]")
    before, after = (np.isin(day, _days(period)) for period in periods)

    def use(point: str, rows: NDArray[np.bool_]) -> float:
        series = meter.points[point] * port.series[point]
        less = _day_mean(series, local, _NIGHT_H) if meter.less_night else 0.0
        return float((series - less)[rows].sum())

    total = sum(use(point, before) for point in meter.points)
    return tuple(Carrier(use(point, before) / total, use(point, after), port.limits[point]) for point in meter.points)


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


def _day_mean(series: NDArray[np.float64], local: NDArray[np.datetime64], until_h: int) -> NDArray[np.float64]:
    """Return the mean of the hours from 0 to `until_h` of each hour's day (n,)."""
    day = local.astype("datetime64[D]")
    _, place = np.unique(day, return_inverse=True)
    counts = local - day < np.timedelta64(until_h, "h")
    hours = np.maximum(np.bincount(place, counts), 1.0)  # a first day of UTC may begin after its local night
    return np.asarray((np.bincount(place, series * counts) / hours)[place])


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
    energy = np.bincount(index, use - _day_mean(use, local, _NIGHT_H) if meter.less_night else use).astype(np.float64)
    by_day = meter.drivers_by_day and frequency is Frequency.HOURLY

    def series(key: str) -> NDArray[np.float64]:
        return _day_mean(port.series[key], local, 24) if by_day else port.series[key]

    extra = meter.also_by_hour if frequency is Frequency.HOURLY else ()
    drivers = [
        Driver(name=key, role=Role.CHANGEPOINT if key in BENDING else Role.LINEAR,
               values=np.bincount(index, series(key)) / length)
        for key in (*meter.drivers, *extra)
    ]  # fmt: skip
    start = starts.astype("datetime64[s]")
    if frequency is Frequency.DAILY:
        days = start.astype("datetime64[D]")
        rested, before = on_public_holiday(days, COUNTRY), on_public_holiday(days - 1, COUNTRY)
        kinds = kinds_of_day(meter.day_types, weekday(start), rested, before)
        drivers.append(Driver(name="day type", role=Role.CATEGORY, values=kinds))
    return Table(
        frequency=frequency, start=start, hours=length, energy=energy, drivers=tuple(drivers),
        coverage=np.ones(len(start)),
    )  # fmt: skip
