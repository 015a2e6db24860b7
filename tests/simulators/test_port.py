"""The whole port: complete, the same however it is asked for, plausible, and honest about what measures do."""

from __future__ import annotations

import hashlib
import pickle
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from simulators.outputs import Amounts, Level, Mean
from simulators.port import Port, PortDay, has_model
from simulators.scenario import Happening, Measure, Scenario, load_scenario
from telemetry.errors import ConfigurationError
from telemetry.site import Kind, Site
from telemetry.site_file import load_site

SITE_FILE = Path(__file__).parents[2] / "sites" / "capecure.toml"
BEGINS = date(2025, 6, 2)
LAST = BEGINS + timedelta(days=8)
TRAPS = Measure(demonstrator="traps", kind="trap_repair", asset="cannery/boiler", start="2025-06-04",
                energy=("cannery/boiler/gas",))  # fmt: skip
DOORS = Measure(demonstrator="doors", kind="strip_doors", asset="estran/cold_store", start="2025-06-03",
                energy=("estran/cold_store/energy",))  # fmt: skip
NULL = Measure(demonstrator="null", kind="null", asset="mole/refrigeration", start="2025-06-03",
               energy=("mole/refrigeration/energy", "cannery/boiler/gas"))  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Site:
    """Read the worked example."""
    return load_site(SITE_FILE)


@pytest.fixture(scope="module")
def week(site: Site) -> list[PortDay]:
    """Nine days of a port with three measures."""
    return list(Port(site, _scenario()).days(BEGINS, LAST))


def test_every_point_of_the_site_is_simulated(site: Site, week: list[PortDay]) -> None:
    """No sensor of the worked example is without physics behind it, and every array has the length of its day."""
    assert {point.key for point in site.points} == set(week[0].outputs)
    lengths = {len(output.values) for output in week[0].outputs.values() if isinstance(output, Level | Mean)}
    assert lengths == {96}


def test_values_lie_where_the_instruments_can_see_them(site: Site, week: list[PortDay]) -> None:
    """In an ordinary week every gauge stays within the valid range that the site file gives it, and is finite."""
    outside = []
    for point in site.points:
        values = np.concatenate([made.outputs[point.key].values for made in week])
        assert np.isfinite(values).all(), point.key
        if point.kind is Kind.GAUGE and point.valid_min is not None and point.valid_max is not None and len(values):
            low, high = float(values.min()), float(values.max())
            if low < point.valid_min or high > point.valid_max:
                outside.append((point.key, low, high, point.valid_min, point.valid_max))
    assert not outside


def test_counters_never_run_backwards(site: Site, week: list[PortDay]) -> None:
    """What a counter counts in a step is never negative."""
    for point in site.points:
        if point.kind is Kind.COUNTER:
            assert min(made.outputs[point.key].values.min() for made in week) >= 0, point.key


def test_a_day_is_the_same_however_it_is_asked_for(site: Site, week: list[PortDay]) -> None:
    """All at once, in pieces, from the middle, after a pickle and in another process: the same bytes."""
    whole = _digest(week)
    port = Port(site, _scenario())
    pieces = list(port.days(BEGINS, BEGINS + timedelta(days=3)))
    port = pickle.loads(pickle.dumps(port))  # noqa: S301 – our own bytes of a moment ago
    pieces += port.days(BEGINS + timedelta(days=4), LAST)
    assert _digest(pieces) == whole
    middle = BEGINS + timedelta(days=5)
    assert _digest(list(Port(site, _scenario()).days(middle, middle))) == _digest(week[5:6])
    assert _digest(list(port.days(middle, middle))) == _digest(week[5:6])  # going back begins anew
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(_elsewhere).result() == whole


def test_another_seed_is_another_port(site: Site, week: list[PortDay]) -> None:
    """Weather, people and use differ."""
    other = next(iter(Port(site, _scenario(seed=8)).days(BEGINS, BEGINS)))
    for key in ("quay/intake/t_sea_in", "cannery/boiler/gas", "mole/refrigeration/energy"):
        assert not np.array_equal(other.outputs[key].values, week[0].outputs[key].values)


def test_the_world_without_a_measure_is_the_port_that_never_had_it(site: Site) -> None:
    """Luck is the same with and without: the counterfactual of one run is the fact of another."""
    with_all = Port(site, _scenario())
    list(with_all.days(BEGINS, LAST))
    for missing in (TRAPS, DOORS):
        rest = tuple(each for each in (TRAPS, DOORS, NULL) if each is not missing)
        watched = Measure(demonstrator="watch", kind="null", asset="x/y", start="2025-06-03", energy=missing.energy)
        without = Port(site, _scenario(measures=(*rest, watched)))
        list(without.days(BEGINS, LAST))
        expected = [row.with_ for row in without.truth().rows() if row.demonstrator == "watch"]
        found = [row.without for row in with_all.truth().rows() if row.demonstrator == missing.demonstrator]
        assert found == pytest.approx(expected, rel=1e-9)
        assert sum(row.saving for row in with_all.truth().rows() if row.demonstrator == missing.demonstrator) > 0


def test_a_measure_that_does_nothing_saves_exactly_nothing(site: Site) -> None:
    """Its truth is 0.0, not nearly; before its start the same holds for every measure."""
    port = Port(site, _scenario())
    list(port.days(BEGINS, LAST))
    rows = port.truth().rows()
    assert {row.saving for row in rows if row.demonstrator == "null"} == {0.0}
    assert {row.saving for row in rows if row.demonstrator == "traps" and row.day <= BEGINS} == {0.0}
    assert all(row.with_ > 0 for row in rows[3:10])


def test_steps_of_a_minute_and_of_a_quarter_tell_the_same_story(site: Site) -> None:
    """Tonnes, landings and doors are equal; energy differs by what a coarse step costs, a few per cent at most."""
    fine = list(Port(site, _scenario(step_s=60)).days(BEGINS, BEGINS + timedelta(days=1)))
    coarse = list(Port(site, _scenario()).days(BEGINS, BEGINS + timedelta(days=1)))
    for key, tolerance in (("cannery/production/cooked", 1e-9), ("cannery/boiler/gas", 0.03),
                           ("mole/refrigeration/energy", 0.05), ("quay/intake/volume", 0.03)):  # fmt: skip
        sums = [sum(float(made.outputs[key].values.sum()) for made in days) for days in (fine, coarse)]
        assert sums[0] == pytest.approx(sums[1], rel=tolerance), key


def test_a_site_without_a_model_is_told_so(site: Site) -> None:
    """The error names the sites that have one."""
    assert has_model("capecure")
    assert not has_model("atlantis")
    moved = Site(**{name: getattr(site, name) for name in site.__dataclass_fields__} | {"id": "atlantis"})
    with pytest.raises(ConfigurationError, match="no physical model") as error:
        Port(moved, _scenario())
    assert "capecure" in error.value.cure


def test_the_scenario_with_eight_demonstrators_runs(site: Site) -> None:
    """The scenario of the demo finds every asset and point it names."""
    (made,) = Port(site, load_scenario("capecure", begins=BEGINS)).days(BEGINS, BEGINS)
    assert len(made.outputs) == len(site.points)


@pytest.mark.parametrize(
    ("kind", "asset", "cause", "cure"),
    [
        ("strip_doors", "mole/frozen_9", "is no asset", "mole/frozen_1"),
        ("strip_doors", "mole/refrigeration", "changes nothing", "estran/cold_store"),
        ("seawater_substitution", "cannery/water", "changes nothing", "fillets/water"),
    ],
)
def test_a_measure_where_nobody_reads_it_is_refused(site: Site, kind: str, asset: str, cause: str, cure: str) -> None:
    """It would save nothing and be called the truth: place, cause and the assets where it can be."""
    lost = Measure(demonstrator="lost", kind=kind, asset=asset, start="2025-06-03", energy=("cannery/boiler/gas",))
    with pytest.raises(ConfigurationError, match=cause) as error:
        Port(site, _scenario(measures=(TRAPS, lost)))
    assert "lost" in error.value.place
    assert cure in error.value.cure


@pytest.mark.parametrize(("kind", "asset"), [("stock_factor", "cannery/boiler"), ("leak", "x/y")])
def test_a_happening_where_nobody_reads_it_is_refused(site: Site, kind: str, asset: str) -> None:
    """A stock of a boiler, a leak of nothing: told with the assets where the kind is read."""
    lost = Happening(kind=kind, asset=asset, start="2025-06-03", value=1.0)
    with pytest.raises(ConfigurationError, match=asset) as error:
        Port(site, Scenario(name="test", begins=BEGINS, happenings=(lost,)))
    assert f"{kind} can be at " in error.value.cure


def _scenario(seed: int = 7, step_s: int = 900, measures: tuple[Measure, ...] = (TRAPS, DOORS, NULL)) -> Scenario:
    return Scenario(name="test", begins=BEGINS, seed=seed, step_s=step_s, measures=measures)


def _elsewhere() -> str:
    return _digest(list(Port(load_site(SITE_FILE), _scenario()).days(BEGINS, LAST)))


def _digest(days: list[PortDay]) -> str:
    """Hash every output of every day."""
    digest = hashlib.sha256()
    for made in days:
        for key in sorted(made.outputs):
            output = made.outputs[key]
            digest.update(key.encode() + np.ascontiguousarray(output.values).tobytes())
            if isinstance(output, Amounts):
                digest.update(output.ts_s.tobytes())
    return digest.hexdigest()
