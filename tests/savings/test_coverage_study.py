"""The coverage study, small: one simulated port by day, its eight measures in the four years of their lives.

The whole of it, on ports that nobody has seen, is run by hand (docs/savings.md). A port's cases share its weather and
its luck, so one port's shares scatter: what is held here is wide enough for that and too narrow for a broken interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.coverage import MEASURE, NULL, cases_of, measure
from savings.table import Frequency
from savings.uncertainty.interval import Method

if TYPE_CHECKING:
    from pathlib import Path

CLEARLY = 5.0  # points [%]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the study's groups."""
    kept: Path = tmp_path_factory.mktemp("ports")
    cases = cases_of(0, range(1), (Frequency.DAILY,), (12, 6))
    return cast("dict[str, dict[str, Any]]", measure(cases, kept, (Method.REML, Method.OLS), 2))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [MEASURE, NULL])
def test_intervals_of_a_port_hold_about_as_often_as_they_say(study: dict[str, dict[str, Any]], kind: str) -> None:
    """Nominal 90 %, without bias, and clearly more often than if residuals were independent."""
    port = study["pooled"][f"{kind} | daily"]
    assert port["refused"] == 0
    assert 80.0 < port["reml"]["coverage"] < 98.0
    assert port["reml"]["coverage"] > port["ols"]["coverage"] + CLEARLY
    assert abs(port["reml"]["median_bias"]) < 0.5


@pytest.mark.timeout(600)
def test_little_is_claimed_where_nothing_was_saved(study: dict[str, dict[str, Any]]) -> None:
    """About one in twenty of a port's figures, as two-sided intervals of 90 % mean, and fewer than if independent."""
    nothing = study["pooled"][f"{NULL} | daily"]
    assert nothing["reml"]["claims"] < min(10.0, nothing["ols"]["claims"])


@pytest.mark.timeout(600)
def test_every_measure_is_in_the_study(study: dict[str, dict[str, Any]]) -> None:
    """Eight measures, each with its cases and as many without it."""
    counts = {kind: {name.split(" | ")[1]: each["n"] for name, each in study["measures"].items()
                     if name.startswith(kind)} for kind in (MEASURE, NULL)}  # fmt: skip
    assert len(counts[MEASURE]) == 8
    assert counts[MEASURE] == counts[NULL]
