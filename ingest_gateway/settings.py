"""What a gateway is told by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from telemetry.errors import ConfigurationError
from telemetry.validate import DEFAULT_RETENTION_S

if TYPE_CHECKING:
    from pathlib import Path

ClientKind = Literal["bulk", "stock"]


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """Files for a broker that speaks TLS; all optional, the system's authorities are the default."""

    ca_file: Path | None = None
    certificate_file: Path | None = None  # the gateway's own, where the broker asks for one
    key_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """One gateway. `client_id` must be its own and stay the same: the broker keeps the session under it."""

    dsn: str
    broker_host: str = "127.0.0.1"
    broker_port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: TlsSettings | None = None
    client_id: str = "quaymeter-gateway"
    group: str = "quaymeter"  # gateways of one group share the load
    sites: tuple[str, ...] = ()  # site ids; none: every site in the database
    client: ClientKind = "bulk"
    sparkplug: bool = True  # ready to own the Sparkplug topics; one gateway of the group does at a time

    keepalive_s: int = 30
    session_expiry_s: int = 3 * 86400  # the broker keeps what was not acknowledged this long
    receive_maximum: int = 5000  # messages on the way at once, at most [1, 65535]
    read_pace_ms: float = 2.0  # rest between two reads of the socket, so that messages are read together [ms]
    batch_rows: int = 20_000  # a batch is written when it holds about this many readings …
    batch_ms: int = 50  # … or when its first message is this old [ms]
    writers: int = 2  # database connections: while one commits, the next inserts
    copies: int = 1  # of them that insert at the same moment; more need cores to spare at the database
    max_held_bytes: int = 128_000_000  # not yet committed; above it the socket is not read
    max_payload: int = 1_000_000  # [bytes]; larger messages go to quarantine, cut to this length

    retention_s: float = DEFAULT_RETENTION_S  # older readings are refused as too late
    future_s: float = 300.0  # readings further ahead are refused
    catalogue_check_s: float = 3.0  # how often to look whether the site file was applied anew
    drain_s: float = 20.0  # after SIGTERM, how long to go on writing what is in hand

    http_host: str = "127.0.0.1"
    http_port: int | None = None  # health, readiness, metrics; 0 takes a free port, None serves nothing

    def __post_init__(self) -> None:
        """Refuse settings that cannot work, by name."""
        if not self.client_id:
            raise ConfigurationError(
                "client_id is empty",
                place="gateway settings",
                cure="give every gateway a fixed name of its own",
            )
        for name in ("receive_maximum", "batch_rows", "batch_ms", "writers", "copies", "max_held_bytes", "max_payload"):
            if getattr(self, name) < 1:
                raise ConfigurationError(
                    f"{name} is {getattr(self, name)}", place="gateway settings", cure=f"set {name} to at least 1"
                )
        if self.receive_maximum > 65_535:
            raise ConfigurationError(
                f"receive_maximum is {self.receive_maximum}",
                place="gateway settings",
                cure="MQTT 5 allows at most 65535",
            )
