"""Settings of a process: one frozen record, read from the environment once and handed to the parts.

Every setting is one row of `Settings`. It comes from, in this order: an option of the command, the variable
`QUAYMETER_<NAME>`, the file that `QUAYMETER_<NAME>_FILE` points to (for secrets), the default. Nothing is read
at import; `Settings.load` takes the environment as an argument so that tests hand over their own.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from telemetry.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "QUAYMETER_"
FILE_SUFFIX = "_FILE"
# Read by tests and benchmarks, never by a process of the product.
FOREIGN = ("QUAYMETER_TEST_",)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _row(
    default: object,
    text: str,
    *,
    secret: bool = False,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:  # noqa: ANN401 – like dataclasses.field, it stands for a value of the field's own type
    """Declare one setting: default, explanation and what it may be."""
    metadata = {"text": text, "secret": secret, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings that any process of quaymeter knows; each process uses those it needs."""

    dsn: str = _row("", "PostgreSQL or TimescaleDB, as URL or key=value text", secret=True)
    dsn_password: str = _row("", "password that is put into the DSN, so that the DSN itself may be public", secret=True)
    truth_dsn: str = _row(
        "", "the same database with the key to the simulated truth; for simulations, never for a service", secret=True
    )
    sites: tuple[str, ...] = _row((), "site ids that this process serves, comma separated; empty: all in the database")
    site_file: str = _row("", "the site file that this installation applies (doctor compares it with the database)")
    broker_host: str = _row("127.0.0.1", "MQTT 5 broker")
    broker_port: int = _row(0, "port of the broker; 0: 8883 with TLS, else 1883", low=0, high=65535)
    broker_tls: bool = _row(default=False, text="speak TLS to the broker")
    broker_ca: str = _row("", "CA certificates to trust for the broker (PEM); empty: those of the machine")
    broker_certificate: str = _row("", "own certificate, where the broker asks for one (PEM)")
    broker_key: str = _row("", "key of the own certificate (PEM)")
    broker_username: str = _row("", "user name at the broker")
    broker_password: str = _row("", "password at the broker", secret=True)
    gateway_name: str = _row(
        "gateway-{slot}", "MQTT client id and ledger name of a gateway; {slot} is the first free number on this machine"
    )
    gateway_slots: str = _row("", "directory whose locks hand out {slot}; empty: ~/.local/state/quaymeter/slots")
    gateway_group: str = _row("quaymeter", "name of the shared subscription")
    gateway_client: str = _row("bulk", "how the gateway reads MQTT", choices=("bulk", "stock"))
    gateway_sparkplug: bool = _row(default=True, text="take Sparkplug B messages too; one gateway of a group does")
    gateway_batch_rows: int = _row(20_000, "readings that close a batch", low=1, high=1_000_000)
    gateway_batch_ms: int = _row(50, "age of a batch that closes it [ms]", low=1, high=60_000)
    gateway_writers: int = _row(2, "database connections of a gateway that write side by side", low=1, high=64)
    gateway_receive_maximum: int = _row(5000, "messages in flight between broker and gateway", low=1, high=65_535)
    gateway_held_mb: int = _row(128, "not yet committed; above it the socket is not read [MB]", low=1)
    gateway_session_days: int = _row(3, "the broker keeps what a gateway has not acknowledged so long [days]", low=1)
    retention_days: int = _row(7300, "older readings are refused as too late [days]", low=1)
    quarantine_days: int = _row(
        400, "refused entries that were replayed or closed are kept so long; open ones for ever [days]", low=1
    )
    savings_settled_minutes: int = _row(
        150, "a day is in the nightly savings so long after its local midnight [min]", low=0, high=1440
    )
    http_host: str = _row("127.0.0.1", "address that health, metrics and API listen on")
    gateway_http_port: int = _row(9101, "health and metrics of a gateway; 0: any free port", low=0, high=65535)
    worker_http_port: int = _row(9102, "health and metrics of a worker; 0: any free port", low=0, high=65535)
    api_hosts: tuple[str, ...] = _row((), "names under which the API may be asked, comma separated; * allows all")
    api_language: str = _row("fr", "language of the console until a user chooses", choices=("fr", "en"))
    api_write_token: str = _row(
        "", "bearer token that lets a program write plans, events and runs; empty: the API only reads", secret=True
    )
    api_port: int = _row(8080, "API and console; 0: any free port", low=0, high=65535)
    log_level: str = _row("info", "how much is logged", choices=("debug", "info", "warning", "error"))
    log_format: str = _row("text", "text for people, json for a log store", choices=("text", "json"))

    @classmethod
    def load(cls, environ: Mapping[str, str], **options: object) -> Settings:
        """Read the settings; options that are not None win over the environment.

        Raises ConfigurationError naming the variable, the cause and the cure.
        """
        _refuse_unknown(environ)
        values = {}
        for row in fields(cls):
            if options.get(row.name) is not None:
                values[row.name] = options[row.name]
                continue
            found = _find(row, environ)
            if found is not None:
                values[row.name] = _convert(row, *found)
        return cls(**values)  # type: ignore[arg-type]  # each value was converted to its row's own type

    @property
    def conninfo(self) -> str:
        """The DSN with its password put in. Raises ConfigurationError where there is no DSN."""
        if not self.dsn:
            raise ConfigurationError(
                "no database is named",
                place=variable("dsn"),
                cure="set QUAYMETER_DSN (or QUAYMETER_DSN_FILE), for example postgresql://quaymeter@127.0.0.1/quaymeter",
            )
        return with_password(self.dsn, self.dsn_password) if self.dsn_password else self.dsn

    @property
    def port_of_broker(self) -> int:
        """The broker's port, with the default that goes with or without TLS."""
        return self.broker_port or (8883 if self.broker_tls else 1883)


def variable(name: str) -> str:
    """Return the environment variable of a setting: `dsn` → `QUAYMETER_DSN`."""
    return PREFIX + name.upper()


def known_variables() -> Iterator[tuple[str, Field[Any]]]:
    """Yield every variable that `Settings.load` understands, with the row it fills."""
    for row in fields(Settings):
        yield variable(row.name), row
        yield variable(row.name) + FILE_SUFFIX, row


def with_password(dsn: str, password: str) -> str:
    """Return the DSN with the password in it; refuses a DSN that already carries one."""
    if "://" in dsn:
        return _url_with_password(dsn, password)
    if re.search(r"\bpassword\s*=", dsn):
        raise _two_passwords()
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    return f"{dsn} password='{escaped}'"


def _url_with_password(dsn: str, password: str) -> str:
    parts = urlsplit(dsn)
    if parts.password:
        raise _two_passwords()
    if not parts.username:
        raise ConfigurationError(
            "a password is given for a DSN without a user",
            place=variable("dsn"),
            cure="write postgresql://USER@HOST/NAME",
        )
    _, _, address = parts.netloc.rpartition("@")
    netloc = f"{parts.netloc.rpartition('@')[0].rstrip(':')}:{quote(password, safe='')}@{address}"
    return urlunsplit(parts._replace(netloc=netloc))


def _two_passwords() -> ConfigurationError:
    return ConfigurationError(
        "the DSN carries a password and another one is given beside it",
        place=variable("dsn_password"),
        cure="keep one of the two, better the one in a file: QUAYMETER_DSN_PASSWORD_FILE",
    )


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """Refuse a mistyped name: ignored, the process would run on a default nobody chose."""
    known = [name for name, _ in known_variables()]
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(FOREIGN) or name in known:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        cure = f"did you mean {close[0]}?" if close else "remove it; docs/install.md lists the settings"
        raise ConfigurationError("there is no such setting", place=name, cure=cure)


def _find(row: Field[Any], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return (variable, text) of a setting from the variable or its file, or None where neither is set."""
    name = variable(row.name)
    in_file = name + FILE_SUFFIX
    if name in environ and in_file in environ:
        raise ConfigurationError(f"{in_file} is set as well", place=name, cure="keep one of the two")
    if name in environ:
        return name, environ[name].strip()
    if in_file not in environ:
        return None
    try:
        return in_file, Path(environ[in_file]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"cannot read {environ[in_file]}: {error}",
            place=in_file,
            cure="give a readable text file; in a container, mount it as a secret",
        ) from error


def _convert(row: Field[Any], name: str, text: str) -> object:
    """Turn text into the row's type, within its bounds."""
    default = row.default
    if isinstance(default, bool):
        return _as_bool(name, text)
    if isinstance(default, int):
        return _as_int(row, name, text)
    if isinstance(default, tuple):
        return tuple(part for part in re.split(r"[,\s]+", text) if part)
    choices = row.metadata["choices"]
    if choices and text not in choices:
        raise ConfigurationError(f"{text!r} is not a choice", place=name, cure="one of " + ", ".join(choices))
    return text


def _as_bool(name: str, text: str) -> bool:
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ConfigurationError(f"{text!r} is neither true nor false", place=name, cure="write true or false")


def _as_int(row: Field[Any], name: str, text: str) -> int:
    low, high = row.metadata["low"], row.metadata["high"]
    bounds = f"from {low}" + (f" to {high}" if high is not None else " up")
    try:
        number = int(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is not a whole number", place=name, cure=f"give a whole number {bounds}"
        ) from None
    if number < low or (high is not None and number > high):
        raise ConfigurationError(f"{number} is out of bounds", place=name, cure=f"give a whole number {bounds}")
    return number
