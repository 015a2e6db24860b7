"""Bundles: what they hold, that they verify, and that no change goes unseen."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from savings.bundle import pack, unpack
from savings.record import Run
from savings.run import METHODS, compute
from savings.verification import verify
from telemetry.errors import TransferError
from tests.savings.made_up import made_up
from tests.savings.run_inputs import made_up_input

if TYPE_CHECKING:
    from pathlib import Path

    from savings.input_record import RunInput


@pytest.fixture(scope="module")
def given() -> RunInput:
    """Return the input of a made-up demonstrator."""
    return made_up_input(made_up(saved=0.08))


@pytest.fixture(scope="module")
def run(given: RunInput) -> Run:
    """Return its run."""
    return compute(given)


@pytest.fixture(scope="module")
def bundle(given: RunInput, run: Run) -> bytes:
    """Return the bundle of the run."""
    return pack(given, run)


def test_a_bundle_gives_back_what_went_in(bundle: bytes, given: RunInput, run: Run) -> None:
    """Input and run survive exactly, and the same run gives the same bytes."""
    held = unpack(bundle)
    assert (held.given, held.run, held.input_sha256) == (given, run, run.input_hash)
    assert pack(given, run) == bundle


def test_every_number_is_recomputed(bundle: bytes) -> None:
    """On the same machine all numbers of the run come out bit for bit."""
    found = verify(unpack(bundle))
    assert found.agrees
    assert found.numbers == found.identical > 3000


def test_another_processor_agrees(bundle: bytes, tmp_path: Path) -> None:
    """With the linear algebra of an older processor family every number agrees to eight digits."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle)
    command = [sys.executable, "-m", "quaymeter", "savings", "verify", str(path), "--json"]
    environment = os.environ | {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert msgspec.json.decode(done.stdout)["agrees"] is True


def test_a_figure_that_was_made_better_is_found(given: RunInput, run: Run) -> None:
    """A run whose saving was raised by a thousandth differs, and the place is named."""
    saving = run.meters[0].saving
    assert saving is not None
    better = msgspec.structs.replace(saving, value=saving.value * 1.001)
    meter = msgspec.structs.replace(run.meters[0], saving=better)
    found = verify(unpack(pack(given, msgspec.structs.replace(run, meters=(meter,)))))
    assert [each.where for each in found.differences] == ["meters[0].saving.value"]


def test_methods_of_before_are_named(given: RunInput, run: Run) -> None:
    """A run of before methods were counted is held against this one, and its methods are called the first."""
    versions = {name: text for name, text in run.versions.items() if name != "methods"}
    found = verify(unpack(pack(given, msgspec.structs.replace(run, versions=versions))))
    assert (found.agrees, found.versions) == (True, {"methods": ("1", METHODS)})


BETTER = {
    "model.cv_rmse": -1e-4, "model.r2": 1e-4, "percent.value": 0.01, "carbon.value": 1e-4, "money.low": 0.01,
    "ranges[0].baseline_low": 0.01, "coverage[1].coverage": -0.01, "indicators[0].baseline.value": 0.01,
    "months[3].saving.value": 1.0, "daily.saving[7]": 0.01,
}  # fmt: skip


def test_no_number_hides_behind_a_larger_one(given: RunInput, run: Run) -> None:
    """A fit, a percentage, a day made a little better differs, however large the sums beside it are."""
    edited = msgspec.json.decode(msgspec.json.encode(run))
    for where, change in BETTER.items():
        at: Any = edited["meters"][0]
        *path, last = (int(key) if key.isdigit() else key for key in re.findall(r"\w+", where))
        for key in path:
            at = at[key]
        at[last] += change
    found = verify(unpack(pack(given, msgspec.convert(edited, Run, strict=False))))
    assert {each.where for each in found.differences} == {f"meters[0].{where}" for where in BETTER}


def resealed(bundle: bytes, **members: bytes) -> bytes:
    """Return a bundle with other members, and a manifest that fits them."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as old:
        held = {each.filename: old.read(each) for each in old.infolist()}
    held |= {name.replace("__", "-").replace("_dot_", "."): data for name, data in members.items()}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in held.items() if name != "manifest.json"}
    held["manifest.json"] = json.dumps({"sha256": digests}).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in held.items():
            new.writestr(name, data)
    return out.getvalue()


def test_rows_that_say_something_else_are_refused(bundle: bytes) -> None:
    """A table for eyes that does not hold the input's rows is no part of a bundle, whatever the manifest says."""
    with pytest.raises(TransferError, match=r"rows-energy\.csv does not hold"):
        unpack(resealed(bundle, rows__energy_dot_csv=b"start,hours\n"))


def test_strange_and_vast_archives_are_refused(bundle: bytes) -> None:
    """Members that no bundle has, and more bytes than one can hold, are refused before they are read."""
    with pytest.raises(TransferError, match="what no bundle does"):
        unpack(resealed(bundle, readme_dot_exe=b"x"))
    with pytest.raises(TransferError, match="too large"):
        unpack(resealed(bundle, rows__other_dot_csv=bytes(201_000_000)))


def test_damaged_bytes_are_refused(bundle: bytes) -> None:
    """Bytes flipped within a compressed member give an error with a cure, not a traceback."""
    at = len(bundle) // 3
    with pytest.raises(TransferError, match=r"damaged|changed"):
        unpack(bundle[:at] + bytes(each ^ 255 for each in bundle[at : at + 40]) + bundle[at + 40 :])


def test_a_reading_that_was_changed_is_found(given: RunInput, run: Run) -> None:
    """A run beside an input with one other reading has another hash and other figures."""
    meter = given.meters[0]
    energy = (meter.energy[0] or 0.0) + 100.0, *meter.energy[1:]
    other = msgspec.structs.replace(given, meters=(msgspec.structs.replace(meter, energy=energy),))
    places = {each.where for each in verify(unpack(pack(other, run))).differences}
    assert "input_hash" in places
    assert "meters[0].saving.value" in places


@pytest.mark.parametrize("member", ["input.json", "run.json", "rows-energy.csv"])
def test_a_member_that_was_edited_is_refused(bundle: bytes, member: str) -> None:
    """Whoever edits a file inside a bundle is told which one no longer fits the manifest."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.infolist():
            new.writestr(each.filename, old.read(each) + (b" " if each.filename == member else b""))
    with pytest.raises(TransferError, match=f"{member} changed"):
        unpack(out.getvalue())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", b"\x00" * 100])
def test_what_is_no_bundle_is_refused(damage: bytes) -> None:
    """Bytes that are no archive give an error with a cure, not a traceback."""
    with pytest.raises(TransferError) as caught:
        unpack(damage)
    assert caught.value.cure


def test_half_a_bundle_is_refused(bundle: bytes) -> None:
    """A download that broke off is no bundle."""
    with pytest.raises(TransferError):
        unpack(bundle[: len(bundle) // 2])


def test_rows_can_be_read_as_a_table(bundle: bytes, given: RunInput) -> None:
    """The CSV beside the records holds the same rows, and its numbers read back exactly."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("rows-energy.csv").decode())))
    assert [float(row["energy [kW.h]"]) for row in rows] == list(given.meters[0].energy)
    assert [row["start"] for row in rows] == list(given.meters[0].start)
