"""The words of docs/install.md for one machine without containers, run on a server of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from storage.embedded import EmbeddedServer
from storage.migrate import migrate
from tests.fixtures.database import TEST_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = Path(__file__).parents[2] / "docs" / "install.md"
ROLES = ("quaymeter_writer", "quaymeter_app", "quaymeter_reader")


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """Give a server that has none of our roles: they belong to a whole server, so the shared one will not do."""
    with EmbeddedServer(tmp_path / "db", settings=TEST_SETTINGS) as server:
        yield server


def test_the_owner_of_the_document_may_migrate(fresh_server: EmbeddedServer) -> None:
    """After the document's SQL the owner, no superuser, applies every migration; no service's role reads the truth."""
    block = re.search(r"```sql\n(.*?)```", INSTALL.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    with psycopg.connect(fresh_server.dsn, autocommit=True) as connection:
        for statement in block[1].split(";"):
            connection.execute(statement.encode())
    owner = fresh_server.database_dsn("quaymeter").replace("postgres@", "quaymeter_owner@")
    assert migrate(owner)
    for role in ROLES:
        with psycopg.connect(owner.replace("quaymeter_owner@", f"{role}@")) as connection:
            connection.execute("SELECT * FROM v_latest" if role != "quaymeter_writer" else "SELECT * FROM point")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM truth.run")
