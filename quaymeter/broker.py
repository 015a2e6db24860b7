"""A broker on this machine alone: mosquitto where it is installed, iotcore (a wheel) elsewhere.

mosquitto runs with the settings that lose least (docs/ingest.md): no limit on the number of queued messages, a
bound in bytes instead, its state saved to disk every few seconds. iotcore keeps its sessions in memory: it is for
demonstrations, and says so through `LocalBroker.durable`. Both listen on 127.0.0.1 only.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING, Literal, Self

from telemetry.errors import BrokerError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

BrokerKind = Literal["mosquitto", "iotcore"]

# Debian installs servers where the PATH of an ordinary user does not look.
_SERVER_FOLDERS = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
_HOST = "127.0.0.1"
_MAX_MESSAGE_BYTES = 32_000_000  # larger ones are refused at the broker; the gateway's own limit is 1 MB
_START_TIMEOUT_S = 10.0
_ATTEMPTS = 3  # a free port may be taken between finding and using it

_MOSQUITTO_CONF = """\
listener {port} {host}
allow_anonymous true
set_tcp_nodelay true

# Queued messages are bounded in bytes, not in number: the default of 1000 drops the rest without a word.
max_queued_messages 0
max_queued_bytes {max_queued_bytes}
max_inflight_messages 5000
message_size_limit {max_message_bytes}

# Sessions and queues survive a restart; what a kill between two saves loses, receipts bring back.
persistence true
persistence_location {directory}/
autosave_interval 10
{user}
log_dest stdout
log_type error
log_type warning
log_type notice
connection_messages false
"""

_IOTCORE_CONF = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 5000
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "local"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_message_bytes}
max_inflight_count = 200
dynamic_filters = true
"""

# rumqttd in a child of its own; it ends by itself when the pipe to the parent closes.
_IOTCORE_CHILD = """\
import logging, os, sys, threading
logging.basicConfig(level="WARNING")
logging.getLogger("rumqttd").setLevel("CRITICAL")  # its tracing spans arrive as errors, one a packet
from iotcore.iotcore import IotCoreBroker
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
IotCoreBroker(config_path=sys.argv[1]).run_forever()
"""


def find_mosquitto() -> str | None:
    """Return the path of the mosquitto server, or None where it is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SERVER_FOLDERS)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_taken(port: int) -> bool:
    """Return whether something listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as brokers do: closed connections do not count
        try:
            probe.bind((_HOST, port))
        except OSError:
            return True
        return False


class LocalBroker:
    """An MQTT 5 broker as a child process; its data stay in `directory` and its port stays the same.

    Use it as a context manager, or call `start` and `stop`; after `kill` (or a crash) `start` brings it back on the
    same port with what it had saved.
    """

    host = _HOST

    def __init__(
        self,
        directory: Path,
        *,
        prefer: BrokerKind | None = None,
        port: int = 0,
        max_queued_bytes: int = 2_000_000_000,
    ) -> None:
        """Choose the broker; nothing is started. `port` 0 takes a free one at the first start."""
        self.directory = directory
        self.kind: BrokerKind = prefer or ("mosquitto" if find_mosquitto() else "iotcore")
        self.port = port
        self._max_queued_bytes = max_queued_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def durable(self) -> bool:
        """Whether queued messages survive a restart of the broker."""
        return self.kind == "mosquitto"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        if self._process is None:
            raise BrokerError("the broker is not running", place="local broker", cure="call start() first")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_path(self) -> Path:
        """Where the broker writes its log."""
        return self.directory / f"{self.kind}.log"

    def start(self) -> int:
        """Start the broker, wait until it accepts connections and return its port."""
        if self.running:
            return self.port
        self.directory.mkdir(parents=True, exist_ok=True)
        attempts = 1 if self.port else _ATTEMPTS
        for _ in range(attempts):
            port = self.port or free_port()
            if _is_taken(port):  # whoever has it would answer in place of ours
                continue
            self._spawn(port)
            if self._answers(port):
                self.port = port
                return port
            self.stop()
        log = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        tail = " | ".join(log.strip().splitlines()[-3:]) or "no output"
        why = f"another program listens on port {port}" if _is_taken(port) else f"its last words: {tail}"
        raise BrokerError(
            f"{self.kind} did not start; {why}",
            place=f"local broker {self.directory}",
            cure=f"see {self.log_path}; is the port taken, or the folder not writable?",
        )

    def stop(self, timeout_s: float = 10.0) -> None:
        """Ask the broker to end (it saves its state first); kill it if it does not."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def kill(self) -> None:
        """End the broker at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
        self._reap()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, port: int) -> None:
        """Write the configuration and start the process."""
        self._log = self.log_path.open("ab")
        self._process = subprocess.Popen(
            self._command(port),
            stdin=subprocess.PIPE,  # iotcore ends when this closes; mosquitto does not read it
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C goes to the parent, which stops the broker last
        )

    def _command(self, port: int) -> list[str]:
        if self.kind == "iotcore":
            configuration = self.directory / "iotcore.toml"  # it knows the format by the name
            configuration.write_text(_IOTCORE_CONF.format(host=_HOST, port=port, max_message_bytes=_MAX_MESSAGE_BYTES))
            return [sys.executable, "-c", _IOTCORE_CHILD, str(configuration)]
        program = find_mosquitto()
        if program is None:
            raise BrokerError(
                "mosquitto is not installed",
                place="local broker",
                cure="install it with the system's package manager, or use the iotcore broker",
            )
        configuration = self.directory / "mosquitto.conf"
        as_root = hasattr(os, "geteuid") and os.geteuid() == 0
        configuration.write_text(
            _MOSQUITTO_CONF.format(
                host=_HOST,
                port=port,
                directory=self.directory.absolute(),
                max_queued_bytes=self._max_queued_bytes,
                max_message_bytes=_MAX_MESSAGE_BYTES,
                # Started by root, mosquitto becomes another user, who could not write into our folder.
                user="user root" if as_root else "",
            )
        )
        return [program, "-c", str(configuration)]

    def _answers(self, port: int) -> bool:
        """Wait until the port accepts a connection; False if the process ends or takes too long."""
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and self.running:
            try:
                with socket.create_connection((_HOST, port), timeout=0.5):
                    return self.running
            except OSError:
                time.sleep(0.02)
        return False

    def _reap(self) -> None:
        if self._process is not None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
