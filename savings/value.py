"""What a saving is worth: money by the tariff, carbon by the emission factor in force at the time, with intervals.

    value = Σ_t [ p̄(t) A(t) - Σ_c p_c(t) M_c(t) ],     p̄(t) = Σ_c share_c p_c(t)

A the adjusted baseline with its adjustments, M_c what carrier c (a point of the figure) measured, p_c the sum of its
rates, share_c its part of the baseline's use: gas before, electricity after a heat pump. What was measured is known, so
the error is that of the total of the rows weighted by p̄: one total, whatever the price does in between. Guideline 14
knows no such total; its half width is taken in proportion to the weighted adjusted baseline, which is exact where the
price is constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.avoided_use import adjusted_intervals
from savings.findings import Finding, Severity
from savings.wording import counted, said
from telemetry.errors import ContractError
from telemetry.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from savings.avoided_use import AvoidedUse
    from savings.uncertainty.interval import Interval
    from telemetry.site import DatedValue

EUR, TONNES = "EUR", "t"
_NUMERATORS = {EUR: {"EUR": 1.0}, TONNES: {"t": 1.0, "kg": 1e-3, "g": 1e-6}}
_WHOLE = 1e-6  # share of a row that rounding may leave without a price


@dataclass(frozen=True, kw_only=True, eq=False)
class Carrier:
    """One point of a figure, and what its unit costs or emits."""

    point: str
    measured: NDArray[np.float64]  # (m,) on the rows of the saving [unit of the figure]
    baseline_share: float  # of the baseline's use; those of a figure add up to 1
    rates: tuple[str, ...]  # ids of tariffs or emission factors that add up
    point_unit: str = ""  # canonical; where a rate speaks of it (m3) and not of the figure's unit (kW.h)
    factor: float = 1.0  # [unit of the figure per canonical unit of the point]


class Worth(NamedTuple):
    """What a saving is worth."""

    interval: Interval | None  # [EUR or t]; None where no row has a price
    rows: NDArray[np.float64]  # (m,) [EUR or t]; NaN in rows without a price, which are in no sum
    findings: tuple[Finding, ...]


def baseline_shares(carriers: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return each carrier's part of the use of the baseline's rows; rows without a value count nothing.

    >>> baseline_shares({"gas": np.array([3.0, 3.0]), "electricity": np.array([2.0, np.nan])})
    {'gas': 0.75, 'electricity': 0.25}
    """
    sums = {name: float(np.nansum(column)) for name, column in carriers.items()}
    whole = sum(sums.values())
    if not whole:
        raise ContractError(
            said("the baseline's use adds up to 0"), place=said("carriers"), cure=said("check the points of the figure")
        )
    return {name: each / whole for name, each in sums.items()}


def worth(
    saving: AvoidedUse, carriers: Sequence[Carrier], values: Iterable[DatedValue], *, timezone: ZoneInfo, unit: str
) -> Worth:
    """Return what a saving is worth over the rows that have a price.

    Parameters
    ----------
    saving
        Avoided use; its confidence and method are kept.
    carriers
        The points of the figure; their measured use adds up to the saving's.
    values
        Tariffs or emission factors in force from instant to instant; ids that no carrier names are passed over.
    timezone
        Of the saving's wall clock.
    unit
        "EUR", or "t" of CO2 equivalent.

    Returns
    -------
    Worth
        A day without a price is in no sum, and the finding `tariff_missing` (`emission_factor_missing`) names it.

    Raises
    ------
    ContractError
        If a rate is unknown, is no rate of the figure's unit, or is in force twice at once; if the carriers do not add
        up.
    """
    _check_sums(saving, carriers)
    table = saving.totals.reporting
    begin = _instants(saving.start, timezone)
    end = begin + 3600.0 * table.hours
    own = [value for value in values if any(value.id in each.rates for each in carriers)]
    prices = np.array([_prices(each, own, begin, end, table.unit, unit) for each in carriers])  # (c, m)
    share = np.array([each.baseline_share for each in carriers])
    measured = np.array([each.measured for each in carriers])
    # A carrier without use needs no price: that of a heat pump before it was bought.
    needed = (share[:, None] != 0.0) | (measured != 0.0)
    prices = np.where(needed, prices, 0.0)
    mean = share @ prices
    rows = mean * saving.adjusted - (prices * measured).sum(axis=0)
    priced = np.isfinite(rows)
    findings = _missing(saving, carriers, prices, unit)
    if not priced.any():
        return Worth(None, rows, findings)
    weights = np.where(priced, mean, 0.0)[None]
    found = adjusted_intervals(saving.totals, weights, saving.adjustments, saving.confidence, saving.method)[0]
    moved = float(rows[priced].sum()) - found.value  # of the measured use, which is known
    interval = found._replace(value=found.value + moved, low=found.low + moved, high=found.high + moved)
    return Worth(interval, rows, findings)


def price_by_row(
    values: Iterable[DatedValue], begin: NDArray[np.float64], end: NDArray[np.float64], per: str, unit: str
) -> NDArray[np.float64]:
    """Return the price (m,) of one rate over rows [begin, end) [s since 1970 UTC]: its mean by time [unit a `per`].

    NaN where it is not in force for the whole of a row.

    Raises
    ------
    ContractError
        If two of its values are in force at once, or a unit does not fit.
    """
    total, covered = np.zeros(len(begin)), np.zeros(len(begin))
    last, before = -np.inf, None
    for value in sorted(values, key=lambda each: each.valid_from):
        start = value.valid_from.timestamp()
        stop = np.inf if value.valid_to is None else value.valid_to.timestamp()
        if before is not None and start < last:
            raise ContractError(
                said("two values are in force from {begin:day}", begin=value.valid_from.isoformat()),
                place=said("rate {rate}", rate=value.id),
                cure=said("end the value from {begin:day} before that", begin=before.valid_from.isoformat()),
            )  # fmt: skip
        last, before = stop, value
        within = np.clip(np.minimum(end, stop) - np.maximum(begin, start), 0.0, None) / (end - begin)
        total += within * rate_in(value, per, unit)
        covered += within
    return np.where(covered > 1.0 - _WHOLE, total, np.nan)


def rate_in(value: DatedValue, per: str, unit: str) -> float:
    """Return a tariff or an emission factor in `unit` a `per`: 52 kg/MW.h is 0.000052 t a kW.h.

    Raises
    ------
    ContractError
        If it speaks of something else: a tariff a m3 prices no kW.h.
    """
    above, slash, below = value.unit.partition("/")
    units = QUANTITIES[value.quantity].units if value.quantity in QUANTITIES else {}
    if not slash or above not in _NUMERATORS[unit] or below not in units:
        legal = ", ".join(f"{each}/…" for each in _NUMERATORS[unit])
        raise ContractError(
            said('"{found}" is no rate in {unit}', found=value.unit, unit=unit),
            place=said("rate {rate}", rate=value.id),
            cure=said('give {legal} with a unit of the quantity "{quantity}"', legal=legal, quantity=value.quantity),
        )
    if per not in units:
        raise ContractError(
            said("it is {found}, the figure counts {per}", found=value.unit, per=per),
            place=said("rate {rate}", rate=value.id),
            cure=said("give the figure in one of {units}, or a rate per {per}", units=tuple(units), per=per),
        )
    return value.value * _NUMERATORS[unit][above] * units[per][0] / units[below][0]


def _prices(
    carrier: Carrier, values: Sequence[DatedValue], begin: NDArray[np.float64], end: NDArray[np.float64], per: str,
    unit: str,
) -> NDArray[np.float64]:  # fmt: skip
    """Return what a unit of a carrier costs in every row (m,): its rates added up, NaN without any."""
    if not carrier.rates:
        return np.full(len(begin), np.nan)
    total = np.zeros(len(begin))
    for name in carrier.rates:
        own = [value for value in values if value.id == name]
        if not own:
            raise ContractError(
                said('unknown rate "{rate}"', rate=name),
                place=said("point {point:name}", point=carrier.point),
                cure=said("name one of the site's, or declare it"),
            )
        by_point = all(_speaks_of(value, carrier.point_unit, per) for value in own)
        each = price_by_row(own, begin, end, carrier.point_unit if by_point else per, unit)
        total += each / carrier.factor if by_point else each
    return total


def _speaks_of(value: DatedValue, point_unit: str, per: str) -> bool:
    """Return whether a rate is one of the point's own unit and none of the figure's: a gas tariff a cubic metre."""
    quantity = QUANTITIES.get(value.quantity)
    return quantity is not None and per not in quantity.units and point_unit in quantity.units


def _instants(start: NDArray[np.datetime64], timezone: ZoneInfo) -> NDArray[np.float64]:
    """Return local wall clocks (m,) as seconds since 1970 UTC; of the hour that occurs twice, the second has fold 1."""
    back = np.zeros(len(start), np.bool_)
    back[1:] = np.diff(start) <= np.timedelta64(0, "s")
    clocks = start.astype("datetime64[s]").astype(datetime)
    return np.array(
        [
            clock.replace(tzinfo=timezone, fold=int(fold)).astimezone(UTC).timestamp()
            for clock, fold in zip(clocks, back, strict=True)
        ]
    )


def _check_sums(saving: AvoidedUse, carriers: Sequence[Carrier]) -> None:
    """Refuse carriers that do not add up to the figure."""
    share = sum(each.baseline_share for each in carriers)
    lengths = {len(each.measured) for each in carriers}
    sound = lengths == {len(saving.start)} and abs(share - 1.0) < 1e-6
    measured = sum(each.measured for each in carriers) if sound else saving.measured
    if not sound or not np.allclose(measured, saving.measured, rtol=1e-6, atol=1e-6):
        raise ContractError(
            said("they do not add up to the figure: shares of the baseline to 1, use to what was measured, row by row"),
            place=said("carriers {points:name}", points=tuple(each.point for each in carriers)),
            cure=said("give every point of the figure, on the rows of the saving"),
        )


def _missing(
    saving: AvoidedUse, carriers: Sequence[Carrier], prices: NDArray[np.float64], unit: str
) -> tuple[Finding, ...]:
    """Return a finding where rows have no price; nothing where no carrier was ever given a rate."""
    lacking = np.isnan(prices)
    if not lacking.any() or not any(each.rates for each in carriers):
        return ()
    points = tuple(each.point for each, row in zip(carriers, lacking, strict=True) if row.any())
    days = np.unique(saving.start[lacking.any(axis=0)].astype("datetime64[D]")).astype(str).tolist()
    return ((_no_tariff if unit == EUR else _no_factor)(points, tuple(days)),)


def _no_tariff(points: tuple[str, ...], days: tuple[str, ...]) -> Finding:
    return Finding(
        code="tariff_missing",
        severity=Severity.WARNING,
        message=counted(
            "{count} day has no tariff for {points:name}; it is in no sum of money.",
            "{count} days have no tariff for {points:name}; they are in no sum of money.",
            count=len(days), points=points,
        ),
        cure=said("declare a tariff that is in force from {first:day} to {last:day}", first=days[0], last=days[-1]),
        days=days,
    )  # fmt: skip


def _no_factor(points: tuple[str, ...], days: tuple[str, ...]) -> Finding:
    return Finding(
        code="emission_factor_missing",
        severity=Severity.WARNING,
        message=counted(
            "{count} day has no emission factor for {points:name}; it is in no sum of emissions.",
            "{count} days have no emission factor for {points:name}; they are in no sum of emissions.",
            count=len(days), points=points,
        ),
        cure=said(
            "declare an emission factor that is in force from {first:day} to {last:day}", first=days[0], last=days[-1]
        ),
        days=days,
    )  # fmt: skip
