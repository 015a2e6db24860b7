"""Holding what became of a batch against what was read from its messages.

Entries are counted when a message is read (`telemetry.batch.Decoded.entries`), readings and refusals when they are
written. Where the two differ, an entry was lost or made on the way: a defect of ours, which must neither pass in
silence nor stop the others. The message is then quarantined whole, to be replayed once the defect is mended, nothing
of it is stored, and the ledger counts it as one entry.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from storage.outcome import Outcome, RefusedRow
from telemetry.batch import RefusalReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from telemetry.batch import Message

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrivals:
    """What came in, message by message (n_messages,)."""

    received_us: NDArray[np.int64]
    entries: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Accounts:
    """An outcome that agrees with what came in."""

    outcome: Outcome
    refused: Sequence[RefusedRow]
    arrivals: Arrivals | None  # None where nobody counted
    unaccounted: int = 0  # messages that did not agree


def accounted(
    outcome: Outcome, refused: Sequence[RefusedRow], messages: Sequence[Message], entries: NDArray[np.int64] | None
) -> Accounts:
    """Compare message by message; those that do not agree are refused whole."""
    if entries is None:
        return Accounts(outcome=outcome, refused=refused, arrivals=None)
    n = len(messages)
    refused_in = np.fromiter((row.message for row in refused), np.int64, len(refused))
    columns = (outcome.stored.message, outcome.duplicate.message, refused_in)
    found = sum((np.bincount(column, minlength=n) for column in columns), np.zeros(n, np.int64))
    received_us = np.fromiter((message.received_us for message in messages), np.int64, n)
    wrong = np.flatnonzero(found != entries)
    if not len(wrong):
        return Accounts(outcome=outcome, refused=refused, arrivals=Arrivals(received_us=received_us, entries=entries))
    rows = [_row(index, messages[index], int(entries[index]), int(found[index])) for index in wrong.tolist()]
    lost = set(wrong.tolist())
    counted = entries.copy()
    counted[wrong] = 1
    return Accounts(
        outcome=Outcome(
            stored=outcome.stored.take(~np.isin(outcome.stored.message, wrong)),
            duplicate=outcome.duplicate.take(~np.isin(outcome.duplicate.message, wrong)),
        ),
        refused=[*(row for row in refused if row.message not in lost), *rows],
        arrivals=Arrivals(received_us=received_us, entries=counted),
        unaccounted=len(wrong),
    )


def _row(index: int, message: Message, entries: int, found: int) -> RefusedRow:
    """Refuse one message that does not agree, and say so in the log."""
    detail = f"{entries} entries came in and {found} came out – a defect of quaymeter, please report this payload"
    LOG.error("a message on %s is quarantined whole: %s", ascii(message.topic[:200]), detail)
    return RefusedRow(index, message.received_us, RefusalReason.UNDECODABLE, detail, "")
