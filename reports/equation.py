"""The model as a reader can work it out by hand: one term a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.figures import MINUS, number, plain, shown, with_unit
from savings.models.columns import YEAR_DAYS
from telemetry.plan import DayTypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from locales.words import Words
    from reports.part import Part
    from savings.record import ParameterRecord

KINDS_OF_DAY = {  # by level, as savings.day_types numbers them
    DayTypes.WEEK: (noted("Monday to Friday"), noted("Saturday"), noted("Sunday")),
    DayTypes.WEEKDAY: (
        noted("Monday"), noted("Tuesday"), noted("Wednesday"), noted("Thursday"), noted("Friday"), noted("Saturday"),
        noted("Sunday"),
    ),
    DayTypes.REST: (
        noted("working day after two days of rest"), noted("working day after a working day"),
        noted("working day after one day of rest"), noted("working day after three days of rest or more"),
        noted("third day of rest or later"), noted("first day of rest"), noted("second day of rest"),
    ),
}  # fmt: skip
HOURS_ALIKE = (*KINDS_OF_DAY[DayTypes.WEEK][:1] * 5, *KINDS_OF_DAY[DayTypes.WEEK][1:])  # by `hours_alike`
_APART = {f"day_type={day}" for day in range(1, 5)}  # that runs before methods 6 told from Mondays
WAVES = {"sine": noted("sine"), "cosine": noted("cosine")}
MOST_TERMS = 30


def equation(part: Part, say: Words) -> tuple[str, ...]:
    """Return the lines of the equation; none for a model with more terms than can be read."""
    model = part.run.model
    if model is None or len(model.parameters) > MOST_TERMS:
        return ()
    knots = {each.name: each for each in model.parameters if ".knot" in each.name}
    terms = [_term(each, knots, part, say) for each in model.parameters if each.name not in knots]
    signs = [f"{'+' if value >= 0 else MINUS} {text}" for value, text in terms]
    first = signs[0].removeprefix("+ ")
    hourly = part.given.plan.frequency == "hourly"
    start = say("use of an hour = %(term)s", term=first) if hourly else say("use of a day = %(term)s", term=first)
    return (start, *signs[1:])


def parameter_name(name: str, part: Part, say: Words) -> str:
    """Return what a parameter is called."""
    if name == "base":
        return say("base")
    driver, level = _level(name)
    if level:
        return f"{label_of(driver, part, say)} – {_kind(driver, level, part, say)}"
    driver, _, piece = name.rpartition(".")
    if piece in WAVES:
        of, wave = _waved(driver), say("wave of a year, %(part)s", part=say(WAVES[piece]))
        return f"{label_of(of, part, say)} – {wave}" if of else wave
    words = {
        "slope": say("slope"), "slope_above": say("slope above the change point"),
        "slope_below": say("slope below the change point"), "knot": say("change point"),
        "knot_above": say("upper change point"), "knot_below": say("lower change point"),
        "ratio": say("use for each unit"),
    }  # fmt: skip
    return f"{label_of(driver, part, say)} – {words[piece]}" if piece in words else label_of(name, part, say)


def label_of(driver: str, part: Part, say: Words) -> str:
    """Return the name of a driver, or of another point of the figure; its key where it has none."""
    if driver == "day_type" and not part.given.plan.calendar:  # with one, its own name tells what holidays are
        return say("kind of day")
    names = {each.point: each.name for each in part.rows.sources} | {
        each.name: each.label for each in part.rows.drivers
    }
    return say.named(names.get(driver, {}), driver)


def _term(each: ParameterRecord, knots: Mapping[str, ParameterRecord], part: Part, say: Words) -> tuple[float, str]:
    """Return the value and the text of one term, its sign left off."""
    size = with_unit(plain(say, abs(each.value)), shown(say, each.unit))
    if each.name == "base":
        return each.value, size
    driver, level = _level(each.name)
    if level:
        return each.value, say("%(size)s where %(driver)s is %(kind)s", size=size,
                               driver=label_of(driver, part, say), kind=_kind(driver, level, part, say))  # fmt: skip
    driver, _, piece = each.name.rpartition(".")
    if piece in WAVES:
        of, function = _waved(driver), {"sine": "sin", "cosine": "cos"}[piece]
        wave = say("%(function)s(2π × day of the year / %(days)s)", function=function, days=number(say, YEAR_DAYS, 4))
        return each.value, " × ".join([size, *([label_of(of, part, say)] if of else ()), wave])
    side = piece.removeprefix("slope_")
    knot = knots.get(f"{driver}.knot_{side}") or knots.get(f"{driver}.knot")
    if knot is None:
        return each.value, f"{size} × {label_of(each.name.removesuffix('.ratio').removesuffix('.slope'), part, say)}"
    name, place = label_of(driver, part, say), with_unit(plain(say, knot.value), shown(say, knot.unit))
    inside = f"{name} {MINUS} {place}" if side == "above" else f"{place} {MINUS} {name}"
    return each.value, say("%(size)s × max(0, %(inside)s)", size=size, inside=inside)


def _waved(name: str) -> str:
    """Return the driver whose slope has a wave of a year, by its name less the part; "" where the base has it."""
    return name.removesuffix("season").rstrip(".")


def _level(name: str) -> tuple[str, str]:
    """Return driver and level of an offset's name, "" where it is none."""
    driver, _, level = name.rpartition("=")
    return (driver, level) if driver else ("", "")


def _kind(driver: str, level: str, part: Part, say: Words) -> str:
    """Return the name of a level; the level itself of a category that is no kind of day."""
    by_hour = any(each.name == driver and each.role == "week" for each in part.rows.drivers)
    told = part.given.plan.day_types
    kinds = KINDS_OF_DAY.get(told, ()) if driver == "day_type" else ()
    if by_hour and told is DayTypes.WEEK:
        apart = any(each.name in _APART for each in part.run.model.parameters) if part.run.model else False
        kinds = KINDS_OF_DAY[DayTypes.WEEKDAY] if apart or f"{driver}={level}" in _APART else HOURS_ALIKE
    return say(kinds[int(level)]) if level.isdecimal() and int(level) < len(kinds) else level
