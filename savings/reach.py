"""How far the rows of a period reach into what was asked for: time that has no row, and rows that end early."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from savings.findings import Finding, Severity
from savings.table import Frequency
from savings.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from savings.table import Table

SLACK_DAYS = 2.0  # at either end that readings may be late without a word
_DAY = np.timedelta64(86400, "s")


class Ends(NamedTuple):
    """What a period lacks before its first row and after its last [d]."""

    before: float
    after: float

    @property
    def hours(self) -> float:
        """Both together [h]."""
        return 24.0 * (self.before + self.after)


def lacking_ends(table: Table, begin: np.datetime64, end: np.datetime64) -> Ends:
    """Return what rows lack at the ends of a period from `begin` to `end`, not included (local wall clock).

    Of months the one that `end` cuts is not asked for: it has not been billed, or is not over.
    """
    if not len(table):
        return Ends(float((end - begin) / _DAY), 0.0)
    first, last = table.start[0], _end(table)
    if table.frequency is Frequency.MONTHLY:
        end = max(end.astype("datetime64[M]").astype("datetime64[s]"), last)
    return Ends(max(0.0, float((first - begin) / _DAY)), max(0.0, float((end - last) / _DAY)))


def covered_share(table: Table, lacking: Ends) -> float:
    """Return the share of a period's time that its rows have valid time for, what lacks at its ends included."""
    asked = float(table.hours.sum()) + lacking.hours
    return float((table.coverage * table.hours).sum() / asked) if asked > 0.0 else 0.0


def lacking_rows(table: Table, lacking: Ends) -> int:
    """Return how many rows of usual length would fill what lacks at the ends."""
    return int(lacking.hours / float(np.median(table.hours)) + 0.5) if len(table) else 0


def check_ends(table: Table, begin: np.datetime64, end: np.datetime64) -> Iterator[Finding]:
    """Find a reporting period of which the rows that count begin late or end early; parameters as `lacking_ends`."""
    if not len(table):
        return
    lacking = lacking_ends(table, begin, end)
    if lacking.before > SLACK_DAYS:
        yield Finding(
            code="readings_begin_late",
            severity=Severity.WARNING,
            message=said(
                "The first row that counts begins on {first:day}, {count:.0f} days into the reporting period, which "
                "was asked for from {asked:day} on; what came before is in no sum.",
                first=str(table.start[0].astype("datetime64[D]")),
                count=lacking.before,
                asked=str(begin.astype("datetime64[D]")),
            ),
            cure=said("bring the missing readings, or let the reporting period begin there"),
        )
    if lacking.after > SLACK_DAYS:
        yield Finding(
            code="readings_end_early",
            severity=Severity.WARNING,
            message=said(
                "The last row that counts ends on {last:day}, {count:.0f} days before the end of the reporting period, "
                "which was asked for to {asked:day}; what came after is in no sum.",
                last=str((_end(table) - np.timedelta64(1, "s")).astype("datetime64[D]")),
                count=lacking.after,
                asked=str((end - np.timedelta64(1, "s")).astype("datetime64[D]")),
            ),
            cure=said("bring the missing readings, or let the reporting period end there"),
        )


def _end(table: Table) -> np.datetime64:
    """Return where the last row ends on the wall clock: rows of days and months at midnight, whatever the clock did."""
    start, hours = table.start[-1], float(table.hours[-1])
    seconds = round(hours / 24.0) * 86400 if hours > 12.0 else int(hours * 3600)
    end: np.datetime64 = start + np.timedelta64(seconds, "s")
    return end
