"""Text from the wire made fit for PostgreSQL."""

from __future__ import annotations


def plain(text: str) -> str:
    """Replace what PostgreSQL's text cannot hold (NUL, lone surrogates) by the replacement character."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")
