"""A plan that is sent: every mistake is named by its path, in its shape and in what it says about the site."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from api.bodies import MistakesError, read_body
from api.plan_check import Site, plan_mistakes
from storage.overview import points_by_key
from storage.pool import ReadPool
from telemetry.plan import Plan
from telemetry.site import DatedValue
from tests.savings.run_inputs import made_up_plan

if TYPE_CHECKING:
    from tests.api.conftest import Port

START = datetime(2024, 1, 1, tzinfo=UTC)
MIX = DatedValue(
    id="mix", quantity="energy", unit="kg/kW.h", value=0.05, valid_from=START, valid_to=None, source="grid"
)
WATER = DatedValue(
    id="water", quantity="volume", unit="EUR/m3", value=2.0, valid_from=START, valid_to=None, source="town"
)


def plan_document(**changed: Any) -> dict[str, Any]:
    """Return a plan of the small port as JSON holds it."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(made_up_plan()))
    document["meters"][0]["points"] = [{"point": "store/room-1/energy", "emission_factor": "mix"}]
    document["drivers"] = [{"point": "store/room-1/t_air", "role": "changepoint"}, {"point": "loop/pump-1/flow"}]
    return document | changed


def places(document: object) -> dict[str, str]:
    """Return the mistakes of a body by place."""
    with pytest.raises(MistakesError) as caught:
        read_body(json.dumps(document).encode(), Plan)
    return {mistake.place: mistake.detail for mistake in caught.value.mistakes}


def test_a_good_plan_is_read_as_it_was_written() -> None:
    """What is sent comes out as the same record."""
    assert read_body(msgspec.json.encode(made_up_plan()), Plan) == made_up_plan()


def test_every_mistake_of_shape_is_named_at_once() -> None:
    """Unknown and missing fields, wrong types, bounds and periods out of order, each at its own path."""
    document = plan_document(meter=1, option="D", confidence=2, name={"fr": 3}, expected_saving=[1])
    document["meters"][0]["points"][0] = {"tariff": [1]}
    document["periods"]["baseline_to"] = "2020-01-01"
    found = places(document)
    assert set(found) == {
        "meter", "option", "confidence", "name.fr", "expected_saving", "meters[0].points[0].point",
        "meters[0].points[0].tariff[0]", "periods",
    }  # fmt: skip
    assert found["periods"].startswith("the baseline must begin before it ends")


def test_thousands_of_mistakes_are_told_by_the_first_hundred() -> None:
    """A body that is wrong all over is not answered by one that is longer than itself."""
    with pytest.raises(MistakesError) as caught:
        read_body(json.dumps(plan_document(context=[0] * 20_000)).encode(), Plan)
    assert len(caught.value.mistakes) == 100


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b"[]", b"null", b'"plan"', b"NaN"])
def test_what_is_no_plan_at_all_is_said_so(body: bytes) -> None:
    """Broken, deeply nested and other JSON ends in a mistake, not in an error of ours."""
    with pytest.raises(MistakesError) as caught:
        read_body(body, Plan)
    assert [mistake.place for mistake in caught.value.mistakes] == ["body"]


@pytest.fixture
def site(port: Port) -> Site:
    """Give what a plan of the small port may name."""
    with ReadPool(port.dsn, size=1) as pool, pool.connection() as connection:
        return Site(points=points_by_key(connection, port.site.id), tariffs=(WATER,), emission_factors=(MIX,))


def wrong(site: Site, **changed: Any) -> dict[str, tuple[str, str]]:
    """Return the mistakes of a plan about its site, by place."""
    plan = msgspec.convert(plan_document(**changed), Plan)
    return {each.place: (each.detail, each.cure) for each in plan_mistakes(plan, site)}


def test_what_a_plan_names_must_exist_and_fit(site: Site) -> None:
    """Points, kinds, units, tariffs, factors and roles are held against the site, with the nearest that is there."""
    assert wrong(site) == {}
    meter = {"id": "a", "name": {"fr": "a"}, "unit": "kW.h"}
    points = [
        {"point": "store/room-1/enrgy", "tariff": ["water"], "emission_factor": "mixx"},
        {"point": "store/room-1/t_air"},
        {"point": "store/room-2/energy", "factor": 0},
    ]
    found = wrong(
        site, meters=[meter | {"points": points}], drivers=[{"point": "x/y/z", "role": "bent"}], frequency="weekly",
        option="A", context=["nowhere/at/all"], static_factors=[{"id": "set", "name": {"fr": "s"}, "value": "-20 °C",
                                                                "point": "store/room-1/t_air"}],
    )  # fmt: skip
    assert found.pop("meters[0].points[0].point")[1] == 'did you mean "store/room-1/energy"?'
    assert found.pop("meters[0].points[0].tariff")[0] == "'water' is per unit of volume, the figure counts kW.h"
    assert found.pop("meters[0].points[0].emission_factor")[0] == "there is no emission factor 'mixx'"
    assert found.pop("meters[0].points[1].point")[0] == "'store/room-1/t_air' is a gauge: it counts no amount"
    assert set(found) == {
        "meters[0].points[2].factor", "drivers[0].point", "drivers[0].role", "frequency", "stipulations", "context[0]",
        "static_factors[0].tolerance",
    }  # fmt: skip


def test_what_a_plan_holds_has_bounds(site: Site) -> None:
    """Names in some language and of a length, numbers that can be measured, stipulations with a source and an error."""
    bare = {"parameter": "hours", "value": 0.0, "unit": "h", "standard_error": -1.0, "source": " "}
    found = wrong(
        site, name={}, measure={"fr": " "}, boundary={"en": "b" * 4001}, option="A", stipulations=[bare],
        cost={"investment_eur": 1e300}, responsible="r" * 4001,
    )  # fmt: skip
    assert set(found) == {
        "name", "measure", "boundary.en", "stipulations[0].source", "stipulations[0].value",
        "stipulations[0].standard_error", "cost.investment_eur", "responsible",
    }  # fmt: skip
    assert wrong(site, name={"fr": "n" * 201})["name.fr"] == ("it has 201 characters", "write 200 at most")


def test_a_factor_that_units_alone_decide_must_be_given(site: Site) -> None:
    """Kilowatt-hours counted as megawatt-hours without a factor would be a saving of a thousand times."""
    points = [{"point": "store/room-1/energy"}]
    found = wrong(site, meters=[{"id": "a", "name": {"fr": "a"}, "unit": "MW.h", "points": points}])
    assert found["meters[0].points[0].factor"][1] == "give `factor`: 0.001 [MW.h per kW.h]"


def test_a_meter_is_no_driver_of_itself(site: Site) -> None:
    """A figure explained by its own meter would save nothing, whatever is saved."""
    assert "meters[0].drivers" in wrong(site, drivers=[{"point": "store/room-1/energy"}])
