"""A sound instrument: its own fixed error, its noise, its range, and the number that it sends."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from simulators.streams import Stream, Streams
from telemetry.accuracy import Accuracy, accuracy_of, full_scale
from telemetry.quantities import QUANTITIES
from telemetry.site import Kind
from telemetry.units import conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from telemetry.site import Point

    Number = float | NDArray[np.float64]

# An accuracy is read as twice the standard deviation of the whole error (GUM, coverage factor 2), of which four fifths
# of the variance stay as the instrument left its calibration and one fifth is noise: 0.4² + 0.2² ≈ 0.45² ≈ (1/2)².
FIXED_SHARE = 0.4
NOISE_SHARE = 0.2
MOST_FIXED = 2.0  # a calibration that is farther out would not have passed [standard deviations]

_HIGHEST_START = 1e6  # registers begin below this [canonical unit]
_REGISTER_DIGITS = {  # of one unit of the register [canonical unit]
    "energy": 0.01,
    "thermal_energy": 0.01,
    "reactive_energy": 0.01,
    "volume": 0.001,
    "gas_volume": 0.001,
    "mass": 0.1,
    "duration": 36.0,
    "count": 1.0,
}
_WHOLE = ("count", "bacteria")  # counted in whole numbers
_ROUNDING = 1e-6  # of a register's unit: what floating point may lack before a unit is full


@dataclass(frozen=True, kw_only=True, eq=False)
class Instrument:
    """How one point is measured and sent; or several side by side, with columns (m, 1) for values (m, n)."""

    exact: bool  # it errs in nothing
    endless: bool  # its register never turns over
    absolute: Number  # accuracy: this … [canonical unit]
    relative: Number  # … and so much of the value [1]
    luck: Stream | Streams
    fixed: Number  # this one's own error, in parts of its accuracy
    low: Number  # range of what it can show [canonical unit]
    high: Number
    factor: Number  # canonical = declared * factor + offset; for pulses, per pulse
    offset: Number
    scale: Number  # 1 over its last digit, in the declared unit: a power of ten
    start: Number = 0.0  # of a register, on the first day [canonical unit]
    modulus: Number = math.inf  # of a register, in its last digit

    def measured(self, values: NDArray[np.float64], ts_s: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return values (n,) with the instrument's errors at instants (n,) [s]; canonical unit in and out."""
        if self.exact:
            return values
        error = self.absolute + self.relative * np.abs(values)
        result: NDArray[np.float64] = values + error * (self.fixed + NOISE_SHARE * self.luck.normal(ts_s))
        return result

    def limited(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values (n,) as far as the range goes: a transmitter can say no more [canonical unit]."""
        return np.minimum(np.maximum(values, self.low), self.high)

    def sent(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers that are sent (n,), in the declared unit, with as many digits as there are."""
        digits: NDArray[np.float64] = np.rint((values - self.offset) / self.factor * self.scale)
        return digits / self.scale

    def sent_register(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a register shows (n,), in the declared unit or in pulses: full ones only, modulo its modulus."""
        units = np.floor(values / self.factor * self.scale + _ROUNDING)
        shown: NDArray[np.float64] = units if self.endless else np.mod(units, self.modulus)
        return shown / self.scale


def side_by_side(instruments: Sequence[Instrument]) -> Instrument:
    """Return instruments as one for values (m, n), each row as it would be alone: all or none exact, and endless."""
    columns: dict[str, Any] = {
        name: np.array([[getattr(each, name)] for each in instruments], np.float64)
        for name in ("absolute", "relative", "fixed", "low", "high", "factor", "offset", "scale", "start", "modulus")
    }
    luck = Streams.of(each.luck for each in instruments if isinstance(each.luck, Stream))
    return replace(instruments[0], luck=luck, **columns)


def instrument_of(point: Point, seed: int) -> Instrument:
    """Return the instrument of a point: the same for the same seed, whatever else the site has."""
    luck = Stream.of(seed, "instrument", point.key)
    factor, offset = conversion(point.quantity, point.unit)
    factor *= point.pulse_weight or 1.0
    accuracy, quantity = accuracy_of(point), QUANTITIES[point.quantity]
    is_register = point.kind is Kind.COUNTER
    digits = _register_digits(point, factor) if is_register else _digits(point, accuracy, factor)
    last = point.modulus and round(point.modulus / factor * 10.0**digits)
    drawn = float(Stream.of(seed, "calibration", point.key).normal(0))
    most = min(_HIGHEST_START, 0.1 * (point.modulus or math.inf))
    return Instrument(
        exact=accuracy == (0.0, 0.0),
        endless=not last,
        absolute=accuracy.absolute,
        relative=accuracy.relative,
        luck=luck,
        fixed=FIXED_SHARE * min(MOST_FIXED, max(-MOST_FIXED, drawn)),
        low=quantity.minimum if point.valid_min is None else point.valid_min,
        high=quantity.maximum if point.valid_max is None else point.valid_max,
        factor=factor,
        offset=offset,
        scale=10.0**digits,
        start=most * float(Stream.of(seed, "register", point.key).uniform(0)) if is_register else 0.0,
        modulus=float(last) if last else math.inf,
    )


def _digits(point: Point, accuracy: Accuracy, factor: float) -> int:
    """Digits after the point [declared unit]: the power of ten below a quarter of the error at a tenth of the range.

    An error of 0.5 K is shown in tenths, one of 0.1 K in hundredths, 1 % of 250 kW in hundredths of a kilowatt.
    """
    if point.quantity in _WHOLE:
        return 0
    error = accuracy.absolute + 0.1 * accuracy.relative * full_scale(point)
    return 2 if error == 0 else max(0, -math.floor(math.log10(error / abs(factor) / 4)))


def _register_digits(point: Point, factor: float) -> int:
    """Digits after the point of a register [declared unit]; pulses are whole."""
    if point.pulse_weight is not None:
        return 0
    return max(0, -round(math.log10(_REGISTER_DIGITS.get(point.quantity, 0.01) / factor)))
