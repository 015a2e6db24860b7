"""What a saving is worth: prices in force at the time, carriers, intervals and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from savings.adjustments import Adjustment
from savings.avoided_use import AvoidedUse, avoided_use
from savings.baseline import fit_baseline
from savings.uncertainty.interval import Method
from savings.value import Carrier, baseline_shares, rate_in, worth
from telemetry.errors import ContractError
from telemetry.site import DatedValue
from tests.savings.made_up import made_up

ZONE = ZoneInfo("Europe/Paris")
EVENT = Adjustment(days=("2026-03-01", "2026-03-31"), amount=-2000.0, standard_error=900.0)


def rate(
    value: float, begin: str = "2020-01-01", end: str = "", *, unit: str = "EUR/kW.h", name: str = "day",
    quantity: str = "energy",
) -> DatedValue:  # fmt: skip
    """Return a rate in force between two local instants."""
    first, last = (datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None for text in (begin, end))
    assert first is not None
    return DatedValue(
        id=name, quantity=quantity, unit=unit, value=value, valid_from=first, valid_to=last, source="a bill"
    )


@pytest.fixture(scope="module")
def saving() -> AvoidedUse:
    """Return what a second year saved, with an event in March."""
    meter = made_up(saved=0.08)
    baseline = fit_baseline(meter.take(slice(0, 365)), candidates=("3PC",))
    return avoided_use(baseline, meter.take(slice(365, None)), adjustments=[EVENT])


def one(saving: AvoidedUse, *names: str) -> Carrier:
    """Return the whole figure as one carrier."""
    return Carrier(point="area/plant/energy", measured=saving.measured, baseline_share=1.0, rates=names or ("day",))


@pytest.mark.parametrize("method", [Method.REML, Method.GUIDELINE14, Method.HAC, Method.OLS])
def test_constant_price_scales_the_saving(method: Method, saving: AvoidedUse) -> None:
    """At 0.2 EUR a unit a saving is worth a fifth, and its interval is a fifth as wide, whatever the method."""
    found = saving.by_method(method)
    priced = worth(replace(saving, method=method), [one(saving)], [rate(0.2)], timezone=ZONE, unit="EUR").interval
    assert priced is not None
    expected = (0.2 * found.value, 0.2 * found.low, 0.2 * found.high, 0.2 * found.standard_error)
    assert (priced.value, priced.low, priced.high, priced.standard_error) == pytest.approx(expected)


def test_price_of_the_day(saving: AvoidedUse) -> None:
    """A price that changes on 1 July weighs each half by its own, and both halves err together."""
    rates = [rate(0.1, end="2026-07-01"), rate(0.3, "2026-07-01")]
    found = worth(saving, [one(saving)], rates, timezone=ZONE, unit="EUR")
    halves = saving.start < np.datetime64("2026-07-01")
    by_hand = 0.1 * saving.saving[halves].sum() + 0.3 * saving.saving[~halves].sum()
    assert found.interval is not None
    assert found.interval.value == pytest.approx(by_hand)
    assert found.rows.sum() == pytest.approx(by_hand)
    assert 0.1 * saving.standard_error < found.interval.standard_error < 0.3 * saving.standard_error
    assert found.findings == ()


def test_tariffs_add_up_in_any_unit(saving: AvoidedUse) -> None:
    """Energy and network, one by the megawatt hour, add up: 0.15 + 50 / 1000 is 0.2 EUR/kW.h."""
    rates = [rate(0.15), rate(50.0, unit="EUR/MW.h", name="network")]
    found = worth(saving, [one(saving, "day", "network")], rates, timezone=ZONE, unit="EUR").interval
    assert found is not None
    assert found.value == pytest.approx(0.2 * saving.savings)


def test_carbon_in_tonnes(saving: AvoidedUse) -> None:
    """52 g a kilowatt hour are 0.052 t a megawatt hour."""
    factor = rate(52.0, unit="kg/MW.h")
    assert rate_in(factor, "kW.h", "t") == pytest.approx(5.2e-5)
    found = worth(saving, [one(saving)], [factor], timezone=ZONE, unit="t").interval
    assert found is not None
    assert found.value == pytest.approx(5.2e-5 * saving.savings)


def test_carriers_before_and_after(saving: AvoidedUse) -> None:
    """Gas at 0.07 before, electricity at 0.17 after: the adjusted baseline is gas, what was measured is power."""
    none = np.zeros(len(saving.start))
    gas = Carrier(point="a/b/gas", measured=none, baseline_share=1.0, rates=("gas",))
    power = Carrier(point="a/b/power", measured=saving.measured, baseline_share=0.0, rates=("power",))
    rates = [rate(0.07, name="gas"), rate(0.17, name="power")]
    found = worth(saving, [gas, power], rates, timezone=ZONE, unit="EUR").interval
    assert found is not None
    assert found.value == pytest.approx(0.07 * saving.adjusted.sum() - 0.17 * saving.measured.sum())
    assert found.standard_error == pytest.approx(0.07 * saving.standard_error)


def test_gas_by_the_cubic_metre(saving: AvoidedUse) -> None:
    """A tariff a cubic metre prices kilowatt hours of gas by the figure's own factor: 1 EUR/m3 at 10 is 0.1."""
    tariff = rate(1.0, unit="EUR/m3", quantity="gas_volume")
    gas = replace(one(saving), point_unit="m3", factor=10.0)
    found = worth(saving, [gas], [tariff], timezone=ZONE, unit="EUR").interval
    assert found is not None
    assert found.value == pytest.approx(0.1 * saving.savings)
    with pytest.raises(ContractError, match="EUR/m3"):
        worth(saving, [one(saving)], [tariff], timezone=ZONE, unit="EUR")


def test_missing_price_is_said(saving: AvoidedUse) -> None:
    """Days before the first tariff are named and in no sum; without any price there is no figure."""
    found = worth(saving, [one(saving)], [rate(0.2, "2026-01-11")], timezone=ZONE, unit="EUR")
    assert [finding.code for finding in found.findings] == ["tariff_missing"]
    assert found.findings[0].days == tuple(f"2026-01-{day:02d}" for day in range(1, 11))
    assert found.interval is not None
    assert found.interval.value == pytest.approx(0.2 * saving.saving[10:].sum())
    assert np.isnan(found.rows[:10]).all()
    late = worth(saving, [one(saving)], [rate(0.2, "2030-01-01")], timezone=ZONE, unit="EUR")
    assert late.interval is None
    assert len(late.findings[0].days) == 365


def test_one_carrier_without_price(saving: AvoidedUse) -> None:
    """Where one of two carriers has no tariff no sum is given; where nobody asked for prices nothing is said."""
    half = [
        Carrier(point=name, measured=saving.measured / 2, baseline_share=0.5, rates=rates)
        for name, rates in (("a/b/priced", ("day",)), ("a/b/free", ()))
    ]
    found = worth(saving, half, [rate(0.2)], timezone=ZONE, unit="EUR")
    assert found.interval is None
    assert "a/b/free" in found.findings[0].message
    unasked = worth(saving, [replace(one(saving), rates=())], [], timezone=ZONE, unit="EUR")
    assert (unasked.interval, unasked.findings) == (None, ())


def test_day_of_a_change_has_the_mean(saving: AvoidedUse) -> None:
    """A price that changes at six in the morning counts a quarter of that day at the old, three quarters at the new."""
    rates = [rate(0.1, end="2026-02-10T06:00"), rate(0.5, "2026-02-10T06:00")]
    rows = worth(saving, [one(saving)], rates, timezone=ZONE, unit="EUR").rows
    assert rows[39:42] == pytest.approx(saving.saving[39:42] * np.array([0.1, 0.4, 0.5]))


@pytest.mark.parametrize(
    ("rates", "cause"),
    [
        ([rate(0.1), rate(0.2, "2025-01-01")], "in force"),
        ([rate(0.1, unit="kg/kW.h")], "kg/kW.h"),
        ([rate(0.1, unit="EUR")], "no rate"),
        ([rate(0.1, unit="EUR/m3", quantity="volume")], "EUR/m3"),
        ([rate(0.1, name="night")], "unknown rate"),
    ],
    ids=["overlap", "carbon for money", "per nothing", "volume", "unknown"],
)
def test_refused_rates(rates: list[DatedValue], cause: str, saving: AvoidedUse) -> None:
    """Two values at once, and rates that do not fit, are refused with their name."""
    with pytest.raises(ContractError, match=cause):
        worth(saving, [one(saving)], rates, timezone=ZONE, unit="EUR")


@pytest.mark.parametrize("part", ["share", "measured", "length"])
def test_carriers_must_add_up(part: str, saving: AvoidedUse) -> None:
    """Carriers that are not the whole figure are refused."""
    changed = {
        "share": replace(one(saving), baseline_share=0.5),
        "measured": replace(one(saving), measured=saving.measured / 2),
        "length": replace(one(saving), measured=saving.measured[:5]),
    }
    with pytest.raises(ContractError, match="add up"):
        worth(saving, [changed[part]], [rate(0.2)], timezone=ZONE, unit="EUR")


def test_shares_of_a_baseline_without_use() -> None:
    """A baseline that used nothing has no shares."""
    with pytest.raises(ContractError, match="adds up to 0"):
        baseline_shares({"gas": np.zeros(3)})
