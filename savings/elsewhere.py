"""A demonstrator's run carried over to the plants of other inputs: what each would save, and whether it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from savings.replicate import Candidate, what_if
from savings.run_meter import measured_saving
from savings.run_table import period_rows
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from savings.input_record import MeterInput, RunInput
    from savings.replicate import WhatIf
    from telemetry.plan import Cost


def elsewhere(
    given: RunInput,
    others: Sequence[RunInput],
    *,
    meter: str = "",
    between_plants: float,
    cost: Cost | None = None,
    price_eur: float | None = None,
    same: Mapping[str, str] | None = None,
) -> tuple[WhatIf, ...]:
    """Return what the measure of a demonstrator would save at the plants of other inputs, the cheapest unit first.

    Of each other input the baseline of the figure of the same id is taken, or its only one.

    Parameters
    ----------
    given
        Of the demonstrator's run.
    others
        Inputs whose baseline has not seen the measure; their reporting period is not looked at.
    meter
        Id of the demonstrator's figure; its only one if left out.
    between_plants
        Relative standard deviation of the share from plant to plant.
    cost
        Of the measure at each plant; that of the demonstrator's plan if left out.
    price_eur
        Of a unit of energy [EUR]; without it there is no payback.
    same
        A plant's name for a driver of the demonstrator, where they differ.

    Raises
    ------
    InsufficientDataError
        If the demonstrator has no saving, or a plant no model.
    ContractError
        If a figure is not there, is of something else than the demonstrator's, or nobody says what the measure costs.
    """
    paid = cost or given.plan.cost
    if paid is None:
        raise ContractError(
            "its plan has no cost", place=f"demonstrator {given.plan.id}", cure="say what the measure costs"
        )
    own = _figure(given, meter)
    for other in others:
        _check_alike(given, own, other, _figure(other, meter))
    saving = measured_saving(given, own)
    candidates = [
        Candidate(
            name=_name(other, others), table=period_rows(other, _figure(other, meter))[0].table, cost=paid,
            price_eur=price_eur, same=same,
        )
        for other in others
    ]  # fmt: skip
    return what_if(saving, candidates, between_plants=between_plants, confidence=given.plan.confidence)


def _check_alike(given: RunInput, own: MeterInput, other: RunInput, figure: MeterInput) -> None:
    """Refuse to carry a share of electricity over to gas: what the points of a figure count must be alike."""
    ours, theirs = _counted(own), _counted(figure)
    if ours and theirs and ours != theirs:
        raise ContractError(
            f"its figure counts {_listed(theirs)}, that of {given.plan.id} counts {_listed(ours)}",
            place=f"demonstrator {other.plan.id}", cure="name a plant whose meters count the same",
        )  # fmt: skip


def _counted(meter: MeterInput) -> frozenset[str]:
    """Return the canonical units of a figure's points: gas is told by its m3, electricity by its kW.h."""
    return frozenset(each.unit for each in meter.sources if each.role == "energy")


def _listed(units: frozenset[str]) -> str:
    return ", ".join(sorted(units))


def _figure(given: RunInput, wanted: str) -> MeterInput:
    """Return a figure by its id, or the only one."""
    if len(given.meters) == 1:
        return given.meters[0]
    for each in given.meters:
        if each.meter.id == wanted:
            return each
    known = ", ".join(each.meter.id for each in given.meters)
    raise ContractError(
        f"no meter {wanted!r}" if wanted else "several meters", place=f"demonstrator {given.plan.id}",
        cure=f"name one of {known}",
    )  # fmt: skip


def _name(given: RunInput, others: Sequence[RunInput]) -> str:
    """Return what a plant is called: by its demonstrator, and by its site where two are called alike."""
    alike = sum(other.plan.id == given.plan.id for other in others)
    return given.plan.id if alike == 1 else f"{given.site}/{given.plan.id}"
