"""History of points at any resolution, as JSON or as a file of any length."""

import json
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
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
from storage import derived, overview, series
from storage.engine import Connection
from storage.series import Columns, Resolution

router = APIRouter(tags=["readings"], responses=responses(404, 406, 422, 503))
DEFAULT_WINDOW = timedelta(days=1)
DOWNLOAD_S = 900.0  # a download may take this long [s]


class Series(Record):
    """One point's readings as columns of equal length."""

    point: str = Field(examples=[KEY])
    unit: str = Field(description="UCUM code of the values.", examples=["Cel"])
    kind: str = Field(examples=["gauge"])
    derived: bool = Field(description="Whether it is a formula over other points.", examples=[False])
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
    known: Mapping[str, overview.PointRow]  # every point of the site by key
    start: datetime
    end: datetime
    resolution: Resolution

    @property
    def measured(self) -> list[int]:
        """Numbers of the points that were measured."""
        return [point.id for point in self.points if point.derived is None]

    @property
    def derived(self) -> list[overview.PointRow]:
        """The points that are derived from others."""
        return [point for point in self.points if point.derived is not None]


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
    the share of the bucket that is known (`coverage`). Derived points are their formula over the roll-ups of each
    bucket, levels in `mean` and amounts in `total`; they have no raw readings. JSON is bounded; the files are streamed
    and have no bound: raw ones in order of time, rolled-up ones point by point, derived points last.
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
    known = overview.points_by_key(connection, site.id)
    points = choose_points(known, query.keys, limit=parts.settings.max_points)
    end = query.end or datetime.now(UTC)
    start = query.start or end - DEFAULT_WINDOW
    if start >= end:
        raise refused("window", "`from` is not before `to`", place="from", cure="swap the two, or leave one out")
    resolution = _resolution(query.resolution, points, end - start)
    return Wanted(site=site.id, points=points, known=known, start=start, end=end, resolution=resolution)


def _resolution(wanted: WantedResolution, points: list[overview.PointRow], window: timedelta) -> Resolution:
    made = [point.key for point in points if point.derived is not None]
    if wanted is WantedResolution.AUTO:
        return suited(window.total_seconds(), min(point.period_s for point in points), raw=not made)
    if wanted is WantedResolution.RAW and made:
        raise refused(
            "derived-raw",
            f"{made[0]!r} is derived from the roll-ups of other points and has no raw readings",
            place="resolution",
            cure="ask for 1m, 15m, 1h, 1d or auto, or for its inputs",
        )
    return Resolution(wanted.value)


def _read(connection: Connection, wanted: Wanted, limit: int) -> dict[int, Columns]:
    """Return the columns that each point stands in, by its number; refuse more than `limit` rows in all."""
    window = (wanted.start, wanted.end, wanted.resolution)
    measured = series.readings(connection, wanted.measured, *window, limit)
    found, rows, truncated = dict.fromkeys(wanted.measured, measured), len(measured), measured.truncated
    for point in wanted.derived:
        if not truncated:
            found[point.id] = derived.read_derived(connection, point, wanted.known, *window, limit - rows)
            rows, truncated = rows + len(found[point.id]), found[point.id].truncated
    if truncated:
        raise refused(
            "too-many-readings",
            f"more than {limit} readings",
            place="readings",
            cure="ask for a coarser resolution, a shorter window, or format=csv, parquet or arrow, which have no limit",
        )
    return found


def _json(parts: Parts, query: ReadingsQuery) -> Response:
    with parts.pool.connection() as connection:
        wanted = _checked(parts, connection, query)
        columns = _read(connection, wanted, parts.settings.max_json_rows)
    listed = [json_columns(columns[point.id], point.id) for point in wanted.points]
    parts.metrics.rows.labels(Format.JSON).inc(sum(len(one["ts"]) for one in listed))
    body = {
        "site": wanted.site,
        "from": wanted.start.isoformat(),
        "to": wanted.end.isoformat(),
        "resolution": wanted.resolution,
        "series": [
            {
                "point": point.key,
                "unit": point.unit,
                "kind": point.kind,
                "derived": point.derived is not None,
                "columns": one,
            }
            for point, one in zip(wanted.points, listed, strict=True)
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
            batches = record_batches(_blocks(connection, wanted), keys, on_rows=parts.metrics.rows.labels(form).inc)
            first = [batch for batch in (next(batches, None),) if batch is not None]
            yield _name(wanted, form).encode()
            dialect = FRENCH if query.dialect == "fr" else PROGRAMS
            yield from encoded(chain(first, batches), schema_of(wanted.resolution), form, dialect)
    finally:
        parts.downloads.release()


def _blocks(connection: Connection, wanted: Wanted) -> Iterator[Columns]:
    """Yield what is asked for: measured points first, derived ones after."""
    window = (wanted.start, wanted.end, wanted.resolution)
    yield from series.stream_columns(connection, wanted.measured, *window)
    for point in wanted.derived:
        yield from derived.stream_derived(connection, point, wanted.known, *window)


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
