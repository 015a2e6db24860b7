"""Savings runs: kept whole with the input they were made of, one beside the other; none is ever changed or removed."""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace
from psycopg.types.json import Jsonb

from savings.record import encoded
from storage.demonstrators import demonstrator_number
from storage.engine import storage_errors
from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from savings.input_record import MeterInput, RunInput
    from savings.record import Figure, MeterRun, Run
    from storage.engine import Connection

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
CAUSES = ("nightly", "asked", "restated")


class FigureRow(NamedTuple):
    """The headline of one figure of a run; None where a finding forbids it."""

    meter: str
    name: Mapping[str, str]
    unit: str
    measured: float | None  # [unit]
    adjusted: float | None
    adjustments: float | None
    saving: float | None
    saving_low: float | None
    saving_high: float | None
    percent: float | None  # of the adjusted baseline
    percent_low: float | None
    percent_high: float | None
    money: float | None  # [EUR]
    money_low: float | None
    money_high: float | None
    carbon: float | None  # [t] of CO2 equivalent
    carbon_low: float | None
    carbon_high: float | None
    cv_rmse: float | None
    r2: float | None


class RunRow(NamedTuple):
    """A run without input and output."""

    id: int
    site: str
    demonstrator: str
    plan_revision: int
    known_at: datetime
    created_at: datetime
    cause: str  # nightly, asked, restated
    asked_by: str
    reporting_from: date
    reporting_to: date
    confidence: float
    input_sha256: str
    content_sha256: str
    run_sha256: str
    code_version: str
    stopped: bool
    standing: bool  # False: asked as it was known on an earlier day, beside the others
    superseded_by: int | None
    explanation: Mapping[str, Any]  # how it differs from the run before; {"first": true} where there was none
    figures: tuple[FigureRow, ...] = ()

    @property
    def current(self) -> bool:
        """Whether nothing has taken its place."""
        return self.standing and self.superseded_by is None


def code_version(versions: Mapping[str, str]) -> str:
    """Return the program and the methods of a run: either gives other figures from the same input."""
    return f"{versions.get('quaymeter', '')}+methods.{versions.get('methods', '1')}"


def content_sha256(given: RunInput) -> str:
    """Return the digest of what an input says: without the moment at which it was read, how often was read, and labels.

    The same content makes the same run. What a point is – accuracy class, calibration, unit – is content; names of
    points and of the site are not: a point that is called otherwise measures what it did.
    """
    said = replace(given, known_at=_NEVER, site_name="", meters=tuple(_content(meter) for meter in given.meters))
    return hashlib.sha256(encoded(said)).hexdigest()


def _content(meter: MeterInput) -> MeterInput:
    return replace(
        meter, drivers=tuple(replace(each, label={}) for each in meter.drivers),
        sources=tuple(replace(each, name={}, readings=0, bad_readings=0) for each in meter.sources),
    )  # fmt: skip


def save(
    connection: Connection,
    given: RunInput,
    run: Run,
    *,
    cause: str,
    asked_by: str,
    explanation: Mapping[str, Any] | None = None,
    standing: bool = True,
) -> int:
    """Keep a run with its input, in the place of the one that stood until now; return its id.

    With `standing` False it takes nobody's place: it was asked as it was known on an earlier day.
    """
    with storage_errors("keep a savings run"), connection.transaction():
        number = demonstrator_number(connection, given.site, given.plan.id)
        connection.execute(statement("savings", "lock_demonstrator"), (number,))
        parameters = _columns(given, run) | {
            "demonstrator": number, "cause": cause, "asked_by": asked_by, "standing": standing,
            "explanation": Jsonb(dict(explanation or {"first": True})),
        }  # fmt: skip
        row = connection.execute(statement("savings", "add_run"), parameters).fetchone()
        run_id = int(row[0]) if row else 0
        if standing:
            connection.execute(statement("savings", "add_succession"), {"run": run_id, "demonstrator": number})
        for meter in run.meters:
            connection.execute(statement("savings", "add_figure"), {"run": run_id, **_figure(meter)})
            if meter.daily is not None:
                connection.execute(statement("savings", "add_days"), {"run": run_id, **_days(meter)})
    return run_id


def runs(
    connection: Connection,
    site: str | None = None,
    demonstrator: str | None = None,
    *,
    current: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> list[RunRow]:
    """Return runs with their headlines, the newest first; `before` is the last id of the page before."""
    asked = {"site": site, "demonstrator": demonstrator, "current": current, "before": before, "limit": limit}
    return _runs(connection, asked | {"run": None})


def newest(connection: Connection, site: str, demonstrator: str) -> RunRow | None:
    """Return the run that stands; None where there is none yet."""
    found = runs(connection, site, demonstrator, current=True, limit=1)
    return found[0] if found else None


def run_row(connection: Connection, run_id: int) -> RunRow | None:
    """Return one run with its headlines; None where there is none."""
    asked = {"site": None, "demonstrator": None, "current": False, "before": None, "limit": 1, "run": run_id}
    found = _runs(connection, asked)
    return found[0] if found else None


def input_bytes(connection: Connection, run_id: int) -> bytes:
    """Return the JSON of a run's input, byte for byte (`savings.record.decode_input`); StorageError without a run."""
    return _unpacked(connection, "input", run_id)


def run_bytes(connection: Connection, run_id: int) -> bytes:
    """Return the JSON of a run, byte for byte (`savings.record.decode_run`); StorageError where there is none."""
    return _unpacked(connection, "output", run_id)


def _unpacked(connection: Connection, name: str, run_id: int) -> bytes:
    with storage_errors("read a savings run"):
        row = connection.execute(statement("savings", name), (run_id,)).fetchone()
    if row is None:
        raise StorageError(f"no savings run {run_id}", cure="list them: quaymeter demonstrators runs")
    return zlib.decompress(row[0])


def _runs(connection: Connection, asked: dict[str, Any]) -> list[RunRow]:
    with storage_errors("list savings runs"):
        rows = connection.execute(statement("savings", "runs"), asked).fetchall()
        figures: dict[int, list[FigureRow]] = {row[0]: [] for row in rows}
        for run_id, *columns in connection.execute(statement("savings", "figures"), (list(figures),)):
            figures[run_id].append(FigureRow(*columns))
    return [RunRow(*row)._replace(figures=tuple(figures[row[0]])) for row in rows]


def _columns(given: RunInput, run: Run) -> dict[str, Any]:
    data, result = encoded(given), encoded(run)
    return {
        "plan_revision": given.plan_revision,
        "known_at": given.known_at,
        "reporting_from": run.reporting_from,
        "reporting_to": run.reporting_to,
        "confidence": run.confidence,
        "input": zlib.compress(data),
        "input_sha256": hashlib.sha256(data).hexdigest(),
        "content_sha256": content_sha256(given),
        "run": zlib.compress(result),
        "run_sha256": hashlib.sha256(result).hexdigest(),
        "code_version": code_version(run.versions),
        "stopped": run.stopped,
    }


def _figure(meter: MeterRun) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "meter": meter.meter, "name": Jsonb(dict(meter.name)), "unit": meter.unit, "measured": meter.measured,
        "adjusted": meter.adjusted, "adjustments": meter.adjustments,
        "cv_rmse": meter.model.cv_rmse if meter.model else None, "r2": meter.model.r2 if meter.model else None,
    }  # fmt: skip
    for name in ("saving", "percent", "money", "carbon"):
        figure: Figure | None = getattr(meter, name)
        columns |= {
            name: figure.value if figure else None,
            f"{name}_low": figure.low if figure else None,
            f"{name}_high": figure.high if figure else None,
        }
    return columns


def _days(meter: MeterRun) -> dict[str, Any]:
    daily = meter.daily
    if daily is None:
        return {}
    names = ("measured", "adjusted", "adjustments", "saving", "cumulative")
    columns = {name: list(getattr(daily, name)) for name in names}
    days = [date.fromisoformat(day[:10]) for day in daily.day]
    bands = {"low": list(daily.cumulative_low), "high": list(daily.cumulative_high)}
    return {"meter": meter.meter, "day": days, **columns, **bands}
