"""Reading the tables of a port's plants: what nobody knows or what is of the wrong type is refused, with a cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of one plant, by field name as in the port's files."""

    asset: str  # area/asset as in the site file


P = TypeVar("P")  # a struct or a frozen dataclass


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
    _refuse_unknown(own, kind, place)
    try:
        made = msgspec.convert(own, kind)
    except (msgspec.ValidationError, ValueError) as error:
        cure = "write the parameter as the model's own comments say"
        raise ConfigurationError(str(error), place=place, cure=cure) from error
    for key, value in own.items():
        inner = getattr(made, key)
        if isinstance(value, Mapping) and is_dataclass(inner):
            _refuse_unknown(value, type(inner), f"{place}, {key}")
    return made


def _refuse_unknown(given: Mapping[str, object], kind: Any, place: str) -> None:  # noqa: ANN401 – struct or dataclass
    known = [each.name for each in fields(kind)] if is_dataclass(kind) else list(kind.__struct_fields__)
    for key in given:
        if key not in known:
            cure = f"{did_you_mean(key, known)}known: {', '.join(known)}"
            raise ConfigurationError(f'unknown parameter "{key}"', place=place, cure=cure)
