"""Fixtures shared by all rooms: a real database and a real broker."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.broker"]

# Machines are shared: how long an example takes says nothing about the code. Speed is measured in benchmarks/.
settings.register_profile("quaymeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quaymeter")
