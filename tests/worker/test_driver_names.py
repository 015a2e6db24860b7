"""Drivers of one name in a run's input: told apart by their plant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from savings.days_before import before
from storage.catalogue import apply_site
from storage.engine import connect
from telemetry.plan import DriverPlan
from telemetry.site import Asset
from tests.storage.aligned_site import a_plan, a_site
from tests.storage.building import small_point
from worker.run_input import run_input

if TYPE_CHECKING:
    from telemetry.site import Site

DOOR = {"fr": "porte", "en": "door"}
DOORS = ("quay/pump/door", "quay/store/door")


def site_with_two_doors(doors: tuple[str, str] = DOORS) -> Site:
    """Return a site of a plan whose drivers are two doors of one name, the second felt for days, and the air."""
    drivers = (
        DriverPlan(point=doors[0]),
        DriverPlan(point=doors[1], lasts_days=2.0),
        DriverPlan(point="quay/pump/t_air"),
    )
    site = a_site(a_plan(date(2025, 4, 7), date(2025, 4, 20), date(2025, 4, 21), drivers=drivers))
    store = Asset(
        key="quay/store", name={"fr": "chambre", "en": "store"}, utility="electricity", operator="port", device="dev-1"
    )
    points = (replace(small_point("door", quantity="state", unit="1"), key=key, name=DOOR) for key in doors)
    return replace(site, assets=(*site.assets, store), points=(*site.points, *points))


def test_two_doors_of_one_name_are_told_apart(database: str) -> None:
    """Each bears its plant's name, or the plant's key where a language has none, on the days before as well."""
    with connect(database, autocommit=True) as connection:
        apply_site(database, site_with_two_doors(), who="test")
        given = run_input(connection, "quay", "heat", now=datetime(2025, 4, 28, 12, tzinfo=UTC)).meters[0]
    label = {each.name: each.label for each in given.drivers}
    assert label[DOORS[0]] == {"fr": "porte (pompe)", "en": "door (quay/pump)"}
    assert label[DOORS[1]] == {"fr": "porte (chambre)", "en": "door (store)"}
    assert label[before(DOORS[1])]["fr"] == "porte (chambre), jours précédents (constante de temps de 2 j)"
    assert label["quay/pump/t_air"] == {"fr": "t_air", "en": "t_air"}
    assert {each.name["en"] for each in given.sources if each.point in DOORS} == {"door (quay/pump)", "door (store)"}


def test_two_doors_of_one_plant_are_told_apart(database: str) -> None:
    """Where the plant is the same as well, each bears the last part of its point's key."""
    doors = ("quay/store/door_1", "quay/store/door_2")
    with connect(database, autocommit=True) as connection:
        apply_site(database, site_with_two_doors(doors), who="test")
        given = run_input(connection, "quay", "heat", now=datetime(2025, 4, 28, 12, tzinfo=UTC)).meters[0]
    label = {each.name: each.label["fr"] for each in given.drivers}
    assert [label[each] for each in doors] == ["porte (chambre) (door_1)", "porte (chambre) (door_2)"]
