"""How the open data of `sites/open_data.toml` are read: recorded meters that nobody here made up.

The files carry neither unit nor zone; what is assumed about them is said in the site file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simulators.recorded import Fold, RecordedColumn, RecordedLayout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

SITE_ID = "open-data"
STANDARD_TIME = timezone(timedelta(hours=-5))  # the school's meter knows no daylight saving: 8,760 hours, none twice
WALL_TIME = ZoneInfo("America/New_York")


@dataclass(frozen=True, kw_only=True)
class RecordedFile:
    """One file below the folder of the collection, and how it is read."""

    path: str
    layout: RecordedLayout


def _headed(path: str, column: str, point: str, unit: str, tz: tzinfo, *, fold: Fold = Fold.REFUSE) -> RecordedFile:
    columns = (RecordedColumn(column=column, point=point, unit=unit),)
    return RecordedFile(path=path, layout=RecordedLayout(time_column="time", tz=tz, columns=columns, fold=fold))


def _bare(path: str, point: str, unit: str) -> RecordedFile:
    columns = (RecordedColumn(column="1", point=point, unit=unit),)
    return RecordedFile(path=path, layout=RecordedLayout(time_column="0", tz=WALL_TIME, columns=columns, header=False))


# By the name that `quaymeter replay` knows them under.
OPEN_DATA: Mapping[str, tuple[RecordedFile, ...]] = MappingProxyType(
    {
        # A year of hours. The meter's file has all 8,760 hours of standard time, 13 of them empty. The temperatures are
        # on the wall's clock: 02:00 is missing on 11 March, and on 4 November 02:00 stands there twice with different
        # values where 01:00 ought to. The second is a conflict: the gateway keeps the first and says so.
        "school": (
            _headed("nmecr/school_eload.csv.gz", "eload", "school/meter/energy", "kW.h", STANDARD_TIME),
            _headed(
                "nmecr/school_temp.csv.gz", "temp", "school/meter/temperature", "[degF]", WALL_TIME, fold=Fold.FIRST
            ),
        ),
        # Three years of days. In winter they are stamped 00:00, in summer 01:00: midnight in standard time, as a clock
        # with daylight saving shows it (from 10 March to 30 April 2014 they are 00:00 all the same). So 01:00 on the
        # day when clocks go back is the first of the two. Each date has exactly one row.
        "building": (
            _headed("nmecr/eload.csv.gz", "eload", "building/meter/energy", "kW.h", WALL_TIME, fold=Fold.FIRST),
            _headed("nmecr/temp.csv.gz", "temp", "building/meter/temperature", "[degF]", WALL_TIME, fold=Fold.FIRST),
        ),
        # Eight weeks of quarters of an hour (743 of them `nan`) and ten weeks of hours, no headings.
        "unlabelled": (
            _bare("loadshape/test_kw.csv.gz", "unlabelled/meter/power", "kW"),
            _bare("loadshape/test_temp.csv.gz", "unlabelled/meter/temperature", "[degF]"),
        ),
    }
)
