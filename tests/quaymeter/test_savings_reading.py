"""An engineer's CSV as an aligned table: local days, gaps, duplicates, registers, power, bills."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from savings.findings import Severity
from savings.table import Frequency, Role
from simulators.recorded import Fold
from telemetry.errors import ConfigurationError, TransferError
from tests.quaymeter.savings_files import codes, days, local_hours, reading, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quaymeter.savings.read import Reading


def daily(found: Reading) -> dict[str, float]:
    """Return use by day."""
    return dict(
        zip(found.table.start.astype("datetime64[D]").astype(str).tolist(), found.table.energy.tolist(), strict=True)
    )


def test_a_french_export_is_read_as_it_comes(tmp_path: Path) -> None:
    """A byte-order mark, two lines of title, semicolons, a decimal comma, thin thousands, day before month."""
    text = "\ufeffSite;Port Nord\nExport du 01/02/2024\nDate;Énergie (kWh);Température (°C)\n"
    text += "".join(f"{day:02d}/01/2024;1\u202f0{day:02d},5;{day},25\n" for day in range(1, 31))
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    found = reading(path, "énergie", "Date", drivers=("Température:changepoint",))
    assert daily(found)["2024-01-13"] == 1013.5
    assert found.table.unit == "kW.h"
    assert (found.table.drivers[0].unit, found.table.drivers[0].values[4]) == ("Cel", 5.25)
    assert found.facts["separator"] == ";"
    assert found.table.coverage.tolist() == [1.0] * 30


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_separator_gives_the_same_table(tmp_path: Path, separator: str) -> None:
    """The separator is found by the line that holds the time's heading; gzip makes no difference."""
    rows = [(day, k + 0.5) for k, day in enumerate(days("2024-01-01", "2024-01-10"))]
    path = write(tmp_path / "a.csv", separator.join(("time", "kWh")), rows, separator)
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for each in (path, packed):
        assert list(daily(reading(each)).values()) == [k + 0.5 for k in range(10)]


def test_a_line_of_units_under_the_headings_is_no_row(tmp_path: Path) -> None:
    """Loggers write units on a line of their own."""
    path = tmp_path / "logger.csv"
    path.write_text("time,meter,air\n,MWh,°C\n2024-01-01,1,5\n2024-01-02,2,6\n", encoding="utf-8")
    found = reading(path, "meter", drivers=("air",))
    assert (found.table.unit, found.table.drivers[0].unit, len(found.table)) == ("MW.h", "Cel", 2)


def test_other_encodings_are_read_and_said(tmp_path: Path) -> None:
    """Windows-1252 and UTF-16 are what spreadsheets write."""
    text = "time;Énergie\n2024-01-01;1\n2024-01-02;2\n"
    for encoding in ("cp1252", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        found = reading(path, "Énergie:kWh")
        assert found.table.energy.tolist() == [1, 2]
        assert ("encoding_guessed" in codes(found)) == (encoding == "cp1252")


def test_date_and_hour_in_two_columns(tmp_path: Path) -> None:
    """`--time Date+Heure` joins them; 24:00 ends a day."""
    rows = [(f"{d:02d}/03/2024", f"{h:02d}:00", 1) for d in (13, 14) for h in range(1, 25)]
    path = write(tmp_path / "two.csv", "Date;Heure;kWh", rows, ";")
    found = reading(path, time="Date+Heure", stamped_at_end=True)
    assert daily(found) == {"2024-03-13": 24, "2024-03-14": 24}


@pytest.mark.parametrize("written", ["offset", "wall", "utc", "epoch"])
def test_days_are_the_sites_own_however_times_are_written(tmp_path: Path, written: str) -> None:
    """23 hours on 31 March and 25 on 27 October 2024 in Paris, 24 on all others, each hour worth one."""
    ways: dict[str, Callable[[datetime], str]] = {
        "offset": lambda when: when.isoformat(),
        "wall": lambda when: when.strftime("%Y-%m-%d %H:%M"),
        "utc": lambda when: when.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "epoch": lambda when: f"{when.timestamp() * 1000:.0f}",
    }
    rows = [(ways[written](when), 1) for when in local_hours("2024-03-29", "2024-10-29")]
    found = reading(write(tmp_path / "h.csv", "time,kWh", rows))
    use = daily(found)
    assert (use.pop("2024-03-31"), use.pop("2024-10-27")) == (23, 25)
    assert set(use.values()) == {24}
    assert len(use) == 213
    lengths = dict(zip(found.table.start.astype(str).tolist(), found.table.hours.tolist(), strict=True))
    assert (lengths["2024-03-31T00:00:00"], lengths["2024-10-27T00:00:00"]) == (23, 25)
    assert set(found.table.coverage.tolist()) == {1.0}
    assert ("hour_twice" in codes(found)) == (written == "wall")


def test_hours_run_on_through_both_changes_of_the_clock(tmp_path: Path) -> None:
    """By hour, 27 October 2024 has two rows that begin at 02:00, and 31 March has none."""
    rows = [(when.strftime("%Y-%m-%d %H:%M"), k) for k, when in enumerate(local_hours("2024-03-31", "2024-10-27"))]
    found = reading(write(tmp_path / "h.csv", "time,kWh", rows), frequency=Frequency.HOURLY)
    starts = found.table.start.astype(str).tolist()
    assert starts.count("2024-10-27T02:00:00") == 2
    assert starts.count("2024-03-31T02:00:00") == 0
    assert found.table.energy.tolist() == list(range(len(rows)))


def test_a_clock_that_kept_winter_time_is_named(tmp_path: Path) -> None:
    """Rows in the hour that does not happen, and none twice: the finding names the fixed offset, and it mends it."""
    rows = [
        (when, 1) for day in days("2024-03-30", "2024-10-28") for when in (f"{day} {hour:02d}:00" for hour in range(24))
    ]
    path = write(tmp_path / "winter.csv", "time,kWh", rows)
    assert "clock_without_summer_time" in codes(reading(path))
    mended = reading(path, tz="+01:00")
    assert codes(mended) == []
    assert set(daily(mended).values()) == {24}


def test_the_doubled_hour_can_be_said_to_be_either(tmp_path: Path) -> None:
    """A file with one of the two hours lacks the other; with `refuse` it is not read."""
    rows = [(f"2024-10-27 {hour:02d}:00", 1) for hour in range(24)]
    path = write(tmp_path / "one.csv", "time,kWh", rows)
    for fold, lacks in ((Fold.IN_ORDER, 3), (Fold.FIRST, 3), (Fold.SECOND, 2)):
        found = reading(path, fold=fold, frequency=Frequency.HOURLY)
        assert np.flatnonzero(np.isnan(found.table.energy)).tolist() == [lacks]
    with pytest.raises(TransferError, match="happens twice"):
        reading(path, fold=Fold.REFUSE)


def test_times_without_a_zone_need_one(tmp_path: Path) -> None:
    """No zone, no table: nobody knows whose midnight it would be."""
    path = write(tmp_path / "d.csv", "time,kWh", [("2024-01-01", 1), ("2024-01-02", 2)])
    with pytest.raises(TransferError, match="no time zone"):
        reading(path, tz="")


def test_quarter_hours_add_up_to_days_and_gaps_are_counted(tmp_path: Path) -> None:
    """A day with 95 of 96 quarters is scaled up; one with 80 is left out, with its share; neighbours are untouched."""
    rows = [(when.isoformat(), 0.25) for when in local_hours("2024-01-01", "2024-01-05", 15)]
    del rows[96 + 10], rows[2 * 96 + 5 : 2 * 96 + 21]
    found = reading(write(tmp_path / "q.csv", "time,kWh", rows))
    assert found.table.energy.tolist() == pytest.approx([24, 24, np.nan, 24, 24], nan_ok=True)
    assert found.table.coverage.tolist() == pytest.approx([1, 95 / 96, 1 - 17 / 96 + 1 / 96, 1, 1], abs=0.02)
    assert "rows_scaled" in codes(found)
    assert found.reasons[2].startswith("readings of 8")


def test_power_becomes_energy(tmp_path: Path) -> None:
    """4 kW all day is 96 kWh, 92 on the day of 23 hours; watts and megawatts keep their factor."""
    rows = [(when.isoformat(), 4) for when in local_hours("2024-03-30", "2024-03-31", 10)]
    path = write(tmp_path / "p.csv", "time,P", rows)
    assert list(daily(reading(path, "P:kW")).values()) == pytest.approx([96, 92])
    assert list(daily(reading(path, "P:W")).values()) == pytest.approx([0.096, 0.092])
    found = reading(path, "P:MW", unit="kWh")
    assert found.table.unit == "kW.h"
    assert found.table.energy.tolist() == pytest.approx([96000, 92000])


def test_a_register_is_differenced_through_its_rollover_and_its_swap(tmp_path: Path) -> None:
    """100 an hour through 99,999 → 0; at the swap one stretch is unknown, and only that."""
    hours = local_hours("2024-01-01", "2024-01-04")
    shown = [(97_000 + 100 * k) % 100_000 for k in range(len(hours))]
    shown = shown[:80] + [17 + 100 * k for k in range(len(hours) - 80)]
    path = write(tmp_path / "r.csv", "time,index", zip((when.isoformat() for when in hours), shown, strict=True))
    found = reading(path, "index:kWh:register", frequency=Frequency.HOURLY)
    assert {"register_rollover", "register_reset", "register_differenced"} <= set(codes(found))
    use = found.table.energy
    assert np.flatnonzero(np.isnan(use)).tolist() == [79]
    assert set(use[np.isfinite(use)].tolist()) == {100}
    same = reading(path, "index:kWh", registers=("index",), frequency=Frequency.HOURLY)
    assert same.table.energy.tolist() == pytest.approx(use.tolist(), nan_ok=True)


def test_a_register_over_a_gap_says_nothing_of_the_days_within(tmp_path: Path) -> None:
    """Use over a gap of three days is known in all and in none of them: no day gets a share."""
    hours = [when for when in local_hours("2024-01-01", "2024-01-08") if not 3 <= when.day <= 5]
    start = hours[0]
    rows = [(when.isoformat(), 10 * (when - start) / timedelta(hours=1)) for when in hours]
    use = daily(reading(write(tmp_path / "r.csv", "time,kWh", rows), "kWh:register"))
    assert [day for day, value in use.items() if np.isnan(value)] == ["2024-01-03", "2024-01-04", "2024-01-05"]
    assert use["2024-01-02"] == pytest.approx(240)
    assert use["2024-01-06"] == pytest.approx(240)


def test_duplicates_collapse_or_are_left_out(tmp_path: Path) -> None:
    """The same row twice counts once; two values for one time count not at all, and the day is named."""
    rows = [
        ("2024-01-01", 1),
        ("2024-01-02", 2),
        ("2024-01-02", 2),
        ("2024-01-03", 3),
        ("2024-01-03", 4),
        ("2024-01-04", 5),
    ]
    found = reading(write(tmp_path / "d.csv", "time,kWh", rows))
    assert found.table.energy.tolist() == pytest.approx([1, 2, np.nan, 5], nan_ok=True)
    same, other = (finding for finding in found.findings if finding.code == "duplicate_timestamps")
    assert (same.severity, same.days) == (Severity.INFO, ())
    assert (other.severity, other.days) == (Severity.WARNING, ("2024-01-03",))


def test_rows_in_any_order_give_the_same_table(tmp_path: Path) -> None:
    """Newest first, or shuffled: sorted, and said."""
    rows = [(when.strftime("%Y-%m-%d %H:%M"), k) for k, when in enumerate(local_hours("2024-10-26", "2024-10-28"))]
    straight = reading(write(tmp_path / "a.csv", "time,kWh", rows), frequency=Frequency.HOURLY)
    turned = reading(write(tmp_path / "b.csv", "time,kWh", rows[::-1]), frequency=Frequency.HOURLY)
    assert turned.table.energy.tolist() == straight.table.energy.tolist()
    mixed = [rows[k] for k in np.random.default_rng(3).permutation(24)]
    found = reading(write(tmp_path / "c.csv", "time,kWh", mixed), frequency=Frequency.HOURLY)
    assert found.table.energy.tolist() == list(range(24))
    assert "unsorted" in codes(found)


def test_drivers_are_averaged_or_summed_by_their_unit(tmp_path: Path) -> None:
    """Temperatures are averaged by time, tonnes summed, kinds go by what held longest; words get numbers."""
    rows = [(f"2024-01-{d:02d} {h:02d}:00", 10, h, 2, "open" if h < 18 else "shut") for d in (1, 2) for h in range(24)]
    path = write(tmp_path / "x.csv", "time,kWh,air (°C),made (t),gate", rows)
    found = reading(path, drivers=("air:changepoint", "made", "gate:category"))
    air, made, gate = found.table.drivers
    assert (air.values.tolist(), air.is_total, air.role) == ([11.5, 11.5], False, Role.CHANGEPOINT)
    assert (made.values.tolist(), made.is_total, made.unit) == ([48, 48], True, "t")
    assert gate.values.tolist() == [0, 0]
    assert "0 = open, 1 = shut" in next(each.message for each in found.findings if each.code == "category_words")
    forced = reading(path, drivers=("made:mean", "air:sum"))
    assert [each.values[0] for each in forced.table.drivers] == [2, 276]


def test_drivers_of_another_file_and_another_step_are_aligned(tmp_path: Path) -> None:
    """Hourly weather in UTC from a second file meets a daily meter in local days."""
    meter = write(tmp_path / "m.csv", "day,kWh", [(day, 1) for day in days("2024-07-01", "2024-07-03")])
    weather = [(f"{when.timestamp():.0f}", when.hour) for when in local_hours("2024-06-30", "2024-07-05")]
    other = write(tmp_path / "w.csv", "stamp,air", weather)
    found = reading(meter, time="day", also=(f"{other}:stamp",), drivers=("air:Cel",))
    assert found.table.drivers[0].values.tolist() == [11.5] * 3


def test_days_that_begin_elsewhere_keep_their_own_bounds(tmp_path: Path) -> None:
    """The local-day trap: rows stamped 00:00 UTC are the meter's days, and weather is brought to these, not shifted."""
    meter = write(tmp_path / "m.csv", "time,kWh", [(f"{day}T00:00:00Z", 1) for day in days("2024-07-01", "2024-07-03")])
    weather = [
        (when.isoformat(), when.astimezone(None).timestamp()) for when in local_hours("2024-06-30", "2024-07-05")
    ]
    other = write(tmp_path / "w.csv", "time,x", weather)
    found = reading(meter, also=(str(other),), drivers=("x",))
    first = 1719792000  # 2024-07-01T00:00:00Z
    assert found.table.drivers[0].values.tolist() == [first + 86400 * k + 11.5 * 3600 for k in range(3)]
    assert str(found.table.start[0]) == "2024-07-01T02:00:00"
    assert "days_not_local" in codes(found)
    local = reading(meter, also=(str(other),), drivers=("x",), wall_time=True)
    assert str(local.table.start[0]) == "2024-07-01T00:00:00"
    assert local.table.drivers[0].values[0] == first - 7200 + 11.5 * 3600


def test_bills_keep_their_periods_and_the_last_needs_an_end(tmp_path: Path) -> None:
    """Bills of 29 to 32 days are rows of their own; an empty last row ends the last bill, else it is left out."""
    starts = ["2024-01-05", "2024-02-06", "2024-03-06", "2024-04-05", "2024-05-07", "2024-06-05"]
    rows = [(start, 100 + k) for k, start in enumerate(starts)]
    found = reading(write(tmp_path / "b.csv", "time,kWh", rows), frequency=Frequency.MONTHLY)
    assert found.table.energy.tolist() == [100, 101, 102, 103, 104]
    assert found.table.hours.tolist() == [32 * 24, 29 * 24, 30 * 24 - 1, 32 * 24, 29 * 24]
    assert {"last_bill_open", "billing_periods"} <= set(codes(found))
    ended = reading(write(tmp_path / "c.csv", "time,kWh", [*rows, ("2024-07-05", "")]), frequency=Frequency.MONTHLY)
    assert ended.table.energy.tolist() == [100, 101, 102, 103, 104, 105]


def test_days_add_up_to_calendar_months(tmp_path: Path) -> None:
    """One a day is the number of days of each month."""
    rows = [(day, 1) for day in days("2024-01-01", "2024-04-30")]
    found = reading(write(tmp_path / "d.csv", "time,kWh", rows), frequency=Frequency.MONTHLY)
    assert found.table.energy.tolist() == [31, 29, 31, 30]
    assert found.table.hours.tolist() == [744, 696, 743, 720]


def test_what_cannot_be_is_refused_with_a_cure(tmp_path: Path) -> None:
    """A column that is not there, a temperature as use, days asked by the hour, units that contradict each other."""
    path = write(tmp_path / "d.csv", "time,meter (kWh),air", [(day, 1, 5) for day in days("2024-01-01", "2024-01-09")])
    with pytest.raises(TransferError, match="no column 'metre'"):
        reading(path, "metre")
    with pytest.raises(TransferError, match="did you mean"):
        reading(path, "meter", "tiem")
    with pytest.raises(ConfigurationError, match="no unit of what is used"):
        reading(path, "air:degC")
    with pytest.raises(ConfigurationError, match="too seldom"):
        reading(path, "meter", frequency=Frequency.HOURLY)
    with pytest.raises(ConfigurationError, match="the option says MWh"):
        reading(path, "meter:MWh")
    with pytest.raises(ConfigurationError, match="changepoint"):
        reading(path, "meter", drivers=("air:changpoint",))
    with pytest.raises(TransferError, match="no time zone"):
        reading(path, "meter", tz="Europe/Pariss")


def test_a_file_without_headings_is_read_by_number(tmp_path: Path) -> None:
    """Columns are numbered from 0; two files may have the same numbers."""
    path = tmp_path / "bare.csv"
    path.write_text("2024-01-01 00:00,1\n2024-01-02 00:00,2\n2024-01-03 00:00,3\n", encoding="utf-8")
    other = tmp_path / "air.csv"
    other.write_text("2024-01-01 00:00,5\n2024-01-02 00:00,6\n2024-01-03 00:00,7\n", encoding="utf-8")
    found = reading(path, "1:kWh", "0", also=(str(other),), drivers=("air.csv#1:Cel",))
    assert found.table.energy.tolist() == [1, 2, 3]
    assert found.table.drivers[0].values.tolist() == [5, 6, 7]
