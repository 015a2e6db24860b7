"""A run as files: the report, made once and kept for a while; the bundle; the days as a table."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from api.formats import Dialect, Format, encoded
from api.headers import POLICY
from api.problems import busy
from reports.savings_report import savings_report_html, savings_report_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reports.part import Restatement
    from savings.input_record import Column, RunInput
    from savings.record import MeterRun, Run

KEPT = 24  # reports; one takes about a quarter of a megabyte
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
COLUMNS = ("measured", "adjusted", "adjustments", "saving", "cumulative", "cumulative_low", "cumulative_high")


class ReportForm(StrEnum):
    """What a report can be had as."""

    PDF = "pdf"
    HTML = "html"


class ReportKey(NamedTuple):
    """Which report: a run is never changed, so neither is its report."""

    run: int
    language: str
    form: ReportForm


class Reports:
    """The reports that were asked for last, by run, language and form."""

    def __init__(self, most: int = KEPT) -> None:
        """Keep up to `most`."""
        self._most = most
        self._kept: OrderedDict[ReportKey, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: ReportKey, make: Callable[[], bytes]) -> bytes:
        """Return a report; it is made where it is not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


@contextmanager
def one_of_few(turns: threading.BoundedSemaphore, *, place: str) -> Iterator[None]:
    """Do something large, at most as many at once as there are turns; the next is told to come again."""
    if not turns.acquire(blocking=False):
        raise busy("as many files are being made already as this service makes at once", place=place)
    try:
        yield
    finally:
        turns.release()


def report(given: RunInput, run: Run, before: Restatement | None, language: str, form: ReportForm) -> bytes:
    """Return the report of a run, with the run before it where there is one."""
    if form is ReportForm.PDF:
        return savings_report_pdf(given, run, language, before)
    return savings_report_html(given, run, language, before).encode()


def policy_of(page: bytes) -> str:
    """Return the content security policy of a report: its own style and nothing else, no script, no form."""
    styles = [hashlib.sha256(text.encode()).digest() for text in STYLE.findall(page.decode())]
    sources = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in styles) or "'none'"
    kept = [part for part in POLICY if part.split()[0] in {"default-src", "base-uri", "frame-ancestors"}]
    return "; ".join([*kept, f"style-src {sources}", "form-action 'none'", "sandbox"])


def daily_csv(run: Run, dialect: Dialect) -> bytes:
    """Return the days of all figures of a run as CSV, figure by figure."""
    batches = [_days(meter) for meter in run.meters if meter.daily is not None]
    schema = pa.schema(
        [
            ("meter", pa.string()), ("unit", pa.string()), ("day", pa.string()),
            *((name, pa.float64()) for name in COLUMNS),
        ]
    )  # fmt: skip
    return b"".join(encoded(iter(batches), schema, Format.CSV, dialect))


def _days(meter: MeterRun) -> pa.RecordBatch:
    daily = meter.daily
    assert daily is not None  # noqa: S101 – asked by the caller
    count = len(daily.day)
    return pa.record_batch(
        {
            "meter": [meter.meter] * count,
            "unit": [meter.unit] * count,
            "day": list(daily.day),
            **{name: _floats(getattr(daily, name)) for name in COLUMNS},
        }
    )


def _floats(column: Column) -> pa.Array:
    return pa.array([None if value is None or not np.isfinite(value) else value for value in column], pa.float64())
