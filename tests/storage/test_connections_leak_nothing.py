"""Connections come and go for months: each leaves nothing behind in the process."""

from __future__ import annotations

import gc

from storage.engine import connect


def test_connections_leave_no_objects_behind(server_dsn: str) -> None:
    """Twenty connections more or less leave the same number of Python objects; a class a connection once leaked."""

    def objects_after(count: int) -> int:
        for _ in range(count):
            with connect(server_dsn, autocommit=True) as connection:
                connection.execute("SELECT 1")
        gc.collect()
        return len(gc.get_objects())

    objects_after(3)  # caches fill
    before = objects_after(1)
    assert objects_after(20) - before < 100
