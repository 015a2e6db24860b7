"""Why a run says something else than the one before it, in one line for each change."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from api.explanations import explanation_lines
from api.language import words
from savings.restate import Effect, Explanation
from storage.savings_runs import FigureRow, RunRow

DAY = date(2026, 11, 30)
EFFECTS = (
    Effect(cause="rates", meter="energy", saving=0.0, half_width=0.0, money=120.0, carbon=0.0),
    Effect(cause="meters", meter="energy", saving=0.0, half_width=310.0, money=0.0, carbon=0.0),
    Effect(cause="readings", meter="energy", saving=-50.0, half_width=-1.0, money=-7.5, carbon=-0.0025),
    Effect(cause="fewer days", meter="energy", saving=0.0),
    Effect(cause="plan", meter="energy", saving=None),
)
WHY = Explanation(
    against=1, changed=tuple(each.cause for each in EFFECTS), points=(), rows=(), plan=(), plan_revisions=(1, 1),
    events=(), rates=("electricity",), versions=({}, {}), reporting_to=(DAY, DAY), effects=EFFECTS, corrections=(3,),
)  # fmt: skip
LINES = {
    "en": [
        "tariffs and emission factors: +€120",
        "accuracy classes and other facts of the meters: half of the interval +310 kWh",
        "late or corrected readings: −50.0 kWh, −€7.50, −2.50 kg CO₂e",
        "a period that ends sooner: 0 kWh",
        "the plan: –",
        "corrections: 3",
    ],
    "fr": [
        "des tarifs et facteurs d’émission : +120 €",
        "des classes de précision et autres données des compteurs : demi-intervalle +310 kWh",
        "des mesures tardives ou corrigées : −50,0 kWh, −7,50 €, −2,50 kg éq. CO₂",
        "une période qui finit plus tôt : 0 kWh",
        "le plan : –",
        "corrections : 3",
    ],
}


def a_row(explanation: Any) -> RunRow:
    """Return a run of one figure in kilowatt hours, with its explanation."""
    figure = dict.fromkeys(FigureRow._fields, None) | {"meter": "energy", "name": {}, "unit": "kW.h"}
    row: dict[str, Any] = dict.fromkeys(RunRow._fields)
    return RunRow(**row | {"explanation": explanation, "figures": (FigureRow(**figure),)})  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_change_is_told_by_what_it_moved(language: str) -> None:
    """A price moves money and no energy, an accuracy class the interval alone; corrections are told by number."""
    lines = explanation_lines(a_row(msgspec.to_builtins(WHY)), words(language))
    assert [line.replace("\u202f", " ").replace("\xa0", " ") for line in lines] == LINES[language]


def test_explanations_of_before_are_still_told() -> None:
    """One that was kept without money, interval, meters and corrections reads as it did."""
    kept = msgspec.to_builtins(WHY)
    del kept["meters"], kept["corrections"]
    kept["effects"] = [{name: each[name] for name in ("cause", "meter", "saving")} for each in kept["effects"][2:3]]
    (line,) = explanation_lines(a_row(kept), words("en"))
    assert line.replace("\u202f", " ") == "late or corrected readings: −50.0 kWh"
