"""Migrations: old and fresh databases end alike, failures leave nothing behind, names agree between engines."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from storage.engine import Engine, connect
from storage.migrate import FOLDER, _migrations, migrate, status
from storage.statements import FOLDER as SQL_FOLDER
from storage.statements import statements
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
SELECT 'column', c.table_name, c.column_name, c.data_type, c.is_nullable, coalesce(c.column_default, '')
FROM information_schema.columns AS c WHERE c.table_schema IN ('public', 'truth') AND c.table_name NOT LIKE '%yoyo%'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace::regnamespace::text IN ('public', 'truth')
    AND conrelid::regclass::text NOT LIKE '%yoyo%'
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', ''
FROM pg_indexes WHERE schemaname IN ('public', 'truth') AND tablename NOT LIKE '%yoyo%'
UNION ALL
SELECT 'function', p.oid::regprocedure::text, md5(prosrc), proacl::text, '', ''
FROM pg_proc AS p WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'view', viewname, md5(definition), '', '', '' FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'grant', table_name, grantee, privilege_type, '', ''
FROM information_schema.role_table_grants WHERE table_schema IN ('public', 'truth') AND table_name NOT LIKE '%yoyo%'
ORDER BY 1, 2, 3, 4
"""


def schema(dsn: str) -> list[tuple[object, ...]]:
    """Describe a database: columns, constraints, indexes, functions, views and rights."""
    with connect(dsn) as connection:
        return connection.execute(SCHEMA).fetchall()


def copied_until(folder: Path, last: str) -> Path:
    """Copy the migrations up to one, as an older version of quaymeter had them."""
    for kind in ("common", "postgresql", "timescaledb"):
        (folder / kind).mkdir(parents=True)
        for path in (FOLDER / kind).glob("[0-9]*.*"):
            if path.stem <= last:
                shutil.copy(path, folder / kind)
    return folder


def test_an_old_database_ends_like_a_fresh_one(empty_database: str, database: str, tmp_path: Path) -> None:
    """From every earlier state, migrating ends in the schema of a fresh database."""
    names = [migration.id for migration in _migrations(Engine.POSTGRESQL, FOLDER)]
    for number, last in enumerate(names[:-1]):
        migrate(empty_database, folder=copied_until(tmp_path / last, last))
        state = status(empty_database)
        assert state.applied == tuple(names[: number + 1])
        assert not state.up_to_date
    assert migrate(empty_database) == names[-1:]
    assert schema(empty_database) == schema(database)


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str, tmp_path: Path) -> None:
    """Half of a broken migration is taken back, its mark too; mended, it is applied."""
    folder = copied_until(tmp_path / "broken", "0001-catalogue")
    broken = folder / "common" / "0002-broken.sql"
    broken.write_text("-- Broken.\nCREATE TABLE half (a int);\nSELECT no_such_function();\n")
    with pytest.raises(StorageError, match="no_such_function"):
        migrate(empty_database, folder=folder)
    assert status(empty_database, folder=folder).pending == ("0002-broken",)
    with connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)
    broken.write_text("-- Mended.\nCREATE TABLE half (a int);\n")
    assert migrate(empty_database, folder=folder) == ["0002-broken"]


def test_a_database_from_the_future_is_named(database: str, tmp_path: Path) -> None:
    """An older quaymeter sees migrations it does not know, and says so."""
    folder = copied_until(tmp_path / "old", "0003-ingest")
    state = status(database, folder=folder)
    assert "0007-roles" in state.unknown
    assert not state.up_to_date


def test_status_changes_nothing(empty_database: str) -> None:
    """Asking an empty database creates no table in it."""
    assert status(empty_database).applied == ()
    with connect(empty_database) as connection:
        query = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert connection.execute(query).fetchone() == (0,)


def test_both_engines_have_the_same_names(database: str, timescale_wasm_server: str) -> None:
    """Tables, columns, views and our functions are called the same on PostgreSQL and on TimescaleDB."""
    query = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name !~ '^reading_[0-9]{4}_' AND table_name !~ 'yoyo' ORDER BY 1, 2"
    )
    functions = (
        "SELECT proname FROM pg_proc AS p WHERE pronamespace = 'public'::regnamespace AND prolang IN"
        " (SELECT oid FROM pg_language WHERE lanname IN ('sql', 'plpgsql'))"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')"
        " AND proname <> 'time_bucket' ORDER BY 1"
    )
    answers = []
    for dsn in (database, timescale_wasm_server):
        with connect(dsn) as connection:
            answers.append((connection.execute(query).fetchall(), connection.execute(functions).fetchall()))
    assert answers[0] == answers[1]


def test_every_statement_has_a_name_and_a_description() -> None:
    """Each .sql file is made of named statements, and each migration begins by saying what it is for."""
    for path in SQL_FOLDER.glob("*.sql"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("-- name: ")
        assert len(statements(path.stem)) == text.count("-- name: ")
    for path in FOLDER.rglob("*.sql"):
        assert re.match(r"\d{4}-[a-z-]+$", path.stem)
        assert path.read_text(encoding="utf-8").startswith("-- ")
