"""What is sent to be written: JSON into a record, with every mistake named by its place, not just the first."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from api.problems import Mistake, ProblemError
from telemetry.units import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Body = TypeVar("Body", bound=msgspec.Struct)
MOST = 100  # mistakes that are told
SHOWN = 3  # mistakes in the one sentence of a problem; `mistakes` has them all


class MistakesError(ProblemError):
    """A body that cannot be used; carries every mistake found in it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        """Speak of the first few, and keep them all."""
        self.mistakes = tuple(mistakes)
        told = "; ".join(f"{each.place}: {each.detail}" for each in self.mistakes[:SHOWN])
        more = f"; and {len(self.mistakes) - SHOWN} more" if len(self.mistakes) > SHOWN else ""
        super().__init__(
            HTTPStatus.UNPROCESSABLE_ENTITY, "body", told + more, place=self.mistakes[0].place,
            cure=self.mistakes[0].cure or "see the body in the reference at /api/v1/openapi.json",
        )  # fmt: skip


def read_body(data: bytes, kind: type[Body]) -> Body:
    """Return the record that a body holds.

    Raises
    ------
    MistakesError
        Where it is no JSON, or anything in it is not as the record wants it.
    """
    try:
        if b"\\u0000" in data:
            raise MistakesError([Mistake(place="body", detail="it holds the character U+0000", cure="leave it out")])
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        cure = "send one JSON object"
        raise MistakesError([Mistake(place="body", detail=f"it is no JSON: {error}", cure=cure)]) from error
    return checked(document, kind)


def checked(document: object, kind: type[Body]) -> Body:
    """Return the record that a document of plain values holds; MistakesError with everything that is wrong with it."""
    found = list(islice(mistakes(document, kind, ""), MOST))
    if found:
        raise MistakesError(found)
    return msgspec.convert(document, kind)


def mistakes(value: object, wanted: Any, place: str) -> Iterator[Mistake]:  # noqa: ANN401 – any annotation
    """Yield what is wrong with a value as JSON holds it, at the deepest place that can be named."""
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        deeper = list(_within(value, wanted, place))
        yield from deeper or [_told(error, wanted, place)]


def _within(value: object, wanted: Any, place: str) -> Iterator[Mistake]:  # noqa: ANN401 – any annotation
    """Yield the mistakes of the parts of a value."""
    for kind in _kinds(wanted):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
            yield from _fields(value, kind, place)
        elif get_origin(kind) is tuple and isinstance(value, list):
            one = get_args(kind)
            if one[-1] is Ellipsis or len(one) == len(value):
                for index, each in enumerate(value):
                    yield from mistakes(each, one[0 if one[-1] is Ellipsis else index], f"{place}[{index}]")
        elif get_origin(kind) is dict and isinstance(value, dict):
            for key, each in value.items():
                yield from mistakes(each, get_args(kind)[1], f"{place}.{key}".lstrip("."))


def _fields(value: dict[str, object], kind: type[msgspec.Struct], place: str) -> Iterator[Mistake]:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in known and kind.__struct_config__.forbid_unknown_fields:
            cure = did_you_mean(name, known).strip() or f"one of {', '.join(known)}"
            yield Mistake(place=_join(place, name), detail="there is no such field", cure=cure)
    for name, field in known.items():
        if name in value:
            yield from mistakes(value[name], field.type, _join(place, name))
        elif field.required:
            yield Mistake(place=_join(place, name), detail="is missing", cure=f"add `{name}`")


def _kinds(wanted: Any) -> Iterator[Any]:  # noqa: ANN401 – any annotation
    """Yield the types that an annotation allows, None and descriptions left out."""
    origin = get_origin(wanted)
    if origin is Annotated:
        yield from _kinds(get_args(wanted)[0])
    elif origin is not None and origin not in (tuple, dict):
        for each in get_args(wanted):
            if each is not type(None):
                yield from _kinds(each)
    else:
        yield wanted


def _told(error: msgspec.ValidationError, wanted: Any, place: str) -> Mistake:  # noqa: ANN401 – any annotation
    detail, _, where = str(error).partition(" - at `$")
    choices = [str(each.value) for kind in _kinds(wanted) if isinstance(kind, type) and issubclass(kind, Enum)
               for each in kind]  # fmt: skip
    return Mistake(
        place=(place + where.rstrip("`")).lstrip(".") or "body",
        detail=detail,
        cure=f"one of {', '.join(choices)}" if choices else "",
    )


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
