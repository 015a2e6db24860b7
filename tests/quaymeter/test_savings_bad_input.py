"""Bad files and bad questions through the command line: a named finding or a clear error, never a silent number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from quaymeter.cli.output import ExitCode
from tests.quaymeter.savings_files import plant, write
from tests.quaymeter.test_cli import run, run_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = tuple[Any, ...]
HEADING = "day,use (kWh),air (°C),made (t)"
PERIODS = ("--baseline", "2023-01-01/2023-12-31", "--reporting", "2024-01-01/2024-06-30")


@pytest.fixture
def rows() -> list[Row]:
    """Return eighteen months of a plant that saves 8 % from 2024 on."""
    return list(plant("2023-01-01", "2024-06-30", "2024-01-01"))


def arguments(path: Path, *more: str, drivers: tuple[str, ...] = ("air:changepoint", "made")) -> list[str]:
    """Return the command line for a file."""
    given = [text for driver in drivers for text in ("--driver", driver)]
    periods = () if "--baseline" in more else PERIODS
    return [
        "savings",
        "fit",
        str(path),
        "--time",
        "day",
        "--tz",
        "Europe/Paris",
        "--energy",
        "use",
        *given,
        *periods,
        *more,
    ]


def fitted(path: Path, *more: str, **options: tuple[str, ...]) -> tuple[int, dict[str, Any], dict[str, dict[str, Any]]]:
    """Run a fit; returns the exit code, the document and its findings by code."""
    code, document = run_json(*arguments(path, *more, **options))
    worst_last = reversed(document["findings"])
    return code, document, {finding["code"]: finding for finding in worst_last}


def refused(document: dict[str, Any]) -> bool:
    """Tell whether a document holds no figure at all."""
    return all(document[key] is None for key in ("savings", "low", "high", "percent", "percent_low", "percent_high"))


def changed(rows: list[Row], change: Callable[[int, Row], Row]) -> list[Row]:
    """Return rows with a change."""
    return [change(number, row) for number, row in enumerate(rows)]


def test_a_sound_file_gives_a_figure_without_a_word_of_doubt(tmp_path: Path, rows: list[Row]) -> None:
    """The reference for all that follows: exit 0, nothing warns but that one day stands out, and the truth is held."""
    code, document, findings = fitted(write(tmp_path / "ok.csv", HEADING, rows))
    assert code == ExitCode.OK
    assert not refused(document)
    assert {each["code"] for each in findings.values() if each["severity"] != "info"} <= {"extremes"}
    assert document["percent_low"] < 8 < document["percent_high"]
    assert {"air", "made"} == set(document["terms"])


def test_too_short_a_baseline_gives_no_figure(tmp_path: Path, rows: list[Row]) -> None:
    """Twenty days are no baseline: exit 1, the finding says how many are needed."""
    path = write(tmp_path / "short.csv", HEADING, rows)
    code, document, findings = fitted(
        path, "--baseline", "2023-12-01/2023-12-20", "--reporting", "2024-01-01/2024-06-30"
    )
    assert code == ExitCode.NOT_IN_ORDER
    assert refused(document)
    assert findings["baseline_too_short"]["severity"] == "stop"
    assert findings["baseline_too_short"]["cure"]


def test_a_driver_that_never_varies_is_named(tmp_path: Path, rows: list[Row]) -> None:
    """A stuck sensor explains nothing: it is named and left out of the model."""
    path = write(tmp_path / "stuck.csv", HEADING, changed(rows, lambda _, row: (*row[:3], 20.0)))
    _, document, findings = fitted(path)
    assert "made" in findings["driver_without_variation"]["message"]
    assert document["terms"] == ["air"]


def test_drivers_that_move_together_are_named(tmp_path: Path, rows: list[Row]) -> None:
    """Sea and air move together: predictions may be trusted, coefficients not, and that is said."""
    made = np.random.default_rng(4)
    path = write(
        tmp_path / "sea.csv", f"{HEADING},sea (°C)", [(*row, 10 + row[2] / 2 + made.normal(0, 0.3)) for row in rows]
    )
    _, document, findings = fitted(path, drivers=("air:changepoint", "made", "sea"))
    assert {"air", "sea"} == set(findings["drivers_collinear"]["days"])
    assert not refused(document)


def test_gaps_are_named_day_by_day_and_counted(tmp_path: Path, rows: list[Row]) -> None:
    """Ten days that are not there are in no sum, and the coverage says so."""
    path = write(tmp_path / "gaps.csv", HEADING, rows[:100] + rows[110:])
    _, document, findings = fitted(path)
    assert len(findings["gaps"]["days"]) == 10
    assert document["n"] == 355
    assert document["coverage"]["baseline"]["used"] == 355
    assert {row["start"][:10] for row in document["excluded"]} == set(findings["gaps"]["days"])


def test_doubled_rows_are_collapsed_or_left_out(tmp_path: Path, rows: list[Row]) -> None:
    """The same row twice changes nothing; two values for one day leave the day out."""
    _, clean, _ = fitted(write(tmp_path / "ok.csv", HEADING, rows))
    _, same, findings = fitted(write(tmp_path / "same.csv", HEADING, [*rows, rows[50], rows[400]]))
    assert (same["savings"], same["low"], same["n"]) == (clean["savings"], clean["low"], clean["n"])
    assert "duplicate_timestamps" in findings
    other = (rows[50][0], rows[50][1] + 100, *rows[50][2:])
    _, conflicting, findings = fitted(write(tmp_path / "other.csv", HEADING, [*rows, other]))
    assert conflicting["n"] == clean["n"] - 1
    assert findings["duplicate_timestamps"]["days"] == [str(rows[50][0])]


def test_codes_for_no_value_never_count(tmp_path: Path, rows: list[Row]) -> None:
    """−9999 as use or as temperature gives what empty cells give, and is named."""
    holes = changed(rows, lambda k, row: (row[0], "" if k == 30 else row[1], "" if k == 60 else row[2], row[3]))
    marked = changed(rows, lambda k, row: (row[0], -9999 if k == 30 else row[1], -9999 if k == 60 else row[2], row[3]))
    _, empty, _ = fitted(write(tmp_path / "empty.csv", HEADING, holes))
    _, coded, findings = fitted(write(tmp_path / "coded.csv", HEADING, marked))
    assert coded["savings"] == empty["savings"]
    assert coded["n"] == 363
    assert "-9999" in findings["error_codes"]["message"]


def test_units_that_change_on_the_way_give_no_figure(tmp_path: Path, rows: list[Row]) -> None:
    """Wh for three months among kWh: exit 1, the days are named; on some days only, too."""
    some: Callable[[int], bool]
    for some in (lambda k: 200 <= k < 290, lambda k: k % 37 == 5):
        path = write(
            tmp_path / "mixed.csv", HEADING,
            changed(rows, lambda k, row, some=some: (row[0], row[1] * (1000 if some(k) else 1), *row[2:])),  # type: ignore[misc] # bound at once
        )  # fmt: skip
        code, document, findings = fitted(path)
        assert code == ExitCode.NOT_IN_ORDER
        assert refused(document)
        assert len(findings["units_mixed"]["days"]) == sum(some(k) for k in range(len(rows)))


def test_units_in_cells_are_converted_or_refused(tmp_path: Path, rows: list[Row]) -> None:
    """`0.5 MWh` among kWh is 500 kWh, and said; a cubic metre among kWh stops."""
    heading = "day,use,air (°C),made (t)"
    kwh = changed(rows, lambda _, row: (row[0], f"{row[1]} kWh", *row[2:]))
    mixed = changed(rows, lambda k, row: (row[0], f"{row[1] / 1000} MWh" if k % 9 == 0 else f"{row[1]} kWh", *row[2:]))
    _, clean, _ = fitted(write(tmp_path / "kwh.csv", heading, kwh))
    code, converted, findings = fitted(write(tmp_path / "mixed.csv", heading, mixed))
    assert code == ExitCode.OK
    assert converted["savings"] == pytest.approx(clean["savings"])
    assert "units_converted" in findings
    gas = changed(rows, lambda k, row: (row[0], f"{row[1]} {'m3' if k == 9 else 'kWh'}", *row[2:]))
    code, document, findings = fitted(write(tmp_path / "gas.csv", heading, gas))
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert findings["units_mixed"]["severity"] == "stop"


def test_conditions_beyond_the_baseline_are_named_by_day(tmp_path: Path, rows: list[Row]) -> None:
    """Ten days hotter than the baseline ever saw: a figure, with a warning that lists them."""
    hot = changed(rows, lambda k, row: (*row[:2], row[2] + 30 if 500 <= k < 510 else row[2], row[3]))
    _, document, findings = fitted(write(tmp_path / "hot.csv", HEADING, hot))
    assert findings["extrapolation"]["days"] == [str(row[0]) for row in rows[500:510]]
    assert not refused(document)


def test_a_baseline_after_the_reporting_period_is_refused(tmp_path: Path, rows: list[Row]) -> None:
    """The two periods swapped, or one within the other: exit 3, with the cure."""
    path = write(tmp_path / "ok.csv", HEADING, rows)
    code, out, err = run(
        *arguments(path, "--baseline", "2024-01-01/2024-06-30", "--reporting", "2023-01-01/2023-12-31")
    )
    assert (code, out) == (ExitCode.CONFIGURATION, "")
    assert "comes after the reporting period" in err
    assert "swap the two" in err
    code, _, err = run(*arguments(path, "--baseline", "2023-01-01/2024-03-31", "--reporting", "2024-01-01/2024-06-30"))
    assert code == ExitCode.CONFIGURATION
    assert "begins within the baseline" in err


def test_a_shared_day_belongs_to_the_reporting_period(tmp_path: Path, rows: list[Row]) -> None:
    """Periods written with a common day, as 2024-01-01/… after …/2024-01-01, are understood, and it is said."""
    path = write(tmp_path / "ok.csv", HEADING, rows)
    _, document, findings = fitted(path, "--baseline", "2023-01-01/2024-01-01", "--reporting", "2024-01-01/2024-06-30")
    assert document["n"] == 365
    assert "period_end_shared" in findings


def test_a_register_taken_for_use_gives_no_figure(tmp_path: Path, rows: list[Row]) -> None:
    """A display that only grows stops, and the cure mends it: its growth gives what use gives."""
    display = np.cumsum([0, *(row[1] for row in rows)])[:-1]
    shown = [(row[0], value, *row[2:]) for row, value in zip(rows, display, strict=True)]
    end = (rows[-1][0] + timedelta(days=1), display[-1] + rows[-1][1], "", "")
    path = write(tmp_path / "index.csv", HEADING, [*shown, end])
    code, document, findings = fitted(path)
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert ":register" in findings["energy_looks_like_register"]["cure"]
    code, mended, findings = fitted(path, "--register", "use")
    _, clean, _ = fitted(write(tmp_path / "ok.csv", HEADING, rows))
    assert code == ExitCode.OK
    assert mended["savings"] == pytest.approx(clean["savings"], rel=1e-6)


def test_a_period_without_rows_gives_no_figure(tmp_path: Path, rows: list[Row]) -> None:
    """A period that the file does not reach: exit 1, and the finding says what the file has."""
    path = write(tmp_path / "ok.csv", HEADING, rows)
    code, document, findings = fitted(
        path, "--baseline", "2023-01-01/2023-12-31", "--reporting", "2026-01-01/2026-06-30"
    )
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert "2024-06-30" in findings["reporting_empty"]["message"]


def test_dead_sensors_stop_a_saving(tmp_path: Path, rows: list[Row]) -> None:
    """A driver of the model that is empty in the reporting period leaves nothing to compare with."""
    path = write(
        tmp_path / "dead.csv", HEADING, changed(rows, lambda k, row: (*row[:2], "" if k >= 365 else row[2], row[3]))
    )
    code, document, findings = fitted(path)
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert {"reporting_empty", "driver_missing"} & set(findings)


def test_codes_kept_by_the_reader_are_in_no_sum(tmp_path: Path, rows: list[Row]) -> None:
    """With --missing none the codes reach the fit: they are left out of both sums, as their finding says."""
    coded = changed(rows, lambda k, row: (row[0], -9999 if k % 40 == 0 else row[1], *row[2:]))
    code, document, findings = fitted(write(tmp_path / "coded.csv", HEADING, coded), "--missing", "none")
    assert (code, findings["error_codes"]["severity"]) == (ExitCode.OK, "warning")
    assert document["low"] < document["adjusted_baseline"] * 0.08 < document["high"]
    assert document["measured"] == pytest.approx(sum(row[1] for k, row in enumerate(rows) if k >= 365 and k % 40))
    assert document["coverage"]["reporting"]["used"] == document["coverage"]["reporting"]["rows"] - 4


def test_the_period_is_told_as_it_is_summed(tmp_path: Path, rows: list[Row]) -> None:
    """A file that ends a month early is told so: by the days of the headline, by its coverage and by a warning."""
    path = write(tmp_path / "short.csv", HEADING, rows[:-30])
    code, document, findings = fitted(path)
    assert code == ExitCode.OK
    cover = document["coverage"]["reporting"]
    assert cover == {"rows": 182, "used": 152, "coverage": pytest.approx(152 / 182, rel=1e-3)}
    assert document["periods"]["summed"] == f"{rows[365][0]} to {rows[-31][0]}"
    assert "30 days before the end" in findings["readings_end_early"]["message"]
    assert "reporting_beyond_file" not in findings
    out = " ".join(run(*arguments(path))[1].split())
    assert f"from {document['periods']['summed']} without the measure" in out
    assert f"asked for: {document['periods']['reporting']}" in out


@pytest.mark.parametrize(
    ("name", "period"), [("baseline", "2023-01-01/2023-12-31"), ("reporting", "2024-01-01/2025-12-31")]
)
def test_a_period_that_is_all_left_out_is_told_so(tmp_path: Path, rows: list[Row], name: str, period: str) -> None:
    """No driver is missing where --exclude takes every row: the period is empty, and why is said."""
    code, document, findings = fitted(write(tmp_path / "all.csv", HEADING, rows), "--exclude", period)
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert "--exclude" in findings[f"{name}_empty"]["message"]
    assert "driver_missing" not in findings


def test_the_meter_as_its_own_driver_gives_no_figure(tmp_path: Path, rows: list[Row]) -> None:
    """What the meter costs explains all its use and every saving."""
    costly = [(*row, round(row[1] * 0.2, 2)) for row in rows]
    path = write(tmp_path / "cost.csv", f"{HEADING},cost", costly)
    code, document, findings = fitted(path, drivers=("air:changepoint", "cost"))
    assert (code, refused(document)) == (ExitCode.NOT_IN_ORDER, True)
    assert findings["driver_is_the_meter"]["days"] == ["cost"]


def test_words_speak_of_the_days_that_could_be_compared(tmp_path: Path, rows: list[Row]) -> None:
    """With a month of readings lost the sentence names the days that are in the sums, not the whole period."""
    path = write(tmp_path / "lost.csv", HEADING, [row for k, row in enumerate(rows) if not 400 <= k < 420])
    out = " ".join(run(*arguments(path))[1].split())
    assert "in the 162 of 182 days that could be compared (89% of the time)" in out
    whole = run(*arguments(write(tmp_path / "whole.csv", HEADING, rows)))[1]
    assert "that could be compared" not in whole


@pytest.mark.parametrize(
    ("more", "exit_code", "said"),
    [
        (("--energy", "nothing"), ExitCode.FILE, "no column 'nothing'"),
        (("--time", "when"), ExitCode.FILE, "no column 'when'"),
        (("--driver", "air:bent"), ExitCode.CONFIGURATION, "neither a role nor a unit"),
        (("--energy", "use:MWh"), ExitCode.CONFIGURATION, "the file says kWh"),
        (("--tz", "Mars"), ExitCode.FILE, "no time zone"),
        (("--freq", "hourly"), ExitCode.CONFIGURATION, "too seldom"),
        (("--baseline", "2023"), ExitCode.CONFIGURATION, "is no period"),
        (("--baseline", "2023-02-30/2023-12-31"), ExitCode.CONFIGURATION, "is no day"),
        (("--unit", "m3"), ExitCode.CONFIGURATION, "cannot become"),
        (("--unit", "bushel"), ExitCode.CONFIGURATION, "is not known"),
        (("--register", "nosuch"), ExitCode.CONFIGURATION, "--register use"),
        (("--accept", "whatever"), ExitCode.CONFIGURATION, "not_a_register, units_mixed"),
        (("--accept", "extrapolation"), ExitCode.CONFIGURATION, "can be accepted"),
        (("--decimal", "x"), ExitCode.CONFIGURATION, "is not among"),
        (("--method", "guess"), ExitCode.CONFIGURATION, "is not among"),
        (("--freq", "yearly"), ExitCode.USAGE, "yearly"),
    ],
)  # fmt: skip
def test_wrong_options_say_what_is_wrong(
    tmp_path: Path, rows: list[Row], more: tuple[str, ...], exit_code: int, said: str
) -> None:
    """Each names its place and a cure, and exits by its cause."""
    path = write(tmp_path / "ok.csv", HEADING, rows)
    given = [*arguments(path)]
    code, out, err = run(*given, *more)
    assert (code, out) == (exit_code, "")
    assert said in err


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    """Empty, without rows, or a workbook: exit 5."""
    cases = {"empty.csv": b"", "bare.csv": b"day,use,air,made\n", "book.csv": b"PK\x03\x04rest"}
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        code, out, err = run(*arguments(path))
        assert (code, out) == (ExitCode.FILE, "")
        assert "cure" in err
