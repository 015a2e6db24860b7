"""Public holidays: those of a country, by its local days."""

from __future__ import annotations

import numpy as np
import pytest

from telemetry.errors import ContractError
from telemetry.public_holidays import countries, on_public_holiday


def test_the_holidays_of_a_year_in_france() -> None:
    """Eleven days in 2025, Easter Monday among them, Good Friday not; over the turn of a year both years count."""
    days = np.arange(np.datetime64("2025-01-01"), np.datetime64("2026-01-02"))
    found = days[on_public_holiday(days, "FR")].astype(str).tolist()
    assert found == [
        "2025-01-01", "2025-04-21", "2025-05-01", "2025-05-08", "2025-05-29", "2025-06-09", "2025-07-14", "2025-08-15",
        "2025-11-01", "2025-11-11", "2025-12-25", "2026-01-01",
    ]  # fmt: skip


def test_without_a_country_there_are_none() -> None:
    """No country, and no days, give no holiday; Germany's are others than France's."""
    days = np.array(["2025-07-14", "2025-10-03"], "datetime64[D]")
    assert on_public_holiday(days, "").tolist() == [False, False]
    assert on_public_holiday(days[:0], "FR").tolist() == []
    assert on_public_holiday(days, "DE").tolist() == [False, True]


def test_countries_go_by_their_two_letters() -> None:
    """Codes of ISO 3166 in capitals; another spelling is refused, with the right one where it is near."""
    assert {"FR", "DE", "GB"} <= set(countries())
    assert "FRA" not in countries()
    with pytest.raises(ContractError, match='unknown country "fr" – did you mean "FR"'):
        on_public_holiday(np.array(["2025-07-14"], "datetime64[D]"), "fr")
