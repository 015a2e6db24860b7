"""Section 9: how sure, by which method; what the interval holds and what it does not; what would change the figure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from locales.words import noted
from reports.charts.savings import methods as methods_drawn
from reports.document import Grid, Heading, Items, Paragraph
from reports.figures import amount, day, decimals_of, interval_of, number, percent, shown, significant, value_of
from reports.methods import method_name, method_remark, short_method
from reports.sections.pieces import heading, picture
from reports.suggestions import title_words
from telemetry.plan import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Part
    from savings.record import Figure


CAUSES = {
    "model": noted("the model: noise that remembers, coefficients and change points"),
    "events": noted("accepted events"),
    "stipulated": noted("stipulated parameters"),
    "meter": noted("the meters' own error"),
}


def uncertainty(material: Material) -> Iterator[Block]:
    """Yield the interval's making and meaning, figure by figure."""
    say = material.say
    method = say(
        "Method: %(method)s, two-sided confidence %(confidence)s.",
        method=method_name(material.run.method, say),
        confidence=percent(say, material.run.confidence, 0),
    )
    remark = method_remark(material.run.method, int(material.run.made_by["methods"]), say)
    yield Paragraph(text=f"{method} {remark}".strip())
    for part in material.parts:
        yield from heading(material, part)
        if part.run.saving is None:
            yield Paragraph(text=say("No saving may be given, so there is nothing to be sure of."))
            continue
        yield from _parts(material, part)
        yield from _side_by_side(material, part)
    if all(part.run.saving is None for part in material.parts):
        return
    yield Heading(text=say("What the interval holds"))
    yield Items(texts=tuple(_held(material)))
    yield Heading(text=say("What it does not hold"))
    yield Items(texts=tuple(_not_held(material)))
    for part in material.parts:
        if part.run.saving is not None:
            name = f" – {say.named(part.run.name, part.run.meter)}" if material.several else ""
            yield Heading(text=say("What would change the figure") + name)
            yield Items(texts=tuple(_changes(material, part, part.run.saving)))


def _parts(material: Material, part: Part) -> Iterator[Block]:
    """Yield the standard errors by cause, those of nought left out; nothing of runs that did not tell them yet."""
    say, saving = material.say, part.run.saving
    parts = {cause: size for cause, size in part.run.error_parts.items() if size > 0.0}
    if saving is None or not parts:
        return
    size = _Sizes(material, part)
    whole = sum(each**2 for each in parts.values())
    yield Grid(
        caption=say("What the standard error is made of"),
        headings=(say("Cause"), say("Standard error"), say("Share of the variance")),
        align="lrr",
        rows=tuple((say(CAUSES[cause]), size(each), percent(say, each**2 / whole, 0)) for cause, each in parts.items()),
        note=" ".join(_joined(material, metered="meter" in parts)),
    )  # fmt: skip


def _joined(material: Material, *, metered: bool) -> Iterator[str]:
    """Yield how causes join: standard errors in quadrature, intervals as the method does."""
    say = material.say
    yield say("Independent of each other, standard errors add in quadrature.")
    if metered:
        yield say("The meter's own error is that of its accuracy class, taken as uniform within its limits and the "
                  "same in both periods.")  # fmt: skip
    if metered and _refined(material):
        yield say("The interval joins that class to the model's error by their distributions (JCGM 101), and all "
                  "else in quadrature: it is not t times the joined standard error.")  # fmt: skip
    else:
        yield say("So do the half widths of the interval.")


def _side_by_side(material: Material, part: Part) -> Iterator[Block]:
    say, run = material.say, material.run
    if not part.run.methods:
        return
    order = sorted(part.run.methods.items(), key=lambda item: item[0] != run.method)
    places = decimals_of(order[0][1])
    yield Grid(
        caption=say("The same saving by other methods"),
        headings=(say("Method"), say("Saving"), say("Interval"), say("Standard error")),
        align="lrrr",
        rows=tuple(
            (
                say("%(method)s – counts here", method=method_name(name, say))
                if name == run.method
                else method_name(name, say),
                value_of(say, figure, decimals=places), interval_of(say, figure, decimals=places),
                number(say, figure.standard_error, places),
            )
            for name, figure in order
        ),
        note=say("The method that counts is the plan's; the others are shown so that nobody needs to ask. Methods that "
                 "take residuals for independent give intervals that are too narrow where residuals remember."),
    )  # fmt: skip
    named = [(short_method(name, say), figure, name == run.method) for name, figure in order]
    yield from picture(
        partial(methods_drawn, part, named, say),
        caption=say("Methods side by side"),
        alt=say("The saving with its interval by each method of uncertainty, one below the other."),
    )


def _held(material: Material) -> Iterator[str]:
    say = material.say
    yield (
        say("what the drivers do not explain from day to day and over weeks (noise, with its memory), and from two "
            "years of baseline on what they miss every year")
        if _refined(material)
        else say("what the drivers do not explain from day to day and over weeks (noise, with its memory)")
    )  # fmt: skip
    yield say("what the baseline leaves open in coefficients and change points")
    if any(each.event.status is Status.ACCEPTED for part in material.parts for each in part.run.events):
        yield say("the standard errors of the accepted events")
    if _stipulated(material):
        yield say("the standard errors of the stipulated parameters, which section 2 lists")
    if _metered(material):
        yield say("the meters' own error, by their accuracy class, the same in both periods")


def _stipulated(material: Material) -> bool:
    """Say whether the run joined the errors of stipulated parameters to its intervals."""
    return any(each.code == "stipulated" for part in material.parts for each in part.run.findings)


def _metered(material: Material) -> bool:
    """Say whether the run joined the meters' own error to its intervals."""
    return any(part.run.error_parts.get("meter", 0.0) > 0.0 for part in material.parts)


def _not_held(material: Material) -> Iterator[str]:
    say, plan = material.say, material.given.plan
    if not _metered(material):
        yield say("errors of the meters (no accuracy class declared)")
    yield say("a meter that was changed between the periods, or whose error drifted; errors of the drivers' sensors "
              "that changed since the baseline")  # fmt: skip
    if plan.stipulations and not _stipulated(material):
        yield say("errors of the stipulated parameters, which section 2 lists with their standard errors")
    yield say("prices and emission factors, taken for exact")
    yield say("changes on site that no event describes: opening hours, plant, set points")
    if any(each.rows_beyond for part in material.parts for each in part.run.ranges):
        yield say("whether the model holds beyond the conditions of the baseline, where rows are extrapolated")


def _changes(material: Material, part: Part, saving: Figure) -> Iterator[str]:
    say, run = material.say, part.run
    size = _Sizes(material, part)
    if run.measured is not None and run.adjusted is not None:
        yield say("a meter that reads 1%% high or low since the measure: ± %(size)s", size=size(run.measured / 100))
        yield say("a meter that read 1%% high or low in the baseline: ± %(size)s", size=size(run.adjusted / 100))
        yield say("a meter that is 1%% off in both periods alike: ± %(size)s", size=size(saving.value / 100))
    daily = run.daily
    if daily is not None and daily.saving:
        first, most = max(zip(daily.day, daily.saving, strict=True), key=lambda each: abs(each[1]))
        largest = size(most, signed=True)
        yield (
            say("its largest single bill, of %(day)s: %(size)s", day=day(say, first), size=largest)
            if part.is_monthly
            else say("its largest single day, %(day)s: %(size)s", day=day(say, first), size=largest)
        )
    yield from _rows_left_out(material, part, saving, size)
    for each in run.events:
        if each.event.status is Status.ACCEPTED and each.amount is not None:
            yield say(
                "without the event “%(title)s”: %(size)s",
                title=title_words(each.event.title, say),
                size=size(-each.amount, signed=True),
            )
    if run.suggestions:
        yield say.plural("%(n)s suggested event that nobody has decided on", "%(n)s suggested events that nobody has "
                         "decided on", len(run.suggestions))  # fmt: skip
    if run.money is not None:
        yield say("a price 10%% higher or lower: ± %(size)s", size=amount(say, abs(run.money.value) / 10, "EUR", 0))


def _refined(material: Material) -> bool:
    """Say whether the run is by the default method as it is since its second version (`savings.run.METHODS`)."""
    return material.run.method == "reml" and material.run.made_by["methods"] != "1"


class _Sizes:
    """Writes amounts of one figure's unit."""

    def __init__(self, material: Material, part: Part) -> None:
        self._say, self._unit = material.say, shown(material.say, part.run.unit)

    def __call__(self, value: float, *, signed: bool = False) -> str:
        """Return an amount to three figures, with its sign only where it is asked for."""
        text = number(self._say, value if signed else abs(value), significant(value, 3))
        sign = "+" if signed and value > 0 else ""
        return f"{sign}{text}\u202f{self._unit}"


def _rows_left_out(material: Material, part: Part, saving: Figure, size: _Sizes) -> Iterator[str]:
    say, months = material.say, part.run.months
    left = sum(each.period == "reporting" for each in part.run.excluded)
    used = sum(row.rows for row in months)
    if left and used:
        rows = say.plural("%(n)s row", "%(n)s rows", left)
        yield say("the %(rows)s left out of the reporting period, if they saved like the others: %(size)s", rows=rows,
                  size=size(saving.value / used * left, signed=True))  # fmt: skip
