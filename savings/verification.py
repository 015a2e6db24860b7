"""Recomputing a bundle and holding every number against what it says.

Linear algebra adds in another order on another processor, so last bits may differ there: a number agrees where it
is the same to eight digits of the largest number beside it; a report prints six at most. How many agree bit for bit,
and the largest difference, are said. Kernels of five processor families gave up to 9e-11, from the search for knots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from savings.run import compute, input_hash, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from savings.bundle import Bundle

TOLERANCE = 1e-8  # of the largest number beside it
_NOT_COMPARED = ("versions", "input_hash")  # compared by name, below
_LATER = ("wording", "cure_wording")  # of a finding: runs of before have its English sentence alone


class Difference(NamedTuple):
    """Something that the bundle says and the recomputation does not."""

    where: str  # meters[0].saving.value
    said: object
    found: object


class Verification(NamedTuple):
    """What came of it."""

    differences: tuple[Difference, ...]
    numbers: int  # compared
    identical: int  # of these, bit for bit
    largest: float  # difference, by the largest number beside it
    input_hash: str
    versions: dict[str, tuple[str, str]]  # what differs: (of the run, here)

    @property
    def agrees(self) -> bool:
        """Whether everything agrees."""
        return not self.differences


class _Tally:
    """Counts numbers as they are compared."""

    def __init__(self) -> None:
        self.numbers = 0
        self.identical = 0
        self.largest = 0.0

    def near(self, said: float, found: float, scale: float) -> bool:
        """Count a pair of numbers and tell whether they agree."""
        self.numbers += 1
        if said == found:
            self.identical += 1
            return True
        apart = abs(said - found) / max(scale, abs(said), abs(found))
        self.largest = max(self.largest, apart)
        return apart <= TOLERANCE


def verify(bundle: Bundle, *, progress: Callable[[str], None] = lambda _: None) -> Verification:
    """Recompute a bundle's run from its input and compare everything.

    Raises
    ------
    ContractError
        As `savings.run.compute`.
    """
    again = compute(bundle.given, progress=progress)
    tally = _Tally()
    said, found = msgspec.to_builtins(bundle.run), msgspec.to_builtins(again)
    differences = [each for key in said for each in _compared(said[key], found.get(key), key, 0.0, tally)
                   if key not in _NOT_COMPARED]  # fmt: skip
    digest = input_hash(bundle.given)
    if digest != bundle.run.input_hash:
        differences.append(Difference("input_hash", bundle.run.input_hash, digest))
    here, there = versions(), bundle.run.versions
    return Verification(
        differences=tuple(differences), numbers=tally.numbers, identical=tally.identical, largest=tally.largest,
        input_hash=digest,
        versions={name: (there.get(name, ""), here.get(name, "")) for name in sorted({*here, *there})
                  if there.get(name) != here.get(name)},
    )  # fmt: skip


def _compared(said: object, found: object, where: str, scale: float, tally: _Tally) -> Iterator[Difference]:
    """Yield what differs between two values as JSON holds them; `scale` is the size of the numbers beside them."""
    if isinstance(said, dict) and isinstance(found, dict):
        inner = max(scale, _size(said.values()))
        for key in sorted({*said, *found} - {key for key in _LATER if said.get(key) is None}, key=str):
            yield from _compared(said.get(key), found.get(key), f"{where}.{key}", inner, tally)
    elif isinstance(said, list | tuple) and isinstance(found, list | tuple) and len(said) == len(found):
        inner = _size(said)
        for place, pair in enumerate(zip(said, found, strict=True)):
            yield from _compared(*pair, f"{where}[{place}]", inner, tally)
    elif _number(said) and _number(found):
        if not tally.near(float(said), float(found), scale):  # type: ignore[arg-type] # both are numbers
            yield Difference(where, said, found)
    elif said != found:
        yield Difference(where, said, found)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(values: object) -> float:
    """Return the largest of the numbers among values, 0 where there is none."""
    return max((abs(float(value)) for value in values if _number(value)), default=0.0)  # type: ignore[attr-defined]
