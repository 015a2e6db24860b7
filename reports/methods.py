"""Methods of uncertainty and forms of models in the reader's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locales.words import noted

if TYPE_CHECKING:
    from locales.words import Words

METHODS = {
    "reml": noted("Generalised least squares, the residuals' memory by restricted likelihood (REML)"),
    "guideline14": noted("ASHRAE Guideline 14, with k(M) of Sun and Baltazar"),
    "guideline14_126": noted("ASHRAE Guideline 14, with k = 1.26"),
    "hac": noted("Residuals' own autocovariances, tapered over 45 days (HAC)"),
    "bootstrap": noted("Block bootstrap, knots fitted anew"),
    "ols": noted("Least squares, residuals taken for independent"),
}
REMARKS = {  # by method, from which version of the methods on (`savings.run.METHODS`), the newest first
    "reml": (
        (
            7,
            noted(
                "Its noise is partly slow and partly new in every row; from two years of daily or hourly baseline on, "
                "what is felt for some days and what comes back every year are told from noise that lasts."
            ),
        ),
        (
            2,
            noted(
                "Its noise is partly slow and partly new in every row; from two years of daily or hourly baseline on, "
                "noise that comes back every year is told from noise that remembers."
            ),
        ),
    ),
}
SHORT = {
    "reml": noted("REML"),
    "guideline14": noted("Guideline 14, k(M)"),
    "guideline14_126": noted("Guideline 14, 1.26"),
    "hac": noted("HAC"),
    "bootstrap": noted("Bootstrap"),
    "ols": noted("Independent"),
}
FORMS = {
    "mean": noted("a constant use"),
    "2P": noted("a straight line"),
    "3PC": noted("constant, then rising with its driver (cooling)"),
    "3PH": noted("falling with its driver, then constant (heating)"),
    "4P": noted("two slopes that meet at a change point"),
    "5P": noted("heating, constant, cooling"),
    "TOWT": noted("hour of the week and temperature"),
    "ratio": noted("use for each unit made"),
}


PLAIN = {"mean", "ratio"}  # keys of forms that are English words, not names as 4P and TOWT are


def method_name(method: str, say: Words) -> str:
    """Return what a method is called; its code where it has no name."""
    return say(METHODS[method]) if method in METHODS else method


def method_remark(method: str, version: int, say: Words) -> str:
    """Return what a reader must know of a method as it was in a version, "" where its name says all."""
    return next((say(text) for first, text in REMARKS.get(method, ()) if version >= first), "")


def short_method(method: str, say: Words) -> str:
    """Return a method's short name, for a drawing."""
    return say(SHORT[method]) if method in SHORT else method


def form_words(form: str, say: Words) -> str:
    """Return the form of a model in words, one for each change-point driver; behind its name, where that is a name."""
    return ", ".join(_form(part, say) for part in form.split("+"))


def _form(part: str, say: Words) -> str:
    if part not in FORMS:
        return part
    words = say(FORMS[part])
    return words if part in PLAIN else f"{part} ({words})"
