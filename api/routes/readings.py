"""History of points at any resolution, as JSON or as a file of any length."""

import json
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import chain
from typing import Annotated, Any, Literal

import anyio
from anyio import to_thread
from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.batches import NO_JSON, json_columns, record_batches, schema_of
from api.choice import choose_points, choose_site
from api.formats import FRENCH, MEDIA_TYPES, PROGRAMS, Format, encoded, wanted_format
from api.parts import Parts, WithParts
from api.problems import ProblemError, refused, responses
from api.resolution import WantedResolution, suited
from api.schemas import KEY, Record
from api.times import Moment
from storage import overview, series
from storage.engine import Connection
from storage.series import Resolution

router = APIRouter(tags=["readings"], responses=responses(404, 406, 422, 503))
DEFAULT_WINDOW = timedelta(days=1)
DOWNLOAD_S = 900.0  # a download may take this long [s]


class Series(Record):
    """One point's readings as columns of equal length."""

    point: str = Field(examples=[KEY])
    unit: str = Field(description="UCUM code of the values.", examples=["Cel"])
    kind: str = Field(examples=["gauge"])
    columns: dict[str, list[Any]] = Field(
        description="Raw: ts, value, quality, received_at. Rolled up: ts (start of the bucket), n, n_bad, mean, "
        "minimum, maximum, increase (counters), total (events), valid_s, spread_s, coverage, resets, quality.",
        examples=[{"ts": ["2026-11-22T03:00:00Z"], "mean": [-21.4], "coverage": [1.0]}],
    )


class Readings(Record):
    """The readings of some points in a window of time."""

    site: str = Field(examples=["north-quay"])
    start: datetime = Field(alias="from", examples=["2026-11-21T00:00:00Z"])
    end: datetime = Field(alias="to", examples=["2026-11-22T00:00:00Z"])
    resolution: Resolution = Field(description="What `auto` chose, or what was asked for.", examples=["1h"])
    series: list[Series]


class ReadingsQuery(BaseModel):
    """Which readings, how fine, and as what."""

    site: str | None = Field(None, max_length=100, description="Site id; may be left out where there is one site.")
    points: list[str] = Field(
        default=[], max_length=1000, description="Keys, repeated or separated by commas.", examples=[[KEY]]
    )
    start: Moment | None = Field(None, alias="from", description="First time; a day before `to` if left out.")
    end: Moment | None = Field(None, alias="to", description="End, not included; now if left out.")
    resolution: WantedResolution = Field(
        WantedResolution.AUTO, description="`auto` gives at most about 1,500 values of a point."
    )
    format: Format | None = Field(None, description="Wins over the Accept header.")
    dialect: Literal["programs", "fr"] = Field(
        "programs", description="CSV only: `fr` has semicolons and decimal commas, as French spreadsheets expect."
    )

    @property
    def keys(self) -> list[str]:
        """The keys asked for."""
        return [key.strip() for text in self.points for key in text.split(",") if key.strip()]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A request that was checked."""

    site: str
    points: list[overview.PointRow]
    start: datetime
    end: datetime
    resolution: Resolution


@router.get(
    "/readings",
    summary="Readings, raw or rolled up, as JSON, CSV, Parquet or Arrow",
    response_class=Response,
    responses={200: {"model": Readings, "content": {MEDIA_TYPES[form].partition(";")[0]: {"example": NO_JSON[form]}
                                                     for form in NO_JSON}}},
)  # fmt: skip
async def readings(
    parts: WithParts,
    query: Annotated[ReadingsQuery, Query()],
    accept: Annotated[str, Header(max_length=500, description="Chooses the format where `format` does not.")] = "",
) -> Response:
    """Return readings of points in a window of time.

    Gauges and states come as time-weighted means, counters as increase within the bucket, events as totals, each with
    the share of the bucket that is known (`coverage`). JSON is bounded; the files are streamed and have no bound: raw
    ones in order of time, rolled-up ones point by point.
    """
    form = wanted_format(query.format, accept)
    if form is None:
        raise ProblemError(
            HTTPStatus.NOT_ACCEPTABLE,
            "format",
            f"none of our formats fits {accept!r:.100}",
            place="Accept",
            cure="ask for one of: " + ", ".join(media.partition(";")[0] for media in MEDIA_TYPES.values()),
        )
    if form is Format.JSON:
        return await run_in_threadpool(_json, parts, query)
    return await _file(parts, query, form)


def _checked(parts: Parts, connection: Connection, query: ReadingsQuery) -> Wanted:
    site = choose_site(connection, query.site)
    points = choose_points(connection, site.id, query.keys, limit=parts.settings.max_points)
    end = query.end or datetime.now(UTC)
    start = query.start or end - DEFAULT_WINDOW
    if start >= end:
        raise refused("window", "`from` is not before `to`", place="from", cure="swap the two, or leave one out")
    if query.resolution is WantedResolution.AUTO:
        resolution = suited((end - start).total_seconds(), min(point.period_s for point in points))
    else:
        resolution = Resolution(query.resolution.value)
    return Wanted(site=site.id, points=points, start=start, end=end, resolution=resolution)


def _json(parts: Parts, query: ReadingsQuery) -> Response:
    limit = parts.settings.max_json_rows
    with parts.pool.connection() as connection:
        wanted = _checked(parts, connection, query)
        ids = [point.id for point in wanted.points]
        columns = series.readings(connection, ids, wanted.start, wanted.end, wanted.resolution, limit)
    if columns.truncated:
        raise refused(
            "too-many-readings",
            f"more than {limit} readings",
            place="readings",
            cure="ask for a coarser resolution, a shorter window, or format=csv, parquet or arrow, which have no limit",
        )
    parts.metrics.rows.labels(Format.JSON).inc(len(columns))
    body = {
        "site": wanted.site,
        "from": wanted.start.isoformat(),
        "to": wanted.end.isoformat(),
        "resolution": wanted.resolution,
        "series": [
            {"point": point.key, "unit": point.unit, "kind": point.kind, "columns": json_columns(columns, point.id)}
            for point in wanted.points
        ],
    }
    return Response(json.dumps(body, allow_nan=False), media_type="application/json")


async def _file(parts: Parts, query: ReadingsQuery, form: Format) -> Response:
    chunks = _chunks(parts, query, form)
    name = await to_thread.run_sync(next, chunks)  # what is wrong with the request comes out here
    disposition = f'attachment; filename="{name.decode()}"'
    return StreamingResponse(
        _streamed(chunks), media_type=MEDIA_TYPES[form], headers={"Content-Disposition": disposition}
    )


def _chunks(parts: Parts, query: ReadingsQuery, form: Format) -> Generator[bytes, None, None]:
    """Yield the name of the file, then its bytes; gives back connection and turn when it is closed."""
    if not parts.downloads.acquire(blocking=False):
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            f"{parts.settings.max_streams} downloads are running already",
            place="readings",
            cure="try again when one of them has ended",
        )
    try:
        with parts.pool.connection(statement_timeout_s=DOWNLOAD_S) as connection:
            wanted = _checked(parts, connection, query)
            keys = {point.id: point.key for point in wanted.points}
            blocks = series.stream_columns(connection, list(keys), wanted.start, wanted.end, wanted.resolution)
            batches = record_batches(blocks, keys, on_rows=parts.metrics.rows.labels(form).inc)
            first = [batch for batch in (next(batches, None),) if batch is not None]
            yield _name(wanted, form).encode()
            dialect = FRENCH if query.dialect == "fr" else PROGRAMS
            yield from encoded(chain(first, batches), schema_of(wanted.resolution), form, dialect)
    finally:
        parts.downloads.release()


def _name(wanted: Wanted, form: Format) -> str:
    what = wanted.points[0].key.replace("/", "_") if len(wanted.points) == 1 else f"{len(wanted.points)}_points"
    return f"{wanted.site}_{what}_{wanted.start:%Y%m%d}_{wanted.end:%Y%m%d}_{wanted.resolution}.{form}"


async def _streamed(chunks: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """Walk a generator in threads, and close it also when the client goes away."""
    try:
        while (chunk := await to_thread.run_sync(next, chunks, None)) is not None:
            if chunk:
                yield chunk
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(chunks.close)
