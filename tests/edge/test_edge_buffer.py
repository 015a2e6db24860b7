"""The buffer: nothing unsettled is lost, the bound holds, the order is kept, kill -9 included."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.buffer import OVERHEAD_BYTES, Buffer, BufferFullError, Dropped, Pack, WhenFull
from telemetry.errors import QuaymeterError

TOPIC = "port/v1/capecure/quay/loop-1/telemetry"


def make_pack(text: str, *, device: str = "d1", readings: int = 1) -> Pack:
    """Return a small pack that can be told from others."""
    return Pack(device, TOPIC, text.encode(), "application/vnd.quaymeter+json", readings)


def size_of(pack: Pack) -> int:
    """Return what a pack counts against the bound."""
    return len(pack.device) + len(pack.topic) + len(pack.content_type) + len(pack.payload) + OVERHEAD_BYTES


def test_order_is_kept_and_settled_packs_are_gone(tmp_path: Path) -> None:
    """Packs come out oldest first; a settled one does not come again."""
    buffer = Buffer(tmp_path / "b.db")
    numbers = buffer.put_many([make_pack(f"p{i}") for i in range(5)])
    assert [stored.pack.payload for stored in buffer.after(0, 10)] == [b"p0", b"p1", b"p2", b"p3", b"p4"]
    assert buffer.settle([numbers[1], numbers[3], 999]) == {numbers[1]: 1, numbers[3]: 1}
    assert [stored.id for stored in buffer.after(0, 10)] == [numbers[0], numbers[2], numbers[4]]
    assert [stored.id for stored in buffer.get(numbers)] == [numbers[0], numbers[2], numbers[4]]
    assert [stored.id for stored in buffer.after(numbers[0], 1)] == [numbers[2]]
    buffer.close()


def test_what_is_kept_survives_a_restart_and_numbers_are_never_reused(tmp_path: Path) -> None:
    """After settling everything and opening again, a new pack has a number that no late receipt can mean."""
    first = Buffer(tmp_path / "b.db")
    numbers = first.put_many([make_pack("a"), make_pack("b")])
    first.settle(numbers)
    first.close()
    second = Buffer(tmp_path / "b.db")
    assert second.identity == first.identity
    assert second.boot == first.boot + 1
    assert second.put(make_pack("c")) > max(numbers)
    second.close()
    third = Buffer(tmp_path / "b.db")
    assert [stored.pack for stored in third.after(0, 9)] == [make_pack("c")]
    assert (third.packs, third.size_bytes) == (1, size_of(make_pack("c")))
    third.close()


def test_a_new_file_never_takes_up_an_old_boot_number(tmp_path: Path) -> None:
    """A buffer on a replaced disk starts its boots from the clock, far above a few restarts of an old one."""
    one, two = Buffer(tmp_path / "one.db"), Buffer(tmp_path / "two.db")
    assert one.identity != two.identity
    assert one.boot > 200_000_000
    assert two.boot >= one.boot
    one.close()
    two.close()


def test_when_full_the_oldest_give_way_and_are_counted_per_device(tmp_path: Path) -> None:
    """Dropping is exact, per device, and remembered over a restart."""
    pack = make_pack("x" * 1000, device="d1", readings=50)
    buffer = Buffer(tmp_path / "b.db", max_bytes=3 * size_of(pack))
    buffer.put_many([pack, pack])
    buffer.put(pack._replace(device="d2"))
    buffer.put_many([pack._replace(device="d2")] * 3)
    assert buffer.dropped() == {"d1": Dropped(2, 100), "d2": Dropped(1, 50)}
    assert buffer.size_bytes <= buffer.max_bytes
    buffer.close()
    again = Buffer(tmp_path / "b.db")
    assert again.dropped() == {"d1": Dropped(2, 100), "d2": Dropped(1, 50)}
    again.close()


def test_when_full_a_refusing_buffer_keeps_what_it_has(tmp_path: Path) -> None:
    """With `refuse` the caller is told, with a cure, and not one of its packs is taken."""
    pack = make_pack("x" * 100)
    buffer = Buffer(tmp_path / "b.db", max_bytes=2 * size_of(pack), when_full=WhenFull.REFUSE)
    buffer.put(pack)
    with pytest.raises(BufferFullError, match="wait until the gateway answers"):
        buffer.put_many([pack, pack])
    assert buffer.packs == 1
    assert buffer.put(pack) == 2
    buffer.close()


def test_a_pack_larger_than_the_whole_buffer_is_refused_not_swallowed(tmp_path: Path) -> None:
    """Even with `drop_oldest` an impossible pack does not cost the others."""
    buffer = Buffer(tmp_path / "b.db", max_bytes=1000)
    buffer.put(make_pack("small"))
    with pytest.raises(BufferFullError):
        buffer.put(make_pack("x" * 2000))
    assert [stored.pack.payload for stored in buffer.after(0, 9)] == [b"small"]
    assert buffer.dropped() == {}
    buffer.close()


def test_a_second_agent_on_the_same_file_is_told_so(tmp_path: Path) -> None:
    """Two agents on one buffer would settle each other's packs."""
    buffer = Buffer(tmp_path / "b.db")
    with pytest.raises(QuaymeterError, match="another agent may be using it"):
        Buffer(tmp_path / "b.db")
    buffer.close()


def test_a_damaged_file_is_put_aside_and_the_agent_goes_on(tmp_path: Path) -> None:
    """New readings matter more than a file nobody can read; the damaged one is kept for a person to look at."""
    path = tmp_path / "b.db"
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    buffer = Buffer(path)
    assert buffer.put(make_pack("a")) == 1
    buffer.close()
    assert len(list(tmp_path.glob("b.db.damaged-*"))) == 1


def test_the_file_itself_stays_within_twice_the_bound(tmp_path: Path) -> None:
    """The bound counts payloads; what lies on disk follows it, write-ahead log apart."""
    bound = 4_000_000
    buffer = Buffer(tmp_path / "b.db", max_bytes=bound)
    for _ in range(60):
        buffer.put_many([make_pack("x" * 1500, readings=50)] * 100)
    assert buffer.size_bytes <= bound
    assert (tmp_path / "b.db").stat().st_size < 2 * bound
    assert (tmp_path / "b.db-wal").stat().st_size < 17_000_000
    buffer.close()


CHILD = textwrap.dedent("""
    import sys
    from pathlib import Path
    from edge.buffer import Buffer, Pack
    buffer = Buffer(Path(sys.argv[1]))
    number = 0
    while True:
        packs = [Pack("d", "t", str(number + i).encode(), "", 1) for i in range(7)]
        buffer.put_many(packs)
        number += 7
        print(number, flush=True)  # said only after put_many has returned
""")


def test_kill_minus_nine_loses_nothing_that_put_has_returned_for(tmp_path: Path) -> None:
    """A process killed while it writes leaves every pack it was told was safe, whole groups only, in order."""
    path = tmp_path / "b.db"
    promised = total = 0
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(40):
            promised = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        promised = max([promised, *(int(line) for line in child.stdout.read().split())])
        child.wait()
        child.stdout.close()
        buffer = Buffer(path)
        kept = [int(stored.pack.payload) for stored in buffer.after(total, 1_000_000)]
        assert len(kept) in {promised, promised + 7}
        assert kept == list(range(len(kept)))
        total += len(kept)
        buffer.close()


class BufferMachine(RuleBasedStateMachine):
    """The buffer against a plain list, with restarts at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.bound = 1200
        self.when_full = WhenFull.DROP_OLDEST
        self.kept: dict[int, Pack] = {}
        self.lost: dict[str, list[int]] = {}
        self.youngest = 0
        self.buffer = self.opened()

    def opened(self) -> Buffer:
        """Open the same file."""
        return Buffer(Path(self.folder.name) / "b.db", max_bytes=self.bound, when_full=self.when_full)

    @rule(
        sizes=strategies.lists(strategies.integers(0, 400), min_size=1, max_size=4),
        device=strategies.sampled_from(["d1", "d2"]),
    )
    def put(self, sizes: list[int], device: str) -> None:
        """Put a group; the model drops its own oldest, or refuses, by the same words."""
        packs = [make_pack("y" * size, device=device, readings=1 + size % 3) for size in sizes]
        needed = sum(map(size_of, packs))
        free = self.bound - sum(map(size_of, self.kept.values()))
        if needed > self.bound or (needed > free and self.when_full is WhenFull.REFUSE):
            with pytest.raises(BufferFullError):
                self.buffer.put_many(packs)
            return
        while needed > self.bound - sum(map(size_of, self.kept.values())):
            oldest = self.kept.pop(min(self.kept))
            self.lost.setdefault(oldest.device, []).append(oldest.readings)
        numbers = self.buffer.put_many(packs)
        assert numbers == list(range(self.youngest + 1, self.youngest + 1 + len(packs)))
        self.youngest = numbers[-1]
        self.kept |= dict(zip(numbers, packs, strict=True))

    @precondition(lambda self: self.kept)
    @rule(data=strategies.data())
    def settle(self, data: strategies.DataObject) -> None:
        """Settle some packs, in any order, some of them unknown or long gone."""
        chosen = data.draw(strategies.lists(strategies.integers(1, self.youngest + 3), max_size=6))
        assert list(self.buffer.settle(chosen)) == sorted(set(chosen) & set(self.kept))
        for number in chosen:
            self.kept.pop(number, None)

    @rule(when_full=strategies.sampled_from(WhenFull))
    def restart(self, when_full: WhenFull) -> None:
        """Close and open again, perhaps with the other policy."""
        self.when_full = when_full
        boot = self.buffer.boot
        self.buffer.close()
        self.buffer = self.opened()
        assert self.buffer.boot == boot + 1

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        """Compare everything: packs, order, counts, bound, drops."""
        assert [(stored.id, stored.pack) for stored in self.buffer.after(0, 10_000)] == sorted(self.kept.items())
        assert self.buffer.packs == len(self.kept)
        assert self.buffer.size_bytes == sum(map(size_of, self.kept.values())) <= self.bound
        assert self.buffer.dropped() == {device: Dropped(len(n), sum(n)) for device, n in self.lost.items()}

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.buffer.close()
        self.folder.cleanup()


TestBufferMachine = BufferMachine.TestCase
TestBufferMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
