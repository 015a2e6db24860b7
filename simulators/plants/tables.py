"""From the tables of a port's model to the typed parameters of its plants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from telemetry.errors import ConfigurationError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

Parameters = TypeVar("Parameters")


def parameters_of(tables: Sequence[Mapping[str, object]], kind: type[Parameters]) -> list[Parameters]:
    """Return one frozen record of parameters, a dataclass, for each table; `type` chose the record and is left out.

    Raises
    ------
    ConfigurationError
        If a table has a key that the record has not, lacks one that it needs, or has a value of another type.
    """
    return [_one(table, kind) for table in tables]


def _one(table: Mapping[str, object], kind: type[Parameters]) -> Parameters:
    place = f"plant {table.get('asset', '?')} ({table.get('type', '?')})"
    given = {name: value for name, value in table.items() if name != "type"}
    _refuse_unknown(given, kind, place)
    try:
        made = msgspec.convert(given, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(str(error), place=place, cure=f"see {kind.__module__}, {kind.__name__}") from error
    for name, value in given.items():
        inner = getattr(made, name)
        if isinstance(value, Mapping) and is_dataclass(inner):
            _refuse_unknown(value, type(inner), f"{place}, {name}")
    return made


def _refuse_unknown(given: Mapping[str, object], kind: Any, place: str) -> None:  # noqa: ANN401 – any dataclass
    known = [field.name for field in fields(kind)]
    for name in given:
        if name not in known:
            raise ConfigurationError(
                f'"{name}" is no parameter', place=place, cure=f"{did_you_mean(name, known)}known: {', '.join(known)}"
            )
