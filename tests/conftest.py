"""Fixtures shared by all rooms: a real database and a real broker."""

from __future__ import annotations

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.broker"]
