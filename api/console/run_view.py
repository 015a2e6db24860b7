"""The page of one demonstrator: what a run says, figure by figure, in the reader's words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from api.console.run_charts import DAY_S, Picture, against_baseline, cumulative, is_by_week, starts
from api.language import noted
from api.verdicts import Verdict, judged
from locales import REPORT
from locales.words import words
from reports.corrected import correction_rows
from reports.figures import (
    amount,
    day,
    decimals_of,
    footprint,
    interval_of,
    month,
    number,
    percent,
    shown,
    stretches_in_words,
)
from reports.figures import value_of as shown_value
from reports.findings import notices, title
from reports.methods import form_words
from reports.part import Material, Part
from reports.reasons import reason_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from api.language import Words
    from reports.document import Notice
    from savings.input_record import RunInput
    from savings.record import Figure, MonthRow, Run

PERIODS = {"baseline": noted("Baseline"), "reporting": noted("Reporting period")}
MONTH_S = 40 * DAY_S  # bills further apart than this are not joined


class Card(NamedTuple):
    """A number that a reader looks for first."""

    label: str
    value: str
    interval: str


class DayRow(NamedTuple):
    """One row of the table beside the drawing."""

    at: int  # seconds since 1970-01-01 UTC: the script finds the row of a place on the drawing by it
    cells: tuple[str, ...]


class Kept(NamedTuple):
    """How much of a period is in the sums."""

    period: str
    used: str  # rows used of rows
    coverage: str


@dataclass(frozen=True, kw_only=True)
class MeterView:
    """One figure of a run."""

    id: str
    name: str
    unit: str
    verdict: Verdict
    lead: str  # in plain words
    cards: tuple[Card, ...]
    cumulative: tuple[Markup, ...]  # drawings, wide and narrow
    against: tuple[Markup, ...]
    by: str  # what a place of the second drawing is: week, day or bill
    months: tuple[tuple[str, ...], ...]
    days: tuple[DayRow, ...]  # newest first
    kept: tuple[Kept, ...]
    left_out: tuple[tuple[str, ...], ...]  # period, reason, rows, days
    findings: tuple[Notice, ...]
    model: str


class RunReader:
    """Turns a run into views, for one reader."""

    def __init__(self, given: RunInput, run: Run, say: Words) -> None:
        """Keep the run and both catalogues: of the console, and of the report."""
        self.given, self.run, self.say = given, run, say
        self.told = words(say.language, REPORT)
        self.zone = ZoneInfo(given.timezone)
        self.material = Material(given=given, run=run, say=self.told, restatement=None)

    def meters(self) -> tuple[MeterView, ...]:
        """Return every figure of the run."""
        return tuple(self._meter(part) for part in self.material.parts)

    def together(self) -> tuple[Card, ...]:
        """Return money and emissions of several figures together; nothing where there is one figure."""
        if not self.material.several:
            return ()
        labels = ((self.run.money, noted("Money")), (footprint(self.run.carbon), noted("Emissions avoided")))
        return tuple(self._card(self.say(label), figure) for figure, label in labels if figure is not None)

    def corrections(self) -> tuple[tuple[str, ...], ...]:
        """Return what counts instead of readings: point, days, readings, by whom, why."""
        return tuple(tuple(row)[1:] for row in correction_rows(self.given, self.told))

    def _meter(self, part: Part) -> MeterView:
        run, daily = part.run, part.run.daily
        picture = Picture(zone=self.zone, say=self.say, title=self.say.named(run.name, run.meter))
        gap_s = MONTH_S if part.is_monthly else 1.5 * DAY_S
        drawn = daily is not None and bool(daily.day)
        return MeterView(
            id=run.meter, name=picture.title, unit=shown(self.told, run.unit), verdict=_verdict(run.saving),
            lead=self._lead(part), cards=tuple(self._cards(part)),
            cumulative=tuple(cumulative(daily, picture)) if daily is not None and drawn else (),
            against=tuple(against_baseline(daily, picture, gap_s=gap_s)) if daily is not None and drawn else (),
            by="bill" if part.is_monthly else "week" if daily is not None and is_by_week(daily) else "day",
            months=tuple(self._month(row) for row in run.months), days=tuple(self._days(part)),
            kept=tuple(
                Kept(
                    period=self.say(PERIODS.get(each.period, each.period)),
                    used=self.say("%(used)s of %(rows)s", used=number(self.told, each.used, 0),
                                  rows=number(self.told, each.rows, 0)),
                    coverage=percent(self.told, each.coverage, 1),
                )
                for each in run.coverage
            ),
            left_out=tuple(self._left_out(part)), findings=notices(part, run.findings, self.told),
            model=self._model(part),
        )  # fmt: skip

    def _lead(self, part: Part) -> str:
        """Say in one sentence, for somebody who reads nothing else, what the figure is."""
        say, saving = self.say, part.run.saving
        if saving is None:
            stops = [title(each.code, self.told) for each in part.run.findings if each.severity == "stop"]
            return say("No figure may be given: %(why)s.", why=" · ".join(stops) or "?")
        first, last = part.summed(self.run)
        sizes = {
            "first": day(self.told, first), "last": day(self.told, last),
            "value": shown_value(self.told, _positive(saving)),
        }  # fmt: skip
        verdict = _verdict(saving)
        if verdict is Verdict.PROVEN:
            return say(
                "From %(first)s to %(last)s, %(value)s less was used than would have been without the change.", **sizes
            )
        if verdict is Verdict.NEGATIVE:
            return say(
                "From %(first)s to %(last)s, %(value)s more was used than would have been without the change.", **sizes
            )
        return say(
            "From %(first)s to %(last)s, what was used cannot be told from what would have been without the change: "
            "the interval holds zero.",
            **sizes,
        )

    def _cards(self, part: Part) -> Iterator[Card]:
        run = part.run
        labels = (
            (run.saving, noted("Saving")), (run.percent, noted("Of what would have been used")),
            (run.money, noted("Money")), (footprint(run.carbon), noted("Emissions avoided")),
        )  # fmt: skip
        for figure, label in labels:
            if figure is not None:
                yield self._card(self.say(label), figure)

    def _card(self, label: str, figure: Figure) -> Card:
        return Card(label=label, value=shown_value(self.told, figure), interval=interval_of(self.told, figure))

    def _month(self, row: MonthRow) -> tuple[str, ...]:
        """Return a month, the saving first: a phone shows three columns."""
        told, saving = self.told, row.saving
        places = max(decimals_of(saving), 0)
        interval = "–"
        if saving.low is not None and saving.high is not None:
            interval = f"{number(told, saving.low, places)} … {number(told, saving.high, places)}"
        others = (row.cumulative, row.measured, row.adjusted)
        return (
            month(told, row.month), number(told, saving.value, places), interval,
            *(number(told, value, places) for value in others),
        )  # fmt: skip

    def _days(self, part: Part) -> Iterator[DayRow]:
        daily = part.run.daily
        if daily is None:
            return
        told, unit = self.told, part.run.unit
        places = 1 if max((abs(value) for value in daily.adjusted), default=0.0) < 1000 else 0
        at = starts(daily.day, self.zone)
        for i in range(len(daily.day) - 1, -1, -1):
            low, high = daily.cumulative_low[i], daily.cumulative_high[i]
            band = f"{number(told, low, places)} … {number(told, high, places)}" if low is not None else "–"
            values = (daily.measured[i], daily.adjusted[i], daily.saving[i])
            cells = (
                self.say.date(date.fromisoformat(daily.day[i][:10])),
                amount(told, daily.cumulative[i], unit, places), band, *(number(told, v, places) for v in values),
            )  # fmt: skip
            yield DayRow(at=round(float(at[i])), cells=cells)

    def _left_out(self, part: Part) -> Iterator[tuple[str, ...]]:
        groups: dict[tuple[str, str], list[str]] = {}
        for each in part.run.excluded:
            reason = reason_words(part, each.reason, self.material.say)
            groups.setdefault((each.period, reason), []).append(each.start)
        for (period, reason), rows in groups.items():
            yield (
                self.say(PERIODS.get(period, period)), reason,
                number(self.told, len(rows), 0), stretches_in_words(self.told, rows),
            )  # fmt: skip

    def _model(self, part: Part) -> str:
        model = part.run.model
        if model is None:
            return ""
        return self.say(
            "Model: %(form)s. %(n)s rows, %(p)s fitted numbers, R² %(r2)s, CV(RMSE) %(cv)s.",
            form=form_words(model.form, self.told), n=number(self.told, model.n, 0), p=model.p,
            r2=number(self.told, model.r2, 2), cv=percent(self.told, model.cv_rmse, 1),
        )  # fmt: skip


def _verdict(saving: Figure | None) -> Verdict:
    return judged(None, None, None) if saving is None else judged(saving.value, saving.low, saving.high)


def _positive(figure: Figure) -> Figure:
    """Return a figure's size: the sentence says which way it goes."""
    return figure if figure.value >= 0 else type(figure)(
        value=-figure.value, low=None if figure.high is None else -figure.high,
        high=None if figure.low is None else -figure.low, unit=figure.unit,
    )  # fmt: skip
