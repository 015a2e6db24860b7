"""Corrections: what counts instead of wrong readings, who said so and why. Made with `quaymeter correct`, read here."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.choice import SiteQuery, choose_site
from api.parts import WithParts
from api.problems import not_found, responses
from api.schemas import KEY, Record
from storage import corrections
from telemetry.errors import TransferError

router = APIRouter(prefix="/corrections", tags=["trust"], responses=responses(404, 422, 503))
LARGEST_NUMBER = 2**31 - 1


class Correction(Record):
    """One correction: within its window its readings count and no others; the raw ones are kept."""

    number: int = Field(description="As runs name it in their `corrections`.", examples=[3])
    site: str = Field(examples=["north-quay"])
    point: str = Field(description="area/asset/name", examples=[KEY])
    starts: datetime = Field(description="First moment that is corrected.")
    ends: datetime = Field(description="Moment after the last.")
    cadence_s: float | None = Field(
        description="Of readings that are coarser than the point is live [s].", examples=[900.0]
    )
    readings: int = Field(description="0: nothing counts there, the raw readings are struck out.", examples=[672])
    who: str = Field(examples=["A. Martin"])
    why: str = Field(examples=["sent tenfold since the swap"])
    source: str | None = Field(description="Name of the file; null where it struck out.", examples=["meter.csv"])
    sha256: str | None = Field(description="Of the file.", examples=["9f86d081884c7d65…"])
    made_at: datetime
    withdrawn_at: datetime | None = Field(description="Null: in force.")
    withdrawn_by: str | None = Field(examples=["C. Petit"])
    withdrawn_why: str | None = Field(examples=["the file was of another meter"])


class CorrectedDay(Record):
    """What a correction holds of one day, beside the raw readings that it covers."""

    day: date = Field(description="Of the site.")
    readings: int = Field(examples=[96])
    mean: float | None = Field(
        description="[canonical unit of the point]; of a counter, of its register.", examples=[12.5]
    )
    raw_readings: int = Field(examples=[1440])
    raw_mean: float | None = Field(description="Likewise.", examples=[125.0])


class CorrectionDetail(Correction):
    """One correction, day by day."""

    days: list[CorrectedDay]


@router.get("", summary="What counts instead of wrong readings, the newest first")
def listed(
    parts: WithParts,
    *,
    site: SiteQuery = None,
    point: Annotated[str | None, Query(max_length=300, description="Only of this point: area/asset/name.")] = None,
    withdrawn: Annotated[bool, Query(description="Also those that were withdrawn.")] = False,
) -> list[Correction]:
    """List corrections in force; of several of one time the newest decides. What was withdrawn stays on record."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = corrections.list_(connection, site=chosen.id, point=point, withdrawn=withdrawn)
    return [Correction(**asdict(each)) for each in found]


@router.get("/{number}", summary="One correction, day by day")
def shown(parts: WithParts, number: Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]) -> CorrectionDetail:
    """Show a correction, in force or not, and its readings beside the raw ones by day."""
    with parts.pool.connection() as connection:
        try:
            (found,) = corrections.find(connection, [number])
        except TransferError as error:
            cure = "the list is at /api/v1/corrections?withdrawn=true"
            raise not_found("correction", f"there is no correction {number}", place="corrections", cure=cure) from error
        days = corrections.content(connection, number)
    return CorrectionDetail(**asdict(found), days=[CorrectedDay(**asdict(each)) for each in days])
