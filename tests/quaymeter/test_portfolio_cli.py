"""`quaymeter savings portfolio` and `replicate`: many bundles at once, and one carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from quaymeter.cli.output import ExitCode
from savings.bundle import pack
from savings.record import encoded
from savings.run import compute
from telemetry.plan import Cost
from tests.quaymeter.test_cli import run, run_json
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, made_up_plan

if TYPE_CHECKING:
    from pathlib import Path

COST = Cost(investment_eur=20_000.0, yearly_eur=300.0, life_years=12.0, discount_rate=0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two demonstrators of a cost as bundles, and the run and the input of the first as JSON."""
    made = tmp_path_factory.mktemp("runs")
    for name, seed in (("first", 1), ("second", 5)):
        given = made_up_input(made_up(seed=seed, saved=0.08), plan=made_up_plan(id=name, cost=COST))
        found = compute(given)
        (made / f"{name}.zip").write_bytes(pack(given, found))
        if name == "first":
            (made / "run.json").write_bytes(encoded(found))
            (made / "input.json").write_bytes(encoded(given))
            (made / "input.txt").write_text("nothing of the kind", encoding="utf-8")
    return made


def test_bundles_add_up(folder: Path) -> None:
    """Two bundles give one sum with its bounds, and a ranking with payback."""
    code, found = run_json("savings", "portfolio", str(folder / "first.zip"), str(folder / "second.zip"))
    assert code == ExitCode.OK
    assert found["money"]["unit"] == "EUR"
    assert found["amounts"][0]["figures"] == ["first/energy", "second/energy"]
    assert [each["unit"] for each in found["rankings"]] == ["kW.h", "t{CO2e}"]
    assert found["rankings"][0]["entries"][0]["payback_years"]["value"] > 0
    assert found["left_out"] == []


def test_the_table_speaks_of_both_bounds(folder: Path) -> None:
    """For a person there is a table of sums and one of ranks; a run without a plan is not ranked, which is said."""
    code, out, err = run("savings", "portfolio", str(folder / "second.zip"), str(folder / "run.json"))
    assert code == ExitCode.OK
    for word in ("if they err apart", "if they err as one", "€ a kWh", "pays back in", "second"):
        assert word in out
    assert "first: no cost" in err


def test_runs_that_cannot_be_added(folder: Path, tmp_path: Path) -> None:
    """A run of another confidence is left out with its reason, and the exit code says so."""
    given = made_up_input(plan=made_up_plan(id="third", confidence=0.95))
    path = tmp_path / "third.zip"
    path.write_bytes(pack(given, compute(given)))
    code, found = run_json("savings", "portfolio", str(folder / "first.zip"), str(folder / "second.zip"), str(path))
    assert code == ExitCode.NOT_IN_ORDER
    assert found["left_out"][0] == {"demonstrator": "third", "meter": "", "reason": "another confidence"}


def test_files_that_are_no_run(folder: Path) -> None:
    """A text is refused by its name, and so is the same file four times."""
    code, _, err = run("savings", "portfolio", str(folder / "input.txt"))
    assert (code, "input.txt" in err) == (ExitCode.FILE, True)
    code, _, err = run("savings", "portfolio", *[str(folder / "first.zip")] * 4)
    assert (code, "named twice" in err) == (ExitCode.FILE, True)


def test_a_demonstrator_is_carried_over(folder: Path) -> None:
    """From a bundle to a bundle and an input: saving, errors by cause, cost of the unit, payback."""
    code, found = run_json(
        "savings", "replicate", str(folder / "first.zip"), "--to", str(folder / "second.zip"), "--to",
        str(folder / "input.json"), "--price", "0.15", "--investment", "9000",
    )  # fmt: skip
    assert code == ExitCode.OK
    assert {each["plant"] for each in found} == {"first", "second"}
    for each in found:
        assert each["share"]["value"] == pytest.approx(8.0, abs=1.5)
        assert each["saving"]["low"] < 0.08 * each["use"]["value"] < each["saving"]["high"]
        assert set(each["errors"]) == {"demonstrator", "model", "between_plants", "extrapolation"}
        assert each["payback_years"]["value"] == pytest.approx(9000 / (0.15 * each["yearly_saving"]["value"]))


def test_a_forecast_says_that_it_is_one(folder: Path) -> None:
    """For a person there is a table, and a line that this was not measured."""
    code, out, err = run("savings", "replicate", str(folder / "first.zip"), "--to", str(folder / "second.zip"))
    assert code == ExitCode.OK
    assert out.startswith("second: would save ")
    assert "least sure of the spread between plants" in out
    assert "a forecast, not a measurement" in err


def test_what_cannot_be_carried_over(folder: Path, tmp_path: Path) -> None:
    """A pair that is none, a plan without a cost and a figure that is not there are refused."""
    first, second = str(folder / "first.zip"), str(folder / "second.zip")
    given, path = made_up_input(), tmp_path / "input.json"
    path.write_bytes(encoded(given))
    two = tmp_path / "two.json"
    two.write_bytes(encoded(msgspec.structs.replace(given, meters=(given.meters[0], given.meters[0]))))
    for wrong, said, expected in (
        ([first, "--to", second, "--same", "air"], "OURS=THEIRS", ExitCode.CONFIGURATION),
        ([str(path), "--to", second], "no cost", ExitCode.NOT_IN_ORDER),
        ([str(two), "--to", second, "--meter", "gas", "--investment", "1"], "no meter 'gas'", ExitCode.NOT_IN_ORDER),
    ):
        code, _, err = run("savings", "replicate", *wrong)
        assert code == expected
        assert said in err
