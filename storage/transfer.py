"""Readings to and from files: `export_` streams a window out, `import_history` takes a file in.

`import_parts` takes a history in that is made on the way, part by part.
"""

from storage.exporting import Format, Selection, export_, stream_batches
from storage.import_file import ImportMapping
from storage.importing import ColumnChunk, ColumnHistory, ImportResult, import_history, import_parts

__all__ = [
    "ColumnChunk",
    "ColumnHistory",
    "Format",
    "ImportMapping",
    "ImportResult",
    "Selection",
    "export_",
    "import_history",
    "import_parts",
    "stream_batches",
]
