"""What status and meta messages have in common: JSON or CBOR, read strictly, into one typed structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from telemetry.batch import RefusalReason
from telemetry.formats.choice import Format, format_of
from telemetry.formats.envelope_read import check_header, read_cbor
from telemetry.formats.rows import FARTHEST_MS, LARGEST_NUMBER, Place, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

# Unlike in an envelope no time lies before 1970: a report is about now.
PastMilliseconds = Annotated[int, msgspec.Meta(ge=0, le=FARTHEST_MS)]
Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]
# Printable: no database keeps a NUL, and nobody should have to read a line feed in a name.
ShortText = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
DeviceId = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[a-zA-Z0-9_.:-]*\Z")]


class Report(msgspec.Struct, kw_only=True, gc=False):
    """What every report begins with. Unknown members are ignored, so that later versions may add some."""

    v: int
    dev: DeviceId
    boot: Number
    ts: PastMilliseconds | None = None  # [ms since 1970-01-01 UTC]
    tsq: str = ""

    @property
    def told_us(self) -> int | None:
        """The device's time [µs since 1970-01-01 UTC]; None where it told none, or says that its clock is not set."""
        return None if self.ts is None or self.tsq == "none" else 1000 * self.ts


Shape = TypeVar("Shape", bound=Report)


def read_report(
    payload: bytes, content_type: str, place: Place, shape: type[Shape], decode_json: Callable[[bytes], Shape]
) -> Shape:
    """Read one report of a place's device; RefusedError refuses the message."""
    form = format_of(content_type, payload)
    if form not in {Format.ENVELOPE_JSON, Format.ENVELOPE_CBOR}:
        raise RefusedError(RefusalReason.SCHEMA, "status and meta are JSON or CBOR objects, not SenML")
    try:
        report = decode_json(payload) if form is Format.ENVELOPE_JSON else msgspec.convert(read_cbor(payload), shape)
    except msgspec.ValidationError as error:
        raise RefusedError(RefusalReason.SCHEMA, ascii(str(error))[1:-1][:200]) from None
    except (ValueError, RecursionError) as error:  # msgspec's other errors are ValueErrors
        raise RefusedError(RefusalReason.UNDECODABLE, f"not JSON: {ascii(str(error))[1:-1][:120]}") from None
    check_header(report.v, report.dev, place.device)
    return report
