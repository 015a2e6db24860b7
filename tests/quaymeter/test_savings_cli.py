"""`quaymeter savings` from a file: what it prints, what its document holds, what it draws."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from quaymeter.cli.output import ExitCode
from tests.quaymeter.savings_files import days, local_hours, plant, write
from tests.quaymeter.test_cli import run, run_json

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {
    "savings", "low", "high", "confidence", "percent", "percent_low", "percent_high", "model", "parameters", "n", "p",
    "r2_adj", "cv_rmse", "nmbe", "autocorrelation", "coverage", "findings", "daily",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Write eighteen months of a plant that saves 8 % from 2024 on."""
    return write(
        tmp_path / "plant.csv", "day,use (kWh),air (°C),made (t)", plant("2023-01-01", "2024-06-30", "2024-01-01")
    )


def fit(path: Path, *more: str) -> list[str]:
    """Return the command line."""
    return [
        "savings", "fit", str(path), "--time", "day", "--tz", "Europe/Paris", "--energy", "use", "--driver",
        "air:changepoint", "--driver", "made", "--baseline", "2023-01-01/2023-12-31", *more,
    ]  # fmt: skip


REPORTING = ("--reporting", "2024-01-01/2024-06-30")


def test_the_document_holds_everything_and_holds_together(path: Path) -> None:
    """Days add up to the saving, percent to the adjusted baseline, the truth is inside, t is value by error."""
    code, found = run_json(*fit(path, *REPORTING))
    assert code == ExitCode.OK
    assert set(found) >= KEYS
    assert sum(day["saving"] for day in found["daily"]) == pytest.approx(found["savings"])
    assert found["daily"][-1]["cumulative"] == pytest.approx(found["savings"])
    assert found["adjusted_baseline"] - found["measured"] == pytest.approx(found["savings"])
    assert found["percent"] == pytest.approx(100 * found["savings"] / found["adjusted_baseline"])
    assert found["low"] < found["savings"] < found["high"]
    assert found["percent_low"] < 8 < found["percent_high"]
    assert (found["n"], found["unit"], len(found["daily"])) == (365, "kW.h", 182)
    assert found["p"] == len(found["parameters"])
    for each in found["parameters"]:
        assert each["t"] == pytest.approx(each["value"] / each["standard_error"])
    assert found["coverage"]["reporting"] == {"rows": 182, "used": 182, "coverage": 1.0}


def test_more_confidence_is_a_wider_interval_by_every_method(path: Path) -> None:
    """95 % holds 80 %, whatever the method; the saving itself is the same."""
    for method in ("reml", "guideline14"):
        wide = run_json(*fit(path, *REPORTING, "--confidence", "0.95", "--method", method))[1]
        narrow = run_json(*fit(path, *REPORTING, "--confidence", "0.8", "--method", method))[1]
        assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
        assert wide["savings"] == narrow["savings"]
        assert (wide["method"], wide["confidence"]) == (method, 0.95)


def test_a_fit_without_reporting_gives_the_model_alone(path: Path) -> None:
    """No period after, no saving: null, with the statistics and the days of the baseline."""
    code, found = run_json(*fit(path))
    assert code == ExitCode.OK
    assert found["savings"] is None
    assert found["r2_adj"] > 0.9
    assert len(found["daily"]) == 365
    assert sum(day["saving"] for day in found["daily"]) == pytest.approx(0, abs=20)


def test_a_person_reads_how_much_how_sure_and_why(path: Path) -> None:
    """How much, how sure, by which method, from which data, what was left out and what would change it."""
    code, out, _ = run(*fit(path, *REPORTING, "--exclude", "2024-03-01/2024-03-03"))
    assert code == ExitCode.OK
    for words in (
        "Saved: ", "kWh, between", "with 90% confidence", "How sure: the whole interval is above zero",
        "Method: avoided use",
        "Model: ", "± standard error", "kWh/°C", "Data: plant.csv", "179 of 182 rows used",
        "left out of reporting: 3 rows, left out with --exclude", "What would change it:", "1 % high or low",
    ):  # fmt: skip
        assert words in out
    assert "kW.h" not in out.split("Findings")[0]


def test_a_season_is_named_in_words(tmp_path: Path) -> None:
    """A wave that air does not explain stands in the line of the model, and its parameters in the table."""
    rows = [
        (day, use + 40 * math.sin(2 * math.pi * day.timetuple().tm_yday / 365.2425), air, made)
        for day, use, air, made in plant("2023-01-01", "2023-12-31", "2024-01-01")
    ]
    code, out, _ = run(*fit(write(tmp_path / "season.csv", "day,use (kWh),air (°C),made (t)", rows)))
    assert code == ExitCode.OK
    assert "with a wave of a year in the base" in " ".join(out.split())
    assert "season.sine" in out


def test_a_refusal_is_plain_too(path: Path) -> None:
    """Where no figure may be given the first line says so, and the finding names the cure."""
    code, out, _ = run(*fit(path, "--reporting", "2027-01-01/2027-06-30"))
    assert code == ExitCode.NOT_IN_ORDER
    assert out.startswith("No figure can be given.")
    assert "Saved" not in out
    assert "reporting_empty" in out


def test_the_unit_of_the_result_can_be_chosen(path: Path) -> None:
    """MWh is a thousandth of kWh, percent stays; m3 is refused as an option that contradicts the file."""
    kwh, mwh = run_json(*fit(path, *REPORTING))[1], run_json(*fit(path, *REPORTING, "--unit", "MWh"))[1]
    assert mwh["savings"] == pytest.approx(kwh["savings"] / 1000)
    assert mwh["percent"] == pytest.approx(kwh["percent"])
    assert mwh["unit"] == "MW.h"
    assert run(*fit(path, "--unit", "m3"))[0] == ExitCode.CONFIGURATION


def test_plots_are_drawn_as_pictures(path: Path, tmp_path: Path) -> None:
    """Five pictures, by day, by the hour and by month alike; without a saving no CUSUM."""
    pytest.importorskip("matplotlib")
    folder = tmp_path / "plots"
    _, found = run_json(*fit(path, *REPORTING, "--plots", str(folder)))
    names = {"measured-and-baseline", "residuals", "model", "cusum", "coverage"}
    assert {file.stem for file in folder.iterdir()} == names
    assert sorted(found["plots"]) == sorted(str(file) for file in folder.iterdir())
    assert all(file.read_bytes()[:4] == b"\x89PNG" for file in folder.iterdir())
    run_json(*fit(path, "--plots", str(tmp_path / "fit")))
    assert {file.stem for file in (tmp_path / "fit").iterdir()} == names - {"cusum"}
    run_json(*fit(path, *REPORTING, "--freq", "monthly", "--plots", str(tmp_path / "months")))
    assert {file.stem for file in (tmp_path / "months").iterdir()} >= names - {"model"}


def test_hours_give_days_in_the_document(tmp_path: Path) -> None:
    """By the hour the daily table sums local days, 25 rows on the day summer time ends."""
    rows = [
        (when.isoformat(), 5 + 0.4 * max(temperature - 15, 0) + (when.hour > 7), temperature)
        for when in local_hours("2023-09-01", "2024-01-20")
        for temperature in [15 + 8 * math.sin(when.timestamp() / 86400 * 2 * math.pi) + (when.day % 7) + when.month % 3]
    ]
    path = write(tmp_path / "hours.csv", "time,kWh,air", rows)
    arguments = ["savings", "fit", str(path), "--time", "time", "--tz", "Europe/Paris", "--energy", "kWh"]
    arguments += ["--driver", "air:changepoint:Cel", "--freq", "hourly", "--baseline", "2023-11-01/2024-01-20"]
    _, found = run_json(*arguments)
    assert (len(found["daily"]), found["daily"][0]["rows"]) == (81, 24)
    _, table = run_json("savings", "table", *arguments[2:-2])
    assert sum(start.startswith("2023-10-29") for start in table["columns"]["start"]) == 25


def test_the_table_is_shown_written_and_documented(path: Path) -> None:
    """The same rows for people, as CSV and as JSON, of one period where one is named."""
    given = [
        "savings",
        "table",
        str(path),
        "--time",
        "day",
        "--tz",
        "Europe/Paris",
        "--energy",
        "use",
        "--driver",
        "made",
    ]
    code, document = run_json(*given)
    assert (code, document["rows"], document["drivers"][0]["is_total"]) == (ExitCode.OK, 547, True)
    code, out, _ = run(*given, "--csv", "--baseline", "2023-03-01/2023-03-31")
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (ExitCode.OK, 31)
    assert float(rows[0]["energy"]) == document["columns"]["energy"][59]
    assert rows[25]["hours"] == "23.0"
    code, out, _ = run(*given, "--baseline", "2023-03-01/2023-03-31")
    assert "energy [kWh]" in out
    assert len(out.splitlines()) == 32


def test_the_table_names_an_empty_period_and_a_meter_that_stands_still(tmp_path: Path) -> None:
    """What a fit would stop at or warn of is said by the table too, where an engineer looks first."""
    rows = [(day, 500.0 + 9 * k % 7 if k < 100 else 480.0) for k, day in enumerate(days("2023-01-01", "2023-06-30"))]
    path = write(tmp_path / "stuck.csv", "day,kWh", rows)
    given = ["savings", "table", str(path), "--time", "day", "--tz", "Europe/Paris", "--energy", "kWh"]
    code, found = run_json(*given)
    assert (code, {each["code"] for each in found["findings"]}) == (ExitCode.OK, {"stuck_values"})
    code, found = run_json(*given, "--baseline", "2022-01-01/2022-12-31")
    assert code == ExitCode.NOT_IN_ORDER
    assert "baseline_empty" in {each["code"] for each in found["findings"]}


def test_nan_never_reaches_a_document(path: Path) -> None:
    """JSON knows no NaN: what is missing is null."""
    text = path.read_text().splitlines()
    text[10] = text[10].split(",")[0] + ",,,"
    path.write_text("\n".join(text))
    _, out, _ = run("savings", "table", str(path), "--time", "day", "--tz", "Europe/Paris", "--energy", "use", "--json")
    assert json.loads(out)["columns"]["energy"][9] is None


def test_fitting_from_a_file_needs_no_database() -> None:
    """Neither psycopg nor the storage room is imported."""
    import subprocess  # noqa: PLC0415 – a fresh interpreter, here alone
    import sys  # noqa: PLC0415

    program = "import sys, quaymeter.cli.savings, quaymeter.savings.analysis, quaymeter.savings.document\n"
    program += "print([name for name in ('psycopg', 'storage', 'matplotlib', 'fastapi') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
