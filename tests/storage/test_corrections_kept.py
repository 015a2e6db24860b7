"""What was corrected stays on record: guarded from everybody, listed with who and why, withdrawn once."""

from __future__ import annotations

import pytest
from psycopg import errors

from storage.corrections import content, list_, withdraw
from storage.engine import connect
from telemetry.errors import StorageError, TransferError
from tests.storage.correcting import Corrected, Said, make
from tests.storage.test_corrections import tenfold
from tests.storage.test_rollups import AUTUMN, make_point, store


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE correction SET why = 'other'",
        "UPDATE correction SET withdrawn_at = now() - interval '1 day', withdrawn_by = 'me', withdrawn_why = 'so'",
        "DELETE FROM correction",
        "UPDATE correction_reading SET value = 1",
        "DELETE FROM correction_reading",
        "INSERT INTO correction_reading SELECT 1, starts, 1, 1024 FROM correction",
    ],
)
def test_nobody_changes_a_correction(database: str, query: str) -> None:
    """Not even the owner: neither what was said, nor its readings; none is added later, none taken away."""
    point_id = make_point(database, Corrected(kind="gauge", silent_s=300, period_s=60.0))
    make(database, point_id, Said(starts=AUTUMN, ends=AUTUMN + 900.0, readings=[(AUTUMN + 60.0, 3.0, 0)]))
    with connect(database) as connection, pytest.raises(errors.RestrictViolation):
        connection.execute(query)


def test_readings_lie_within_the_window(database: str) -> None:
    """The database itself refuses a correction whose readings lie beyond what it corrects."""
    point_id = make_point(database, Corrected(kind="gauge", silent_s=300, period_s=60.0))
    beyond = Said(starts=AUTUMN, ends=AUTUMN + 900.0, readings=[(AUTUMN + 900.0, 3.0, 0)])
    with pytest.raises(StorageError, match="within its window"):
        make(database, point_id, beyond)


def test_corrections_are_listed_shown_and_withdrawn_once(database: str) -> None:
    """With who, why and file, day by day beside the raw readings; the audit log has both acts."""
    point, wrong, said = tenfold("gauge")
    point_id = make_point(database, point)
    store(database, point_id, wrong)
    number = make(database, point_id, said)
    with connect(database, autocommit=True) as connection:
        (listed,) = list_(connection)
        days = content(connection, number)
    assert (listed.number, listed.readings, listed.source, listed.withdrawn_at) == (number, 96, "file.csv", None)
    assert sum(day.readings for day in days) == sum(day.raw_readings for day in days) == 96
    assert days[0].raw_mean == pytest.approx(10 * (days[0].mean or 0))
    withdraw(database, [number], who="test", why="it was wrong")
    with pytest.raises(TransferError, match=f"withdrawn already: {number} by test"):
        withdraw(database, [number], who="test", why="again")
    with pytest.raises(TransferError, match="no correction 99"):
        withdraw(database, [99], who="test", why="none")
    with connect(database, autocommit=True) as connection:
        assert list_(connection) == []
        assert [one.withdrawn_why for one in list_(connection, withdrawn=True)] == ["it was wrong"]
        acts = connection.execute("SELECT what, who FROM audit_log WHERE what LIKE '%correct%' ORDER BY id").fetchall()
    assert acts == [("correct", "test"), ("withdraw_correction", "test")]
