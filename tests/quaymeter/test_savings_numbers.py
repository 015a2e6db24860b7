"""How people and loggers write numbers, times and units, read for a savings table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # pyarrow brings no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaymeter.savings.dates import read_times
from quaymeter.savings.numbers import read_numbers
from quaymeter.savings.unit_names import UNITS, factor_between, known_unit, unit_named, unit_of_heading
from telemetry.errors import ContractError, TransferError


@pytest.mark.parametrize(
    ("cells", "separator", "values"),
    [
        (["1,5", "2,25"], ";", [1.5, 2.25]),
        (["1 234,5", "1\u202f234\u202f567,5", "1\u00a0000"], ";", [1234.5, 1234567.5, 1000]),
        (["1.234,5", "0,5"], ";", [1234.5, 0.5]),
        (["1,234.5", "12"], ",", [1234.5, 12]),
        (["1,234,567", "1"], ",", [1234567, 1]),
        (["1'234.5", "2"], ";", [1234.5, 2]),
        (["-3", "−4", "+5", "1e3"], ",", [-3, -4, 5, 1000]),
        (["", "NA", "nan", "-", "#N/A"], ",", [np.nan] * 5),
        (["12 kWh", "13 kWh"], ",", [12, 13]),
        ([".5", "5."], ",", [0.5, 5]),
    ],
)
def test_numbers_are_read_as_they_are_written(cells: list[str], separator: str, values: list[float]) -> None:
    """Decimal commas, groups of thousands, signs, units in cells and words for "no value" become numbers."""
    found = read_numbers(pa.array(cells), separator=separator)
    assert found.values.tolist() == pytest.approx(values, nan_ok=True)
    assert not found.unreadable


@given(st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)), min_size=1, max_size=20))
def test_a_number_written_the_french_way_comes_back(values: list[float]) -> None:
    """Thousands parted by narrow spaces and a decimal comma lose nothing, whatever the number."""
    cells = [f"{value:,.2f}".replace(",", "\u202f").replace(".", ",") for value in values]
    found = read_numbers(pa.array(cells), separator=";", codes=[])
    assert found.values.tolist() == values


def test_cells_that_are_no_numbers_are_missing_and_named() -> None:
    """A word among numbers is neither zero nor the end of the file."""
    found = read_numbers(pa.array(["1", "broken", "1.2.3.4x", "3"]))
    assert found.values.tolist() == pytest.approx([1, np.nan, np.nan, 3], nan_ok=True)
    assert found.unreadable[1] == "broken"
    assert set(found.unreadable) == {1, 2}


def test_codes_for_no_value_are_taken_out_only_where_they_stand_apart() -> None:
    """−9999 below all and 9999 far above all are codes; 9999 among numbers of its size is a number."""
    assert read_numbers(pa.array(["1", "-9999", "3"])).codes == {-9999.0: 1}
    assert read_numbers(pa.array(["10", "9999", "20", "9999"])).codes == {9999.0: 2}
    assert read_numbers(pa.array(["9800", "9999", "10100"])).codes == {}
    assert read_numbers(pa.array(["1", "-9999"]), codes=[]).values.tolist() == [1, -9999]
    assert read_numbers(pa.array(["1", "-7"]), codes=[-7]).values.tolist() == pytest.approx([1, np.nan], nan_ok=True)


def test_three_digits_after_a_comma_may_be_thousands_and_that_is_said() -> None:
    """`1,234` beside `17` in a file of semicolons is read as a decimal, and marked as doubtful; told, it is not."""
    assert read_numbers(pa.array(["1,234", "17"]), separator=";").ambiguous
    assert read_numbers(pa.array(["1,234", "17"]), separator=";", decimal=".").values.tolist() == [1234, 17]
    assert not read_numbers(pa.array(["1,234", "17,5"]), separator=";").ambiguous


@pytest.mark.parametrize(
    ("cells", "wall", "order"),
    [
        (["2024-03-31 02:00", "2024-04-01T00:00:00.5"], ["2024-03-31T02:00", "2024-04-01T00:00"], "ymd"),
        (["31/03/2024 02:00", "01/04/2024 24:00"], ["2024-03-31T02:00", "2024-04-02T00:00"], "dmy"),
        (["3/31/24 1:05 PM", "4/1/2024 12:00 AM"], ["2024-03-31T13:05", "2024-04-01T00:00"], "mdy"),
        (["3 janv. 2024", "15 déc. 2024 14h30"], ["2024-01-03T00:00", "2024-12-15T14:30"], "dmy"),
        (["20240331 0200", "20240331T0300"], ["2024-03-31T02:00", "2024-03-31T03:00"], "ymd"),
        (["2024-01", "2024-02"], ["2024-01-01T00:00", "2024-02-01T00:00"], "ymd"),
        (["01/2024", "02/2024"], ["2024-01-01T00:00", "2024-02-01T00:00"], "my"),
        (["01.02.2024", "02.02.2024", "03.02.2024"], ["2024-02-01", "2024-02-02", "2024-02-03"], "dmy"),
        (["01/02/2024", "01/03/2024", "01/04/2024"], ["2024-01-02", "2024-01-03", "2024-01-04"], "mdy"),
        (["1700000000", "1700000900"], ["2023-11-14T22:13:20", "2023-11-14T22:28:20"], "epoch"),
        (["Jan 5, 2024", "Feb 6, 2024"], ["2024-01-05", "2024-02-06"], "dmy"),
    ],
)
def test_times_are_read_as_they_are_written(cells: list[str], wall: list[str], order: str) -> None:
    """ISO, French, American, compact, months and seconds since 1970."""
    found = read_times(pa.array(cells))
    assert found.wall.tolist() == np.array(wall, "datetime64[s]").tolist()
    assert found.order == order


def test_offsets_are_kept_apart_from_the_clock() -> None:
    """+02:00, Z and none are three different things."""
    found = read_times(pa.array(["2024-03-31T02:00+02:00", "2024-03-31T02:00Z", "2024-03-31T02:00-0530", "2024-03-31"]))
    assert found.offset_s.tolist() == pytest.approx([7200, 0, -19800, np.nan], nan_ok=True)


def test_dates_that_cannot_be_told_apart_are_refused() -> None:
    """01/02 alone is January or February: nobody guesses, the option says it."""
    with pytest.raises(TransferError, match="cannot be told apart"):
        read_times(pa.array(["01/02/2024", "01/02/2024"]))
    assert str(read_times(pa.array(["01/02/2024"]), order="dmy").wall[0])[:10] == "2024-02-01"
    with pytest.raises(TransferError, match="some the month"):
        read_times(pa.array(["31/12/2024", "12/31/2024"]))


def test_days_that_do_not_exist_are_no_times() -> None:
    """30 February and 25 o'clock are named, not moved to another day."""
    found = read_times(pa.array(["2024-02-30", "2024-02-28 25:00", "2024-02-28", "2024-02-29", "2024-03-01"]))
    assert found.unreadable == {0: "2024-02-30", 1: "2024-02-28 25:00"}


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("Energie active (MWh)", "MW.h"), ("conso [kWh]", "kW.h"), ("volume_m3", "m3"), ("temp_C", "Cel"),
        ("T_ext (°C)", "Cel"), ("tempF", "[degF]"), ("Production (t)", "t"), ("Puissance kW", "kW"),
        ("débit (m³/h)", "m3/h"),
    ],
)  # fmt: skip
def test_units_are_found_in_headings(heading: str, code: str) -> None:
    """In brackets, or behind the name where they cannot be mistaken."""
    found = unit_of_heading(heading)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("heading", ["eload", "Energy (main)", "Site C", "Total", "day type"])
def test_what_is_no_unit_is_not_taken_for_one(heading: str) -> None:
    """A heading's last letter or a remark in brackets is no unit."""
    assert unit_of_heading(heading) is None


def test_units_convert_within_a_quantity_only() -> None:
    """1 MWh is 1,000 kWh, 1 GJ 277.78 kWh, a therm 29.307 kWh; m3 never become kWh, and unknown units are refused."""
    kwh = UNITS["kW.h"]
    assert factor_between(UNITS["MW.h"], kwh, "") == 1000
    assert factor_between(UNITS["GJ"], kwh, "") == pytest.approx(1000 / 3.6)
    assert factor_between(unit_named("therms", ""), kwh, "") == pytest.approx(29.3071070172)
    with pytest.raises(ContractError, match="cannot become"):
        factor_between(UNITS["m3"], kwh, "")
    with pytest.raises(ContractError, match="not known"):
        unit_named("furlongs", "--energy")
    sacks = known_unit("{sacks}")
    assert sacks is not None
    assert sacks.code == "{sacks}"
