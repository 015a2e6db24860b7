"""Readings to and from files: `export_` streams a window out, `import_history` takes a file in."""

from storage.exporting import Format, Selection, export_, stream_batches
from storage.import_file import ImportMapping
from storage.importing import ImportResult, import_history

__all__ = ["Format", "ImportMapping", "ImportResult", "Selection", "export_", "import_history", "stream_batches"]
