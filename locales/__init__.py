"""French and English words: gettext catalogues, compiled beside their source."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent
DOMAIN = "quaymeter"  # the console and the API
REPORT = "report"  # the savings report
LANGUAGES = ("fr", "en")
