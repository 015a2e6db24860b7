"""IPMVP Option A: one parameter of a measure is measured, the others are stipulated, with their errors and sources.

    saving = measured part · s_1 · s_2 · …
    u² = (u_measured · Π s)² + Σ_k (measured · Π s · u_k / s_k)²

the relative errors in quadrature (independent, first order), written so that a measured part of 0 has an error too.
400 kW.h ± 40 a door hour, 2000 door hours ± 200: 800 MW.h ± 113.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from savings.findings import Finding, Severity
from savings.wording import said
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from savings.uncertainty.interval import Interval
    from telemetry.plan import Stipulation


class OptionA(NamedTuple):
    """A saving that rests in part on what parties agreed."""

    interval: Interval  # [unit of the measured part times those of the stipulations]
    findings: tuple[Finding, ...]


def option_a(measured: Interval, stipulations: Sequence[Stipulation]) -> OptionA:
    """Return a measured part times what is stipulated, and the finding `stipulated` that names it.

    Raises
    ------
    ContractError
        If nothing is stipulated, or a stipulation has no usable value, error or source.
    """
    if not stipulations:
        raise ContractError(
            "nothing is stipulated", place="option A", cure="add `stipulations` to the plan, or choose option B"
        )
    for each in stipulations:
        _check(each)
    factor = math.prod(each.value for each in stipulations)
    others = [math.prod(o.value for o in stipulations if o is not each) for each in stipulations]
    error = math.hypot(*(o * each.standard_error for o, each in zip(others, stipulations, strict=True)))
    ends = sorted((measured.low * factor, measured.high * factor))
    scaled = measured._replace(
        value=measured.value * factor, low=ends[0], high=ends[1],
        standard_error=measured.standard_error * abs(factor),
    )  # fmt: skip
    return OptionA(scaled.widened(abs(measured.value) * error), (_named(stipulations),))


def _check(each: Stipulation) -> None:
    place, cure = each.parameter, said("give value, standard error (0: agreed as it stands) and source")
    if not (math.isfinite(each.value) and math.isfinite(each.standard_error) and each.standard_error >= 0.0):
        raise ContractError(
            said("{value:g} ± {error:g} is no number with an error", value=each.value, error=each.standard_error),
            place=place,
            cure=cure,
        )
    if not each.source:
        raise ContractError(said("it has no source"), place=place, cure=cure)


def _named(stipulations: Sequence[Stipulation]) -> Finding:
    """Return the finding that says what was not measured."""
    agreed = tuple(
        said(
            "{parameter} = {value:g}{unit:unit} ± {error:g} (source: {source})",
            parameter=each.parameter,
            value=each.value,
            unit=each.unit,
            error=each.standard_error,
            source=each.source,
        )
        for each in stipulations
    )
    return Finding(
        code="stipulated",
        severity=Severity.INFO,
        message=said("Not measured but agreed upon (option A): {agreed}.", agreed=agreed),
        cure=said("measure it where it decides the figure: option B"),
        days=tuple(each.parameter for each in stipulations),
    )
