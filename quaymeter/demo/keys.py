"""Who may do what in a demo's database: each process has the login of its role, its password made at every start."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Self

from storage.logins import APP, TRUTH, WRITER, let_log_in


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Connection strings of one database."""

    owner: str  # migrates; no service has it
    writer: str  # the gateway
    app: str  # API, worker, imports
    truth: str  # the simulation, and `quaymeter truth`

    @classmethod
    def of(cls, owner: str) -> Self:
        """Let the roles of a migrated database log in with new passwords."""
        return cls(
            owner=owner,
            writer=let_log_in(owner, WRITER, secrets.token_urlsafe(24)),
            app=let_log_in(owner, APP, secrets.token_urlsafe(24)),
            truth=let_log_in(owner, TRUTH, secrets.token_urlsafe(24)),
        )
