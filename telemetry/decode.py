"""Messages in, columns and refusals out: the one decoder for every wire format.

The usual message, a JSON envelope of single samples, is decoded in one typed call; its entries are only gathered, and
everything else happens on columns over the whole list of messages. Whatever is unusual takes a slower, patient way.
`Decoder.decode` does not raise, whatever the bytes: every entry ends up in the batch or among the refusals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from telemetry.batch import Decoded, Message, MessageNumber, Refusal, RefusalReason
from telemetry.checks import Checks
from telemetry.columns import NO_DEVICE, Block, Gathering
from telemetry.formats.choice import Format, format_of
from telemetry.formats.envelope import JSON_TYPE, TIME_QUALITIES, VERSION, Pack
from telemetry.formats.envelope_read import envelope_cbor, envelope_json
from telemetry.formats.rows import Place, RefusedError, Rows
from telemetry.routes import Routes
from telemetry.validate import DEFAULT_FUTURE_S, DEFAULT_RETENTION_S, TimeLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from telemetry.catalogue import Catalogue

_pack = msgspec.json.Decoder(Pack).decode
_READERS: dict[Format, Callable[[bytes, Place, int], Rows]] = {
    Format.ENVELOPE_JSON: envelope_json,
    Format.ENVELOPE_CBOR: envelope_cbor,
}
USUAL_TYPES = frozenset({JSON_TYPE, ""})


class Decoder:
    """Decodes messages of one site; holds what rate limits, clock checks and Sparkplug aliases need to remember.

    One decoder belongs to one stream of messages and is used by one thread at a time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        clock_us: Callable[[], int],
        retention_s: float = DEFAULT_RETENTION_S,
        future_s: float = DEFAULT_FUTURE_S,
        max_payload: int = 1_000_000,
    ) -> None:
        """Decode for a catalogue; `clock_us` tells the gateway's time [µs since 1970-01-01 UTC]."""
        self._clock_us = clock_us
        self._max_payload = max_payload
        self._limits = TimeLimits(retention_s=retention_s, future_s=future_s)
        self.use(catalogue)

    def use(self, catalogue: Catalogue) -> None:
        """Take another version of the catalogue."""
        self.catalogue = catalogue
        self._routes = Routes(catalogue)
        self._checks = Checks(self._routes, self._limits)

    def clocks_off(self) -> dict[str, float]:
        """Return the devices whose clock is off, with their median lag [s] (negative: ahead)."""
        return self._checks.clocks.off()

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Decode messages (n,) into one batch; never raises on what they hold."""
        now_us = self._clock_us()
        gathering = Gathering()
        refusals: list[Refusal] = []
        numbers: list[MessageNumber] = []
        places = self._routes.places
        for index, message in enumerate(messages):
            place = places.get(message[0])
            if place is None or not self._usual(place, index, message, gathering, numbers):
                self._patiently(index, message, gathering, refusals, numbers)
        batch = self._checks.batch(gathering, messages, refusals, now_us)
        return Decoded(batch=batch, refusals=refusals, sequences=numbers)

    def _usual(
        self, place: Place, index: int, message: Message, gathering: Gathering, numbers: list[MessageNumber]
    ) -> bool:
        """Gather a JSON envelope of single samples in one go; return False where the message is anything else."""
        _, payload, content_type, received_us = message
        if content_type not in USUAL_TYPES or len(payload) > self._max_payload:
            return False
        try:
            pack = _pack(payload)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return False
        if pack.dev != place.device or pack.v != VERSION or pack.tsq not in TIME_QUALITIES:
            return False
        entries, names, ts = pack.e, place.names, pack.ts
        gathering.variants += [names[entry.n] for entry in entries]
        gathering.entries += entries
        clockless = ts is None or pack.tsq == "none"
        base_us = received_us if ts is None else 1000 * ts
        device = NO_DEVICE if clockless else place.number
        gathering.blocks.append(Block(len(entries), base_us, index, received_us, device, clockless, False))  # noqa: FBT003  by position: once a message
        numbers.append(MessageNumber(pack.dev, pack.boot, pack.seq))
        return True

    def _patiently(
        self,
        index: int,
        message: Message,
        gathering: Gathering,
        refusals: list[Refusal],
        numbers: list[MessageNumber],
    ) -> None:
        """Decode one message that is not the usual case, or refuse it whole."""
        try:
            place, rows = self._read(message)
        except RefusedError as refused:
            refusals.append(Refusal(index, refused.reason, refused.detail))
            return
        except Exception as error:  # noqa: BLE001  a fault in a decoder must cost one message, not the gateway
            detail = f"the decoder failed: {type(error).__name__} – please report this payload"
            refusals.append(Refusal(index, RefusalReason.UNDECODABLE, detail))
            return
        refusals += [Refusal(index, *refusal) for refusal in rows.refusals]
        if rows.number is not None:
            numbers.append(rows.number)
        if rows.values:
            tells = not rows.backlog and not all(rows.clockless)
            number = place.number if tells else NO_DEVICE
            gathering.add_rows(
                rows,
                Block(len(rows.values), 0, index, message.received_us, number, clockless=False, as_rows=True),
            )

    def _read(self, message: Message) -> tuple[Place, Rows]:
        """Read one message into rows; RefusedError refuses it whole."""
        if len(message.payload) > self._max_payload:
            raise RefusedError(
                RefusalReason.TOO_LARGE,
                f"{len(message.payload)} bytes, {self._max_payload} are allowed – send smaller packs",
            )
        place = self._routes.place_of(message.topic)
        reader = _READERS.get(format_of(message.content_type, message.payload))
        if reader is None:
            raise RefusedError(RefusalReason.UNDECODABLE, "format not supported yet")
        return place, reader(message.payload, place, message.received_us)
