"""SQL statements kept in .sql files, each with a name and a one-line description.

-- name: the_name
-- What it does, in one line.
SELECT …
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
HEADING = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)


@cache
def statement(file: str, name: str) -> bytes:
    """Return one statement of `sql/{file}.sql`, ready for psycopg."""
    return statements(file)[name].encode()


@cache
def statements(file: str) -> dict[str, str]:
    """Return all statements of `sql/{file}.sql` by name."""
    text = (FOLDER / f"{file}.sql").read_text(encoding="utf-8")
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return {
        heading[1]: text[heading.end() : end].strip().removesuffix(";")
        for heading, end in zip(headings, ends, strict=True)
    }
