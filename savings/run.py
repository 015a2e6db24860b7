"""A savings run: all figures of one demonstrator from its input, and nothing else.

No clock, no database, no luck: the same input gives the same run, so an auditor who holds the input can ask again.
"""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

from savings.record import Run, encoded
from savings.run_meter import meter_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from savings.input_record import RunInput
    from savings.record import Figure

# How figures and intervals are found, counted up whenever the same input gives others. 1: before meters' classes were
# joined exactly, and noise that comes back every year was told from noise that remembers. 2: before long memories
# weighed more from the outset. 3: before noise could be larger in one season than in another. 4: before small shares of
# slow noise were weighed more finely. 5: before noise without memory had a share of the prior (which also weighs
# waves of a year), hours shared what the plan takes for alike, and hourly models kept what the sums of days ask for.
# 6: before a part of the noise could be brief, and noise without memory had a larger share of the prior. 7: before that
# part had a third of its share of the prior, and events were looked for on all days. 8: before noise was told beneath
# spikes too, and noise without memory had a smaller share of the prior again. 9: before that share was a quarter, what
# is told beneath spikes counted twice as much and long memories weighed a little more from the outset.
METHODS = "10"


def compute(given: RunInput, *, progress: Callable[[str], None] = lambda _: None) -> Run:
    """Return the run of an input; figures that a finding forbids are None, which raises nothing.

    `progress` is told the id of each meter before it is worked on.

    Raises
    ------
    ContractError
        If the plan has no periods, or columns of the input do not fit together.
    """
    meters = []
    for meter in given.meters:
        progress(meter.meter.id)
        meters.append(meter_run(given, meter))
    return Run(
        demonstrator=given.plan.id,
        site=given.site,
        known_at=given.known_at,
        reporting_from=given.plan.periods.reporting_from if given.plan.periods else given.reporting_to,
        reporting_to=given.reporting_to,
        confidence=given.plan.confidence,
        method=given.plan.method,
        meters=tuple(meters),
        money=together([meter.money for meter in meters]),
        carbon=together([meter.carbon for meter in meters]),
        input_hash=input_hash(given),
        versions=versions(),
    )


def input_hash(given: RunInput) -> str:
    """Return the SHA-256 of an input's JSON, which names it."""
    return hashlib.sha256(encoded(given)).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions that a run depends on; `methods` counts what moves figures within one of quaymeter."""
    try:
        ours = version("quaymeter")
    except PackageNotFoundError:
        ours = "unknown"
    return {"quaymeter": ours, "methods": METHODS, "numpy": np.__version__, "python": platform.python_version()}


def together(figures: list[Figure | None]) -> Figure | None:
    """Return the sum of figures of one unit; None where one is missing.

    Meters of one demonstrator share weather and production, so nothing says that their errors are independent: half
    widths and standard errors add up, which is right for errors that go together and wide for all others.
    """
    known = [each for each in figures if each is not None]
    if not known or len(known) < len(figures):
        return None
    if len(known) == 1:
        return known[0]
    first = known[0]
    return type(first)(
        value=sum(each.value for each in known),
        low=_sum([each.low for each in known]),
        high=_sum([each.high for each in known]),
        unit=first.unit,
        standard_error=_sum([each.standard_error for each in known]),
    )


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
