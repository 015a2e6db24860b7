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


def method_name(method: str, say: Words) -> str:
    """Return what a method is called; its code where it has no name."""
    return say(METHODS[method]) if method in METHODS else method


def short_method(method: str, say: Words) -> str:
    """Return a method's short name, for a drawing."""
    return say(SHORT[method]) if method in SHORT else method


def form_words(form: str, say: Words) -> str:
    """Return the form of a model in words, one for each change-point driver."""
    return ", ".join(f"{part} ({say(FORMS[part])})" if part in FORMS else part for part in form.split("+"))
