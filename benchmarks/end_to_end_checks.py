"""What must change a savings run, and what must not: events, late and corrected readings, a swap, the clocks."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from storage.catalogue import apply_site, load_catalogue
from storage.correction_file import from_file, source_of
from storage.corrections import correct, withdraw
from storage.engine import connect
from storage.events_nonroutine import accept, events
from storage.rollups import rebuild
from storage.savings_runs import newest
from storage.transfer import ImportMapping, import_history
from telemetry.plan import EventMethod
from telemetry.site import MeterSwap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from savings.record import Run
    from storage.engine import Connection
    from telemetry.plan import NonRoutineEvent
    from telemetry.site import Site

    Again = Callable[[str], Run]

EVENT, EVENT_DEMONSTRATOR = (date(2026, 4, 1), date(2026, 4, 30)), "seawater-condenser"  # frozen store 1 stands still
LATE = ("seawater-for-water", "fillets/water/volume", date(2026, 3, 10), 5)  # the meter's days that come late
CORRECTED = ("seawater-condenser", "quay/weather/t_air", date(2026, 2, 3), 3)  # a probe that was 2 K off
SWAP = ("seawater-for-water", "fillets/water/volume", datetime(2026, 5, 12, 9, tzinfo=UTC))
CLOCK_DAYS = {"2025-10-26": 25.0, "2026-03-29": 23.0}
DAYS_OFF = 3  # of a suggestion's ends, to be taken for the event
SAME = 1e-6  # of a figure: what sums of registers in another order leave


def event_check(
    connection: Connection, site: Site, again: Callable[[str], tuple[Run, list[dict[str, Any]]]]
) -> dict[str, Any]:
    """Look for the event that the scenario has, agree to it, and see whether the figure comes nearer to the truth."""
    found = [
        row for row in events(connection, site.id, EVENT_DEMONSTRATOR)
        if max(abs((row.event.first_day - EVENT[0]).days), abs((row.event.last_day - EVENT[1]).days)) <= DAYS_OFF
    ]  # fmt: skip
    _, (before,) = again(EVENT_DEMONSTRATOR)
    for row in found:
        accept(connection, site.id, EVENT_DEMONSTRATOR, row.key, who="A. Martin", reason="maintenance log")
    run, (after,) = again(EVENT_DEMONSTRATOR)
    days = [f"{row.event.first_day} to {row.event.last_day}" for row in found]
    adjusted = [each.amount for each in run.meters[0].events]
    left_out = [
        each.event.method is EventMethod.EXCLUDED and not _summed(run, each.event) for each in run.meters[0].events
    ]
    settled = all(out or amount is not None for out, amount in zip(left_out, adjusted, strict=True))
    nearer = abs(after["error_percent"]) < abs(before["error_percent"])
    return {
        "was": f"{EVENT[0]} to {EVENT[1]}", "suggested": days, "adjusted": adjusted, "left_out": left_out,
        "before": before, "after": after, "as_it_must_be": bool(found) and settled and nearer,
    }  # fmt: skip


def _summed(run: Run, event: NonRoutineEvent) -> bool:
    """Whether a day of an event is in the figure."""
    daily = run.meters[0].daily
    return daily is not None and any(str(event.first_day) <= day <= str(event.last_day) for day in daily.day)


def dst_days(dsn: str, site: Site, again: Again) -> dict[str, Any]:
    """Hold the measured use of days of 23 and 25 hours against the registers at their local midnights."""
    demonstrator, point = LATE[:2]
    run = again(demonstrator)
    daily, fit = run.meters[0].daily, run.meters[0].fit
    measured = dict(zip(daily.day, daily.measured, strict=True)) if daily else {}
    if fit:  # the days of the baseline
        measured |= {start[:10]: value for start, value in zip(fit.start, fit.measured, strict=True)}
    said: dict[str, Any] = {}
    with connect(dsn, autocommit=True) as connection:
        for day, hours in CLOCK_DAYS.items():
            first = datetime.combine(date.fromisoformat(day), datetime.min.time(), site.timezone)
            last = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), site.timezone)
            length = (last.astimezone(UTC) - first.astimezone(UTC)).total_seconds() / 3600
            registers = _register(connection, site, point, last) - _register(connection, site, point, first)
            said[day] = {"hours": length, "register_difference": round(registers, 6), "measured": measured.get(day)}
            said[day]["agrees"] = (
                length == hours and day in measured and abs(measured[day] - registers) <= SAME * abs(registers)
            )
    return {"days": said, "as_it_must_be": all(each["agrees"] for each in said.values())}


def late_and_corrected(dsn: str, site: Site, again: Again) -> dict[str, Any]:
    """Let a meter's days come late and a probe be corrected, and see whether the new run says which days of what."""
    demonstrator, point, first, days = LATE
    window = _window(site, first, days)
    readings = _take_out(dsn, site, point, *window)
    rebuild(dsn, [_number(dsn, site, point)])
    lacking = again(demonstrator)
    with tempfile.TemporaryDirectory() as folder:
        file = _write(Path(folder) / "late.csv", point, readings)
        mapping = ImportMapping(canonical=True)
        import_history(dsn, file, site=site.id, mapping=mapping, who="benchmark", cadence_s=3600)
        whole = again(demonstrator)
        late = _explained(dsn, site, demonstrator, point)
        probe, key, begin, length = CORRECTED
        before = again(probe)
        warmer = [(ts, value + 2.0) for ts, value in _readings(dsn, site, key, *_window(site, begin, length))]
        file = _write(Path(folder) / "corrected.csv", key, warmer)
        catalogue = load_catalogue(dsn, site.id)
        proposals = from_file(file, catalogue, ImportMapping(canonical=True), cadence_s=3600)
        made = correct(dsn, proposals, who="A. Martin", why="probe calibrated: 2 K low", source=source_of(file))
        after = again(probe)
        corrected = _explained(dsn, site, probe, key)
        withdraw(dsn, [each.number for each in made], who="A. Martin", why="end of the check")
        back = again(probe)
    asked = [str(first + timedelta(days=number)) for number in range(days)]
    named = sorted(set(asked) & set(late["days"]))
    moved = [str(begin + timedelta(days=number)) for number in range(length)]
    return {
        "late": {**late, "saving_without": _value(lacking), "saving": _value(whole)},
        "corrected": {**corrected, "saving_before": _value(before), "saving": _value(after), "withdrawn": _value(back)},
        "as_it_must_be": late["cause"] == "restated" and named == asked and corrected["cause"] == "restated"
        and set(moved) <= set(corrected["days"]) and _value(after) != _value(before)
        and abs(_value(back) - _value(before)) <= SAME * abs(_value(before)),
    }  # fmt: skip


def swap_check(dsn: str, site: Site, again: Again) -> dict[str, Any]:
    """Swap a meter for one that begins at 0, declare it, and see whether the saving stays what it was."""
    demonstrator, point, at = SWAP
    before = again(demonstrator)
    with connect(dsn, autocommit=True) as connection:
        register = _register(connection, site, point, at)
        connection.execute(
            "UPDATE reading SET value = value - %s WHERE point_id = %s AND ts >= %s",
            (register, _number(dsn, site, point), at),
        )
    rebuild(dsn, [_number(dsn, site, point)])
    swap = MeterSwap(point=point, at=at, register_before=register, register_after=0.0, by="A. Martin")
    apply_site(dsn, replace(site, meter_swaps=(swap,)), who="benchmark")
    after = again(demonstrator)
    same = abs(_value(after) - _value(before)) <= SAME * abs(_value(before))
    return {"register": register, "saving_before": _value(before), "saving": _value(after), "as_it_must_be": same}


def _explained(dsn: str, site: Site, demonstrator: str, point: str) -> dict[str, Any]:
    """Return what the newest run says of the one before it about a point."""
    with connect(dsn, autocommit=True) as connection:
        row = newest(connection, site.id, demonstrator)
    if row is None:
        return {"cause": "", "days": []}
    rows = [each for each in row.explanation.get("rows", ()) if each["point"] == point]
    days = sorted({str(each["start"])[:10] for each in rows})
    return {"cause": row.cause, "changed": row.explanation.get("changed"), "point": point, "days": days,
            "effects": row.explanation.get("effects")}  # fmt: skip


def _value(run: Run) -> float:
    saving = run.meters[0].saving
    return float("nan") if saving is None else saving.value


def _window(site: Site, first: date, days: int) -> tuple[datetime, datetime]:
    """Return local midnights as instants."""
    begin = datetime.combine(first, datetime.min.time(), site.timezone)
    end = datetime.combine(first + timedelta(days=days), datetime.min.time(), site.timezone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _number(dsn: str, site: Site, point: str) -> int:
    return load_catalogue(dsn, site.id).points[point].point_id


def _register(connection: Connection, site: Site, point: str, at: datetime) -> float:
    """Return a register at an instant, between the readings around it by time."""
    own = (
        "SELECT r.ts, r.value FROM reading AS r JOIN point AS p ON p.id = r.point_id JOIN site AS s ON s.id = p.site_id"
        " WHERE s.key = %(site)s AND p.key = %(point)s AND r.ts"
    )
    rows = connection.execute(
        f"({own} <= %(at)s ORDER BY r.ts DESC LIMIT 1) UNION ALL ({own} > %(at)s ORDER BY r.ts LIMIT 1)",
        {"site": site.id, "point": point, "at": at},
    ).fetchall()
    (begin, low), (end, high) = rows
    return float(low + (high - low) * ((at - begin) / (end - begin)))


def _readings(dsn: str, site: Site, point: str, begin: datetime, end: datetime) -> list[tuple[datetime, float]]:
    with psycopg.connect(dsn) as connection:
        query = "SELECT ts, value FROM reading WHERE point_id = %s AND ts >= %s AND ts < %s ORDER BY ts"
        return connection.execute(query, (_number(dsn, site, point), begin, end)).fetchall()


def _take_out(dsn: str, site: Site, point: str, begin: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """Make readings never have come, as the owner of the database alone can, and return them."""
    readings = _readings(dsn, site, point, begin, end)
    with psycopg.connect(dsn) as connection:
        query = "DELETE FROM reading WHERE point_id = %s AND ts >= %s AND ts < %s"
        connection.execute(query, (_number(dsn, site, point), begin, end))
    return readings


def _write(path: Path, point: str, readings: Sequence[tuple[datetime, float]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("ts", "point", "value"))
        writer.writerows((ts.astimezone(UTC).isoformat(), point, repr(value)) for ts, value in readings)
    return path
