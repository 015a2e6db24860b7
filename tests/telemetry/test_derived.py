"""Formulas evaluated over columns, and derived points with the coverage and quality of their inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.derived import Buckets, circles, derive, in_order, kind_of
from telemetry.errors import ContractError
from telemetry.formula import FUNCTIONS, evaluate, names_in
from telemetry.quality import QualityClass, Reason, combined
from telemetry.quantities import QUANTITIES
from telemetry.site import DerivedPoint, Kind
from telemetry.site_file import parse_site
from tests.telemetry.harbour import SITE, mistakes

THERMAL_POWER = "4.0989e3 * flow * (t_out - t_in) / 3600"
ARITHMETIC = ("a + b", "a - b", "a * b", "a / b", "a ** b", "-a", "abs(a)", "sqrt(a)", "exp(a)", "log(a)", "min(a, b)",
              "max(a, b, 0)", "a < b", "a <= b", "a > b", "a >= b", "0 < a < b")  # fmt: skip


def buckets(value: list[float], **columns: list[Any]) -> Buckets:
    """Return buckets that are wholly known unless said otherwise."""
    n = len(value)
    given_ = {
        "coverage": [1.0] * n, "valid_s": [900.0] * n, "spread_s": [0.0] * n, "n": [15] * n, "n_bad": [0] * n,
        "resets": [0] * n, "quality": [0] * n, **columns,
    }  # fmt: skip
    kinds = {"n": np.int64, "n_bad": np.int64, "resets": np.int32, "quality": np.int16}
    return Buckets(
        value=np.array(value, np.float64),
        **{name: np.array(column, kinds.get(name, np.float64)) for name, column in given_.items()},
    )


def derived(formula: str, inputs: dict[str, str] | None = None, **changes: Any) -> DerivedPoint:
    """Return a derived point of thermal power."""
    names = {name: f"quay/loop/{name}" for name in names_in(formula)} if inputs is None else inputs
    values = {"key": "quay/loop/p", "name": {}, "quantity": "thermal_power", "unit": "kW", **changes}
    return DerivedPoint(formula=formula, inputs=names, **values)


def test_thermal_power_of_a_seawater_loop_is_known_by_hand() -> None:
    """360 m³/h warmed by 5 K: 0.1 m³/s of 4,098.9 kJ/(m³ K) carry 2,049.45 kW."""
    power = evaluate(THERMAL_POWER, {"flow": [360.0], "t_in": [10.0], "t_out": [15.0]})
    assert power.tolist() == [pytest.approx(2049.45)]


def test_cop_of_a_chiller_is_known_by_hand() -> None:
    """1,250 kW rejected by 250 kW of compressors, with 50 kW of fans and pump, are 1,000 kW of cold for 300 kW."""
    formula = "(rejected - compressor) / (compressor + fans + pump)"
    cop = evaluate(formula, {"rejected": 1250.0, "compressor": 250.0, "fans": 30.0, "pump": 20.0})
    assert float(cop) == pytest.approx(10 / 3)


@pytest.mark.parametrize("formula", ARITHMETIC)
def test_a_column_is_what_its_scalars_are(formula: str) -> None:
    """Each operation gives for a column what it gives value by value."""
    rng = np.random.default_rng(1)
    columns = {"a": rng.uniform(-2, 3, 50), "b": rng.uniform(-2, 3, 50)}
    whole = evaluate(formula, columns)
    one_by_one = [float(evaluate(formula, {name: column[i] for name, column in columns.items()})) for i in range(50)]
    assert np.array_equal(whole, one_by_one, equal_nan=True)


@given(a=st.floats(-1e3, 1e3), b=st.floats(-1e3, 1e3))
def test_arithmetic_is_that_of_the_language(a: float, b: float) -> None:
    """Whatever the figures, a formula gives what Python's own arithmetic gives, or no value where that raises."""
    own = {"abs": abs, "min": min, "max": max, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "a": a, "b": b}
    for formula in ARITHMETIC:
        try:
            expected = eval(formula, {"__builtins__": {}}, own)  # noqa: S307 – the reference, over formulas of this file
        except (ArithmeticError, ValueError):
            expected = math.nan
        if isinstance(expected, complex) or math.isinf(expected):
            expected = math.nan
        assert float(evaluate(formula, {"a": a, "b": b})) == pytest.approx(float(expected), nan_ok=True)


@pytest.mark.parametrize(
    ("formula", "a"),
    [
        ("1 / a", 0.0),
        ("a / a", 0.0),
        ("log(a)", 0.0),
        ("sqrt(a)", -1.0),
        ("exp(a)", 1e6),
        ("a ** 0.5", -1.0),
        ("a", math.inf),
        ("a ** 0", math.nan),
        ("min(a, 1)", math.nan),
        ("a < 1", math.nan),
        ("9e299 * 9e299 * a", 1.0),
    ],
)
def test_where_there_is_no_answer_there_is_no_value(formula: str, a: float) -> None:
    """Divisions by zero, impossible roots and missing inputs give NaN, never an exception or a warning."""
    assert np.isnan(evaluate(formula, {"a": [a, a]})).all()


@pytest.mark.parametrize("formula", ["-" * 499 + "a", "+".join("a" * 250), "(" * 99 + "a" + ")" * 99])
def test_the_longest_formulas_are_evaluated(formula: str) -> None:
    """No formula that is short enough to be accepted is too deep to be evaluated."""
    assert np.isfinite(evaluate(formula, {"a": 1.0}))


@pytest.mark.parametrize(
    ("formula", "cause"),
    [
        ("abs(a, b)", "`abs` of 2 figures"),
        ("min(a)", "`min` of 1 figures"),
        ("a * 1" + "0" * 400, "beyond what can be computed"),
        ("a * 1e999", "beyond what can be computed"),
        ("__import__('os')", "a function that formulas do not have"),
        ("a if b else c", "has no place"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_beforehand(formula: str, cause: str) -> None:
    """Arguments that do not fit and impossible numbers are found when the site file is checked."""
    with pytest.raises(ContractError, match=cause):
        names_in(formula)


def test_a_missing_column_is_named() -> None:
    """An input without a column is an error that says which."""
    with pytest.raises(ContractError, match="`b`"):
        evaluate("a + b", {"a": 1.0})


def test_coverage_and_quality_carry_through() -> None:
    """A figure is known as long as its least known input, and has every reason against any of them."""
    flow = buckets([360.0, 360.0], coverage=[1.0, 0.4], valid_s=[900.0, 360.0], n=[15, 6], n_bad=[0, 9],
                   quality=[0, int(Reason.RANGE)])  # fmt: skip
    inlet = buckets([10.0, 10.0], quality=[int(Reason.SIMULATED), QualityClass.UNCERTAIN | int(Reason.CLOCK)])
    outlet = buckets([15.0, math.nan], coverage=[0.9, 0.0], valid_s=[810.0, 0.0], n=[14, 0], spread_s=[0.0, 30.0])
    power = derive(derived(THERMAL_POWER), {"flow": flow, "t_in": inlet, "t_out": outlet})
    assert power.value[0] == pytest.approx(2049.45)
    assert np.isnan(power.value[1])
    assert power.coverage.tolist() == [0.9, 0.0]
    assert power.valid_s.tolist() == [810.0, 0.0]
    assert power.spread_s.tolist() == [0.0, 30.0]
    assert power.n.tolist() == [14, 0]
    assert power.n_bad.tolist() == [0, 9]
    assert power.quality.tolist() == [Reason.SIMULATED, QualityClass.UNCERTAIN | Reason.CLOCK | Reason.RANGE]


def test_combined_keeps_the_worst_classes() -> None:
    """The class that counts and the device's own are combined apart; one quality alone stays as it is."""
    device_bad, server_uncertain = np.array([2 << 13], np.int16), np.array([1 | 1 << 13 | Reason.RATE], np.int16)
    assert combined([device_bad, server_uncertain]).tolist() == [1 | 2 << 13 | Reason.RATE]
    assert combined([device_bad]).tolist() == device_bad.tolist()


def test_values_are_canonical_and_possible() -> None:
    """A formula in MW comes out in kW; a coefficient of performance beyond all physics is no value."""
    assert derive(derived("p", unit="MW"), {"p": buckets([2.5])}).value.tolist() == [2500.0]
    cop = derive(
        derived("q / w", quantity="performance", unit="1"), {"q": buckets([9.0, 9.0]), "w": buckets([3.0, 1e-9])}
    )
    assert cop.value[0] == 3.0
    assert np.isnan(cop.value[1])


def test_the_kind_follows_from_the_quantity() -> None:
    """Levels are gauges, amounts are events; every quantity has a kind."""
    assert (kind_of("ratio"), kind_of("volume"), kind_of("state")) == (Kind.GAUGE, Kind.EVENT, Kind.STATE)
    assert all(kind_of(quantity) in QUANTITIES[quantity].kinds for quantity in QUANTITIES)


def test_points_come_after_what_they_are_made_of() -> None:
    """The order of evaluation holds what is needed and nothing else, inputs first."""
    points = {
        "top": derived("a + b", {"a": "middle", "b": "measured"}, key="top"),
        "middle": derived("a", {"a": "low"}, key="middle"),
        "low": derived("a", {"a": "measured"}, key="low"),
        "other": derived("a", {"a": "low"}, key="other"),
    }
    assert [point.key for point in in_order(points, "top")] == ["low", "middle", "top"]
    assert circles(points) == []


def test_circles_are_found() -> None:
    """Every circle is found once, and none of them can be evaluated."""
    points = {key: derived("a", {"a": used}, key=key) for key, used in
              {"a": "b", "b": "c", "c": "a", "self": "self", "fine": "measured"}.items()}  # fmt: skip
    assert sorted(sorted(circle) for circle in circles(points)) == [["a", "b", "c"], ["self"]]
    with pytest.raises(ContractError, match="circle"):
        in_order(points, "b")


def kpi(name: str, uses: str) -> str:
    """Write a derived point that is made of another."""
    return (
        f'[[derived_points]]\nkey = "quay/loop/{name}"\nname = "{name}"\nquantity = "ratio"\nunit = "1"\n'
        f'formula = "x"\ninputs = {{ x = "quay/loop/{uses}" }}\n'
    )


def test_a_site_file_may_use_derived_points_in_any_order() -> None:
    """A derived point may be made of one that is declared further down."""
    site = parse_site(SITE + kpi("a", "b") + kpi("b", "flow"), "port.toml")
    assert [point.key for point in site.derived_points] == ["quay/loop/a", "quay/loop/b"]


def test_a_circle_in_a_site_file_is_a_mistake_on_its_line() -> None:
    """The mistake names the whole circle, at the inputs of one of its members."""
    (found,) = mistakes(SITE + kpi("a", "b") + kpi("b", "a"))
    assert found.cause.endswith(": is made of itself: quay/loop/a → quay/loop/b → quay/loop/a")
    assert found.line == SITE.count("\n") + 7
    assert found.cure


def test_a_formula_needs_inputs() -> None:
    """A number that does not change is no derived point."""
    text = kpi("a", "flow").replace('formula = "x"', 'formula = "1"').replace('x = "quay/loop/flow"', "")
    assert "no inputs" in mistakes(SITE + text)[0].cause


def test_the_functions_are_those_of_the_documents() -> None:
    """What docs/sites.md promises is what there is."""
    assert {"abs", "min", "max", "sqrt", "exp", "log"} == FUNCTIONS
