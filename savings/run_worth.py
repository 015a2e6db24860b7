"""What a figure of a run is worth, in money and carbon, and the key figures before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from savings.findings import Finding, Severity
from savings.indicators import use_by_amount
from savings.record import Indicator
from savings.run_records import figure
from savings.run_table import numbers
from savings.table import Role
from savings.value import EUR, TONNES, Carrier, baseline_shares, worth
from savings.wording import said
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from savings.avoided_use import AvoidedUse
    from savings.baseline import Baseline
    from savings.input_record import MeterInput, RunInput
    from savings.record import Figure
    from savings.run_table import PeriodRows
    from telemetry.plan import MeteredPoint
    from telemetry.site import DatedValue

    _Rates = Callable[[MeteredPoint], tuple[str, ...]]


class RunWorth(NamedTuple):
    """Money and carbon of a figure, and what is to be known about them."""

    money: Figure | None  # [EUR]
    carbon: Figure | None  # [t]
    findings: tuple[Finding, ...]


def run_worth(
    given: RunInput, meter: MeterInput, before: PeriodRows, after: PeriodRows, saving: AvoidedUse
) -> RunWorth:
    """Return what the saving is worth; rates that cannot be used give a finding and no figure."""
    found: list[Finding] = []

    def value(
        rates: Callable[[MeteredPoint], tuple[str, ...]], dated: Iterable[DatedValue], unit: str
    ) -> Figure | None:
        try:
            carriers = _carriers(meter, before, after, saving, rates)
            result = worth(saving, carriers, dated, timezone=ZoneInfo(given.timezone), unit=unit)
        except ContractError as error:
            found.append(_unusable(error, unit))
            return None
        found.extend(result.findings)
        return None if result.interval is None else figure(result.interval, unit)

    money = value(lambda point: point.tariff, given.tariffs, EUR)
    carbon = value(lambda point: (point.emission_factor,) if point.emission_factor else (), given.emission_factors,
                   TONNES)  # fmt: skip
    return RunWorth(money, carbon, tuple(found))


def indicators(
    meter: MeterInput, baseline: Baseline, before: PeriodRows, after: PeriodRows, confidence: float
) -> tuple[Indicator, ...]:
    """Return the use by each driver that is an amount (tonnes, pallets), before and after."""
    labels = {each.name: each.label for each in meter.drivers}
    found = []
    for driver in before.table.drivers:
        if driver.role is not Role.LINEAR or not driver.is_total:
            continue
        try:
            both = [
                use_by_amount(baseline, period.table.take(period.table.valid), driver.name, confidence=confidence)
                for period in (before, after)
            ]
        except ContractError:  # nothing was produced: there is no use a tonne
            continue
        found.append(
            Indicator(
                id=f"use by {driver.name}", name=labels[driver.name], baseline=both[0], reporting=both[1]
            )
        )  # fmt: skip
    return tuple(found)


def _carriers(
    meter: MeterInput,
    before: PeriodRows,
    after: PeriodRows,
    saving: AvoidedUse,
    rates: _Rates,
) -> tuple[Carrier, ...]:
    """Return the points of a figure as its saving's rows have them."""
    columns = {point: numbers(values) for point, values in meter.carriers.items()}
    shares = baseline_shares({point: values[before.table_rows] for point, values in columns.items()})
    units = {source.point: source.unit for source in meter.sources}
    rows = after.table_rows[saving.rows]
    return tuple(
        Carrier(
            point=each.point, measured=np.nan_to_num(columns[each.point][rows]) * after.factor,
            baseline_share=shares[each.point], rates=rates(each), point_unit=units.get(each.point, ""),
            factor=each.factor,
        )
        for each in meter.meter.points
    )  # fmt: skip


def _unusable(error: ContractError, unit: str) -> Finding:
    """Return the finding that there are no usable rates."""
    why = {"place": error.place, "cause": error.cause}
    return Finding(
        code="tariff_unusable" if unit == EUR else "emission_factor_unusable",
        severity=Severity.WARNING,
        message=said("No figure in euros: {place}: {cause}.", **why)
        if unit == EUR
        else said("No figure of emissions: {place}: {cause}.", **why),
        cure=error.cure,
    )
