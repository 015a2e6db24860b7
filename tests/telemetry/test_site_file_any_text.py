"""Site files of any text and value, the lines of what they hold, and their formulas."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import ContractError, Mistake, SiteFileError
from telemetry.formula import names_in
from telemetry.site import Site
from telemetry.site_file import parse_site
from telemetry.toml_lines import Lines
from tests.telemetry.harbour import SITE


def outcome(text: str) -> Site | list[Mistake]:
    """Return the site, or its mistakes; anything else escapes."""
    try:
        return parse_site(text, "any.toml")
    except SiteFileError as error:
        return error.mistakes


@given(st.text(max_size=200) | st.sampled_from(SITE.splitlines()).map(lambda line: SITE.replace(line, "", 1)))
def test_any_text_is_a_site_or_explained(text: str) -> None:
    """No text makes the reader raise anything but its own error, with lines inside the file."""
    found = outcome(text)
    assert isinstance(found, Site) or found
    if isinstance(found, list):
        assert all(0 <= mistake.line <= len(text.splitlines()) + 1 for mistake in found)


json_like = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=4) | st.floats(allow_nan=False) | st.just(date(2026, 1, 1)),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(("id", "name", "key", "fr", "en")), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(which=st.integers(0, 60), value=json_like)
def test_any_value_anywhere_is_explained(which: int, value: object) -> None:
    """A value of the wrong type at any key leads to mistakes, never to a crash."""
    lines = SITE.splitlines()
    line = lines[which % len(lines)]
    if " = " not in line:
        return
    lines[which % len(lines)] = f"{line.partition(' = ')[0]} = {_toml(value)}"
    assert outcome("\n".join(lines))


def _toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(letter for letter in value if letter.isprintable() and letter not in '"\\') + '"'
    return str(value)


def test_lines_of_nested_values() -> None:
    """Keys in headers, dotted keys, inline tables, arrays and lists of tables are found on their lines."""
    lines = Lines('a.b = 1\n[t]\nx = [\n 1,\n # note\n {y = 2},\n]\n[[l]]\nk = 1\n[l.sub]\n"z q" = 1\n[[l]]\nk = 2\n')
    assert lines.of(("a", "b")) == 1
    assert lines.of(("t",)) == 2
    assert lines.of(("t", "x", 1, "y")) == 6
    assert lines.of(("l", 0, "sub", "z q")) == 11
    assert lines.of(("l", 1, "k")) == 13
    assert lines.of(("l", 1, "missing")) == 12
    assert lines.of(("nothing",)) == 1


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "a +",
        "a.b",
        "a[0]",
        "f(a)",
        "lambda: 1",
        "'a'",
        "a if b else c",
        "min(a, key=b)",
        "1e9999 * (",
        "True",
        "a" * 600,
        "(" * 300,
    ],
)
def test_what_is_no_formula(formula: str) -> None:
    """Attributes, indexes, other functions, texts and broken brackets have no place in a formula."""
    with pytest.raises(ContractError):
        names_in(formula)


def test_formulas_name_their_inputs() -> None:
    """Inputs are the names that are not functions."""
    assert names_in("max(a, b) / (c - 2 ** d) + sqrt(abs(-a))") == {"a", "b", "c", "d"}
