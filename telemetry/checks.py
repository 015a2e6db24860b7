"""From raw columns to a batch: units, every check, and refusals for what is left out."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from telemetry.batch import Message, ReadingBatch, Refusal, RefusalReason, empty_batch
from telemetry.formats.envelope_read import unit_detail, usual_pack
from telemetry.formats.rows import MOST_HINTS, MOST_REFUSALS, entry_text, unknown_point
from telemetry.points import MISSING, WRONG_UNIT
from telemetry.quality import QualityClass, Reason, judged
from telemetry.rates import RateWatch
from telemetry.validate import ACCEPTED, CODE, DETAILS, REFUSALS, TimeLimits, check_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from telemetry.columns import Gathering, RawColumns
    from telemetry.formats.envelope import Entry
    from telemetry.routes import Routes


NEVER = np.iinfo(np.int64).min


class Checks:
    """The server's checks over one stream of readings."""

    def __init__(self, routes: Routes, limits: TimeLimits) -> None:
        """Check against the points that the routes lead to."""
        self._routes = routes
        self._table = routes.table
        self._limits = limits
        self.clocks = routes.clocks
        self._rates = RateWatch(routes.table)

    def keep(self, older: Checks) -> None:
        """Take over what older checks remember of the same points and devices."""
        self._rates.keep(older._rates)
        self.clocks.keep(older.clocks)

    def copied(self) -> Checks:
        """Return checks that remember the same and go their own way."""
        made: Checks = copy(self)
        made._rates, made.clocks = self._rates.copied(), self.clocks.copied()
        return made

    def batch(
        self, gathering: Gathering, messages: Sequence[Message], refusals: list[Refusal], now_us: int
    ) -> ReadingBatch:
        """Turn what was gathered into a batch; refusals are appended."""
        raw = gathering.columns(self._table)
        if len(raw.variant) == 0:
            return empty_batch()
        variant = np.maximum(raw.variant, 0)
        row = self._table.row[variant]
        value = raw.value * self._table.factor[variant] + self._table.offset[variant]
        received_us = raw.blocks.spread(raw.blocks.received_us)
        checked = check_rows(
            self._table,
            row,
            raw.ts_us,
            value,
            raw.quality,
            now_us=now_us,
            limits=self._limits,
            received_us=received_us,
        )
        refusal = self._more_refusals(raw, row, checked.refusal)
        quality = self._clock_quality(raw, checked.quality, refusal == CODE[RefusalReason.FUTURE])
        if refusal.any():
            self._explain(raw, refusal, messages, refusals, gathering.entries)
            kept = np.flatnonzero(refusal == ACCEPTED)
        else:
            kept = None
        if kept is not None:
            row, value, quality = row[kept], value[kept], quality[kept]
        ts_us = raw.ts_us if kept is None else raw.ts_us[kept]
        message = raw.blocks.spread(raw.blocks.message)
        return ReadingBatch(
            point_id=self._table.point_id[row],
            ts_us=ts_us,
            value=value,
            quality=self._rates.judge(row, ts_us, value, quality),
            received_us=received_us if kept is None else received_us[kept],
            message=message if kept is None else message[kept],
        )

    def _more_refusals(self, raw: RawColumns, row: NDArray[np.int32], refusal: NDArray[np.int8]) -> NDArray[np.int8]:
        """Add the refusals that only raw columns (n,) show: names, units, truth values where a number belongs."""
        if raw.boolean.any():
            refusal[raw.boolean & ~self._table.is_state[row]] = CODE[RefusalReason.SCHEMA]
        if raw.variant.min() < 0:
            refusal[raw.variant == MISSING] = CODE[RefusalReason.UNKNOWN_POINT]
            refusal[raw.variant == WRONG_UNIT] = CODE[RefusalReason.UNIT]
        return refusal

    def _clock_quality(
        self, raw: RawColumns, quality: NDArray[np.int16], future: NDArray[np.bool_]
    ) -> NDArray[np.int16]:
        """Mark readings (n,) that were suspect when they were read, and those of devices whose clock is off.

        A time in the future (mask (n,)) tells a device's clock only where the whole message is of the future.
        """
        suspect = raw.suspect
        blocks = raw.blocks
        telling = np.flatnonzero(blocks.device >= 0)
        if len(telling):
            newest = np.maximum.reduceat(raw.ts_us, blocks.start)[telling]
            if future.any():
                believable = np.maximum.reduceat(np.where(future, NEVER, raw.ts_us), blocks.start)[telling]
                newest = np.where(believable == NEVER, newest, believable)
            lag_s = (blocks.received_us[telling] - newest) / 1e6
            off = np.zeros(len(blocks.device), np.bool_)
            off[telling] = self.clocks.observe(blocks.device[telling], lag_s)
            if off.any():
                suspect = np.where(blocks.spread(off), suspect | np.int16(Reason.CLOCK), suspect)
        if suspect.any():
            for reason in (Reason.CLOCK, Reason.COMM):
                quality = judged(quality, (suspect & reason) != 0, reason, QualityClass.UNCERTAIN)
        return quality

    def _explain(
        self,
        raw: RawColumns,
        refusal: NDArray[np.int8],
        messages: Sequence[Message],
        refusals: list[Refusal],
        counted: list[int],
    ) -> None:
        """Write one refusal for each refused reading; messages of plain entries are read once more for their words."""
        blocks = raw.blocks
        block_of = blocks.spread(np.arange(len(blocks.size)))
        entries: list[Entry] = []
        read = -1
        counts = np.add.reduceat(refusal != ACCEPTED, blocks.start)
        hopeless = blocks.spread(counts > MOST_REFUSALS)
        if hopeless.any():
            self._refuse_whole(raw, refusal, counts, refusals, counted)
        for position in np.flatnonzero((refusal != ACCEPTED) & ~hopeless).tolist():
            block, reason = int(block_of[position]), REFUSALS[refusal[position]]
            index = int(blocks.message[block])
            if reason is None:  # never: code 0 alone has no reason, and flatnonzero leaves it out
                continue
            if blocks.as_rows[block]:
                text, detail = self._row_text(raw, position), _detail(reason, truth=bool(raw.boolean[position]))
            else:
                if read != index:
                    pack = usual_pack(messages[index].payload, messages[index].content_type)
                    entries, read = [] if pack is None else pack.e, index
                entry = entries[position - int(blocks.start[block])]
                text = entry_text(msgspec.to_builtins(entry))
                hint = len(refusals) < MOST_HINTS
                truth = bool(raw.boolean[position])
                detail = self._entry_detail(entry, reason, messages[index].topic, truth=truth, hint=hint)
            refusals.append(Refusal(index, reason, detail, text))

    def _refuse_whole(
        self,
        raw: RawColumns,
        refusal: NDArray[np.int8],
        counts: NDArray[np.intp],
        refusals: list[Refusal],
        counted: list[int],
    ) -> None:
        """Refuse messages in which too many entries are wrong; `refusal` (n,) comes to cover all their readings."""
        blocks = raw.blocks
        for block in np.flatnonzero(counts > MOST_REFUSALS).tolist():
            start = int(blocks.start[block])
            codes = refusal[start : start + int(blocks.size[block])]
            code = int(codes[codes != ACCEPTED][0])
            reason = REFUSALS[code] or RefusalReason.SCHEMA
            detail = f"{int(counts[block])} of {len(codes)} entries are refused, the first as {reason}"
            refusals.append(Refusal(int(blocks.message[block]), reason, detail))
            codes[:] = code
            counted[int(blocks.message[block])] -= len(codes) - 1  # refused whole: one entry

    def _row_text(self, raw: RawColumns, position: int) -> str:
        """Return a refused row as JSON text; a value that JSON cannot hold is written in words."""
        point = self._table.points[self._table.row[raw.variant[position]]]
        value = float(raw.value[position])
        return entry_text(
            {
                "n": point.short_name,
                "v": value if np.isfinite(value) else repr(value),
                "ts": int(raw.ts_us[position]) // 1000,
                "q": int(raw.quality[position]),
            }
        )

    def _entry_detail(self, entry: Entry, reason: RefusalReason, topic: str, *, truth: bool, hint: bool) -> str:
        """Explain the refusal of a plain entry."""
        names = self._routes.places[topic].names
        if reason is RefusalReason.UNKNOWN_POINT:
            return unknown_point(entry.n, names, hint=hint)
        if reason is RefusalReason.UNIT:
            return unit_detail(self._table, names[entry.n], entry.u)
        return _detail(reason, truth=truth)


def _detail(reason: RefusalReason, *, truth: bool) -> str:
    """Explain a refusal; `truth` says that true or false was sent."""
    if truth and reason is RefusalReason.SCHEMA:
        return "true or false where a number belongs – only a point of kind state takes them"
    return DETAILS[reason]
