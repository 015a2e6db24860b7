"""The ledger: what came in, and what became of it, per gateway and minute of arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from storage.engine import storage_errors
from storage.statements import statement

if TYPE_CHECKING:
    from datetime import datetime

    from storage.engine import Connection

FORGOTTEN = "(SELECT coalesce(sum(entries), 0)::bigint FROM quarantine_forgotten)"
IMPORT = "import"  # the ledger's name for what came from files


@dataclass(frozen=True, kw_only=True)
class LedgerTotals:
    """The whole ledger added up."""

    received: int
    stored: int
    duplicate: int
    quarantined: int
    late: int  # of those stored: more than five minutes after their own time
    readings: int | None  # counted in the table; None where no audit was asked for
    refusals: int | None  # counted in the quarantine, likewise, with those it has forgotten
    balanced: bool  # every line adds up, and the tables agree where they were counted


class LedgerCounts(NamedTuple):
    """What one gateway took in, added up."""

    received: int
    stored: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One gateway's minute."""

    gateway: str
    minute: datetime
    received: int
    stored: int
    duplicate: int
    quarantined: int
    late: int


@dataclass(frozen=True, kw_only=True)
class DeviceLoss:
    """Messages of one boot of one device; boot -1 adds up those that are no longer kept one by one."""

    site: str
    device: str
    boot: int
    seen: int
    missing: int  # holes in the numbers: lost on the way, or still on it
    last_at: datetime


def totals(connection: Connection, *, audit: bool = False) -> LedgerTotals:
    """Add up the ledger; with `audit`, count the readings and the quarantine too and compare (slow on large tables).

    All figures are of one instant, also while gateways write.
    """
    counts = (
        f", (SELECT count(*) FROM reading), (SELECT count(*) FROM quarantine) + {FORGOTTEN}"
        if audit
        else ", NULL, NULL"
    )
    query = f"SELECT t.*{counts} FROM ({statement('ledger', 'totals').decode()}) AS t"
    with storage_errors("add up the ledger"):
        row = connection.execute(query.encode()).fetchone()
    assert row is not None  # noqa: S101 – an aggregate always answers
    received, stored, duplicate, quarantined, late, balanced, readings, refusals = row
    agrees = not audit or (readings == stored and refusals == quarantined)
    return LedgerTotals(
        received=received,
        stored=stored,
        duplicate=duplicate,
        quarantined=quarantined,
        late=late,
        readings=readings,
        refusals=refusals,
        balanced=balanced and agrees,
    )


def counts_of(connection: Connection, gateway: str) -> LedgerCounts:
    """Add up the ledger of one gateway (`IMPORT`: of all imports)."""
    with storage_errors("add up the ledger"):
        row = connection.execute(statement("ledger", "of_gateway"), {"gateway": gateway}).fetchone()
    assert row is not None  # noqa: S101 – an aggregate always answers
    return LedgerCounts(*row)


def summary(
    connection: Connection, start: datetime | None = None, end: datetime | None = None, *, limit: int = 1440
) -> list[LedgerLine]:
    """Return the ledger's lines with start ≤ minute < end, newest first."""
    with storage_errors("read the ledger"):
        rows = connection.execute(statement("ledger", "lines"), {"start": start, "end": end, "limit": limit}).fetchall()
    names = ("gateway", "minute", "received", "stored", "duplicate", "quarantined", "late")
    return [LedgerLine(**dict(zip(names, row, strict=True))) for row in rows]


def losses(connection: Connection) -> list[DeviceLoss]:
    """Return each boot of each device with the messages seen and missing."""
    with storage_errors("read the message numbers"):
        rows = connection.execute(statement("ledger", "losses")).fetchall()
    names = ("site", "device", "boot", "seen", "missing", "last_at")
    return [DeviceLoss(**dict(zip(names, row, strict=True))) for row in rows]
