"""Where topics lead: from a topic to the asset, its device and the names that may be said there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telemetry.batch import RefusalReason
from telemetry.clocks import ClockWatch
from telemetry.columns import Names
from telemetry.formats.rows import Place, RefusedError, shown
from telemetry.points import table_of
from telemetry.topics import ROOT, TopicKind, parse_topic, topic_of
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from telemetry.catalogue import Catalogue


class Routes:
    """All topics of one catalogue that a device may speak on, looked up by their full text."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Prepare every topic once, so that the path of a message is one look-up."""
        self.catalogue = catalogue
        self.table = table_of(catalogue)
        self.clocks = ClockWatch(_longest_periods(catalogue))
        self._known = frozenset({*catalogue.devices, *catalogue.devices.values()})
        self.by_asset = {asset: self._place(asset, device) for asset, device in catalogue.devices.items()}
        self.places = {
            f"{ROOT}/{catalogue.site}/{asset}/{kind}": place
            for asset, place in self.by_asset.items()
            for kind in (TopicKind.TELEMETRY, TopicKind.EVENT)
        }
        self.status, self.meta = (
            {topic_of(catalogue.site, asset, kind): place for asset, place in self.by_asset.items()}
            for kind in (TopicKind.STATUS, TopicKind.META)
        )
        self.plain = {
            topic: self._single(key)
            for topic, key in catalogue.plain_topics.items()
            if key in catalogue.points and key.rpartition("/")[0] in self.by_asset
        }
        self.sparkplug = {
            node: self.by_asset[asset] for node, asset in catalogue.sparkplug.items() if asset in self.by_asset
        }

    def _single(self, key: str) -> Place:
        """Make a place where nothing but one point can be said."""
        asset, _, name = key.rpartition("/")
        whole = self.by_asset[asset]
        return replace(whole, names={name: whole.names[name]})

    def place_of(self, topic: str) -> Place:
        """Return the place of a topic, or refuse the message with the reason why there is none."""
        place = self.places.get(topic)
        if place is not None:
            return place
        parsed = parse_topic(topic)
        if parsed is None:
            raise RefusedError(
                RefusalReason.SCHEMA, f"topic {shown(topic)} is not {ROOT}/site/area/asset/telemetry, nor a mapped one"
            )
        if parsed.site != self.catalogue.site:
            raise RefusedError(
                RefusalReason.NOT_ALLOWED,
                f"topic of site {shown(parsed.site)}, this gateway is for {self.catalogue.site}",
            )
        if parsed.asset in self.by_asset:
            raise RefusedError(
                RefusalReason.SCHEMA, f"readings do not go to {parsed.kind} topics – use telemetry or event"
            )
        close = did_you_mean(parsed.asset, self.by_asset)
        raise RefusedError(
            RefusalReason.UNKNOWN_POINT,
            f"no asset {shown(parsed.asset)} in site {self.catalogue.site} – {close}declare it in the site file",
        )

    def _place(self, asset: str, device: str) -> Place:
        """Gather what may be said under one asset."""
        prefix = f"{asset}/"
        names = {
            key.removeprefix(prefix): variant for key, variant in self.table.declared.items() if key.startswith(prefix)
        }
        return Place(
            site=self.catalogue.site,
            asset=asset,
            device=device,
            number=self.clocks.index[device],
            names=Names(names),
            table=self.table,
            strangers=self._known - {asset, device},
        )


def _longest_periods(catalogue: Catalogue) -> dict[str, float]:
    """Longest sampling period [s] of every device."""
    periods = dict.fromkeys(catalogue.devices.values(), 0.0)
    for entry in catalogue.points.values():
        device = catalogue.devices.get(entry.point.asset)
        if device is not None:
            periods[device] = max(periods[device], entry.point.period_s)
    return periods
