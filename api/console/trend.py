"""The page of one sensor: a chart, the same in words, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import numpy as np

from api.console.charts import Frame, Trend, draw
from api.console.render import quality_words
from api.console.timeaxis import ticks
from api.figures import decimals, shown_decimals, symbol
from api.history import History, read
from api.language import noted
from api.resolution import WIDTHS_S, suited
from api.times import window_before
from storage.series import Resolution

if TYPE_CHECKING:
    from api.language import Words
    from storage.engine import Connection
    from storage.overview import PointRow, SiteRow

RANGES = {
    "1h": noted("1 hour"),
    "6h": noted("6 hours"),
    "24h": noted("24 hours"),
    "7d": noted("7 days"),
    "30d": noted("30 days"),
    "1y": noted("1 year"),
}
BEFORE = "24h"  # shown first
BARS = 200  # amounts drawn as bars at most
MOST_ROWS = 200  # of the table; the CSV file has all
WIDE = (960, 300)
NARROW = (380, 260)
WIDTH_WORDS = {
    Resolution.RAW: noted("every reading"),
    Resolution.MINUTE: noted("by minute"),
    Resolution.QUARTER: noted("by quarter of an hour"),
    Resolution.HOUR: noted("by hour"),
    Resolution.DAY: noted("by day"),
}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is shown of which point to whom."""

    row: PointRow
    zone: ZoneInfo
    say: Words
    start: datetime
    end: datetime
    resolution: Resolution

    @property
    def amounts(self) -> bool:
        """Whether the point brings amounts (counters, events), which are drawn as bars."""
        return self.row.kind in {"counter", "event"}

    @property
    def raw(self) -> bool:
        """Whether every reading is shown."""
        return self.resolution is Resolution.RAW

    def figure(self, value: float) -> str:
        """Return a value with its unit."""
        most = decimals(self.row.unit, self.row.kind)
        if self.row.kind == "state":
            return f"{self.say.number(value * 100, 0)} %" if not self.raw else self.say.number(value, 0)
        text = self.say.number(value, shown_decimals(value, most))
        return f"{text} {symbol(self.row.unit, self.row.quantity)}".rstrip()

    def moment(self, at: float) -> str:
        """Return a time as people of the site say it."""
        return self.say.time(datetime.fromtimestamp(at, UTC), self.zone, style="medium" if self.raw else "short")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One row of the table beside the chart."""

    at: int  # seconds since 1970-01-01 UTC: the script finds the row of a place on the chart by it
    cells: list[str]


def trend_context(
    connection: Connection, row: PointRow, site: SiteRow, wanted: str | None, *, now: datetime, say: Words
) -> dict[str, Any]:
    """Return what the template of the page needs."""
    chosen = wanted if wanted in RANGES else BEFORE
    start, end = window_before(now, chosen) or (now, now)
    scope = Scope(
        row=row,
        zone=ZoneInfo(site.timezone),
        say=say,
        start=start,
        end=end,
        resolution=chosen_resolution(row, (end - start).total_seconds()),
    )
    history = read(connection, row, start, end, scope.resolution)
    title = say.named(row.name, row.key)
    return {
        "ranges": [(name, say(text), name == chosen) for name, text in RANGES.items()],
        "resolution": say(WIDTH_WORDS[scope.resolution]),
        "charts": [
            _chart(history, scope, title, size, css) for size, css in ((WIDE, "wide-chart"), (NARROW, "narrow"))
        ],
        "summary": summary(history, scope),
        "head": _head(scope),
        "rows": _rows(history, scope),
        "left_out": max(len(history.at) - MOST_ROWS, 0),
        "csv": _csv_link(scope, site),
        "facts": _facts(scope),
    }


def chosen_resolution(row: PointRow, window_s: float) -> Resolution:
    """Return the resolution of the page: amounts always by bucket, the rest as fine as a screen can show."""
    if row.kind not in {"counter", "event"}:
        return suited(window_s, row.period_s)
    wide = [name for name, width_s in WIDTHS_S.items() if width_s >= row.period_s and window_s / width_s <= BARS]
    return wide[0] if wide else Resolution.DAY


def _chart(history: History, scope: Scope, title: str, size: tuple[int, int], css: str) -> str:
    narrow = css == "narrow"
    frame = Frame(
        start=scope.start.timestamp(),
        end=scope.end.timestamp(),
        width=size[0],
        height=size[1],
        left=56 if narrow else 64,
    )
    width_s = WIDTHS_S.get(scope.resolution)
    shape = "bars" if scope.amounts else "step" if scope.row.kind == "state" and scope.raw else "line"
    trend = Trend(
        at=history.at,
        value=history.value,
        bad=history.bad,
        gap_s=scope.row.silent_after_s if width_s is None else width_s * (1.0 if scope.amounts else 1.5),
        minimum=None if scope.raw or scope.amounts else history.minimum,
        maximum=None if scope.raw or scope.amounts else history.maximum,
        shape=shape,
        limits=(scope.row.valid_min, scope.row.valid_max),
    )
    marks = ticks(scope.start, scope.end, scope.zone, scope.say, most=4 if narrow else 9)
    return draw(
        trend, frame, ticks=marks, number=lambda value, step: _on_axis(value, step, scope.say), title=title, css=css
    )


def _on_axis(value: float, step: float, say: Words) -> str:
    places = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return say.number(value, places)


def summary(history: History, scope: Scope) -> list[str]:
    """Return the chart in words: amounts in sum, levels as lowest, highest and mean, and how much is known."""
    say = scope.say
    good = ~history.bad & np.isfinite(history.value)
    if not good.any():
        return [say("Nothing was received in this time.")]
    said = []
    values = history.value[good]
    if scope.amounts:
        said.append(say("Sum over this time: %(total)s.", total=scope.figure(float(values.sum()))))
        most = int(values.argmax())
        said.append(
            say(
                "Most: %(value)s at %(time)s.",
                value=scope.figure(float(values[most])),
                time=scope.moment(history.at[good][most]),
            )
        )
    else:
        low = history.minimum[good] if history.minimum is not None else values
        high = history.maximum[good] if history.maximum is not None else values
        said.append(
            say(
                "Lowest %(low)s (%(low_time)s), highest %(high)s (%(high_time)s), mean %(mean)s.",
                low=scope.figure(float(low.min())),
                low_time=scope.moment(history.at[good][int(low.argmin())]),
                high=scope.figure(float(high.max())),
                high_time=scope.moment(history.at[good][int(high.argmax())]),
                mean=scope.figure(history.mean(scope.end.timestamp(), scope.row.silent_after_s)),
            )
        )
    known = history.known_s(scope.end.timestamp(), scope.row.silent_after_s)
    share = min(known / (scope.end - scope.start).total_seconds(), 1.0)
    said.append(say("Known for %(share)s %% of the time.", share=say.number(share * 100, 1)))
    if history.bad.any():
        said.append(
            say.plural(
                "%(n)s bad reading is marked by a cross and not counted.",
                "%(n)s bad readings are marked by crosses and not counted.",
                int(history.bad.sum()),
            )
        )
    return said


def _head(scope: Scope) -> list[str]:
    say = scope.say
    if scope.raw:
        return [say("Time"), say("Value"), say("Quality")]
    if scope.amounts:
        return [say("From"), say("Amount"), say("Known"), say("Quality")]
    return [say("From"), say("Mean"), say("Lowest"), say("Highest"), say("Known"), say("Quality")]


def _rows(history: History, scope: Scope) -> list[TableRow]:
    rows = []
    for i in range(len(history.at) - 1, max(len(history.at) - 1 - MOST_ROWS, -1), -1):
        figures = [history.value[i]]
        if not scope.raw and not scope.amounts and history.minimum is not None and history.maximum is not None:
            figures += [history.minimum[i], history.maximum[i]]
        cells = [scope.moment(history.at[i])]
        cells += [scope.figure(float(value)) if np.isfinite(value) else "–" for value in figures]
        if history.coverage is not None:
            cells.append(f"{scope.say.number(float(history.coverage[i]) * 100, 0)} %")
        cells.append(quality_words(int(history.quality[i]), scope.say) or scope.say("good"))
        rows.append(TableRow(at=round(float(history.at[i])), cells=cells))
    return rows


def _csv_link(scope: Scope, site: SiteRow) -> str:
    query = {
        "site": site.id,
        "points": scope.row.key,
        "from": scope.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to": scope.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resolution": scope.resolution.value,
        "format": "csv",
    }
    if scope.say.language == "fr":
        query["dialect"] = "fr"
    return f"/api/v1/readings?{urlencode(query)}"


def _facts(scope: Scope) -> list[tuple[str, str]]:
    row, say = scope.row, scope.say
    limits = [scope.figure(limit) if limit is not None else "–" for limit in (row.valid_min, row.valid_max)]
    facts = [
        (say("Key"), row.key),
        (say("Sampling"), say("every %(n)s s", n=say.number(row.period_s, 0))),
        (say("Silent after"), f"{say.number(row.silent_after_s, 0)} s"),
    ]
    if row.valid_min is not None or row.valid_max is not None:
        facts.append((say("Valid range"), say("%(low)s to %(high)s", low=limits[0], high=limits[1])))
    if row.accuracy_class:
        facts.append((say("Accuracy"), row.accuracy_class))
    if row.calibration_due:
        facts.append((say("Calibration due"), say.date(row.calibration_due)))
    return facts
