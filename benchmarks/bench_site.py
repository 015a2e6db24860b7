"""A made-up site for measurements: 20 assets of 50 gauges, nothing refused, nothing judged."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from benchmarks.mqtt_load import ASSETS, POINTS, SITE, asset_key, device
from telemetry.site import Asset, Kind, Operator, Point, Site, Utility


def bench_site() -> Site:
    """Return the site that `benchmarks.mqtt_load` publishes to."""
    return Site(
        id=SITE,
        name="Benchmark",
        latitude=50.7,
        longitude=1.6,
        timezone=ZoneInfo("Europe/Paris"),
        utilities=(Utility(id="cold", name={"en": "Cold"}),),
        operators=(Operator(id="nobody", name="Nobody"),),
        assets=tuple(
            Asset(key=asset_key(number), name={"en": "Asset"}, utility="cold", operator="nobody", device=device(number))
            for number in range(ASSETS)
        ),
        points=tuple(
            Point(
                key=f"{asset_key(number)}/p{point:02d}",
                name={"en": "Point"},
                quantity="temperature",
                unit="Cel",
                kind=Kind.GAUGE,
                period_s=60.0,
                silent_after_s=600.0,
                valid_min=-100.0,
                valid_max=200.0,
            )
            for number in range(ASSETS)
            for point in range(POINTS)
        ),
    )
