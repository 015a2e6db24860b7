"""Between microseconds since 1970 (inside) and zone-aware datetimes (at the door)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def from_us(microseconds: int) -> datetime:
    """Return the UTC datetime of `microseconds` since 1970-01-01."""
    return EPOCH + timedelta(microseconds=int(microseconds))


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC, exactly; a naive datetime is refused."""
    if moment.tzinfo is None:
        message = f"{moment.isoformat()} has no time zone"
        raise ValueError(message)
    return (moment - EPOCH) // MICROSECOND
