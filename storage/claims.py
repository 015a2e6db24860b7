"""What only one site can have: a plain topic and a Sparkplug node name no site, so the mapping must be unmistakable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.statements import statement
from telemetry.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from storage.engine import Connection
    from telemetry.site import Site


def refuse_claimed(connection: Connection, site: Site) -> None:
    """Raise where a site maps a topic or a node that another site has mapped.

    Two sites that are applied at the same moment come one after the other from here until their transactions end.
    """
    if not site.plain_topics and not site.sparkplug:
        return
    connection.execute(statement("catalogue", "one_claim_at_a_time"))
    for other, topics, sparkplug in connection.execute(statement("catalogue", "claims_of_others"), (site.id,)):
        _refuse("plain topic", set(site.plain_topics) & set(topics), other)
        _refuse("Sparkplug node", _nodes(site.sparkplug) & _nodes(sparkplug), other)


def _nodes(mapped: Iterable[str]) -> set[str]:
    """Return the nodes `group/node` of mapped nodes and devices: a node and its devices share one state."""
    return {"/".join(key.split("/")[:2]) for key in mapped}


def _refuse(what: str, shared: set[str], other: str) -> None:
    if shared:
        raise StorageError(
            f"{what} {', '.join(sorted(shared))} belongs to site {other}",
            cure="map it in one of the two site files, and have the other device speak on a topic of its own",
        )
