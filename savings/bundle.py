"""The bundle of a run: everything that anyone needs to recompute it, in one file, without the database.

A ZIP archive of fixed order and times, so that the same run gives the same bytes:

    README.txt          what it is and how to check it, in French and English
    manifest.json       SHA-256 of every other member
    input.json          savings.input_record.RunInput, exactly as the run saw it
    run.json            savings.record.Run
    rows-<meter>.csv    the input's rows once more, for eyes and spreadsheets
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from savings.record import decode_input, decode_run, encoded
from telemetry.errors import TransferError

if TYPE_CHECKING:
    from savings.input_record import MeterInput, RunInput
    from savings.record import Run

INPUT, RUN, MANIFEST, README = "input.json", "run.json", "manifest.json", "README.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows
LARGEST = 200_000_000  # bytes of all members: ten years of hours of ten figures are 60 MB
MOST_MEMBERS = 100
_ROWS = re.compile(r"rows-[a-z0-9][a-z0-9_-]*\.csv")
_CURE = "ask for the bundle again; a bundle is never edited"
_WORDS = """Lot de calcul d'une économie mesurée (quaymeter)

  input.json       tout ce que le calcul a reçu : plan, relevés alignés, exclusions, corrections,
                   événements, tarifs, facteurs
  run.json         tout ce qu'il a donné : économie, intervalles, modèle, tableaux, constats
  rows-*.csv       les relevés alignés, pour l'œil et le tableur
  manifest.json    empreinte SHA-256 de chaque fichier

Vérifier : quaymeter savings verify CE_FICHIER
La commande contrôle les empreintes, recalcule tout à partir de input.json et compare chaque nombre à run.json.

---

Bundle of a measured saving (quaymeter)

  input.json       all that the computation was given: plan, aligned rows, exclusions, corrections, events,
                   tariffs, factors
  run.json         all that it gave: saving, intervals, model, tables, findings
  rows-*.csv       the aligned rows, for eyes and spreadsheets
  manifest.json    SHA-256 of every file

Verify: quaymeter savings verify THIS_FILE
The command checks the hashes, recomputes everything from input.json and compares every number with run.json.
"""


class Bundle(NamedTuple):
    """What a bundle holds."""

    given: RunInput
    run: Run
    input_sha256: str  # of the input as it stands in the bundle, byte for byte


def pack(given: RunInput, run: Run) -> bytes:
    """Return the bundle of a run."""
    return pack_kept(encoded(given), encoded(run))


def pack_kept(input_json: bytes, run_json: bytes) -> bytes:
    """Return the bundle of a run as it was kept, byte for byte: a record of before has no fields that came later."""
    given = decode_input(input_json)
    members = {README: _WORDS.encode(), INPUT: input_json, RUN: run_json}
    members |= {f"rows-{meter.meter.id}.csv": _rows(meter) for meter in given.meters}
    members[MANIFEST] = _manifest(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def unpack(data: bytes, *, place: str = "bundle") -> Bundle:
    """Return what a bundle holds, every member held against the manifest.

    Raises
    ------
    TransferError
        Where it is no bundle, a member is missing, was changed or cannot be read.
    """
    members = _members(data, place)
    for needed in (MANIFEST, INPUT, RUN):
        if needed not in members:
            raise TransferError(f"{needed} is missing", place=place, cure=_CURE)
    _check_hashes(members, place)
    try:
        given, run = decode_input(members[INPUT]), decode_run(members[RUN])
    except msgspec.DecodeError as error:
        cure = "it was made by another version of quaymeter: verify it with the one that run.json names"
        raise TransferError(f"a record cannot be read: {error}", place=place, cure=cure) from error
    for meter in given.meters:
        if members.get(f"rows-{meter.meter.id}.csv") != _rows(meter):
            cause = f"rows-{meter.meter.id}.csv does not hold the rows of {INPUT}"
            raise TransferError(cause, place=place, cure=_CURE)
    return Bundle(given=given, run=run, input_sha256=hashlib.sha256(members[INPUT]).hexdigest())


def _members(data: bytes, place: str) -> dict[str, bytes]:
    """Read the members, none that a bundle does not have, and not more than a bundle can hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            strange = [each.filename for each in listed if not _belongs(each.filename)]
            if strange or len(listed) > MOST_MEMBERS:
                raise TransferError(f"it holds what no bundle does: {strange or len(listed)}", place=place, cure=_CURE)
            if sum(each.file_size for each in listed) > LARGEST:
                raise TransferError("its members are too large", place=place, cure=_CURE)
            return {each.filename: archive.read(each) for each in listed}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise TransferError(f"it is no bundle, or damaged: {error}", place=place, cure=_CURE) from error


def _belongs(name: str) -> bool:
    return name in {README, MANIFEST, INPUT, RUN} or _ROWS.fullmatch(name) is not None


def _check_hashes(members: dict[str, bytes], place: str) -> None:
    try:
        said = json.loads(members[MANIFEST])
        expected = {str(name): str(digest) for name, digest in said["sha256"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TransferError(f"its manifest cannot be read: {error}", place=place, cure=_CURE) from error
    found = {name: hashlib.sha256(data).hexdigest() for name, data in members.items() if name != MANIFEST}
    for name in sorted(expected.keys() | found.keys()):
        if found.get(name) != expected.get(name):
            how = "is missing" if name not in found else "is not in the manifest" if name not in expected else "changed"
            raise TransferError(f"{name} {how}", place=place, cure=_CURE)


def _manifest(members: dict[str, bytes]) -> bytes:
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    return json.dumps({"format": "quaymeter-savings-bundle", "version": 1, "sha256": hashes}, indent=1).encode()


def _rows(meter: MeterInput) -> bytes:
    """Return a figure's rows as CSV; floats are written so that they read back exactly."""
    columns: dict[str, tuple[object, ...]] = {"start": meter.start, "hours": meter.hours}
    columns[f"energy [{meter.meter.unit}]"] = meter.energy
    columns |= {f"energy of {point}": values for point, values in meter.carriers.items()}
    columns["coverage"] = meter.coverage
    columns |= {f"{each.name} [{each.unit}]" if each.unit else each.name: each.values for each in meter.drivers}
    columns["left out because"] = meter.reasons
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode()
