"""The second way in: what goes in, what stays open, what a kill leaves behind, and how much is held meanwhile."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from quaymeter.quarantine_replay import Outcome, Replayed, choose, replay
from storage import devices, ledger, quarantine
from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.transfer import ImportMapping, import_history
from storage.writer import Writer
from telemetry.batch import Decoded, Message
from telemetry.decode import Decoder
from telemetry.formats.envelope import JSON_TYPE, encode_pack
from telemetry.formats.status import State, encode_status
from telemetry.topics import status_topic
from tests.storage.building import NOW_US, batch_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "port/v1/quay/quay/pump/telemetry"
SITE = small_site([small_point("power")])
LARGER = small_site([small_point("power"), small_point("extra")])
YEARS_S = 1e9


def pack(*names: str, value: float = 1.0, topic: str = TOPIC, ts_us: int = NOW_US) -> Message:
    """Make a message of one reading for each name."""
    payload = encode_pack("dev-1", 1, 1, ts_us // 1000, [{"n": name, "v": value} for name in names])
    return Message(topic, payload, "", NOW_US)


def take_in(dsn: str, message: Message, site: str = "quay") -> None:
    """Decode and write a message, as a gateway would."""
    decoded = Decoder(load_catalogue(dsn, site), clock_us=lambda: NOW_US).decode([message])
    with Writer(dsn, gateway="test") as writer:
        writer.write([message], decoded)


def replayed(dsn: str, **how: bool) -> list[Replayed]:
    """Replay everything that is open."""
    return list(replay(dsn, choose(dsn, [], None), who="test", retention_s=YEARS_S, **how))


def open_entries(dsn: str) -> list[str]:
    """Return the open entries, oldest first."""
    with connect(dsn) as connection:
        return [entry.entry for entry in reversed(quarantine.list_(connection, open_only=True))]


def test_rows_of_an_import_are_sent_back_to_their_file(database: str, tmp_path: Path) -> None:
    """A refused row of a file cannot be replayed: it stays open, with the cure in words."""
    apply_site(database, SITE, who="test")
    path = tmp_path / "meter.csv"
    path.write_text("ts,point,value\n2024-01-01T00:00:00Z,quay/pump/extra,1\n")
    import_history(database, path, site="quay", mapping=ImportMapping(), who="test")
    apply_site(database, LARGER, who="test")
    (result,) = replayed(database)
    assert result.outcome is Outcome.STILL_REFUSED
    assert "import the file again" in result.detail
    assert len(open_entries(database)) == 1


def test_a_message_refused_whole_for_another_reason_stays_open(database: str) -> None:
    """An entry that was unknown, of a message that now is not the device's own: nothing goes in, nothing is closed."""
    apply_site(database, SITE, who="test")
    take_in(database, pack("extra"))
    asset = replace(LARGER.assets[0], device="dev-2")
    apply_site(database, replace(LARGER, assets=(asset,)), who="test")
    for dry_run in (True, False):
        (result,) = replayed(database, dry_run=dry_run)
        assert (result.outcome, result.stored) == (Outcome.STILL_REFUSED, 0)
        assert result.detail
    assert len(open_entries(database)) == 1


def test_readings_whose_place_is_taken_stay_open(database: str) -> None:
    """Where all that a message brings is a conflict by now, the replay is taken back whole: ledger and quarantine."""
    apply_site(database, SITE, who="test")
    take_in(database, pack("extra", value=2.0))
    apply_site(database, LARGER, who="test")
    point = load_catalogue(database, "quay").points["quay/pump/extra"].point_id
    with Writer(database, gateway="test") as writer:
        writer.write(messages_of(), Decoded(batch=batch_of([(point, NOW_US, 1.0)]), refusals=(), sequences=()))
    (result,) = replayed(database)
    assert (result.outcome, len(open_entries(database))) == (Outcome.STILL_REFUSED, 1)
    with connect(database) as connection:
        totals = ledger.totals(connection, audit=True)
    assert (totals.balanced, totals.received, totals.quarantined) == (True, 2, 1)


def test_a_kill_before_the_commit_leaves_everything_as_it_was(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings and the mark on their entries are one transaction: killed between, what is still bad is kept once."""
    apply_site(database, SITE, who="test")
    take_in(database, pack("extra", "nothing"))
    apply_site(database, LARGER, who="test")

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(quarantine, "mark_replayed", killed)
        with pytest.raises(KeyboardInterrupt):
            replayed(database)
    assert len(open_entries(database)) == 2
    (result,) = replayed(database)
    assert (result.outcome, result.stored, result.duplicate) == (Outcome.STORED, 1, 0)
    (left,) = open_entries(database)
    assert "nothing" in left
    with connect(database) as connection:
        assert ledger.totals(connection, audit=True).balanced


def test_a_thousand_entries_of_one_message_hold_it_once(database: str) -> None:
    """However many entries of a message are asked for, its payload is read once."""
    apply_site(database, SITE, who="test")
    entries = [{"n": f"x{number}", "v": 1.0, "u": "x" * 700} for number in range(1000)]
    payload = encode_pack("dev-1", 1, 1, NOW_US // 1000, entries)
    take_in(database, Message(TOPIC, payload, "", NOW_US))
    tracemalloc.start()
    try:
        (result,) = replayed(database, dry_run=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(result.ids) == 1000
    assert peak < 20 * len(payload)


def test_an_asset_named_like_a_site_does_not_lead_astray(database: str) -> None:
    """A topic belongs to the site of its third level, whatever its other levels are called."""
    apply_site(database, replace(SITE, id="pump"), who="test")  # in order of id before "quay"
    apply_site(database, SITE, who="test")
    take_in(database, pack("extra"))
    apply_site(database, LARGER, who="test")
    (result,) = replayed(database)
    assert (result.outcome, result.stored) == (Outcome.STORED, 1)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_report_of_an_asset_that_was_unknown_goes_in(database: str, *, dry_run: bool) -> None:
    """A status that came before its asset was declared is replayed; it is no reading and the ledger stays as it was."""
    asset = replace(SITE.assets[0], key="quay/crane", device="dev-2")
    apply_site(database, SITE, who="test")
    topic = status_topic("quay", asset.key)
    take_in(database, Message(topic, encode_status("dev-2", State.ONLINE, 1), JSON_TYPE, NOW_US))
    apply_site(database, replace(SITE, assets=(*SITE.assets, asset)), who="test")
    (result,) = replayed(database, dry_run=dry_run)
    assert (result.outcome, result.stored, result.quarantined) == (Outcome.STORED, 0, 0)
    assert len(open_entries(database)) == (1 if dry_run else 0)
    with connect(database) as connection:
        states = {row.device: row.state for row in devices.devices(connection, "quay")}
        assert states["dev-2"] == ("unknown" if dry_run else "online")
        totals = ledger.totals(connection, audit=True)
    assert (totals.balanced, totals.received, totals.quarantined) == (True, 1, 1)
