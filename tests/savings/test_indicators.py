"""Key figures with their intervals, against numbers that can be checked by hand, and Option A."""

from __future__ import annotations

import numpy as np
import pytest

from savings.baseline import fit_baseline
from savings.indicators import (
    FRESH_WATER,
    Measured,
    quotient,
    seawater_heat_capacity,
    specific_use,
    thermal_power,
    use_by_amount,
)
from savings.option_a import option_a
from savings.uncertainty.interval import Interval
from telemetry.errors import ContractError
from telemetry.plan import Stipulation
from tests.savings.days import ar1, daily, hourly, straight

SIGMA = 0.682689492137086  # confidence of one standard deviation


@pytest.mark.parametrize(("error", "percent"), [(0.1, 3.5), (0.05, 1.8)])
def test_thermometers_of_a_loop(error: float, percent: float) -> None:
    """At 4.0 K, thermometers of 0.1 K leave 3.5 % of the power, a matched pair of 0.05 K 1.8 %."""
    found = thermal_power(Measured(100.0), 4.0, error, 4.0989)
    assert found.value == pytest.approx(455.43, abs=0.01)
    assert found.standard_error is not None
    assert round(100 * found.standard_error / found.value, 1) == percent


def test_flow_joins_in_quadrature() -> None:
    """Half a percent of flow and 3.54 % of temperature are 3.57 % together; one sigma is the half width."""
    found = thermal_power(Measured(100.0, 0.5), 4.0, 0.1, 4.0989, confidence=SIGMA)
    assert found.high is not None
    assert (found.high - found.value) / found.value == pytest.approx(np.hypot(0.005, np.sqrt(2) * 0.025), rel=1e-6)


def test_seawater_holds_less_heat() -> None:
    """The heat capacity by volume of TEOS-10 at 34.3, to its fourth digit; fresh water has 2.2 % more."""
    found = seawater_heat_capacity(np.array([5.0, 12.0, 18.5, np.nan]))
    assert found[:3] == pytest.approx([4.0996, 4.0989, 4.0971], abs=1.1e-4)
    assert np.isnan(found[3])
    assert float(seawater_heat_capacity(12.0)) == found[1]
    assert FRESH_WATER / found[1] == pytest.approx(1.022, abs=5e-4)


def test_quotients() -> None:
    """A COP of 3 with 1 % on both sides has 1.4 %; 70 m3 of condensate by 100 of steam are 0.7."""
    cop = quotient(Measured(3000.0, 30.0), Measured(1000.0, 10.0), "1", confidence=SIGMA)
    assert cop.value == 3.0
    assert cop.standard_error == pytest.approx(3.0 * np.sqrt(2) * 0.01)
    assert cop.high == pytest.approx(3.0 + 3.0 * np.sqrt(2) * 0.01)
    assert quotient(Measured(70.0), Measured(100.0), "1").value == 0.7
    nothing = quotient(Measured(0.0, 5.0), Measured(100.0, 1.0), "kW.h/m3")
    assert (nothing.value, nothing.standard_error) == (0.0, 0.05)
    assert Measured(-50.0, 1.0).relative == 0.02
    with pytest.raises(ContractError, match="by 0"):
        quotient(Measured(1.0), Measured(0.0), "1")


def test_specific_use_is_the_quotient_of_sums() -> None:
    """300 kW.h over 12 t are 25 kW.h/t; days without tonnes' value count for neither."""
    table = daily(np.array([100.0, 80.0, 120.0, 500.0]), straight("fish", np.array([4.0, 3.0, 5.0, np.nan])))
    found = specific_use(table, "fish")
    assert (found.value, found.unit) == (25.0, "kW.h/t")
    assert specific_use(table, "fish", per=0.001, unit="kW.h/kg").value == pytest.approx(0.025)


def test_two_days_have_no_interval() -> None:
    """Where nothing tells of the noise there is a value and no interval."""
    found = specific_use(daily(np.array([100.0, 80.0]), straight("fish", np.array([4.0, 3.0]))), "fish")
    assert (found.low, found.high, found.standard_error) == (None, None, None)


def test_driver_that_stands_still_is_refused() -> None:
    """Nothing produced: no use a tonne."""
    with pytest.raises(ContractError, match="fish"):
        specific_use(daily(np.ones(9), straight("fish", np.zeros(9))), "fish")


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_interval_holds_the_long_run(rho: float) -> None:
    """In noise with and without memory, of 60 plants about nine in ten intervals hold the ratio they were made with."""
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        tonnes = rng.uniform(10, 30, 200)
        found = specific_use(daily(25 * tonnes + ar1(200, rho, 40.0, rng), straight("fish", tonnes)), "fish")
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 25.0 <= found.high
    assert 48 <= held <= 60


def test_hours_are_days() -> None:
    """Hours of independent noise have the interval of their days."""
    rng = np.random.default_rng(5)
    load = rng.uniform(5, 9, 24 * 60)
    use = 30 * load + rng.normal(0, 10, len(load))
    by_hour = specific_use(hourly(use, straight("load", load)), "load")
    folded = daily(use.reshape(-1, 24).sum(axis=1), straight("load", load.reshape(-1, 24).sum(axis=1)))
    assert by_hour.standard_error == pytest.approx(specific_use(folded, "load").standard_error, rel=1e-9)


def test_use_by_an_amount_knows_the_noise_around_the_model() -> None:
    """Before and after a year of days, energy by tonnes with the error of their noise; without tonnes there is none."""
    rng = np.random.default_rng(6)
    tonnes = rng.uniform(10, 30, 365)
    before, after = (daily(each * tonnes + rng.normal(0, 20, 365), straight("fish", tonnes)) for each in (25.0, 20.0))
    baseline = fit_baseline(before)
    ideal = 20 * np.sqrt(365) / tonnes.sum()  # if it were known that the noise forgets from day to day
    for table, level in ((before, 25.0), (after, 20.0)):
        found = use_by_amount(baseline, table, "fish")
        assert found.unit == "kW.h/t"
        assert found.value == pytest.approx(level, rel=0.02)
        assert found.standard_error is not None
        assert ideal < found.standard_error < 4 * ideal
    with pytest.raises(ContractError, match="by 0"):
        use_by_amount(baseline, daily(np.ones(30), straight("fish", np.zeros(30))), "fish")


MEASURED = Interval(400.0, 300.0, 500.0, 0.9, "reml", 40.0, 12.0)
HOURS = Stipulation(parameter="door hours", value=2000.0, unit="h", standard_error=200.0, source="door log of 2024")


def test_option_a_joins_relative_errors() -> None:
    """400 ± 10 % times 2000 ± 10 % is 800 000 ± 14.1 %, and what is stipulated is named with its source."""
    found, findings = option_a(MEASURED, [HOURS])
    assert found.value == 800_000.0
    assert found.standard_error / found.value == pytest.approx(0.1 * np.sqrt(2))
    assert found.high - found.value > 200_000.0
    assert [finding.code for finding in findings] == ["stipulated"]
    assert "door log of 2024" in findings[0].message


def test_option_a_with_nothing_measured() -> None:
    """A measured part of 0 keeps its own error; an exact stipulation adds none, and may turn the sign."""
    nothing = option_a(MEASURED._replace(value=0.0, low=-100.0, high=100.0), [HOURS]).interval
    assert nothing.standard_error == 40.0 * 2000.0
    factor = Stipulation(parameter="sign", value=-2.0, unit="1", standard_error=0.0, source="agreed")
    turned = option_a(MEASURED, [factor]).interval
    assert (turned.low, turned.value, turned.high, turned.standard_error) == (-1000.0, -800.0, -600.0, 80.0)


def test_two_stipulations() -> None:
    """Three relative errors of 10 % are 17.3 %."""
    days = Stipulation(parameter="days", value=250.0, unit="d", standard_error=25.0, source="calendar")
    found = option_a(MEASURED, [HOURS, days]).interval
    assert found.standard_error / found.value == pytest.approx(0.1 * np.sqrt(3))


@pytest.mark.parametrize(
    "given",
    [
        [],
        [Stipulation(parameter="hours", value=1.0, unit="h", standard_error=-1.0, source="x")],
        [Stipulation(parameter="hours", value=1.0, unit="h", standard_error=1.0, source="")],
    ],
    ids=["none", "error", "source"],
)
def test_option_a_refuses(given: list[Stipulation]) -> None:
    """Nothing stipulated, no error, no source: refused with what to do."""
    with pytest.raises(ContractError):
        option_a(MEASURED, given)
