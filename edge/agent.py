"""The agent beside the plant: buffer, numbering and publisher under one roof.

What samples (a driver, a simulator, a replay) calls `send` or `send_many`; when it returns the readings are on disk.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from edge.pack import Packer
from edge.publisher import Publisher
from telemetry.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from edge.buffer import Buffer, Pack
    from edge.pack import Sampled
    from edge.publisher import PublisherSettings


class Agent:
    """Takes readings of one device (or of several, where one machine speaks for them) and sees them safe.

    Use as a context manager, or call `start` and `stop`. The buffer is closed by whoever made it.
    """

    def __init__(self, settings: PublisherSettings, buffer: Buffer, *, cbor: bool = False) -> None:
        self.settings = settings
        self.buffer = buffer
        self.publisher = Publisher(settings, buffer)
        self._cbor = cbor
        self._packers: dict[str, Packer] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to publish what is kept and what comes."""
        self.publisher.start()

    def stop(self, *, drain_s: float = 0.0) -> None:
        """Stop cleanly, after waiting up to `drain_s` [s] for the last receipts."""
        self.publisher.stop(drain_s=drain_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def send(self, sampled: Sampled, *, device: str = "") -> int:
        """Keep one pack and publish it when its turn comes; return its number in the buffer."""
        return self.send_many([sampled], device=device)[0]

    def send_many(self, sampled: Sequence[Sampled], *, device: str = "") -> list[int]:
        """Keep packs in one transaction, all or none; return their numbers in the buffer.

        `device` is the agent's own unless it speaks for another.

        Raises
        ------
        BufferFullError
            If the buffer refuses; no number of the sequence is used up then.
        ContractError
            If a pack is larger than gateway or broker would take.
        """
        device = device or self.settings.client_id
        with self._lock:
            packer = self._packers.get(device)
            if packer is None:
                packer = Packer(self.settings.site, device, self.buffer.boot, cbor=self._cbor)
                self._packers[device] = packer
            first = packer.next_seq
            try:
                packs = [packer.pack(one) for one in sampled]
                self._refuse_too_large(packs)
                return self.buffer.put_many(packs)
            except BaseException:
                packer.next_seq = first
                raise

    def _refuse_too_large(self, packs: Sequence[Pack]) -> None:
        most = self.settings.largest_payload
        for pack in packs:
            if len(pack.payload) > most:
                raise ContractError(
                    f"a pack of {pack.readings} readings has {len(pack.payload)} B, and {most} B is the most",
                    place=pack.topic,
                    cure="send fewer readings a pack; 50 is a good number",
                )
