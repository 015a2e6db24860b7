"""The examples in the docstrings of the room give what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "api.language",
    "api.figures",
    "api.formats",
    "api.resolution",
    "api.times",
    "api.console.charts",
    "api.console.view",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    """Every example of a module runs and gives the printed result."""
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
