"""Section 6: the baseline model, how well it fits, and what may be said against it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reports.charts.drivers import against, grouped
from reports.charts.time import residuals
from reports.document import Facts, Formula, Grid, Notices, Paragraph
from reports.equation import MOST_TERMS, equation, label_of, parameter_name
from reports.figures import NONE, month, number, percent, plain, shown, with_unit
from reports.findings import notices
from reports.methods import form_words
from reports.sections.pieces import heading, picture, subheading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.document import Block
    from reports.part import Material, Part
    from savings.record import ModelRecord


def model(material: Material) -> Iterator[Block]:
    """Yield the model of each figure."""
    for part in material.parts:
        yield from heading(material, part)
        if part.run.model is None:
            yield Paragraph(text=material.say("No model was fitted."))
        else:
            yield from _model(material, part, part.run.model)
        infos = [each for each in part.run.findings if each.severity == "info"]
        if infos:
            yield Notices(notices=notices(part, infos, material.say))


def _model(material: Material, part: Part, it: ModelRecord) -> Iterator[Block]:
    say = material.say
    yield Paragraph(
        text=say("Form: %(form)s. Drivers: %(drivers)s.", form=form_words(it.form, say),
                 drivers=", ".join(label_of(each, part, say) for each in it.terms) or say("none"))
    )  # fmt: skip
    lines = equation(part, say)
    if lines:
        yield Formula(lines=lines)
        yield _parameters(material, part, it)
    else:
        yield Paragraph(
            text=say("%(n)s parameters, more than the %(most)s that can be read; the bundle lists them all.",
                     n=number(say, len(it.parameters), 0), most=number(say, MOST_TERMS, 0))
        )  # fmt: skip
    yield _fit(material, part, it)
    yield _thresholds(material, part, it)
    yield from picture(
        partial(residuals, part, say),
        caption=say("Residuals of the baseline over time"),
        alt=say("Measured less model for every row of the baseline. Around zero without waves, the model misses "
                "nothing that comes and goes with the seasons."),
    )  # fmt: skip
    yield from _against_drivers(material, part, it)
    yield from _out_of_sample(material, part)


def _against_drivers(material: Material, part: Part, it: ModelRecord) -> Iterator[Block]:
    """Yield the model against each driver: its curve, or groups of rows where it has none."""
    say = material.say
    curves = {each.driver: each for each in part.run.curves}
    for driver in part.rows.drivers:
        if driver.name not in curves and (driver.role in {"category", "week"} or driver.name not in it.terms):
            continue
        name = label_of(driver.name, part, say)
        draw = (
            partial(against, part, curves[driver.name], say)
            if driver.name in curves
            else partial(grouped, part, driver, say)
        )
        yield from picture(
            draw,
            caption=say("Model and measured rows against %(driver)s", driver=name),
            alt=say("Use against %(driver)s: the model as a line through the measured rows of the baseline; a bar on "
                    "the axis shows where the reporting period lay.", driver=name),
        )  # fmt: skip


def _parameters(material: Material, part: Part, it: ModelRecord) -> Grid:
    say = material.say
    return Grid(
        caption=say("Coefficients"),
        headings=(say("Parameter"), say("Value"), say("Standard error"), say("t"), say("Unit")),
        align="lrrrl",
        rows=tuple(
            (
                parameter_name(each.name, part, say), plain(say, each.value), plain(say, each.standard_error, 3),
                number(say, each.t, 1), shown(say, each.unit) or NONE,
            )
            for each in it.parameters
        ),
        note=say("Standard errors of coefficients take residuals for independent. The t of a change point says nothing "
                 "about its significance."),
    )  # fmt: skip


def _fit(material: Material, part: Part, it: ModelRecord) -> Facts:
    say, unit = material.say, shown(material.say, part.run.unit)
    return Facts(
        rows=(
            (say("Rows n, parameters p"), f"n = {number(say, it.n, 0)}, p = {number(say, it.p, 0)}"),
            (say("R² adjusted"), number(say, it.r2_adj, 3)),
            (say("RMSE, with n − p"), with_unit(plain(say, it.rmse), unit)),
            (say("CV(RMSE)"), percent(say, it.cv_rmse, 1)),
            (
                say("NMBE in sample"),
                say("%(value)s (zero for least squares: it says something out of sample only)",
                    value=percent(say, it.nmbe, 2)),
            ),
            (say("Autocorrelation of residuals"), number(say, it.autocorrelation, 2)),
            (
                say("Independent rows n′"),
                say("%(effective)s of %(n)s", effective=number(say, it.n_effective, 0), n=number(say, it.n, 0)),
            ),
            (say("Condition number of the drivers"), plain(say, it.condition_number, 3)),
        )
    )  # fmt: skip


class _Threshold(NamedTuple):
    """A convention that people compare with."""

    name: str
    convention: str
    found: str
    meets: bool | None


def _thresholds(material: Material, part: Part, it: ModelRecord) -> Grid:
    """Return what the usual conventions say; none of them decides here."""
    say = material.say
    words = {True: say("met"), False: say("not met"), None: NONE}
    return Grid(
        caption=say("Beside the usual conventions"),
        headings=(say("Statistic"), say("Convention"), say("Here"), say("Judgement")),
        align="llrl",
        rows=tuple(
            (each.name, each.convention, each.found, words[each.meets]) for each in _compared(material, part, it)
        ),
        note=say("None of them decides: a flat meter has a low R² and may have a sharp interval. What decides is the "
                 "interval of the saving (section 9). Guideline 14's limits of 15% and 30% are for calibrated "
                 "simulations and are shown because readers know them."),
    )  # fmt: skip


def _compared(material: Material, part: Part, it: ModelRecord) -> Iterator[_Threshold]:
    say = material.say
    limits = {"monthly": 0.15, "hourly": 0.30}
    frequency = part.given.plan.frequency
    if frequency in limits:
        yield _Threshold(
            say("CV(RMSE)"), say("Guideline 14, calibrated simulation: at most %(limit)s",
                                 limit=percent(say, limits[frequency], 0)),
            percent(say, it.cv_rmse, 1), None if it.cv_rmse is None else it.cv_rmse <= limits[frequency],
        )  # fmt: skip
    yield _Threshold(
        say("CV(RMSE)"), say("usual for meter-based models: below %(limit)s", limit=percent(say, 0.25, 0)),
        percent(say, it.cv_rmse, 1), None if it.cv_rmse is None else it.cv_rmse < 0.25,
    )  # fmt: skip
    yield _Threshold(
        say("R²"), say("rule of thumb: above %(limit)s", limit=number(say, 0.75, 2)),
        number(say, it.r2, 2), None if it.r2 is None else it.r2 > 0.75,
    )  # fmt: skip
    out = part.run.out_of_sample
    if out is not None:
        yield _Threshold(
            say("NMBE out of sample"), say("Guideline 14, calibrated simulation: at most %(limit)s",
                                           limit=f"± {percent(say, 0.05, 0)}"),
            percent(say, out.nmbe, 2), None if out.nmbe is None else abs(out.nmbe) <= 0.05,
        )  # fmt: skip
    saving = part.run.saving
    if saving is not None and saving.standard_error is not None:
        share = saving.standard_error / abs(saving.value) if saving.value else None
        yield _Threshold(
            say("Uncertainty of the saving"),
            say("Guideline 14: below %(limit)s of it at 68%% confidence", limit=percent(say, 0.5, 0)),
            percent(say, share, 0), None if share is None else share < 0.5,
        )  # fmt: skip


def _out_of_sample(material: Material, part: Part) -> Iterator[Block]:
    """Yield the test without each month."""
    say, out = material.say, part.run.out_of_sample
    if out is None or not out.months:
        yield Paragraph(text=say("The model was not tested out of sample."), style="note")
        return
    unit = shown(say, part.run.unit)
    yield subheading(material, say("Out of sample"))
    yield Paragraph(
        text=say("The form was fitted without each month in turn and asked for it: NMBE %(nmbe)s of use, CV(RMSE) of "
                 "monthly totals %(cv)s.", nmbe=percent(say, out.nmbe, 2), cv=percent(say, out.cv_rmse, 1))
    )  # fmt: skip
    yield Grid(
        caption=say("Measured less predicted, by month left out"),
        headings=(say("Month"), unit, "", say("Month"), unit),
        align="lrllr",
        rows=_in_two(
            [(month(say, name), plain(say, error, 3)) for name, error in zip(out.months, out.errors, strict=True)]
        ),
    )


def _in_two(pairs: list[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return pairs as rows of two, read down the first column and then the second."""
    half = -(-len(pairs) // 2)
    second = [*pairs[half:], ("", "")][:half]
    return tuple((*left, "", *right) for left, right in zip(pairs, second, strict=False))
