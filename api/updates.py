"""The latest readings as the live stream carries them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from api.answers import quality
from api.live import Update
from storage import overview

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.pool import ReadPool


def latest_updates(pool: ReadPool) -> Mapping[int, Update]:
    """Return the latest reading of every point of every site, by point id."""
    with pool.connection() as connection:
        rows = overview.latest(connection)
    return {number: Update(row.site, _text(row)) for number, row in rows.items()}


def _text(row: overview.LatestRow) -> str:
    """Return the JSON object of one reading: a subset of what /latest answers."""
    return json.dumps(
        {
            "point": row.key,
            "value": row.value,
            "ts": row.ts.isoformat(),
            "quality": quality(row.quality).model_dump(by_alias=True),
        }
    )
