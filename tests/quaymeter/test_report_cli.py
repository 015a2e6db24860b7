"""`quaymeter savings report`: a bundle becomes a file for people; what cannot be done is explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from quaymeter.cli.output import ExitCode
from savings.bundle import pack
from savings.run import compute
from tests.quaymeter.test_cli import run
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input, without

if TYPE_CHECKING:
    from pathlib import Path

    from savings.input_record import RunInput


def bundle(path: Path, given: RunInput) -> Path:
    """Write the bundle of an input's run."""
    path.write_bytes(pack(given, compute(given)))
    return path


@pytest.fixture(scope="module")
def cold_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the bundle of the made-up cold store."""
    return bundle(tmp_path_factory.mktemp("bundles") / "cold-store.zip", made_up_input())


def test_a_report_is_written_beside_its_bundle(cold_store: Path) -> None:
    """Without options it is a PDF in French, named after the bundle."""
    code, out, err = run("savings", "report", str(cold_store))
    target = cold_store.with_suffix(".fr.pdf")
    assert code == ExitCode.OK
    assert out == ""
    assert f"written: {target}" in err.replace("\n", "")
    assert target.read_bytes().startswith(b"%PDF")


def test_a_report_is_a_page_in_english_where_one_asks_for_it(cold_store: Path, tmp_path: Path) -> None:
    """Language, format and file are as the options say."""
    target = tmp_path / "report.html"
    code, _, _ = run("savings", "report", str(cold_store), "--language", "en", "--format", "html", "--out", str(target))
    assert code == ExitCode.OK
    page = target.read_text(encoding="utf-8")
    assert "<title>Savings report – Cold store</title>" in page
    assert "this report restates nothing" in page


def test_a_run_is_held_against_the_one_before(cold_store: Path, tmp_path: Path) -> None:
    """With --previous the report says which points changed, and what that makes."""
    given = made_up_input(without(made_up(saved=0.08), 400, 405))
    before = bundle(tmp_path / "before.zip", msgspec.structs.replace(given, plan_revision=1))
    target = tmp_path / "report.html"
    arguments = ["--previous", str(before), "--language", "en", "--format", "html", "--out", str(target)]
    assert run("savings", "report", str(cold_store), *arguments)[0] == ExitCode.OK
    page = target.read_text(encoding="utf-8")
    assert "late or corrected readings" in page
    assert "5–9 Feb 2026" in page


def test_a_run_without_figure_gives_a_report_and_says_so(tmp_path: Path) -> None:
    """The report is written, and the exit code tells a script that there is no figure in it."""
    stopped = bundle(tmp_path / "stopped.zip", made_up_input(without(made_up(), 0, 360)))
    code, _, err = run("savings", "report", str(stopped), "--format", "html")
    assert code == ExitCode.NOT_IN_ORDER
    assert "gives no figure" in err
    assert stopped.with_suffix(".fr.html").is_file()


def test_what_is_no_bundle_or_of_another_demonstrator_is_refused(cold_store: Path, tmp_path: Path) -> None:
    """Place, cause and cure: a file that is no archive, an earlier run of something else, a file that cannot be."""
    other = tmp_path / "other.zip"
    other.write_bytes(b"no archive")
    code, _, err = run("savings", "report", str(other))
    assert code == ExitCode.FILE
    assert "no bundle" in err
    given = made_up_input()
    door = msgspec.structs.replace(given, plan=msgspec.structs.replace(given.plan, id="door"))
    code, _, err = run("savings", "report", str(cold_store), "--previous", str(bundle(other, door)))
    assert code == ExitCode.FILE
    assert "not of 'cold-store'" in err
    code, _, err = run("savings", "report", str(cold_store), "--out", str(tmp_path / "no" / "report.pdf"))
    assert code == ExitCode.FILE
    assert "cannot be written" in err
