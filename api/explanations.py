"""Why a run says something else than the one before it, as it was kept with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from locales import REPORT
from locales.words import words
from reports.part import Restatement
from reports.sections.restated import CAUSES, EMISSIONS, change_of
from savings.record import decode_run
from savings.restate import Explanation
from storage import savings_runs

if TYPE_CHECKING:
    from api.language import Words
    from savings.restate import Effect
    from storage.engine import Connection
    from storage.savings_runs import RunRow


def explanation_of(run: RunRow) -> Explanation | None:
    """Return how a run differs from the one before; None for the first, and where it was not worked out."""
    try:
        return msgspec.convert(run.explanation, Explanation)
    except msgspec.ValidationError:
        return None


def restatement_of(connection: Connection, run: RunRow) -> Restatement | None:
    """Return the run before this one and why the two differ; None where nothing is explained."""
    found = explanation_of(run)
    if found is None:
        return None
    return Restatement(previous=decode_run(savings_runs.run_bytes(connection, found.against)), explanation=found)


def explanation_lines(run: RunRow, say: Words) -> list[str]:
    """Return what changed and how much each change makes, a line for each; none where nothing is explained."""
    found = explanation_of(run)
    if found is None:
        return [say("first run")] if run.explanation.get("first") else []
    told = words(say.language, REPORT)
    figures = {row.meter: row for row in run.figures}
    lines = []
    for effect in found.effects:
        row = figures.get(effect.meter)
        cause = told(CAUSES.get(effect.cause, effect.cause))
        name = f" – {say.named(row.name, row.meter)}" if row is not None and len(figures) > 1 else ""
        size = _sizes(effect, row.unit if row is not None else "", say, told)
        lines.append(say("%(cause)s: %(size)s", cause=f"{cause}{name}", size=size))
    if found.corrections:
        lines.append(say("corrections: %(numbers)s", numbers=", ".join(f"{each}" for each in found.corrections)))
    return lines


def _sizes(effect: Effect, unit: str, say: Words, told: Words) -> str:
    """Return what a change moved: the saving, and money, emissions and the interval where they moved too."""
    sizes = [change_of(told, unit, effect.saving)] if effect.saving or not (effect.money or effect.half_width) else []
    sizes += [change_of(told, "EUR", effect.money)] if effect.money else []
    sizes += [change_of(told, EMISSIONS, effect.carbon)] if effect.carbon else []
    if effect.half_width and not effect.saving:
        sizes.append(say("half of the interval %(size)s", size=change_of(told, unit, effect.half_width)))
    return ", ".join(sizes)
