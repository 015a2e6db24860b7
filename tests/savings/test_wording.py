"""Sentences that keep what they are made of: filled in, counted, copied, kept as JSON."""

from __future__ import annotations

import copy
import math

import msgspec
import numpy as np

from savings.findings import Finding, Severity
from savings.record import FindingRecord
from savings.run_records import finding_record
from savings.wording import Wording, counted, said, wording_of


def test_a_sentence_is_its_english_text_and_knows_its_parts() -> None:
    """Numbers to their figures, a unit with its space, none without one, names and lists by commas."""
    text = said("{points:name}: {value:.4g}{unit:unit}, {share:.0%}", points=("a", "b"), value=1.23456, unit="Cel",
                share=0.256)  # fmt: skip
    assert text == "a, b: 1.235 Cel, 26%"
    assert said("{value:.4g}{unit:unit}.", value=5.0, unit="") == "5."
    wording = wording_of(text)
    assert wording is not None
    assert wording.values == {"points": ("a", "b"), "value": 1.23456, "unit": "Cel", "share": 0.256}
    assert wording_of("a text") is None
    assert wording_of(copy.deepcopy(text)) == wording


def test_a_count_decides_about_the_form() -> None:
    """One gap, no gaps, two gaps; both forms are kept, so that another language chooses by its own rule."""
    forms = {n: counted("{count} gap", "{count} gaps", count=n) for n in (0, 1, 2)}
    assert list(forms.values()) == ["0 gaps", "1 gap", "2 gaps"]
    assert wording_of(forms[2]) == Wording(template="{count} gap", plural="{count} gaps", values={"count": 2})


def test_sentences_within_sentences_and_numbers_that_are_none() -> None:
    """A cause within a sentence keeps its own parts; infinity has no JSON and is null; NumPy's numbers are Python's."""
    inner = said("rate {rate}", rate="gas")
    text = said("{place}: {causes} ({value:.3g}, {n})", place=inner, causes=(inner, "x"), value=math.inf, n=np.int64(3))
    assert text == "rate gas: rate gas; x (inf, 3)"
    wording = wording_of(text)
    assert wording is not None
    assert wording.values == {"place": inner.wording, "causes": (inner.wording, "x"), "value": None, "n": 3}
    assert msgspec.json.decode(msgspec.json.encode(wording), type=Wording) == wording


def test_a_finding_is_recorded_with_its_parts_and_without_where_it_has_none() -> None:
    """The record has text as plain strings; a finding of plain text has no wording, nor has a run of before."""
    found = Finding(code="gaps", severity=Severity.WARNING, message=said("{count} days", count=4), cure="wait")
    record = finding_record(found)
    assert type(record.message) is str
    assert (record.message, record.cure_wording) == ("4 days", None)
    assert record.wording == Wording(template="{count} days", values={"count": 4})
    assert msgspec.json.decode(msgspec.json.encode(record), type=FindingRecord) == record
    before = msgspec.json.decode(b'{"code":"gaps","severity":"stop","message":"4 days","cure":""}', type=FindingRecord)
    assert before.wording is None
