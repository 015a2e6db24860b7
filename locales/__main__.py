"""Brings the catalogues in step with the code: `python -m locales` after a sentence was added or changed.

`python -m locales report` does it for one of them. New sentences are added to both catalogues, gone ones removed, and
both are compiled. English is the language of the sources, so its catalogue fills itself; French sentences that are
missing are named, and wait for a translator.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from locales import DIRECTORY, DOMAIN, LANGUAGES, REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROOT = DIRECTORY.parent
ROOMS = {DOMAIN: ("api",), REPORT: ("reports", "savings")}  # catalogue → folders whose sentences it holds
TITLES = {DOMAIN: "the quaymeter console", REPORT: "the savings report"}
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true"}}
KEYWORDS = {
    "_": None, "say": None, "noted": None, "said": None, "plural": (1, 2), "ngettext": (1, 2), "counted": (1, 2),
}  # fmt: skip
BEGUN = datetime(2026, 11, 22, tzinfo=UTC)  # fixed: a catalogue changes only with its sentences
HEADER = "# Words of {}. Keep in step with: python -m locales"


@cache
def template(domain: str = DOMAIN) -> Catalog:
    """Return every sentence that code and templates of a catalogue's rooms use, in order."""
    catalogue = Catalog(domain=domain)
    found = [each for room in ROOMS[domain] for each in extract_from_dir(ROOT / room, METHODS, OPTIONS, KEYWORDS)]
    for _, _, message, _, _ in sorted(found, key=lambda item: str(item[2])):
        catalogue.add(message)
    return catalogue


def source(language: str, domain: str = DOMAIN) -> Path:
    """Return the place of a catalogue's source."""
    return DIRECTORY / language / "LC_MESSAGES" / f"{domain}.po"


def updated(language: str, domain: str = DOMAIN) -> Catalog:
    """Return a language's catalogue brought in step with the code."""
    path = source(language, domain)
    old = read_po(io.StringIO(path.read_text(encoding="utf-8") if path.exists() else ""), locale=language)
    new = Catalog(
        locale=language,
        domain=domain,
        header_comment=HEADER.format(TITLES[domain]),
        project="quaymeter",
        fuzzy=False,
        creation_date=BEGUN,
        revision_date=BEGUN,
    )
    for message in template(domain):
        if message.id:
            known = old.get(message.id)
            kept = known.string if known and isinstance(known.id, str) == isinstance(message.id, str) else None
            new.add(message.id, message.id if language == "en" else kept)
    return new


def text_of(catalogue: Catalog) -> bytes:
    """Return the source of a catalogue: without places in the code, which move all the time."""
    out = io.BytesIO()
    write_po(out, catalogue, width=110, no_location=True, omit_header=False, sort_output=True)
    return out.getvalue().rstrip() + b"\n"


def compiled(text: bytes, language: str) -> bytes:
    """Return the compiled form of a catalogue's source."""
    out = io.BytesIO()
    write_mo(out, read_po(io.BytesIO(text), locale=language, domain=DOMAIN))
    return out.getvalue()


def missing(catalogue: Catalog) -> list[str]:
    """Return the sentences without translation."""
    gaps = []
    for message in catalogue:
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(strings):
            gaps.append(message.id if isinstance(message.id, str) else message.id[0])
    return gaps


def main(domains: Sequence[str] = ()) -> int:
    """Update and compile the catalogues named, all where none is; 1 if a translation is missing."""
    gaps = 0
    for domain, language in product(domains or ROOMS, LANGUAGES):
        catalogue = updated(language, domain)
        text = text_of(catalogue)
        source(language, domain).write_bytes(text)
        source(language, domain).with_suffix(".mo").write_bytes(compiled(text, language))
        for sentence in missing(catalogue):
            gaps += 1
            sys.stdout.write(f"{language}: not translated: {sentence}\n")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
