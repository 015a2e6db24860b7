"""Reading the tables of a port's plants: what nobody knows or what is of the wrong type is refused, with a cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of one plant, by field name as in the port's files."""

    asset: str  # area/asset as in the site file


P = TypeVar("P", bound=Parameters)


def read(kind: type[P], tables: Sequence[Mapping[str, object]]) -> list[P]:
    """Return the parameters of each table, `type` left aside.

    Raises
    ------
    ConfigurationError
        If a key is unknown, missing or of another type.
    """
    return [_read(kind, table) for table in tables]


def _read(kind: type[P], table: Mapping[str, object]) -> P:
    """Return the parameters of one table."""
    own = {key: value for key, value in table.items() if key != "type"}
    place = f"plant {table.get('asset', 'without asset')} of type {table.get('type', '?')}"
    for key in own:
        if key not in kind.__struct_fields__:
            known = ", ".join(kind.__struct_fields__)
            raise ConfigurationError(
                f'unknown parameter "{key}"',
                place=place,
                cure=f"{did_you_mean(key, kind.__struct_fields__)}known: {known}",
            )
    try:
        return msgspec.convert(own, kind)
    except msgspec.ValidationError as error:
        cure = "write the parameter as the model's own comments say"
        raise ConfigurationError(str(error), place=place, cure=cure) from error
