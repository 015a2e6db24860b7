"""Changes of a site file that would give stored readings another meaning are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from storage.catalogue import apply_site, load_catalogue
from storage.engine import connect
from storage.rollups import refresh_all
from storage.times import from_us
from storage.writer import Writer
from telemetry.errors import ConfigurationError
from telemetry.site import Kind, MeterSwap
from tests.storage.building import MINUTE_US, NOW_US, batch_of, decoded_of, messages_of, small_point, small_site

if TYPE_CHECKING:
    from telemetry.site import Point

KEY = "quay/pump/meter"


def meter(**changes: Any) -> Point:
    """Return a water meter that counts pulses of ten litres."""
    values: dict[str, Any] = {"quantity": "volume", "unit": "m3", "kind": Kind.COUNTER, "pulse_weight": 0.01}
    return small_point("meter", **values | changes)


def store(dsn: str, *rows: tuple[int, float]) -> None:
    """Write readings (minute, value) of the meter."""
    number = load_catalogue(dsn, "quay").points[KEY].point_id
    with Writer(dsn, gateway="test") as writer:
        batch = batch_of([(number, NOW_US + minute * MINUTE_US, value) for minute, value in rows])
        writer.write(messages_of(), decoded_of(batch))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"quantity": "energy", "unit": "kW.h"}, "quantity volume → energy"),
        ({"quantity": "gas_volume"}, "quantity volume → gas_volume"),
        ({"kind": Kind.EVENT, "pulse_weight": None}, "kind counter → event"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_stored_readings_keep_their_meaning(
    database: str, changes: dict[str, Any], named: str, *, dry_run: bool
) -> None:
    """Quantity, canonical unit and kind of a point with readings stay; a new key is what the error asks for."""
    apply_site(database, small_site([meter()]), who="test")
    store(database, (0, 1000.0), (1, 1001.0))
    with pytest.raises(ConfigurationError, match=f"{KEY}.*{named}.*new key"):
        apply_site(database, small_site([meter(**changes)]), who="test", dry_run=dry_run)
    assert load_catalogue(database, "quay").points[KEY].point.quantity == "volume"


def test_a_retired_point_comes_back_as_what_it_was(database: str) -> None:
    """Retiring a point and declaring its key anew as something else is the same relabelling."""
    apply_site(database, small_site([meter()]), who="test")
    store(database, (0, 1000.0))
    apply_site(database, small_site(), who="test")
    with pytest.raises(ConfigurationError, match="quantity"):
        apply_site(database, small_site([meter(quantity="energy", unit="kW.h")]), who="test")
    assert apply_site(database, small_site([meter()]), who="test").changed


def test_before_its_first_reading_a_point_may_become_anything(database: str) -> None:
    """A mistake seen in time costs nothing; another legal unit of the same quantity never does."""
    apply_site(database, small_site([meter()]), who="test")
    assert apply_site(database, small_site([meter(quantity="energy", unit="kW.h")]), who="test").changed
    store(database, (0, 1000.0))
    assert apply_site(database, small_site([meter(quantity="energy", unit="MW.h")]), who="test").changed


def test_another_pulse_weight_needs_a_meter_swap(database: str) -> None:
    """100,000 pulses of 10 l are 1,000 m3; at 100 l they would be 10,000: the jump is no consumption."""
    apply_site(database, small_site([meter()]), who="test")
    store(database, (0, 1000.0), (1, 1001.0))
    with pytest.raises(ConfigurationError, match=r"pulse_weight 0\.01 → 0\.1.*meter_swap"):
        apply_site(database, small_site([meter(pulse_weight=0.1)]), who="test")
    swap = MeterSwap(
        point=KEY, at=from_us(NOW_US + 90_000_000), register_before=1001.5, register_after=10_015.0, by="technician"
    )
    assert apply_site(database, small_site([meter(pulse_weight=0.1)], meter_swaps=(swap,)), who="test").changed
    store(database, (2, 10_020.0))
    refresh_all(database)
    with connect(database) as connection:
        gained = connection.execute("SELECT sum(increase), sum(resets) FROM reading_1d").fetchone()
    assert gained == (pytest.approx(1 + 0.5 + 5), 0)
