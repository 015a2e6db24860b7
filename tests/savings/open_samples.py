"""OpenDSM's simulated meters as tables of local days, read with nothing of ours."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.savings.days import bent, daily

if TYPE_CHECKING:
    from savings.table import Table

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "mv" / "opendsm_samples"
needs_samples = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the open data are not here: {FOLDER} does not exist")


def local_days(name: str, *, mean: bool) -> dict[date, float]:
    """Return the sum or mean of a file's values by local day: offsets are stripped, as the wall clock counts."""
    values = defaultdict(list)
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", encoding="utf-8") as stream:
        for when, value in csv.reader(stream):
            if when[0].isdigit() and value:
                values[datetime.fromisoformat(when).date()].append(float(value))
    return {day: sum(found) / (len(found) if mean else 1) for day, found in values.items()}


def sample(name: str) -> tuple[Table, Table]:
    """Return the year before the blackout (2016-12-26) and the year after it (2017-01-04) of a sample, in °F."""
    energy, air = local_days(f"il-{name}-daily", mean=False), local_days("il-tempF", mean=True)
    days = [day for day in sorted(energy) if day in air]
    when = np.array(days, "datetime64[D]")
    values, temperature = np.array([energy[day] for day in days]), np.array([air[day] for day in days])
    table = daily(values, bent("air", temperature, "[degF]"), first=str(when[0]))
    assert np.array_equal(table.start, when.astype("datetime64[s]"))  # no day is missing
    before = (when >= np.datetime64("2015-12-27")) & (when < np.datetime64("2016-12-26"))
    after = (when >= np.datetime64("2017-01-04")) & (when < np.datetime64("2018-01-04"))
    return table.take(before), table.take(after)
