"""The ledger can fail: what came in is counted apart from what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from storage import ledger, quarantine
from storage.accounts import Accounts, accounted
from storage.engine import connect
from storage.writer import Writer
from telemetry.batch import Decoded, Message, Refusal, RefusalReason
from telemetry.errors import StorageError
from tests.storage.building import NOW_US, add_points, batch_of, decoded_of, messages_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(decoded: Decoded, entries: Sequence[int]) -> Decoded:
    """Say how many entries each message held when it was read."""
    return replace(decoded, entries=np.array(entries, np.int64))


def test_a_decoder_that_loses_an_entry_is_found_out(database: str, caplog: pytest.LogCaptureFixture) -> None:
    """Of three entries two come out: the message is quarantined whole, loudly; its neighbours are stored."""
    (point,) = add_points(database, 1)
    rows = [(point, NOW_US + second, 1.0) for second in range(4)]
    refusal = Refusal(1, RefusalReason.UNIT, "no such unit", "{}")
    decoded = counted(decoded_of(batch_of(rows, message=[0, 1, 2, 2]), refusals=[refusal]), [1, 3, 2])
    with Writer(database, gateway="g1") as writer:
        result = writer.write(messages_of(3), decoded)
    assert result.unaccounted == 1
    assert result.message_received.tolist() == [1, 1, 2]
    assert result.message_stored.tolist() == [1, 0, 2]
    assert result.message_quarantined.tolist() == [0, 1, 0]
    assert "3 entries came in and 2 came out" in caplog.text
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
        (entry,) = quarantine.list_(connection)
        kept = quarantine.show(connection, entry.id)
    assert (totals.received, totals.stored, totals.quarantined, totals.balanced) == (4, 3, 1, True)
    assert (kept.reason, kept.entry, kept.payload) == ("undecodable", "", b"payload 1")


def test_a_message_that_vanished_is_found_out_too(database: str) -> None:
    """Nothing at all came of a message that held fifty entries, nor of one that held none: only the first is wrong."""
    with Writer(database, gateway="g1") as writer:
        result = writer.write(messages_of(2), counted(decoded_of(batch_of([])), [50, 0]))
    assert (result.unaccounted, result.message_quarantined.tolist()) == (1, [1, 0])


def test_repeats_and_conflicts_are_accounted_for(database: str) -> None:
    """Counted by message, a batch with duplicates and conflicts adds up on the slow road as well."""
    (point,) = add_points(database, 1)
    rows = [(point, NOW_US, 1.0), (point, NOW_US, 1.0), (point, NOW_US, 2.0), (point, NOW_US + 1, 1.0)]
    decoded = counted(decoded_of(batch_of(rows, message=[0, 0, 1, 1])), [2, 2])
    with Writer(database, gateway="g1") as writer:
        results = [writer.write(messages_of(2), decoded) for _ in range(2)]
    assert [(one.stored, one.duplicate, one.quarantined) for one in results] == [(2, 1, 1), (0, 3, 1)]
    assert not any(one.unaccounted for one in results)


def test_the_database_refuses_books_that_do_not_balance(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the comparison itself be broken, nothing is stored, and the error is not hidden."""
    (point,) = add_points(database, 1)
    decoded = decoded_of(batch_of([(point, NOW_US, 1.0)]))

    def blind(outcome: object, refused: object, messages: object, entries: object) -> Accounts:
        del entries
        sound = accounted(outcome, refused, messages, np.ones(1, np.int64))  # type: ignore[arg-type]  # passed on
        assert sound.arrivals is not None
        return replace(sound, arrivals=replace(sound.arrivals, entries=np.array([2])))

    monkeypatch.setattr("storage.writer.accounted", blind)
    with Writer(database, gateway="g1") as writer, pytest.raises(StorageError):
        writer.write(messages_of(), decoded)
    with connect(database) as connection:
        assert ledger.totals(connection, audit=True).readings == 0


def test_what_is_not_kept_whole_is_said(database: str) -> None:
    """Cut when it came in or cut by the quarantine: marked as cut; a small refused message is not."""
    too_large, unit = RefusalReason.TOO_LARGE, RefusalReason.UNIT
    refusals = [Refusal(0, too_large, ""), Refusal(1, unit, "", "{}"), Refusal(2, unit, "", "{}")]
    payloads = (b"x" * 501, b"y" * 500, b"z" * 1_000_002)
    messages = [Message("port/v1/a/b/c/telemetry", payload, "", NOW_US) for payload in payloads]
    with Writer(database, gateway="g1") as writer:
        result = writer.write(messages, counted(decoded_of(batch_of([]), refusals=refusals), [1, 1, 1]))
    assert result.message_cut.tolist() == [True, False, True]
    with connect(database) as connection:
        kept = [quarantine.show(connection, entry.id) for entry in quarantine.list_(connection)]
    assert {entry.payload_bytes: entry.complete for entry in kept} == {501: False, 500: True, 1_000_002: False}
