"""Corrections: new facts beside the raw readings, which stay. Made, looked at before, listed, shown, withdrawn.

Within the window of a correction in force its readings count and the raw ones do not; of several the newest decides.
What was rolled up there is asked for again, as for late data (see migrations/common/0015-corrections.sql).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from storage.arrays import Float8Array, Int2Array, TimeArray
from storage.engine import connect, storage_errors
from storage.rollups import refresh_waiting
from storage.statements import statement
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from storage.correction_file import Proposal, SourceFile
    from storage.engine import Connection


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One correction as it is kept."""

    number: int
    site: str
    point: str
    starts: datetime
    ends: datetime
    cadence_s: float | None
    readings: int  # 0: the raw readings are struck out
    who: str
    why: str
    source: str | None  # name of the file
    sha256: str | None
    made_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_why: str | None


@dataclass(frozen=True, kw_only=True)
class DayContent:
    """What a correction holds of one day of the site, beside the raw readings that it covers."""

    day: date
    readings: int
    mean: float | None
    raw_readings: int
    raw_mean: float | None


@dataclass(frozen=True, kw_only=True)
class DayFigure:
    """A point's day: mean of a gauge or state, increase of a counter, total of events."""

    value: float | None = None
    readings: int = 0
    coverage: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DayChange:
    """How a correction would change one day of one point."""

    point: str
    day: date
    unit: str
    before: DayFigure
    after: DayFigure


def correct(
    dsn: str, proposals: Sequence[Proposal], *, who: str, why: str, source: SourceFile | None = None
) -> list[Correction]:
    """Make corrections, one a proposal, all or none; `source` is the file, None where readings are struck out.

    Raises
    ------
    TransferError
        If one of them is in force already, or strikes out what is not there.
    """
    with storage_errors("correct readings"), connect(dsn) as connection:
        numbers = _make(connection, proposals, who=who, why=why, source=source)
        made = find(connection, numbers)
        windows = [f"{one.point} {one.starts.isoformat()} to {one.ends.isoformat()}" for one in made]
        detail = {"numbers": numbers, "windows": windows, "why": why, "source": source and source._asdict()}
        _audit(connection, who, "correct", made[0].site, detail)
        connection.commit()
    return made


def preview(dsn: str, proposals: Sequence[Proposal], *, source: SourceFile | None = None) -> list[DayChange]:
    """Return the days that these corrections would change, by point and day; nothing stays written.

    The roll-ups are made as they would be and taken back. Refreshers wait that long.
    """
    points = [proposal.point_id for proposal in proposals]
    with storage_errors("look ahead of a correction"), connect(dsn) as connection:
        refresh_waiting(connection, points)
        before = _days(connection, points)
        _make(connection, proposals, who="dry run", why="dry run", source=source)
        refresh_waiting(connection, points)
        after = _days(connection, points)
        connection.rollback()
    return [
        DayChange(point=key[0], day=key[1], unit=key[2], before=old, after=new)
        for key in sorted({*before, *after})
        if (old := before.get(key, DayFigure())) != (new := after.get(key, DayFigure()))
    ]


def list_(
    connection: Connection, *, site: str | None = None, point: str | None = None, withdrawn: bool = False
) -> list[Correction]:
    """Return corrections in force, the newest first; with `withdrawn`, the others too."""
    return _found(connection, {"site": site, "point": point, "withdrawn": withdrawn, "numbers": None})


def find(connection: Connection, numbers: Sequence[int]) -> list[Correction]:
    """Return corrections by number, in the order asked, whether in force or not.

    Raises
    ------
    TransferError
        If there is none of a number.
    """
    rows = _found(connection, {"site": None, "point": None, "withdrawn": True, "numbers": list(numbers)})
    found = {one.number: one for one in rows}
    missing = [str(number) for number in numbers if number not in found]
    if missing:
        raise TransferError(
            f"no correction {', '.join(missing)}", place="corrections", cure="quaymeter correct list --all has them all"
        )
    return [found[number] for number in dict.fromkeys(numbers)]


def counting(
    connection: Connection, site: str, points: Sequence[str], *, starts: datetime, ends: datetime,
    known_at: datetime | None = None,
) -> list[Correction]:  # fmt: skip
    """Return corrections of points that reach into a window, in force now or as of `known_at`, the oldest first."""
    asked = {"site": site, "points": list(points), "starts": starts, "ends": ends, "known_at": known_at}
    return _found(connection, asked, "reaching")


def content(connection: Connection, number: int) -> list[DayContent]:
    """Return what a correction holds, day by day of its site's calendar."""
    with storage_errors("show a correction"):
        rows = connection.execute(statement("corrections", "content"), {"number": number}).fetchall()
    return [
        DayContent(day=day, readings=readings, mean=mean, raw_readings=raw, raw_mean=raw_mean)
        for day, readings, mean, raw, raw_mean in rows
    ]


def withdraw(dsn: str, numbers: Sequence[int], *, who: str, why: str) -> list[Correction]:
    """Withdraw corrections, all or none: what counted before them counts again.

    Raises
    ------
    TransferError
        If there is none of a number, or it is withdrawn already.
    """
    with storage_errors("withdraw corrections"), connect(dsn) as connection:
        marked = connection.execute(
            statement("corrections", "withdraw"), {"numbers": list(numbers), "who": who, "why": why}
        ).rowcount
        known = find(connection, numbers)
        if marked < len(known):
            _refuse_withdrawn(connection, known)
        connection.execute(statement("corrections", "pend"), (list(numbers),))
        detail = {"numbers": [one.number for one in known], "why": why}
        _audit(connection, who, "withdraw_correction", known[0].site, detail)
        connection.commit()
    return known


def _refuse_withdrawn(connection: Connection, known: Sequence[Correction]) -> None:
    """Name the corrections that were withdrawn before this transaction marked the others."""
    connection.rollback()
    before = [one for one in find(connection, [one.number for one in known]) if one.withdrawn_at is not None]
    told = ", ".join(f"{one.number} by {one.withdrawn_by} at {one.withdrawn_at:%Y-%m-%d %H:%M} UTC" for one in before)
    raise TransferError(f"withdrawn already: {told}", place="corrections", cure="leave it out")


def _make(
    connection: Connection, proposals: Sequence[Proposal], *, who: str, why: str, source: SourceFile | None
) -> list[int]:
    """Write corrections and the notes for their roll-ups within the open transaction; return their numbers."""
    numbers = []
    for one in proposals:
        facts = {
            "point_id": one.point_id, "starts": one.starts, "ends": one.ends, "cadence_s": one.cadence_s,
            "who": who, "why": why, "source": source and source.name, "sha256": source and source.sha256,
        }  # fmt: skip
        _refuse_again(connection, one, facts)
        (number,) = _row(connection, "add", facts)
        if len(one.ts_us):
            columns = {"ts": TimeArray(one.ts_us), "value": Float8Array(one.value), "quality": Int2Array(one.quality)}
            connection.execute(statement("corrections", "add_readings"), {"number": number, **columns})
        numbers.append(number)
    connection.execute(statement("corrections", "pend"), (numbers,))
    return numbers


def _refuse_again(connection: Connection, proposal: Proposal, facts: dict[str, Any]) -> None:
    place = f"{proposal.point} from {proposal.starts.isoformat()} to {proposal.ends.isoformat()}"
    same = connection.execute(statement("corrections", "made_before"), facts).fetchone()
    if same is not None:
        number, later = same
        raise TransferError(
            f"the same is in force as correction {number}"
            + (f", and correction {later} took its place since" if later else ""),
            place=place,
            cure=f"to have it back: quaymeter correct withdraw {later}" if later else "nothing is left to do",
        )
    if not len(proposal.ts_us) and _row(connection, "counting", facts) == (0,):
        raise TransferError("no reading counts there", place=place, cure="check --from, --to and their zone")


def _row(connection: Connection, name: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    row = connection.execute(statement("corrections", name), parameters).fetchone()
    assert row is not None  # noqa: S101 – a count and an insert always answer
    return row


def _days(connection: Connection, points: Sequence[int]) -> dict[tuple[str, date, str], DayFigure]:
    rows = connection.execute(statement("corrections", "days"), (list(points),))
    return {(key, day, unit): DayFigure(value=value, readings=n, coverage=coverage)
            for key, day, unit, value, n, coverage in rows}  # fmt: skip


def _found(connection: Connection, asked: dict[str, Any], name: str = "list") -> list[Correction]:
    names = tuple(Correction.__dataclass_fields__)
    with storage_errors("read the corrections"):
        rows = connection.execute(statement("corrections", name), asked).fetchall()
    return [Correction(**dict(zip(names, row, strict=True))) for row in rows]


def _audit(connection: Connection, who: str, what: str, subject: str, detail: dict[str, Any]) -> None:
    parameters = {"who": who, "what": what, "subject": subject, "detail": Jsonb(detail)}
    connection.execute(statement("catalogue", "audit"), parameters)
