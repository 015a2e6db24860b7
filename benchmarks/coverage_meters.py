"""The demonstrators of the simulated port as tables of energy and drivers, with what each of them truly saved.

The port lives twice under the same luck, with each measure and without. A demonstrator is judged in each of the first
years of its measure's life: the baseline is the two years before that year as they were without the measure, the
reporting period begins with the year and is as it was with the measure, or, for the null one, as it was without.

Energies are as perfect meters read them; what meters of their class may add is told beside them (`Known.limits`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.coverage_port import EARLIER_MONTHS
from savings.day_types import hours_alike, kinds_of_rows
from savings.days_before import before, mean_of_days_before
from savings.reporting_checks import outside_range
from savings.table import Driver, Frequency, Role, Table
from telemetry.plan import DayTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmarks.coverage_port import PortHours

    Series = Mapping[str, NDArray[np.float64]]  # by point, hour by hour

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
    day_types: DayTypes = DayTypes.WEEK
    less_night: bool = False  # less the flow of 0 to 3 h of the same day: leaks and toilets, in both periods alike
    lasting: Mapping[str, float] = {}  # [d] time constants of drivers that bring something for days after
    allowed_from: str = ""  # month from which the authorities allow the measure


# The drivers of the site file. What the measure itself changes (defrosts, humidity of the room) is left out: the
# adjusted baseline would follow the measure. Where steam is metered and the measure does not change it, it stands for
# what production takes and traps lose: condensate return changes gas and water by steam, and the steam itself only
# where steam heats the feed tank, which it does not at the Darse. What the season brings (mains water) is left to the
# model's wave. Boilers: each day of the week, as one that rested on Sunday starts cold on Monday; the kitchen,
# which works from Monday to Friday, by how long it has rested.
METERS: Mapping[str, Meter] = {
    "seawater-condenser": Meter(
        {"mole/refrigeration/energy": 1.0},
        (AIR, "mole/dock/pallets_in", "mole/frozen_1/door_load", "mole/chill_1/door_load"), 13, (19, 21),
        lasting={"mole/dock/pallets_in": 3.0, "mole/frozen_1/door_load": 3.0},
    ),
    "floating-head": Meter(
        {"fillets/chill_room/energy": 1.0},
        (AIR, "fillets/water/landed", "fillets/chill_room/door_load", "fillets/chill_room/t_evaporating"), 13,
    ),
    "strip-doors": Meter(
        {"estran/cold_store/energy": 1.0}, (AIR, "estran/cold_store/door_load", "estran/cold_store/pallets_in"), 14,
        lasting={"estran/cold_store/door_load": 3.0, "estran/cold_store/pallets_in": 3.0},
    ),
    "demand-defrost": Meter(
        {"mole/frozen_2/evaporator_energy": 1.0}, (AIR, HUMIDITY, "mole/frozen_2/pallets_in"), 14,
        lasting={"mole/frozen_2/pallets_in": 3.0},
    ),
    "steam-traps": Meter(
        {"cannery/boiler/gas": 1.0},
        ("cannery/production/cooked", AIR), 13, day_types=DayTypes.WEEKDAY,
    ),
    "condensate-return": Meter(
        {"darse/boiler/gas": 1.0},
        ("darse/boiler/steam", "darse/production/cooked", AIR), 14, day_types=DayTypes.REST,
    ),
    "condensate-return (water)": Meter(
        {"darse/boiler/make_up": 1.0}, ("darse/boiler/steam", "darse/production/cooked"), 14,
        day_types=DayTypes.REST,
    ),
    "seawater-for-water": Meter(
        {"fillets/water/volume": 1.0}, ("fillets/water/landed",), 14, less_night=True, allowed_from="2020-01",
    ),
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
    port: PortHours, name: str, frequency: Frequency, reporting_months: int, *,
    null: bool = False, baseline_months: int = 24, life: int = 0,
) -> Known:  # fmt: skip
    """Return a demonstrator of a simulated port: one or two years without it, and months with it (without, if `null`).

    `life` is the year of the measure's life that the reporting period begins with. Months with a known event are in
    neither period.
    """
    meter = METERS[name]
    local = _local(int(port.start_s[0]), len(port.start_s))
    without = {**port.series, **_without(port, name)}
    with_ = without if null else port.series
    before, after = (_table(port, meter, local, frequency, use) for use in (without, with_))
    begin, start = _begins(port), _starts(port, name, life)
    undisturbed = np.ones(len(before), np.bool_)
    if meter.avoid is not None:
        event = [(begin + month).astype("datetime64[D]") for month in meter.avoid]
        undisturbed = (before.start < event[0]) | (before.start >= event[1])
    baseline = before.take(_between(before, start - baseline_months, start) & undisturbed)
    within = _between(after, start, start + reporting_months) & undisturbed & ~_beyond(after, baseline)
    reporting = after.take(within)
    counted = np.isin(local.astype("datetime64[D]"), _days(reporting))
    saved = {point: float((without[point] - with_[point])[counted].sum()) for point in meter.points}
    truth = sum(factor * saved[point] for point, factor in meter.points.items())
    return Known(baseline, reporting, truth, _carriers(port, meter, local, (baseline, without), (reporting, with_)))


def is_allowed(port: PortHours, name: str, life: int) -> bool:
    """Return whether a measure may work in a year of its life: ports that begin early have some in which it may not."""
    allowed = METERS[name].allowed_from
    return not allowed or bool(_starts(port, name, life) >= np.datetime64(allowed))


def _begins(port: PortHours) -> np.datetime64:
    """Return the first month of the scenario."""
    first: np.datetime64 = _local(int(port.start_s[0]), len(port.start_s))[0].astype("datetime64[M]")
    return first + EARLIER_MONTHS


def _starts(port: PortHours, name: str, life: int) -> np.datetime64:
    """Return the first month of the reporting period."""
    return _begins(port) + METERS[name].start_month + 12 * life


def _without(port: PortHours, name: str) -> dict[str, NDArray[np.float64]]:
    """Return the points of a demonstrator as they would be without its measure."""
    demonstrator = name.split(" ", maxsplit=1)[0]  # it may have two figures
    return {point: port.without[demonstrator, point] for point in METERS[name].points}


def _between(table: Table, first: np.datetime64, end: np.datetime64) -> NDArray[np.bool_]:
    after = table.start >= first.astype("datetime64[D]")
    return np.asarray(after & (table.start < end.astype("datetime64[D]")))


def _carriers(
    port: PortHours, meter: Meter, local: NDArray[np.datetime64], *periods: tuple[Table, Series]
) -> tuple[Carrier, ...]:
    """Return each meter of a figure with its part of the baseline and its use of the reporting period."""
    day = local.astype("datetime64[D]")
    (before, without), (after, with_) = ((np.isin(day, _days(table)), series) for table, series in periods)

    def use(series: Series, point: str, rows: NDArray[np.bool_]) -> float:
        whole = meter.points[point] * series[point]
        return float((whole - (_day_mean(whole, local, _NIGHT_H) if meter.less_night else 0.0))[rows].sum())

    total = sum(use(without, point, before) for point in meter.points)
    return tuple(
        Carrier(use(without, point, before) / total, use(with_, point, after), port.limits[point])
        for point in meter.points
    )


def year_after(port: PortHours, name: str, table: Table, *, null: bool = False) -> Table:
    """Return every row of a meter from the first of a reporting table on for a year, nothing left out."""
    local = _local(int(port.start_s[0]), len(port.start_s))
    metered = {**port.series, **_without(port, name)} if null else port.series
    every = _table(port, METERS[name], local, table.frequency, metered)
    first = table.start[0].astype("datetime64[M]").astype("datetime64[D]")
    return every.take((every.start >= first) & (every.start < first + 366))


def air_of(port: PortHours, table: Table) -> NDArray[np.float64]:
    """Return the mean air temperature of each row (n,) [Cel], also of a meter that has no such driver."""
    local = _local(int(port.start_s[0]), len(port.start_s))
    every = _table(port, Meter({}, (AIR,), 0), local, table.frequency, port.series)
    place = np.searchsorted(every.start, table.start)
    return every.driver(AIR).values[place]


def _beyond(table: Table, baseline: Table) -> NDArray[np.bool_]:
    """Mask (n,) of days with a driver beyond the baseline's range, as the finding `extrapolation` names them."""
    beyond = np.zeros(len(table), np.bool_)
    for driver in baseline.drivers:
        if not driver.is_kind:
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
    port: PortHours, meter: Meter, local: NDArray[np.datetime64], frequency: Frequency, metered: Series
) -> Table:
    """Return every row of a meter whose points used what `metered` says."""
    unit = {Frequency.HOURLY: "datetime64[s]", Frequency.DAILY: "datetime64[D]", Frequency.MONTHLY: "datetime64[M]"}
    bucket = local.astype(unit[frequency])
    if frequency is Frequency.HOURLY:  # the hour that occurs twice stays two rows
        starts, index = bucket, np.arange(len(bucket))
    else:
        starts, index = np.unique(bucket, return_inverse=True)
    length = np.bincount(index).astype(np.float64)
    use = sum((factor * metered[point] for point, factor in meter.points.items()), np.zeros(len(local)))
    energy = np.bincount(index, use - _day_mean(use, local, _NIGHT_H) if meter.less_night else use).astype(np.float64)
    by_hour = frequency is Frequency.HOURLY

    def series(key: str) -> NDArray[np.float64]:
        return _day_mean(port.series[key], local, 24) if by_hour else port.series[key]

    drivers = [
        Driver(name=key, role=Role.CHANGEPOINT if key in BENDING else Role.LINEAR,
               values=np.bincount(index, series(key)) / length, unit="Cel" if key in BENDING else "")
        for key in meter.drivers
    ]  # fmt: skip
    start = starts.astype("datetime64[s]")
    drivers += [
        Driver(name=before(key), role=Role.LINEAR,
               values=mean_of_days_before(start, np.bincount(index, series(key)) / length, days))
        for key, days in (meter.lasting.items() if frequency is not Frequency.MONTHLY else ())
    ]  # fmt: skip
    if frequency is not Frequency.MONTHLY:
        role, kinds = kinds_of_rows(meter.day_types, frequency, start, COUNTRY)
        kinds = hours_alike(meter.day_types, kinds) if by_hour else kinds
        drivers.append(Driver(name="day type", role=role, values=kinds))
    return Table(
        frequency=frequency, start=start, hours=length, energy=energy, drivers=tuple(drivers),
        coverage=np.ones(len(start)),
    )  # fmt: skip
