"""A file of corrected readings restates the run that rests on them, and the explanation names the days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.record import decode_input
from storage.catalogue import apply_site, load_catalogue
from storage.correction_file import from_file, source_of
from storage.corrections import correct, withdraw
from storage.engine import connect
from storage.rollups import refresh_all
from storage.savings_runs import input_bytes, run_row
from storage.times import from_us
from storage.transfer import ImportMapping
from tests.storage.aligned_site import a_plan, a_site, midnight_s, steady, steps, store
from worker.run_input import run_input
from worker.savings_runs import SETTLED, due, make_run

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST, WRONG = date(2025, 3, 27), date(2025, 4, 3), date(2025, 3, 29)
PLAN = a_plan(FIRST, date(2025, 3, 31), date(2025, 4, 1))
NOW = datetime(2025, 4, 3, 1, tzinfo=UTC)  # 03:00 in Paris: the second of April is over, and settled


def test_a_file_of_corrected_readings_restates_the_run(database: str, tmp_path: Path) -> None:
    """The days that a tenfold register spoilt are named with both figures; withdrawn, they are what they were."""
    apply_site(database, a_site(PLAN), who="test")
    ts = np.append(steps(FIRST, LAST), midnight_s(LAST) + np.arange(0, 3600, 900))
    columns = steady(ts, int(ts[0]))
    at, gas = columns["gas"]
    wrong = (at >= midnight_s(WRONG)) & (at < midnight_s(WRONG + timedelta(days=1)))
    store(database, columns | {"gas": (at, np.where(wrong, 10 * gas, gas))}, received=NOW)
    path = tmp_path / "gas.csv"
    rows = [
        f"{from_us(int(when) * 1_000_000).isoformat()},{value}"
        for when, value in zip(at[wrong], gas[wrong], strict=True)
    ]
    path.write_text("\n".join(["when,gas", *rows, ""]))
    with connect(database, autocommit=True) as connection:
        first = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
        mapping = ImportMapping(time="when", points={"gas": "quay/pump/gas"})
        proposals = from_file(path, load_catalogue(database, "quay"), mapping)
        (made,) = correct(database, proposals, who="test", why="tenfold", source=source_of(path))
        refresh_all(database)
        assert list(due(connection, now=NOW)) == [("quay", "heat")]
        second = make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
        row = run_row(connection, second.run_id)
        assert row is not None
        assert (second.cause, row.explanation["changed"]) == ("restated", ["readings"])
        told = [each for each in row.explanation["rows"] if each["point"] == "quay/pump/gas"]
        # The tenfold register was also what the day before ended in.
        assert [(each["start"][:10], each["after"]) for each in told] == [
            (str(WRONG - timedelta(days=1)), pytest.approx(120.0)), (str(WRONG), pytest.approx(120.0))
        ]  # fmt: skip
        assert told[0]["before"] > 2000
        assert row.explanation["corrections"] == [made.number]
        (said,) = decode_input(input_bytes(connection, second.run_id)).corrections
        assert (said.number, said.point, said.who, said.why) == (made.number, "quay/pump/gas", "test", "tenfold")
        assert (said.readings, said.source, said.made_at) == (96, "gas.csv", made.made_at)
        assert (said.starts, said.ends) == (made.starts, made.ends)
        before = made.made_at - timedelta(seconds=1)
        assert run_input(connection, "quay", "heat", known_at=before, last_day=date(2025, 4, 2)).corrections == ()
        withdraw(database, [made.number], who="test", why="of another meter")
        refresh_all(database)
        make_run(connection, "quay", "heat", cause="nightly", asked_by="worker", settled=SETTLED, now=NOW)
        again = run_row(connection, second.run_id)
        assert again is not None
        assert again.superseded_by is not None
        assert decode_input(input_bytes(connection, again.superseded_by)).corrections == ()
        known = run_input(connection, "quay", "heat", known_at=made.made_at, last_day=date(2025, 4, 2))
        assert [each.number for each in known.corrections] == [made.number]
        last = run_row(connection, again.superseded_by)
        assert last is not None
        assert again.superseded_by != first.run_id
        assert [
            (each["before"], each["after"]) for each in last.explanation["rows"] if each["point"] == "quay/pump/gas"
        ] == [(each["after"], each["before"]) for each in told]
