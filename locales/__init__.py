"""French and English words: gettext catalogues, compiled beside their source."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent
DOMAIN = "quaymeter"
LANGUAGES = ("fr", "en")
