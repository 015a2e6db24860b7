"""Fixtures shared by all rooms: a real database and a real broker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# Before numpy is imported: fits are small, and a second thread of linear algebra beside another worker of pytest only
# waits for its core (the tests of savings runs took 19 s with two threads and 7 s with one on a busy machine).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["tests.fixtures.database", "tests.fixtures.broker"]

# Machines are shared: how long an example takes says nothing about the code. Speed is measured in benchmarks/.
settings.register_profile("quaymeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quaymeter")

# Files that mostly wait, for minutes: first, so that at the end no worker is left alone with one of them.
LONGEST = ("test_faults.py", "test_demo.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; all else stays in its order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
