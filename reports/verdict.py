"""What an interval says, in one plain sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted
from reports.document import Paragraph
from reports.figures import percent

if TYPE_CHECKING:
    from locales.words import Words
    from reports.part import Part

SHOWN = noted("A saving is shown: the whole interval lies above zero.")
OPEN = noted("These data neither show a saving nor rule one out: the interval holds zero.")
MORE = noted("More was used than would have been without the measure: the whole interval lies below zero.")
NONE_GIVEN = noted("No figure may be given: the data do not carry one. What stops it, and the cure, stand below.")
NO_INTERVAL = noted("A figure is given without an interval: nothing says how sure it is.")


def verdict(part: Part, say: Words) -> Paragraph:
    """Return the verdict on one figure."""
    saving = part.run.saving
    if saving is None:
        return Paragraph(text=say(NONE_GIVEN), style="bad")
    if saving.low is None or saving.high is None:
        return Paragraph(text=say(NO_INTERVAL), style="open")
    if saving.low > 0:
        return Paragraph(text=say(SHOWN), style="good")
    if saving.high < 0:
        return Paragraph(text=say(MORE), style="bad")
    return Paragraph(text=say(OPEN), style="open")


def expectation(part: Part, say: Words) -> str:
    """Say how the measured percent stands to what the plan expected; "" where it expected nothing."""
    expected, measured = part.given.plan.expected_saving, part.run.percent
    if expected is None:
        return ""
    low, high = expected
    wanted = expected_share(low, high, say)
    if measured is None or measured.low is None or measured.high is None:
        return say("The plan expected %(wanted)s of the adjusted baseline.", wanted=wanted)
    if measured.high < 100 * low:
        return say("The plan expected %(wanted)s; the whole measured interval lies below it.", wanted=wanted)
    if measured.low > 100 * high:
        return say("The plan expected %(wanted)s; the whole measured interval lies above it.", wanted=wanted)
    return say("The plan expected %(wanted)s; what was measured agrees with it.", wanted=wanted)


def expected_share(low: float, high: float, say: Words) -> str:
    """Return an expected range in percent."""
    if low == high:
        return percent(say, low, _places(low))
    return say("%(low)s to %(high)s", low=percent(say, low, _places(low)), high=percent(say, high, _places(high)))


def _places(share: float) -> int:
    return 0 if abs(100 * share - round(100 * share)) < 1e-9 else 1
