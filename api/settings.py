"""What the service needs to know before it starts; `quaymeter.settings` reads it from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Settings of one API process. The defaults suit one port on one machine."""

    dsn: str  # PostgreSQL connection string; a read-only role is enough
    allowed_hosts: tuple[str, ...] = ()  # names besides localhost and bare addresses; "*" allows all
    pool_size: int = 6  # database connections at most
    max_streams: int = 2  # downloads at once; the rest of the pool stays free for the pages
    max_live_clients: int = 200  # open live streams
    live_interval_s: float = 1.0  # the one shared poller looks at the database this often [s]
    heartbeat_s: float = 10.0  # a live stream is never silent for longer than this [s]
    max_json_rows: int = 100_000  # readings in one JSON answer; files have no such limit
    max_points: int = 500  # points in one request for readings
    max_body_bytes: int = 65_536  # nothing here takes a larger request
    default_language: str = "fr"
    write_token: str = field(default="", repr=False)  # who bears it may write; empty: nobody may
    write_pool_size: int = 2  # connections that may write, beside those that read
