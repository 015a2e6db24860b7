"""The chapter on faults says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from simulators.scenario import Scenario
from simulators.sensors.fault_tables import faults_of
from simulators.sensors.faults import RULES
from telemetry.site_file import load_site
from tests.fixtures.small_port import BEGINS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "simulators.md").read_text("utf-8")


def test_every_kind_of_fault_is_listed_once() -> None:
    """The table has a row for each kind, and says a size where there is one."""
    chapter = TEXT.split("\n## Faults\n")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", chapter, re.MULTILINE))
    assert set(rows) == set(RULES)
    assert {kind for kind, size in rows.items() if size == "–"} == {
        kind for kind, rule in RULES.items() if not rule.meaning
    }


def test_the_declared_faults_of_the_document_can_be() -> None:
    """A reader who copies them has faults of the shipped site."""
    site = load_site(ROOT / "sites" / "capecure.toml")
    blocks = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)]
    tables = [table for block in blocks for table in block.get("faults", ())]
    assert len(tables) >= 2
    scenario = Scenario(name="document", begins=BEGINS)
    assert len(faults_of(tables, site, scenario=scenario)) == len(tables)
