"""The drawings of a savings run: the saving as it adds up, and what was used against what would have been."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from api.console.charts import Frame, Trend, draw
from api.console.timeaxis import ticks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from markupsafe import Markup
    from numpy.typing import NDArray

    from api.language import Words
    from savings.input_record import Column
    from savings.record import DailyColumns

DAY_S = 86_400.0
SIZES = ((960, 300, 72, "wide-chart"), (380, 250, 58, "narrow"))  # width, height, room for the axis [px], css
LAST = 0.03  # of the width: a mark so near the edge has no room for its label
WEEKS_FROM = 100  # days; beyond, days are drawn as means of a week


class Picture(NamedTuple):
    """What a drawing needs beside its numbers."""

    zone: ZoneInfo
    say: Words
    title: str


def cumulative(daily: DailyColumns, picture: Picture) -> list[Markup]:
    """Return the sum of the saving with its interval, wide and narrow; a line across marks zero."""
    at = starts(daily.day, picture.zone)
    return list(
        _drawn(
            picture,
            Trend(
                at=at, value=np.array(daily.cumulative), bad=np.zeros(len(at), bool), gap_s=np.inf,
                minimum=_column(daily.cumulative_low), maximum=_column(daily.cumulative_high), base=0.0,
            ),
        )
    )  # fmt: skip


def against_baseline(daily: DailyColumns, picture: Picture, *, gap_s: float) -> list[Markup]:
    """Return what was used (a line) and what would have been (dashed), as means of a day; between them the saving."""
    at, measured, adjusted = by_week(
        starts(daily.day, picture.zone), np.array(daily.measured), np.array(daily.adjusted)
    )
    weekly = len(at) < len(daily.day)
    trend = Trend(
        at=at, value=measured, bad=np.zeros(len(at), bool), gap_s=8 * DAY_S if weekly else gap_s,
        minimum=measured, maximum=adjusted, beside=adjusted,
    )  # fmt: skip
    return list(_drawn(picture, trend))


def is_by_week(daily: DailyColumns) -> bool:
    """Whether a period is so long that its days are drawn as means of a week."""
    return len(daily.day) > WEEKS_FROM


def by_week(at: NDArray[np.float64], *columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return times and columns (d,) as means of seven days from the first on, where there are many days."""
    if len(at) <= WEEKS_FROM:
        return (at, *columns)
    week = ((at - at[0]) / (7 * DAY_S)).astype(np.int64)
    _, first, place = np.unique(week, return_index=True, return_inverse=True)
    count = np.bincount(place)
    return (at[first], *(np.bincount(place, column) / count for column in columns))


def starts(days: tuple[str, ...], zone: ZoneInfo) -> NDArray[np.float64]:
    """Return the first instants of local days (d,) [s since 1970-01-01 UTC]."""
    return np.array([datetime.fromisoformat(day[:10]).replace(tzinfo=zone).timestamp() for day in days])


def _column(values: Column) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values])


def _drawn(picture: Picture, trend: Trend) -> Iterator[Markup]:
    start, end = float(trend.at[0]), float(trend.at[-1]) + DAY_S
    for width, height, left, css in SIZES:
        frame = Frame(start=start, end=end, width=width, height=height, left=left)
        window = (datetime.fromtimestamp(start, picture.zone), datetime.fromtimestamp(end, picture.zone))
        marks = ticks(*window, picture.zone, picture.say, most=4 if css == "narrow" else 9)
        marks = [(at, label) for at, label in marks if at < end - LAST * (end - start)]  # its label would be cut off
        yield draw(
            trend, frame, ticks=marks, title=picture.title, css=css,
            number=lambda value, step: picture.say.number(value, max(0, -int(np.floor(np.log10(step) + 1e-9)))),
        )  # fmt: skip
