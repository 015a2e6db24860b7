"""What the documents say is what the code does: examples are decoded, and the table of quantities is current."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from telemetry.batch import Message, RefusalReason
from telemetry.catalogue import catalogue_of
from telemetry.decode import Decoder
from telemetry.quality import Reason
from telemetry.quantities import QUANTITIES
from telemetry.site_file import load_site, parse_site

ROOT = Path(__file__).parents[2]
CONTRACT = (ROOT / "docs" / "contract.md").read_text("utf-8")
SITES = (ROOT / "docs" / "sites.md").read_text("utf-8")
NOW_MS = 1_790_000_000_000
START = re.compile(r"<!-- quantities:.*?-->\n", re.DOTALL)
END = "<!-- end of quantities -->"


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a document in one language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("block", blocks(CONTRACT, "json"), ids=lambda block: block[:30])
def test_examples_for_integrators_are_stored_whole(block: str) -> None:
    """Every JSON example is decoded without a refusal by the port's own catalogue."""
    payload = block.replace("NOW_SECONDS", str(NOW_MS // 1000)).replace("NOW", str(NOW_MS)).encode()
    content = json.loads(payload)
    catalogue = catalogue_of(load_site(ROOT / "sites" / "capecure.toml"))
    asset = "mole/frozen_1" if b"edge-mole-1" in payload else "quay/intake"
    kind = "status" if b'"state"' in payload else "meta" if b'"points"' in payload else "telemetry"
    told = Message(f"port/v1/capecure/{asset}/{kind}", payload, "", 1000 * NOW_MS)
    decoded = Decoder(catalogue, clock_us=lambda: 1000 * NOW_MS).decode([told])
    assert not decoded.refusals
    assert len(decoded.told) == (kind != "telemetry")
    if kind != "telemetry":
        return
    assert len(decoded.batch) >= len(content["e"] if isinstance(content, dict) else content)
    assert not decoded.batch.quality.any()


def test_python_example_runs() -> None:
    """The Python example is valid as it stands."""
    (block,) = blocks(CONTRACT, "python")
    namespace: dict[str, object] = {}
    exec(block, namespace)  # noqa: S102  our own document
    assert isinstance(namespace["payload"], bytes)


def test_every_reason_is_explained() -> None:
    """Refusal reasons and quality flags stand in the contract, with their codes."""
    for reason in RefusalReason:
        assert f"| `{reason}` |" in CONTRACT
    for flag in Reason:
        assert f"{flag.value} {str(flag.name).lower().replace('_', ' ')}" in CONTRACT


def test_smallest_site_is_a_site() -> None:
    """The first file of the guide is complete."""
    site = parse_site(blocks(SITES, "toml")[0], "harbour.toml")
    assert [point.key for point in site.points] == ["quay/loop/t_in"]


def quantity_table() -> str:
    """Write the table of quantities."""
    rows = ["| quantity | units | kinds | bounds | |", "|---|---|---|---|---|"]
    for quantity in QUANTITIES.values():
        units = " ".join(f"`{unit}`" for unit in quantity.units)
        kinds = ", ".join(sorted(quantity.kinds))
        bounds = f"{quantity.minimum:g} … {quantity.maximum:g}"
        rows.append(f"| `{quantity.name}` | {units} | {kinds} | {bounds} | {quantity.meaning} |")
    return "\n".join(rows) + "\n"


def test_table_of_quantities_is_current() -> None:
    """The guide's table is the code's; WRITE_DOCS=1 writes it anew."""
    start = START.search(SITES)
    assert start is not None
    head, tail = SITES[: start.end()], SITES[SITES.index(END) :]
    if os.environ.get("WRITE_DOCS"):
        (ROOT / "docs" / "sites.md").write_text(head + quantity_table() + tail, "utf-8")
        return
    assert SITES[start.end() : SITES.index(END)] == quantity_table()
