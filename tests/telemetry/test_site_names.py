"""Names of the worked example, as people read them on a page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from telemetry.site_file import load_site

SITES = sorted((Path(__file__).parent.parent.parent / "sites").glob("*.toml"))


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_two_points_of_an_asset_share_a_name(path: Path, language: str) -> None:
    """Within one asset every point, measured or derived, can be told from the others by its name."""
    site = load_site(path)
    names = [(point.key, point.name[language]) for point in site.points]
    names += [(point.key, point.name[language]) for point in site.derived_points]
    named = [(key.rpartition("/")[0], name) for key, name in names]
    assert [name for name, times in Counter(named).items() if times > 1] == []
