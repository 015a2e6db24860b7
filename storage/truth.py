"""What a simulated port truly saved and which of its sensors lied: written beside its history, read to judge analyses.

The schema `truth` is open to its owner and to members of `quaymeter_truth` alone. What analyses, serves or reports
never imports this module and never holds that key.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import errors
from psycopg.types.json import Jsonb

from storage.engine import storage_errors
from storage.logins import TRUTH
from storage.statements import statement
from telemetry.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from storage.engine import Connection


@dataclass(frozen=True, kw_only=True)
class TruthRun:
    """One simulation of a site; the same six facts make the same readings, and a name has one content."""

    site: str
    scenario: str
    seed: int
    begins: date  # first simulated day
    step_s: int  # [s]
    content: str  # digest of the whole scenario; "" of a run that was kept before it was told
    code_version: str  # of who wrote last


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """A run that the database holds."""

    number: int
    run: TruthRun
    written_at: datetime
    first_day: date | None  # None where no day is kept
    last_day: date | None


class DayTruth(NamedTuple):
    """One point's use of one day of the site's calendar, with and without one demonstrator."""

    demonstrator: str
    point: str
    day: date
    without_measure: float  # [unit]
    with_measure: float  # [unit]
    unit: str  # canonical

    @property
    def saving(self) -> float:
        """What the demonstrator saved [unit]; negative where it cost."""
        return self.without_measure - self.with_measure


@dataclass(frozen=True, kw_only=True)
class FaultTruth:
    """One fault of one sensor."""

    point: str
    kind: str
    begins_at: datetime
    ends_at: datetime | None  # None: never mended
    size: float  # in the kind's own terms
    detail: Mapping[str, Any] = field(default_factory=dict)


def write(
    connection: Connection, run: TruthRun, *, days: Iterable[DayTruth] = (), faults: Iterable[FaultTruth] = ()
) -> int:
    """Keep days and faults of a run in one transaction; return the run's number. Written again, nothing changes.

    Raises
    ------
    ConfigurationError
        If this run of another content is kept: nothing is written then.
    """
    with _explained("write the truth"):
        parameters = {name: getattr(run, name) for name in TruthRun.__dataclass_fields__}
        row = connection.execute(statement("truth", "begin_run"), parameters).fetchone()
        if row is None:
            raise _of_another_content(run)
        number = int(row[0])
        with connection.cursor() as cursor:
            cursor.executemany(statement("truth", "keep_day"), [(number, *day) for day in days])
            cursor.executemany(statement("truth", "keep_fault"), [_fault_row(number, fault) for fault in faults])
        connection.commit()
    return number


def runs(connection: Connection, site: str = "") -> list[KeptRun]:
    """Return the runs of a site (of all sites, where none is named), the newest write first."""
    with _explained("read the truth"):
        rows = connection.execute(statement("truth", "runs"), {"site": site}).fetchall()
    return [
        KeptRun(number=row[0], run=_run(row[1:8]), written_at=row[8], first_day=row[9], last_day=row[10])
        for row in rows
    ]


def days_of(
    connection: Connection, run: int, *, demonstrator: str = "", first: date | None = None, last: date | None = None
) -> list[DayTruth]:
    """Return the days of a run from first to last, both included, by demonstrator, point and day."""
    parameters = {"run": run, "demonstrator": demonstrator, "first": first, "last": last}
    with _explained("read the truth"):
        return [DayTruth(*row) for row in connection.execute(statement("truth", "days"), parameters).fetchall()]


def faults_of(
    connection: Connection, run: int, *, first: date | None = None, last: date | None = None
) -> list[FaultTruth]:
    """Return the faults of a run that touch the days from first to last (of UTC), in order of time."""
    with _explained("read the truth"):
        rows = connection.execute(statement("truth", "faults"), {"run": run, "first": first, "last": last}).fetchall()
    names = tuple(FaultTruth.__dataclass_fields__)
    return [FaultTruth(**dict(zip(names, row, strict=True))) for row in rows]


def _of_another_content(run: TruthRun) -> ConfigurationError:
    return ConfigurationError(
        f"scenario {run.scenario} was another one when its history was brought in: the two would be mixed",
        place=f"truth of {run.site}, scenario {run.scenario}, seed {run.seed}, from {run.begins} by {run.step_s} s",
        cure="give the edited scenario another name, or take an empty database",
    )


def _run(row: Sequence[Any]) -> TruthRun:
    return TruthRun(**dict(zip(TruthRun.__dataclass_fields__, row, strict=True)))


def _fault_row(number: int, fault: FaultTruth) -> tuple[object, ...]:
    ends_at: object = "infinity" if fault.ends_at is None else fault.ends_at
    return (number, fault.point, fault.kind, fault.begins_at, ends_at, fault.size, Jsonb(dict(fault.detail)))


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Turn driver errors into ours; a login without the key is told what it lacks."""
    with storage_errors(place):
        try:
            yield
        except errors.InsufficientPrivilege as error:
            raise StorageError(
                "this login does not hold the key to the truth",
                place=f"database: {place}",
                cure=f"connect as a member of {TRUTH}, which the owner may name: GRANT {TRUTH} TO a_login_of_its_own",
            ) from error
