"""On which line of a TOML text a value stands: what `tomllib` does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tree_sitter_toml
from tree_sitter import Language, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

Path = tuple[str | int, ...]  # ("assets", 3, "points", "t_in", "unit")
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Lines:
    """Line numbers by path into the parsed document."""

    def __init__(self, text: str) -> None:
        """Walk the text once."""
        self._lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}  # arrays of tables → how many elements so far
        tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
        for node in tree.root_node.named_children:
            self._top(node)

    def of(self, path: Path) -> int:
        """Return the line of a path, or of the nearest parent that is written down."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _top(self, node: Node) -> None:
        """Take a pair or a table of the document."""
        if node.type == "pair":
            self._pair(node, ())
        elif node.type in ("table", "table_array_element"):
            path = self._header(node)
            self._set(path, node)
            self._set(tuple(part for part in path if isinstance(part, str)), node)
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(child, path)

    def _header(self, node: Node) -> Path:
        """Return the path of a table's header, with the index of each array of tables on the way."""
        parts = [part for child in node.named_children[:1] for part in _key(child)]
        path: Path = ()
        for number, part in enumerate(parts):
            path = (*path, part)
            last = number == len(parts) - 1
            if last and node.type == "table_array_element":
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, node: Node, parent: Path) -> None:
        """Take `key = value`."""
        key, value = node.named_children[0], node.named_children[-1]
        path: Path = parent
        for part in _key(key):
            path = (*path, part)
            self._set(path, node)
        self._value(value, path)

    def _value(self, node: Node, path: Path) -> None:
        """Look into inline tables and arrays."""
        if node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(child, path)
        elif node.type == "array":
            values = [child for child in node.named_children if child.type != "comment"]
            for index, child in enumerate(values):
                self._set((*path, index), child)
                self._value(child, (*path, index))

    def _set(self, path: Path, node: Node) -> None:
        """Keep the first line on which a path occurs."""
        self._lines.setdefault(path, node.start_point[0] + 1)


def _key(node: Node) -> Iterator[str]:
    """Yield the parts of a key."""
    if node.type == "dotted_key":
        for child in node.named_children:
            yield from _key(child)
    elif node.type in _KEYS:
        text = (node.text or b"").decode()
        yield text[1:-1] if node.type == "quoted_key" else text
