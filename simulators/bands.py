"""Where the values of a point usually lie: a small table of plausible bands for the stand-in signals.

Rows are tried from the top; the first whose quantity and words fit wins. Words are looked for in the point's key and
in the kind of its asset. Bands are in the canonical unit of the quantity; for counters they are rates per hour. The
figures are engineering judgement after common practice in refrigeration, steam and seawater cooling; the physical
simulators that replace this stand-in compute theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from telemetry.quantities import QUANTITIES
from telemetry.site import Kind

if TYPE_CHECKING:
    from telemetry.site import Asset, Point


class Band(NamedTuple):
    """Usual lowest and highest value [canonical unit; for counters: per hour]."""

    low: float
    high: float


class _Row(NamedTuple):
    quantity: str
    words: tuple[str, ...]  # all must occur
    band: Band


def _row(quantity: str, words: str, low: float, high: float) -> _Row:
    return _Row(quantity, tuple(words.split()), Band(low, high))


_GAUGES = (
    _row("temperature", "frozen product", -21.5, -20.0),
    _row("temperature", "frozen coil", -31.0, -28.0),
    _row("temperature", "frozen evap", -30.0, -27.0),
    _row("temperature", "frozen setpoint", -22.0, -22.0),
    _row("temperature", "frozen", -23.0, -20.5),
    _row("temperature", "chill product", 0.4, 1.4),
    _row("temperature", "chill setpoint", 1.0, 1.0),
    _row("temperature", "chill", 0.2, 2.0),
    _row("temperature", "ice", -8.0, -5.0),
    _row("temperature", "dock", 5.0, 9.0),
    _row("temperature", "condens refrigeration", 18.0, 26.0),
    _row("temperature", "suction", -34.0, -31.0),
    _row("temperature", "flue", 170.0, 215.0),
    _row("temperature", "trap", 150.0, 172.0),
    _row("temperature", "header", 160.0, 170.0),
    _row("temperature", "steam_network condensate", 82.0, 92.0),
    _row("temperature", "feed", 95.0, 103.0),
    _row("temperature", "t_steam", 172.0, 178.0),
    _row("temperature", "kiln", 24.0, 30.0),
    _row("temperature", "hot_water tank", 56.0, 60.0),
    _row("temperature", "hot_water return", 50.0, 54.0),
    _row("temperature", "hot_water", 12.0, 18.0),
    _row("temperature", "sea_out", 14.0, 17.0),
    _row("temperature", "loop_in", 17.0, 20.0),
    _row("temperature", "loop_out", 13.0, 15.0),
    _row("temperature", "sea", 11.5, 13.0),
    _row("temperature", "", 8.0, 14.0),
    _row("temperature_difference", "", 5.0, 9.0),
    _row("relative_humidity", "weather", 70.0, 90.0),
    _row("relative_humidity", "", 80.0, 92.0),
    _row("gauge_pressure", "refrigeration suction", 0.2, 0.6),
    _row("gauge_pressure", "refrigeration", 7.5, 10.0),
    _row("gauge_pressure", "steam", 7.6, 8.4),
    _row("gauge_pressure", "suction", 0.1, 0.5),
    _row("gauge_pressure", "", 2.4, 3.0),
    _row("absolute_pressure", "", 1.005, 1.025),
    _row("pressure_difference", "strainer", 0.05, 0.2),
    _row("pressure_difference", "", 0.4, 0.6),
    _row("volume_flow", "dosing", 0.002, 0.012),
    _row("volume_flow", "feed", 1.0, 3.0),
    _row("volume_flow", "condensate", 0.8, 2.4),
    _row("volume_flow", "water_meter", 4.0, 14.0),
    _row("volume_flow", "", 90.0, 160.0),
    _row("mass_flow", "steam_flow", 1200.0, 3200.0),
    _row("mass_flow", "", 200.0, 900.0),
    _row("stock_mass", "", 1.05e6, 1.25e6),
    _row("level", "sump", 2.5, 3.5),
    _row("level", "tide", 1.2, 8.8),
    _row("fill_level", "", 45.0, 80.0),
    _row("power", "substation", 650.0, 980.0),
    _row("power", "electricity_meter", 220.0, 480.0),
    _row("power", "defrost", 0.0, 0.4),
    _row("power", "fan", 8.0, 14.0),
    _row("power", "compressor", 55.0, 95.0),
    _row("power", "", 18.0, 42.0),
    _row("reactive_power", "", 120.0, 240.0),
    _row("power_factor", "", 0.93, 0.98),
    _row("voltage", "", 398.0, 408.0),
    _row("current", "", 350.0, 900.0),
    _row("frequency", "meter", 49.96, 50.04),
    _row("frequency", "", 36.0, 46.0),
    _row("ratio", "distortion", 2.0, 5.0),
    _row("ratio", "o2", 3.2, 4.6),
    _row("ratio", "", 30.0, 70.0),
    _row("conductivity", "condensate", 0.01, 0.04),
    _row("conductivity", "effluent", 2.0, 5.0),
    _row("conductivity", "blowdown", 2.5, 3.3),
    _row("conductivity", "loop", 0.6, 0.7),
    _row("conductivity", "", 43.0, 46.0),
    _row("turbidity", "treated", 0.3, 1.2),
    _row("turbidity", "", 5.0, 22.0),
    _row("ph", "", 7.9, 8.2),
    _row("concentration", "chlorine", 0.2, 0.6),
    _row("concentration", "oxygen", 7.5, 9.5),
    _row("concentration", "cod", 900.0, 2400.0),
    _row("gas_concentration", "ammonia", 0.0, 4.0),
    _row("gas_concentration", "", 15.0, 60.0),
    _row("sound_level", "", 38.0, 55.0),
    _row("bacteria", "", 0.0, 8.0),
)
_RATES_PER_HOUR = (
    _row("energy", "substation", 600.0, 1000.0),
    _row("energy", "electricity_meter", 200.0, 480.0),
    _row("energy", "", 40.0, 120.0),
    _row("thermal_energy", "", 150.0, 420.0),
    _row("reactive_energy", "", 60.0, 200.0),
    _row("volume", "intake", 90.0, 160.0),
    _row("volume", "", 2.0, 12.0),
    _row("gas_volume", "boiler", 90.0, 240.0),
    _row("gas_volume", "", 8.0, 30.0),
    _row("mass", "", 1200.0, 3200.0),
    _row("duration", "", 1200.0, 3300.0),  # a running hour has at most 3600 s
    _row("count", "", 0.5, 4.0),
)
_AMOUNTS = (_row("mass", "landed", 800.0, 6000.0), _row("mass", "", 300.0, 1500.0), _row("count", "", 1.0, 24.0))
_TABLES = {Kind.GAUGE: _GAUGES, Kind.COUNTER: _RATES_PER_HOUR, Kind.EVENT: _AMOUNTS, Kind.STATE: ()}


def band_of(point: Point, asset: Asset) -> Band:
    """Return the usual band of a point, kept inside its valid range and its quantity's physical bounds."""
    text = f"{point.key} {asset.kind}"
    for row in _TABLES[point.kind]:
        if row.quantity == point.quantity and all(word in text for word in row.words):
            return row.band if point.kind is not Kind.GAUGE else _inside(point, row.band)
    return _middle(point)


def _bounds(point: Point) -> Band:
    quantity = QUANTITIES[point.quantity]
    low = quantity.minimum if point.valid_min is None else point.valid_min
    high = quantity.maximum if point.valid_max is None else point.valid_max
    return Band(low, high)


def _inside(point: Point, band: Band) -> Band:
    low, high = _bounds(point)
    return Band(min(max(band.low, low), high), min(max(band.high, low), high))


def _middle(point: Point) -> Band:
    """Return the middle fifth of the range, for a quantity that the table does not know."""
    if point.kind is not Kind.GAUGE:
        return Band(1.0, 10.0)
    low, high = _bounds(point)
    return Band(low + 0.4 * (high - low), low + 0.6 * (high - low))
