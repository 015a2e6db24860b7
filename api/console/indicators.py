"""The key figures of a site: each derived point over the last stretch of time that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from api.console.render import quality_words
from api.console.view import value_text
from api.figures import decimals, symbol
from api.language import noted
from api.resolution import WIDTHS_S
from storage.derived import read_derived
from storage.series import VALUE_COLUMN, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.language import Words
    from storage.engine import Connection
    from storage.overview import AssetRow, PointRow

WIDTHS = (Resolution.QUARTER, Resolution.HOUR, Resolution.DAY)
WIDTH_WORDS = {"15m": noted("15 min"), "1h": noted("1 hour"), "1d": noted("1 day")}
LONGEST_DAY_S = 90_000.0  # the day on which clocks go back


@dataclass(frozen=True, kw_only=True)
class IndicatorView:
    """One row of the page."""

    key: str
    name: str
    asset: str
    text: str  # the value in the reader's language, or a dash
    unit: str
    mark: str  # quality in words, empty for good
    coverage: str  # share of the stretch that is known [%]
    width: str
    begin: datetime | None  # of the stretch; None where nothing was measured


def indicators(
    connection: Connection,
    known: Mapping[str, PointRow],
    assets: Mapping[str, AssetRow],
    *,
    now: datetime,
    say: Words,
) -> list[IndicatorView]:
    """Return the derived points in use with their latest values; `known` are all points of the site by key."""
    rows = [row for row in known.values() if row.derived is not None and not row.retired]
    return [_indicator(connection, row, known, assets, now=now, say=say) for row in rows]


def width_of(period_s: float) -> Resolution:
    """Return the narrowest width, a quarter of an hour or more, that has room for a period [s].

    >>> width_of(60.0), width_of(3600.0)
    (<Resolution.QUARTER: '15m'>, <Resolution.HOUR: '1h'>)
    """
    return next((width for width in WIDTHS if WIDTHS_S[width] >= period_s), Resolution.DAY)


def _indicator(
    connection: Connection,
    row: PointRow,
    known: Mapping[str, PointRow],
    assets: Mapping[str, AssetRow],
    *,
    now: datetime,
    say: Words,
) -> IndicatorView:
    width = width_of(row.period_s)
    width_s = LONGEST_DAY_S if width is Resolution.DAY else WIDTHS_S[width]
    columns = read_derived(connection, row, known, now - timedelta(seconds=4 * width_s), now, width)
    over = np.flatnonzero(columns["ts"] <= (now.timestamp() - width_s) * 1e6)
    last = int(over[-1]) if len(over) else None
    value = np.nan if last is None else float(columns[VALUE_COLUMN[row.kind]][last])
    coverage = 0.0 if last is None else float(columns["coverage"][last])
    asset = assets.get(row.asset)
    return IndicatorView(
        key=row.key,
        name=say.named(row.name, row.key),
        asset=row.asset if asset is None else say.named(asset.name, row.asset),
        text=value_text(value if np.isfinite(value) else None, row.kind, decimals(row.unit, row.kind), say),
        unit=symbol(row.unit, row.quantity),
        mark="" if last is None else quality_words(int(columns["quality"][last]), say),
        coverage=f"{say.number(100 * coverage, 0)} %",
        width=say(WIDTH_WORDS[width]),
        begin=None if last is None else datetime.fromtimestamp(columns["ts"][last] / 1e6, UTC),
    )
