"""The kinds of day of a plan as a driver of its rows, public holidays among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from savings.day_types import kinds_of_rows
from savings.input_record import DAY_TYPE, DriverColumn
from savings.table import Frequency
from storage.overview import calendars
from telemetry.errors import ContractError
from telemetry.plan import DayTypes
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage.engine import Connection
    from telemetry.plan import Plan

_LABEL = {"fr": "Type de jour", "en": "Kind of day"}
_REST = {
    "fr": "Type de jour (par jours de repos : samedis et dimanches)",
    "en": "Kind of day (by days of rest: Saturdays and Sundays)",
}
_WITH_HOLIDAYS = {
    DayTypes.WEEK: {
        "fr": "Type de jour (jours fériés comptés comme dimanches)", "en": "Kind of day (public holidays as Sundays)",
    },
    DayTypes.WEEKDAY: {
        "fr": "Type de jour (jours fériés comptés comme dimanches, lendemains ouvrés comme lundis)",
        "en": "Kind of day (public holidays as Sundays, the working day after one as a Monday)",
    },
    DayTypes.REST: {
        "fr": "Type de jour (par jours de repos : samedis, dimanches et jours fériés)",
        "en": "Kind of day (by days of rest: Saturdays, Sundays and public holidays)",
    },
}  # fmt: skip


def holiday_country(connection: Connection, site: str, plan: Plan) -> str:
    """Return the country whose public holidays a plan counts (ISO 3166), "" where it counts none.

    Raises
    ------
    ContractError
        If the site has no such calendar, or it has no public holidays.
    """
    if not plan.calendar:
        return ""
    known = {str(each["id"]): str(each.get("holidays", "")) for each in calendars(connection, site)}
    if plan.calendar not in known:
        raise ContractError(
            f"unknown calendar {plan.calendar!r}", place=f"demonstrator {plan.id}",
            cure=did_you_mean(plan.calendar, known).strip() or "declare it in the site file under [[calendars]]",
        )  # fmt: skip
    if not known[plan.calendar]:
        raise ContractError(
            f"calendar {plan.calendar!r} has no public holidays", place=f"demonstrator {plan.id}",
            cure='add `holidays = "FR"` to it in the site file',
        )  # fmt: skip
    return known[plan.calendar]


def day_type_driver(plan: Plan, start: NDArray[np.datetime64], country: str) -> DriverColumn | None:
    """Return the kind of day of each row (n,) by its first local instant; None where the plan tells none apart.

    Raises
    ------
    ContractError
        If nobody knows the public holidays of that country.
    """
    if plan.day_types is DayTypes.NONE or plan.frequency == "monthly":
        return None
    role, kinds = kinds_of_rows(plan.day_types, Frequency(plan.frequency), start, country)
    plain = _REST if plan.day_types is DayTypes.REST else _LABEL
    return DriverColumn(
        name=DAY_TYPE, label=_WITH_HOLIDAYS[plan.day_types] if country else plain,
        role=role.value, unit="", is_total=False, values=tuple(kinds.tolist()),
    )  # fmt: skip
