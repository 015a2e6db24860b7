"""Corrections: roll-ups of what counts, against the definition in plain Python; kept, guarded, withdrawn."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from storage import ledger
from storage.corrections import withdraw
from storage.engine import connect
from storage.rollups import rebuild, refresh, refresh_all
from telemetry.quality import Reason
from tests.storage.correcting import Corrected, Said, make
from tests.storage.test_history_cadence import grown, store_history
from tests.storage.test_rollups import AUTUMN, DAY, LEVELS, SPRING, check, make_point, readings_strategy, store, stored

if TYPE_CHECKING:
    from tests.storage.test_rollups import Reading

points = st.builds(
    Corrected,
    kind=st.sampled_from(["gauge", "state", "counter", "counter", "event"]),
    silent_s=st.sampled_from([90.0, 1200.0, 10_000.0, 3.0 * DAY]),
    period_s=st.sampled_from([30.0, 60.0, 3600.0, 86400.0]),
    modulus=st.sampled_from([None, 1000.0]),
)


def all_rows(dsn: str, point_id: int) -> dict[str, dict[float, dict[str, Any]]]:
    """Return the roll-ups of a point at every level."""
    return {level: stored(dsn, point_id, level) for level in LEVELS}


@st.composite
def said(draw: st.DrawFn, start: int) -> Said:
    """Draw a correction over part of the two days: other readings, or none."""
    first, last = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True)))
    starts, ends = float(start + first * 1800), float(start + last * 1800)
    rows = draw(readings_strategy(start, draw(st.sampled_from([60, 900])), 0))
    inside = [row for row in rows if starts <= row[0] < ends]
    cadence = draw(st.sampled_from([None, None, 900.0, 3600.0]))
    return Said(starts=starts, ends=ends, readings=inside, cadence_s=cadence if inside else None)


@settings(
    max_examples=int(os.environ.get("QUAYMETER_ROLLUP_EXAMPLES", "10")),  # 400 take some minutes
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), point=points)
def test_corrections_in_any_order_give_what_the_definition_says(
    database: str, data: st.DataObject, point: Corrected
) -> None:
    """Readings, late ones, history, corrections over each other and withdrawals, rolled up in between or not."""
    start = data.draw(st.sampled_from([SPRING, AUTUMN]))
    if point.kind == "counter" and data.draw(st.booleans()):
        point = replace(point, swaps=[(start + 36_000.0, 500.0, 3.0)])
    raw = data.draw(
        readings_strategy(start, data.draw(st.sampled_from([1, 60, 900])), data.draw(st.sampled_from([0, 4])))
    )
    cadence = data.draw(st.sampled_from([None, None, 900.0, 3600.0]))
    drafts = data.draw(st.lists(said(start), min_size=1, max_size=3))
    steps = data.draw(st.permutations([*range(len(drafts)), *range(len(drafts)), "first", "second"]))
    half = len(raw) // 2
    point_id = make_point(database, point)
    seen: list[Reading] = []
    made: dict[int, tuple[int, Said]] = {}
    for step in steps:
        if isinstance(step, str):
            part = raw[:half] if step == "first" else raw[half:]
            seen += part
            if part and step == "second" and cadence is not None:
                store_history(database, point_id, part, cadence)
                reach = (min(part)[0], max(part)[0], cadence)
                point = replace(point, stretches=grown(point.stretches, reach, point.silent_s))
            elif part:
                store(database, point_id, part)
        elif step in made:
            if data.draw(st.booleans()):
                withdraw(database, [made.pop(step)[0]], who="test", why="it was wrong")
        else:
            draft = drafts[step]
            counting = point.with_corrections([one for _, one in sorted(made.values(), key=lambda pair: pair[0])])
            if draft.readings or any(draft.starts <= row[0] < draft.ends for row in counting.counting(seen)):
                made[step] = (make(database, point_id, draft, name=f"{step}.csv"), draft)
        if data.draw(st.booleans()):
            refresh(database)
    refresh_all(database)
    point = point.with_corrections([one for _, one in sorted(made.values(), key=lambda pair: pair[0])])
    check(database, point_id, point, point.counting(raw))
    before = all_rows(database, point_id)
    rebuild(database, [point_id])
    check(database, point_id, point, point.counting(raw))
    assert {level: sorted(rows) for level, rows in before.items()} == {
        level: sorted(rows) for level, rows in all_rows(database, point_id).items()
    }


def tenfold(kind: str) -> tuple[Corrected, list[Reading], Said]:
    """Return a point, four days by the quarter of an hour of which the third was sent tenfold, and its correction."""
    point = Corrected(kind=kind, silent_s=1800, period_s=900.0)
    true = [(float(AUTUMN + 900 * k), 100.0 + k, 0) for k in range(4 * 96)]
    wrong = [
        (moment, value * (10 if 2 <= (moment - AUTUMN) / DAY < 3 else 1), quality) for moment, value, quality in true
    ]
    starts, ends = float(AUTUMN + 2 * DAY), float(AUTUMN + 3 * DAY)
    return point, wrong, Said(starts=starts, ends=ends, readings=[row for row in true if starts <= row[0] < ends])


@pytest.mark.parametrize("kind", ["gauge", "counter"])
def test_a_tenfold_day_is_put_right_beside_what_was_measured(any_engine_dsn: str, kind: str) -> None:
    """The roll-ups are right and marked, raw readings, latest values and ledger as before; withdrawn, all is back."""
    dsn = any_engine_dsn
    point, wrong, said = tenfold(kind)
    point_id = make_point(dsn, point)
    store(dsn, point_id, wrong)
    refresh_all(dsn)
    before = all_rows(dsn, point_id)
    kept = "SELECT ts, value, quality, received_at FROM reading ORDER BY ts", "SELECT * FROM point_latest"
    with connect(dsn, autocommit=True) as connection:
        untouched = [connection.execute(query).fetchall() for query in kept]
    number = make(dsn, point_id, said)
    refresh_all(dsn)
    check(dsn, point_id, point.with_corrections([said]), point.with_corrections([said]).counting(wrong))
    rows = stored(dsn, point_id, "15m")
    inside = [row for start, row in rows.items() if said.starts <= start < said.ends]
    assert {row["quality"] & Reason.SUBSTITUTED for row in inside} == {Reason.SUBSTITUTED}
    assert sum(row["quality"] & Reason.SUBSTITUTED != 0 for row in rows.values()) == 96 + (kind == "counter")
    with connect(dsn, autocommit=True) as connection:
        assert [connection.execute(query).fetchall() for query in kept] == untouched
        assert ledger.totals(connection, audit=True).balanced
    withdraw(dsn, [number], who="test", why="it was wrong")
    refresh_all(dsn)
    assert all_rows(dsn, point_id) == before


def test_a_corrected_register_joins_the_raw_ones_outside(database: str) -> None:
    """It gains from the raw reading before to the first corrected one, and from the last to the raw one after."""
    point = Corrected(kind="counter", silent_s=7200, period_s=3600.0)
    point_id = make_point(database, point)
    store(database, point_id, [(float(AUTUMN + 3600 * k), (0, 10, 9999, 30)[k], 0) for k in range(4)])
    make(database, point_id, Said(starts=AUTUMN + 7200.0, ends=AUTUMN + 10_800.0, readings=[(AUTUMN + 7200.0, 17, 0)]))
    refresh_all(database)
    rows = stored(database, point_id, "1h")
    assert [rows[AUTUMN + 3600 * k]["increase"] for k in range(3)] == [10, 7, 13]
    assert sum(row["resets"] for row in rows.values()) == 0


def test_a_day_of_25_hours_is_struck_out_and_filled(database: str) -> None:
    """Struck out, the local day is unknown; filled by the hour with its cadence, all 25 hours are known."""
    point = Corrected(kind="gauge", silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    midnight = AUTUMN + 10 * 3600  # in Paris, 26 October 2025
    day = Said(starts=float(midnight), ends=float(midnight + 25 * 3600))
    store(database, point_id, [(float(AUTUMN + 60 * k), 5.0, 0) for k in range(2 * 1440)])
    make(database, point_id, day)
    refresh_all(database)
    row = stored(database, point_id, "1d")[midnight]
    assert (row["n"], row["valid_s"]) == (0, 240)  # what the reading before held on
    hourly = [(float(midnight + 3600 * k), float(k), 0) for k in range(25)]
    make(database, point_id, replace(day, readings=hourly, cadence_s=3600.0))
    refresh_all(database)
    row = stored(database, point_id, "1d")[midnight]
    assert (row["n"], row["coverage"], row["mean"]) == (25, 1.0, pytest.approx(12.0))


def test_the_newest_of_two_decides_and_withdrawn_the_older_is_back(database: str) -> None:
    """Where two overlap the later one counts; the first counts again once the second is withdrawn."""
    point, wrong, first = tenfold("gauge")
    point_id = make_point(database, point)
    store(database, point_id, wrong)
    second = Said(starts=first.starts + 3600, ends=first.ends + 3600, readings=[(first.starts + 7200, 1.0, 0)])
    make(database, point_id, first)
    number = make(database, point_id, second, name="other.csv")
    refresh_all(database)
    both = point.with_corrections([first, second])
    check(database, point_id, both, both.counting(wrong))
    withdraw(database, [number], who="test", why="it was wrong")
    refresh_all(database)
    check(database, point_id, both.with_corrections([first]), both.with_corrections([first]).counting(wrong))


def test_a_late_reading_within_a_window_waits_for_its_withdrawal(database: str) -> None:
    """It is stored and in the ledger, and counts when the correction is withdrawn, not before."""
    point = Corrected(kind="event", silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    store(database, point_id, [(float(AUTUMN), 2.0, 0)])
    number = make(database, point_id, Said(starts=AUTUMN, ends=AUTUMN + 900.0, readings=[(AUTUMN, 3.0, 0)]))
    store(database, point_id, [(AUTUMN + 60.0, 5.0, 0)])
    refresh_all(database)
    assert stored(database, point_id, "15m")[AUTUMN]["total"] == 3.0
    withdraw(database, [number], who="test", why="it was wrong")
    refresh_all(database)
    assert stored(database, point_id, "15m")[AUTUMN]["total"] == 7.0


HOURLY = Said(
    starts=AUTUMN, ends=AUTUMN + 3600.0, readings=[(AUTUMN, 7.0, 0), (AUTUMN + 3000.0, 8.0, 0)], cadence_s=3600.0
)
WEEKLY = Said(
    starts=AUTUMN, ends=AUTUMN + 21.0 * DAY, cadence_s=7.0 * DAY,
    readings=[(AUTUMN + 7.0 * DAY * week, 100.0 * week, 0) for week in range(3)],
)  # fmt: skip


@pytest.mark.parametrize(("kind", "said"), [("gauge", HOURLY), ("counter", WEEKLY)])
def test_a_coarse_correction_holds_beyond_its_window(database: str, kind: str, said: Said) -> None:
    """Its last reading holds as its cadence says, until live readings come; withdrawn, nothing of that is left."""
    point = Corrected(kind=kind, silent_s=300, period_s=60.0)
    point_id = make_point(database, point)
    live = [(said.starts - 60.0, 0.0, 0), (said.starts + 60.0, 5.0, 0), (said.ends + 2400.0, 300.0, 0)]
    store(database, point_id, live)
    refresh_all(database)
    number = make(database, point_id, said)
    refresh_all(database)
    corrected = point.with_corrections([said])
    check(database, point_id, corrected, corrected.counting(live))
    assert sum(row["valid_s"] for row in stored(database, point_id, "1d").values()) > said.ends - said.starts
    withdraw(database, [number], who="test", why="it was wrong")
    refresh_all(database)
    check(database, point_id, point, live)


@pytest.mark.parametrize("kind", ["gauge", "counter"])
def test_days_struck_out_after_coarse_history_are_bridged_from_it(database: str, kind: str) -> None:
    """The neighbour of what follows is then in the history, whose rows are coarser than those that went away."""
    point = Corrected(kind=kind, silent_s=3.0 * DAY, period_s=30.0, stretches=[(AUTUMN - 7200.0, AUTUMN, 3600.0)])
    point_id = make_point(database, point)
    history = [(AUTUMN - 3600.0 * k, 100.0 - k, 0) for k in range(3)]
    live = [(AUTUMN + 60.0 + 1800 * k, 110.0 + k, 0) for k in range(100)]
    store_history(database, point_id, history, 3600.0)
    store(database, point_id, live)
    refresh_all(database)
    struck = Said(starts=AUTUMN + 30.0, ends=AUTUMN + 37 * 3600.0)
    make(database, point_id, struck)
    refresh_all(database)
    point = point.with_corrections([struck])
    check(database, point_id, point, point.counting([*history, *live]))


def test_only_what_a_correction_reaches_is_written_again(database: str) -> None:
    """Rows of other times and of other points keep the version they had."""
    point, wrong, said = tenfold("counter")
    point_id, other = make_point(database, point), make_point(database, point)
    query = "SELECT point_id, date_part('epoch', bucket), xmin::text, ctid::text FROM reading_15m"
    for each in (point_id, other):
        store(database, each, wrong)
    refresh_all(database)
    with connect(database, autocommit=True) as connection:
        before = set(connection.execute(query).fetchall())
        make(database, point_id, said)
        refresh_all(database)
        after = set(connection.execute(query).fetchall())
    assert {(row[0], row[1]) for row in after - before} == {
        (point_id, start) for start in range(int(said.starts) - 900, int(said.ends), 900)
    }
