"""Tidal constituents: their figures, astronomical arguments and nodal corrections, for any date.

===================  ===========================================================================================
what                 source
===================  ===========================================================================================
amplitude, phase     TICON-4 (doi 10.17882/109129), station Boulogne 111 refmar, CC BY 4.0; Greenwich phases
mean longitudes      J. Meeus, Astronomical Algorithms, 2nd ed. 1998, ch. 25 and 47; UT for TT (0.01° at most)
Doodson numbers      P. Schureman, Manual of Harmonic Analysis and Prediction of Tides, 1958, table 2
nodal corrections    satellite constituents of M. G. G. Foreman, Manual for Tidal Heights Analysis and
                     Prediction, Institute of Ocean Sciences 77-10, 1977; compound constituents by product
===================  ===========================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.day import DAY_S

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_J2000_S = 946_728_000.0  # 2000-01-01T12Z [s since 1970-01-01]
_CENTURY_S = 36_525.0 * DAY_S


@dataclass(frozen=True)
class Satellite:
    """A line of the tide so near a constituent that it shows as a slow change of it."""

    perigee: int  # multiple of p, the longitude of the lunar perigee
    node: int  # multiple of N', minus the longitude of the ascending node
    solar: int  # multiple of p1, the longitude of the solar perigee
    ratio: float  # amplitude over that of the constituent
    phase: float  # [cycles]
    of_latitude: bool = False  # whether the ratio is to be multiplied by 2.598 sin(latitude)


@dataclass(frozen=True, kw_only=True)
class Constituent:
    """One line of the tide at a port."""

    name: str
    amplitude_m: float
    phase_deg: float  # lag behind the equilibrium tide at Greenwich
    doodson: tuple[int, int, int, int]  # multiples of T (hour angle of the mean sun), s, h, p
    offset_deg: float = 0.0
    satellites: tuple[Satellite, ...] = ()
    factors: tuple[str, ...] = ()  # a compound: the constituents whose corrections multiply


_NODE = Satellite(0, -1, 0, 0.0373, 0.5)  # regression of the moon's nodes, 18.6 years
_M2 = (
    Satellite(-1, -1, 0, 0.0001, 0.75, of_latitude=True),
    Satellite(-1, 0, 0, 0.0004, 0.75, of_latitude=True),
    Satellite(0, -2, 0, 0.0005, 0.0),
    _NODE,
    Satellite(1, -1, 0, 0.0001, 0.25, of_latitude=True),
    Satellite(1, 0, 0, 0.0009, 0.75, of_latitude=True),
    Satellite(1, 1, 0, 0.0002, 0.75, of_latitude=True),
    Satellite(2, 0, 0, 0.0006, 0.0),
    Satellite(2, 1, 0, 0.0002, 0.0),
)
_S2 = (
    Satellite(0, -1, 0, 0.0022, 0.0),
    Satellite(1, 0, 0, 0.0001, 0.75, of_latitude=True),
    Satellite(2, 0, 0, 0.0001, 0.0),
)
_N2 = (
    Satellite(-2, -2, 0, 0.0039, 0.5),
    Satellite(-1, 0, 1, 0.0008, 0.0),
    Satellite(0, -2, 0, 0.0005, 0.0),
    _NODE,
)
_K2 = (
    Satellite(-1, 0, 0, 0.0024, 0.75, of_latitude=True),
    Satellite(-1, 1, 0, 0.0004, 0.75, of_latitude=True),
    Satellite(0, -1, 0, 0.0128, 0.5),
    Satellite(0, 1, 0, 0.298, 0.0),
    Satellite(0, 2, 0, 0.0324, 0.0),
)
_L2 = (
    Satellite(0, -1, 0, 0.0366, 0.5),
    Satellite(2, -1, 0, 0.0047, 0.0),
    Satellite(2, 0, 0, 0.2505, 0.5),
    Satellite(2, 1, 0, 0.1102, 0.5),
    Satellite(2, 2, 0, 0.0156, 0.5),
)
_NU2 = (
    _NODE,
    Satellite(1, 0, 0, 0.0042, 0.75, of_latitude=True),
    Satellite(2, 0, 0, 0.0042, 0.0),
    Satellite(2, 1, 0, 0.0036, 0.5),
)
_MU2 = (
    Satellite(-1, -1, 0, 0.0018, 0.25, of_latitude=True),
    Satellite(-1, 0, 0, 0.0104, 0.25, of_latitude=True),
    Satellite(0, -1, 0, 0.0375, 0.5),
)


def _line(
    name: str,
    amplitude_m: float,
    phase_deg: float,
    doodson: tuple[int, int, int, int],
    made_of: tuple[Satellite, ...] | tuple[str, ...],
    offset_deg: float = 0.0,
) -> Constituent:
    return Constituent(
        name=name,
        amplitude_m=amplitude_m,
        phase_deg=phase_deg,
        doodson=doodson,
        offset_deg=offset_deg,
        satellites=tuple(part for part in made_of if isinstance(part, Satellite)),
        factors=tuple(part for part in made_of if isinstance(part, str)),
    )


BOULOGNE = (
    _line("M2", 2.9500, 328.89, (2, -2, 2, 0), _M2),
    _line("S2", 0.9587, 20.34, (2, 0, 0, 0), _S2),
    _line("N2", 0.5394, 307.22, (2, -3, 2, 1), _N2),
    _line("M4", 0.3356, 218.32, (4, -4, 4, 0), ("M2", "M2")),
    _line("K2", 0.2789, 18.54, (2, 0, 2, 0), _K2),
    _line("MS4", 0.2189, 272.25, (4, -2, 2, 0), ("M2", "S2")),
    _line("L2", 0.1521, 335.36, (2, -1, 2, -1), _L2, offset_deg=180.0),
    _line("NU2", 0.1267, 297.37, (2, -3, 4, -1), _NU2),
    _line("MN4", 0.1188, 194.55, (4, -5, 4, 1), ("M2", "N2")),
    _line("MU2", 0.1138, 35.91, (2, -4, 4, 0), _MU2),
)
MEAN_LEVEL_M = 5.03  # mean sea level above chart datum at Boulogne [m], same source


def longitudes(ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return mean longitudes (5, n) [deg] at instants (n,): s, h, p, N (ascending node), p1."""
    century = (np.asarray(ts_s, np.float64) - _J2000_S) / _CENTURY_S
    return np.stack(
        [
            218.3164477 + century * (481267.88123421 - 0.0015786 * century),
            280.46646 + century * (36000.76983 + 0.0003032 * century),
            83.3532465 + century * (4069.0137287 - 0.0103200 * century),
            125.04452 + century * (-1934.136261 + 0.0020708 * century),
            282.93735 + century * (1.71946 + 0.00046 * century),
        ]
    )


def arguments(lines: tuple[Constituent, ...], ts_s: ArrayLike) -> NDArray[np.float64]:
    """Return the arguments V (c, n) [deg, not reduced] of constituents at instants (n,): V0 + ω t."""
    ts_s = np.asarray(ts_s, np.float64)
    hour_angle = np.mod(ts_s, DAY_S) * (360.0 / DAY_S)
    moving = np.vstack([hour_angle, longitudes(ts_s)[:3] % 360.0])
    numbers = np.array([line.doodson for line in lines], np.float64)
    offsets = np.array([[line.offset_deg] for line in lines])
    found: NDArray[np.float64] = numbers @ moving + offsets
    return found


def nodal(lines: tuple[Constituent, ...], ts_s: ArrayLike, latitude_deg: float) -> NDArray[np.complex128]:
    """Return the nodal corrections f·exp(iu) (c, n) of constituents at instants (n,)."""
    slow = longitudes(np.asarray(ts_s, np.float64))[2:] / 360.0
    tilt = 2.59808 * np.sin(np.radians(latitude_deg))
    found: dict[str, NDArray[np.complex128]] = {}
    for line in lines:
        if line.factors:
            found[line.name] = np.prod([found[name] for name in line.factors], axis=0)
        else:
            found[line.name] = 1.0 + _satellites(line.satellites, slow, tilt)
    return np.stack([found[line.name] for line in lines])


def _satellites(parts: tuple[Satellite, ...], slow: NDArray[np.float64], tilt: float) -> NDArray[np.complex128]:
    """Sum satellites (n,), given p, N and p1 (3, n) [cycles] and the factor of those that depend on latitude."""
    numbers = np.array([(part.perigee, -part.node, part.solar) for part in parts], np.float64).reshape(-1, 3)
    phases = np.array([part.phase for part in parts]).reshape(-1, 1)
    ratios = np.array([part.ratio * (tilt if part.of_latitude else 1.0) for part in parts])
    total: NDArray[np.complex128] = ratios @ np.exp(2j * np.pi * (numbers @ slow + phases))
    return total
