"""The demo as its users start it: a process of its own that shows readings, adds up, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import suppress
from datetime import date, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from quaymeter.broker import find_mosquitto
from quaymeter.cli.context import read_settings_file
from storage.engine import connect
from storage.truth import runs
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 90.0
STOP_S = 40.0
COMMAND = [sys.executable, "-m", "quaymeter", "demo", "--port", "0"]
PRESENT = ("--history-months", "0")


@pytest.fixture
def data() -> Iterator[Path]:
    """Give a directory that the database's own user can reach: pytest closes its own to other users."""
    with tempfile.TemporaryDirectory(prefix="quaymeter-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Collect demo processes and make sure that none survives a failing test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def _start(data: Path, processes: list[subprocess.Popen[str]], *options: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QUAYMETER_")}
    process = subprocess.Popen(
        [*COMMAND, "--data-dir", str(data), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        start_new_session=True,
    )
    processes.append(process)
    return process


def _wait_until_running(process: subprocess.Popen[str]) -> str:
    """Read what the demo tells until it names its page; returns the address."""
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if "quaymeter is running: " in line:
            return line.split()[3]
    pytest.fail("the demo ended: " + "".join(told))


def _ask(url: str, path: str) -> Any:
    connection = HTTPConnection(url.split("/")[2], timeout=5)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _of_directory(data: Path) -> list[psutil.Process]:
    """Find every process that works on this data directory: by its command line, or by where it stands."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if str(data) in " ".join(process.cmdline()) or process.cwd().startswith(str(data)):
                found.append(process)
    return found


def _children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def _assert_nothing_left(family: list[psutil.Process], data: Path) -> None:
    end = time.monotonic() + STOP_S
    while time.monotonic() < end:
        alive = [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        if not alive and not _of_directory(data):
            return
        time.sleep(0.2)
    pytest.fail(f"still running: {[one.cmdline() for one in alive + _of_directory(data)]}")


def test_headless_demo_adds_up(data: Path, started: list[subprocess.Popen[str]]) -> None:
    """A few seconds of signals end in one JSON document whose ledger balances; a second run keeps the data."""
    first = _headless(data, started)
    assert first["points"] >= 150
    assert first["received"] == first["stored"] + first["duplicates"] + first["quarantined"]
    assert first["readings"] == first["stored"] > 0
    assert first["first_reading_s"] < 60
    assert first["readings_per_s"] > 0

    second = _headless(data, started)
    assert second["readings"] == first["readings"] + second["stored"]
    # It goes on where the first run stopped: the hour before is not sent again.
    assert 0 < second["stored"] < first["stored"]
    assert (second["duplicates"], second["quarantined"]) == (0, 0)


def test_the_simulated_past_comes_in_behind_the_page(data: Path, started: list[subprocess.Popen[str]]) -> None:
    """Stopped while the past comes in, the next start goes on; counted apart, and the whole ledger balances."""
    first = _headless(data, started, months=1)
    second = _headless(data, started, months=1, seconds=45)
    assert first["readings"] == first["stored"] + first["history_rows"]
    assert second["readings"] == first["readings"] + second["stored"] + second["history_rows"]
    story = json.loads((data / "story.json").read_text(encoding="utf-8"))
    days = (datetime.fromisoformat(story["live_from"]).date() - date.fromisoformat(story["begins"])).days
    # The least that a port of so many points tells in whole days by the hour; some come once a day.
    assert first["history_rows"] + second["history_rows"] > days * 24 * 0.7 * first["points"]


def _headless(data: Path, started: list[subprocess.Popen[str]], *, months: int = 0, seconds: int = 4) -> dict[str, Any]:
    options = ("--headless", "--seconds", str(seconds), "--json", "--history-months", str(months))
    process = _start(data, started, *options)
    out, err = process.communicate(timeout=START_S + seconds + STOP_S)
    assert process.returncode == 0, err
    document: dict[str, Any] = json.loads(out)
    assert document["balanced"] is True
    assert _of_directory(data) == []
    return document


@pytest.mark.skipif(find_mosquitto() is None, reason="the other broker is tested below")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_end_of_the_demo_is_the_end_of_all(
    data: Path, started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    """Ctrl-C and kill -9 of the demo leave none of its processes running."""
    process = _start(data, started, *PRESENT)
    url = _wait_until_running(process)
    assert any(row["value"] is not None for row in _ask(url, "/api/v1/latest"))
    if number is signal.SIGINT:
        _assert_healthy(data)
        _assert_replayed_once(data)
        _assert_truth_is_closed(data)
    family = _children(process)
    assert len(family) >= 7  # database, broker, gateway, worker, API, source, and the servers they run
    process.send_signal(number)
    process.communicate(timeout=STOP_S)
    _assert_nothing_left(family, data)


def _assert_healthy(data: Path) -> None:
    """Ask the doctor about a running demo: nothing may fail."""
    settings = str(data / "settings.env")
    doctor = [sys.executable, "-m", "quaymeter", "--env-file", settings, "doctor", "--json"]
    done = subprocess.run(doctor, capture_output=True, text=True, check=False)
    assert done.returncode == 0, [one for one in json.loads(done.stdout)["findings"] if one["state"] == "fail"]


def _assert_replayed_once(data: Path) -> None:
    """Replay a recorded file into the running demo twice: stored once, and the second time all seen before."""
    file = data / "meter.csv"
    rows = [f"2026-10-{day:02}T12:00:00Z,{day}.5" for day in range(1, 11)]
    file.write_text("\n".join(["at,m3", *rows]) + "\n", encoding="utf-8")
    site = tomllib.loads(Path("sites/capecure.toml").read_text(encoding="utf-8"))
    key = next(f"{asset['key']}/{name}" for asset in site["assets"] for name in asset["points"])
    settings = str(data / "settings.env")
    words = ["--env-file", settings, "replay", str(file), "--time", "at", "--map", f"m3={key}", "--json"]
    for stored, duplicate in ((10, 0), (0, 10)):
        done = subprocess.run([sys.executable, "-m", "quaymeter", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert document["finished"] is True
        assert [(one["stored"], one["duplicate"]) for one in document["files"]] == [(stored, duplicate)]


def _assert_truth_is_closed(data: Path) -> None:
    """With the key the truth is empty or not, but readable; with the login of the services it is neither."""
    settings, truth = read_settings_file(data / "settings.env"), read_settings_file(data / "truth.env")
    assert "QUAYMETER_TRUTH_DSN" not in settings
    private = ("settings.env", "owner.env", "truth.env", "api_write_token")
    assert {stat.S_IMODE((data / name).stat().st_mode) for name in private} == {0o600}
    with connect(truth["QUAYMETER_TRUTH_DSN"]) as connection:
        assert runs(connection) == []
    with connect(settings["QUAYMETER_DSN"]) as connection, pytest.raises(StorageError, match="does not hold the key"):
        runs(connection)


def test_ctrl_c_while_starting_stops_what_has_started(data: Path, started: list[subprocess.Popen[str]]) -> None:
    """An impatient Ctrl-C, as soon as the first part is started, leaves nothing behind either."""
    process = _start(data, started, *PRESENT)
    family = _children(process)
    while not family:
        assert process.poll() is None
        time.sleep(0.05)
        family = _children(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=STOP_S)
    assert process.returncode == 130
    _assert_nothing_left(family, data)


def test_the_demo_runs_without_mosquitto(data: Path, started: list[subprocess.Popen[str]]) -> None:
    """With the broker that pip installs everything adds up as well, and the report says that it is not durable."""
    process = _start(data, started, "--headless", "--seconds", "2", "--json", "--broker", "iotcore", *PRESENT)
    out, err = process.communicate(timeout=START_S + STOP_S)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert (document["broker"], document["durable"], document["balanced"]) == ("iotcore", False, True)


def test_one_demo_at_a_time_in_a_directory(data: Path, started: list[subprocess.Popen[str]]) -> None:
    """A second demo on the same data is refused with the number of the first; a part that dies ends the demo."""
    first = _start(data, started, *PRESENT)
    url = _wait_until_running(first)
    second = _start(data, started, *PRESENT)
    _, err = second.communicate(timeout=START_S)
    assert second.returncode == 3
    assert str(first.pid) in err

    api = next(one for one in _children(first) if "api" in one.cmdline()[3:4])
    api.kill()
    _, err = first.communicate(timeout=STOP_S)
    assert first.returncode == 1
    assert "api: ended with exit code" in err
    assert url
    assert _of_directory(data) == []
