"""Messages in, columns and refusals out: the one decoder for every wire format.

What devices say about themselves (status, meta) comes out beside them and holds no readings.

The usual message, a JSON envelope of single samples, is decoded in one typed call; its entries are only gathered, and
everything else happens on columns over the whole list of messages. Whatever is unusual takes a slower, patient way.
`Decoder.decode` does not raise, whatever the bytes: every entry ends up in the batch or among the refusals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from telemetry.batch import Decoded, Message, MessageNumber, Refusal, RefusalReason, empty_batch, joined_batches
from telemetry.checks import Checks
from telemetry.columns import NO_DEVICE, Gathering
from telemetry.formats.choice import Format, format_of
from telemetry.formats.envelope import CBOR_TYPE, JSON_OR_NONE, TIME_QUALITIES, VERSION, typed_json
from telemetry.formats.envelope_read import envelope_cbor, envelope_json, usual_pack
from telemetry.formats.meta import read_meta
from telemetry.formats.plain import plain_value
from telemetry.formats.rows import Place, RefusedError, Rows, shown
from telemetry.formats.senml import senml_cbor, senml_json
from telemetry.formats.sparkplug import SparkplugState, parse_sparkplug_topic
from telemetry.formats.status import read_status
from telemetry.quality import Reason
from telemetry.routes import Routes
from telemetry.topics import SPARKPLUG_ROOT
from telemetry.validate import DEFAULT_FUTURE_S, DEFAULT_RETENTION_S, TimeLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from telemetry.catalogue import Catalogue
    from telemetry.formats.meta import AssetMeta
    from telemetry.formats.status import DeviceStatus

_READERS: dict[Format, Callable[[bytes, Place, int], Rows]] = {
    Format.ENVELOPE_JSON: envelope_json,
    Format.ENVELOPE_CBOR: envelope_cbor,
    Format.SENML_JSON: senml_json,
    Format.SENML_CBOR: senml_cbor,
}
NO_CLOCK = int(Reason.CLOCK)


class _Aside(NamedTuple):
    """What messages hold beside readings, growing message by message."""

    refusals: list[Refusal]
    numbers: list[MessageNumber]
    told: list[DeviceStatus | AssetMeta]


class Memory(NamedTuple):
    """What a decoder remembered at one moment."""

    checks: Checks
    sparkplug: SparkplugState


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
        self._take(catalogue)

    def use(self, catalogue: Catalogue) -> None:
        """Take another version of the catalogue; what is remembered of the same points, devices and nodes stays."""
        checks, sparkplug = self._checks, self._sparkplug
        self._take(catalogue)
        self._checks.keep(checks)
        self._sparkplug.keep(sparkplug)

    def _take(self, catalogue: Catalogue) -> None:
        """Prepare for a catalogue, with nothing remembered."""
        self.catalogue = catalogue
        self._routes = Routes(catalogue)
        self._checks = Checks(self._routes, self._limits)
        self._sparkplug = SparkplugState(catalogue.sparkplug)

    def memory(self) -> Memory:
        """Return what is remembered now, to come back to before the same messages are decoded once more."""
        return Memory(self._checks.copied(), self._sparkplug.copied())

    def recall(self, memory: Memory) -> None:
        """Forget what came after: a second pass over the same messages must find what the first one found."""
        self._checks.keep(memory.checks)
        self._sparkplug.keep(memory.sparkplug)
        self._sparkplug.rebirths = []

    def clocks_off(self) -> dict[str, float]:
        """Return the devices whose clock is off, with their median lag [s] (negative: ahead)."""
        return self._checks.clocks.off()

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Decode messages (n,) into one batch; never raises on what they hold."""
        now_us = self._clock_us()
        memory = self.memory()
        gathering = Gathering()
        aside = _Aside([], [], [])
        numbers = aside.numbers
        places = self._routes.places
        for index, message in enumerate(messages):
            place = places.get(message[0])
            if place is None or not self._usual(place, index, message, gathering, numbers):
                self._patiently(index, message, gathering, aside)
        try:
            batch = self._checks.batch(gathering, messages, aside.refusals, now_us)
        except Exception as error:  # noqa: BLE001  a fault in a check must cost one message, not the gateway
            self.recall(memory)
            return self._one_by_one(messages, error)
        rebirths, self._sparkplug.rebirths = self._sparkplug.rebirths, []
        entries = np.array(gathering.entries, np.int64)
        return Decoded(
            batch=batch,
            refusals=aside.refusals,
            sequences=numbers,
            rebirths=rebirths,
            entries=entries,
            told=aside.told,
        )

    def _one_by_one(self, messages: Sequence[Message], error: Exception) -> Decoded:
        """Decode each message by itself after the checks failed on all of them, and refuse the one they fail on."""
        if len(messages) == 1:
            refusal = Refusal(0, RefusalReason.UNDECODABLE, _fault("checks", error))
            return Decoded(batch=empty_batch(), refusals=[refusal], sequences=[], entries=np.ones(1, np.int64))
        parts = [self.decode([message]) for message in messages]
        return Decoded(
            batch=joined_batches([part.batch for part in parts]),
            refusals=[refusal._replace(message=index) for index, part in enumerate(parts) for refusal in part.refusals],
            sequences=[number for part in parts for number in part.sequences],
            rebirths=[node for part in parts for node in part.rebirths],
            entries=np.array([part.received for part in parts], np.int64),
            told=[report for part in parts for report in part.told],
        )

    def _usual(
        self, place: Place, index: int, message: Message, gathering: Gathering, numbers: list[MessageNumber]
    ) -> bool:
        """Gather an envelope of single samples in one go; return False where the message is anything else."""
        _, payload, content_type, received_us = message
        if len(payload) > self._max_payload:
            return False
        try:
            pack = typed_json(payload) if content_type in JSON_OR_NONE else usual_pack(payload, content_type)
        except (ValueError, RecursionError, RefusedError):  # msgspec's errors are ValueErrors
            return False
        if pack is None or pack.dev != place.device or pack.v != VERSION or pack.tsq not in TIME_QUALITIES:
            return False
        entries, names, ts = pack.e, place.names, pack.ts
        size = len(entries)
        gathering.entries.append(size)
        gathering.variants += [names[entry.n] for entry in entries]
        gathering.values += [entry.v for entry in entries]
        # Every member of an object has one colon: as many as a bare pack must have, and there is nothing else in it.
        if payload.count(b":") != 5 + (ts is not None) + (pack.tsq != "") + 2 * size or content_type == CBOR_TYPE:
            gathering.add_details(entries)
        suspect = NO_CLOCK if ts is None or pack.tsq == "none" else 0
        base_us = received_us if ts is None else 1000 * ts
        device = NO_DEVICE if suspect else place.number
        gathering.blocks.append((size, base_us, index, received_us, device, suspect, False))
        numbers.append(MessageNumber(pack.dev, pack.boot, pack.seq, place.site))
        return True

    def _patiently(self, index: int, message: Message, gathering: Gathering, aside: _Aside) -> None:
        """Decode one message that is not the usual case, or refuse it whole."""
        try:
            report = self._read_report(message)
            if report is not None:
                aside.told.append(report)
                gathering.entries.append(0)
                return
            place, rows = self._read(message)
        except RefusedError as refused:
            aside.refusals.append(Refusal(index, refused.reason, refused.detail))
            gathering.entries.append(1)
            return
        except Exception as error:  # noqa: BLE001  a fault in a decoder must cost one message, not the gateway
            aside.refusals.append(Refusal(index, RefusalReason.UNDECODABLE, _fault("decoder", error)))
            gathering.entries.append(1)
            return
        gathering.entries.append(rows.entries)
        aside.refusals.extend(Refusal(index, *refusal) for refusal in rows.refusals)
        if rows.number is not None:
            aside.numbers.append(rows.number)
        if rows.values:
            tells = place is not None and not rows.backlog and not all(rows.suspect)
            number = place.number if place is not None and tells else NO_DEVICE
            gathering.add_rows(
                rows,
                (len(rows.values), 0, index, message.received_us, number, 0, True),
            )

    def _read_report(self, message: Message) -> DeviceStatus | AssetMeta | None:
        """Read a status or a meta message; None where it is neither, RefusedError refuses it."""
        topic, payload, content_type, received_us = message
        if len(payload) > self._max_payload:
            raise RefusedError(
                RefusalReason.TOO_LARGE,
                f"{len(payload)} bytes, {self._max_payload} are allowed – send smaller packs",
            )
        place = self._routes.status.get(topic)
        if place is not None:
            return read_status(payload, content_type, place, received_us)
        place = self._routes.meta.get(topic)
        return None if place is None else read_meta(payload, content_type, place, received_us)

    def _read(self, message: Message) -> tuple[Place | None, Rows]:
        """Read one message into rows; RefusedError refuses it whole."""
        topic, payload, content_type, received_us = message
        if topic.startswith(SPARKPLUG_ROOT):
            return self._read_sparkplug(topic, payload, received_us)
        mapped = self._routes.plain.get(topic)
        if mapped is not None:
            return mapped, plain_value(payload, mapped, received_us)
        place = self._routes.place_of(topic)
        return place, _READERS[format_of(content_type, payload)](payload, place, received_us)

    def _read_sparkplug(self, topic: str, payload: bytes, received_us: int) -> tuple[Place | None, Rows]:
        """Read a message of a Sparkplug node."""
        parsed = parse_sparkplug_topic(topic)
        if parsed is None:
            if topic.startswith(f"{SPARKPLUG_ROOT}/STATE/"):
                return None, Rows()
            raise RefusedError(RefusalReason.SCHEMA, f"topic {shown(topic)} is not spBv1.0/group/kind/node[/device]")
        place = self._routes.sparkplug.get(parsed.key)
        return place, self._sparkplug.read(payload, parsed, place, received_us)


def _fault(part: str, error: Exception) -> str:
    """Explain a defect of ours."""
    return f"the {part} failed: {type(error).__name__} – a defect of quaymeter, please report this payload"
