"""Local calendars: the wall clock through both changes of time, holidays, Easter, prices by the hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import holidays
import numpy as np
import pytest

from simulators.day import UNIX
from simulators.operations.calendar import date_of, easter, is_holiday, local_minutes, offsets_s
from simulators.operations.tariff import Tariff, read_tariffs
from telemetry.errors import ConfigurationError

PARIS = "Europe/Paris"


def number(year: int, month: int, day: int) -> int:
    """Return a day number."""
    return (date(year, month, day) - UNIX).days


def test_wall_clock_in_winter_and_in_summer() -> None:
    """03:00 UTC is 04:00 in Paris in winter and 05:00 in summer."""
    assert local_minutes(number(2025, 1, 15), PARIS).minutes[180] == 4 * 60
    assert local_minutes(number(2025, 7, 15), PARIS).minutes[180] == 5 * 60


def test_wall_clock_jumps_in_spring() -> None:
    """On 30 March 2025 the hour from 2 to 3 is missing: one local day of 23 hours."""
    local = local_minutes(number(2025, 3, 30), PARIS)
    today = local.minutes[local.days == number(2025, 3, 30)]
    assert not ((today >= 120) & (today < 180)).any()
    assert local.minutes[59:61].tolist() == [119, 180]


def test_wall_clock_repeats_in_autumn() -> None:
    """On 26 October 2025 the hour from 2 to 3 comes twice."""
    local = local_minutes(number(2025, 10, 26), PARIS)
    assert ((local.minutes >= 120) & (local.minutes < 180)).sum() == 120


def test_offsets_of_one_instant_and_of_many() -> None:
    """Scalars and arrays agree; zones with quarters of an hour are right."""
    noon = int(datetime(2025, 7, 15, 12, tzinfo=UTC).timestamp())
    assert int(offsets_s(noon, PARIS)) == 7_200
    assert offsets_s(np.array([noon, noon]), "Asia/Kathmandu").tolist() == [20_700, 20_700]


def test_dates_count_from_1970() -> None:
    """Day 0 is 1970-01-01."""
    assert date_of(0) == date(1970, 1, 1)
    assert date_of(number(2024, 2, 29)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("year", "sunday"), [(1818, date(1818, 3, 22)), (1943, date(1943, 4, 25)), (2000, date(2000, 4, 23))]
)
def test_easter_is_that_of_meeus(year: int, sunday: date) -> None:
    """The earliest and the latest Easter, and that of 2000."""
    assert easter(year) == sunday


def test_easter_agrees_with_the_holidays() -> None:
    """The day after is a public holiday of France in every year from 1970 to 2069."""
    for year in range(1970, 2070):
        assert easter(year) + timedelta(days=1) in holidays.country_holidays("FR", years=year)


def test_french_holidays() -> None:
    """14 July is one, 15 July and 4 July are none; in the United States it is the other way round."""
    assert is_holiday(number(2025, 7, 14), "FR")
    assert not is_holiday(number(2025, 7, 15), "FR")
    assert not is_holiday(number(2025, 7, 4), "FR")
    assert is_holiday(number(2025, 7, 4), "US")


def test_prices_follow_local_hours_and_seasons() -> None:
    """Off-peak from 22 to 6 h of local time, winter from November to March."""
    tariff = Tariff(
        utility="electricity",
        unit="kW.h",
        winter_peak_eur=4.0,
        winter_off_peak_eur=3.0,
        summer_peak_eur=2.0,
        summer_off_peak_eur=1.0,
    )
    winter = datetime(2025, 1, 15, tzinfo=UTC).timestamp() + 3_600 * np.array([4, 5, 20, 21])
    summer = datetime(2025, 7, 15, tzinfo=UTC).timestamp() + 3_600 * np.array([3, 4, 19, 20])
    assert tariff.price_eur(winter).tolist() == [3.0, 4.0, 4.0, 3.0]
    assert tariff.price_eur(summer).tolist() == [1.0, 2.0, 2.0, 1.0]
    assert float(tariff.price_eur(winter[0])) == 3.0


def test_a_tariff_with_a_mistake_is_refused() -> None:
    """An unknown key is refused with the keys that are known."""
    with pytest.raises(ConfigurationError, match="winter_peak_eur"):
        read_tariffs([{"utility": "electricity", "unit": "kW.h", "peak": 1.0}])
