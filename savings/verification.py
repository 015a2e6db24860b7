"""Recomputing a bundle and holding every number against what it says.

Linear algebra adds in another order on another processor, so last bits may differ there: a number agrees where it
is the same to eight digits; a report prints six at most. Eight digits are those of the number itself, of the largest in
its column or its figure, and, for amounts of the figure's unit, which are differences of two larger ones, those of the
adjusted baseline. All sizes are those of the recomputation, never of what is being checked. How many numbers agree bit
for bit, and the largest difference, are said. Kernels of five processor families gave up to 9e-11, from the search for
knots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from savings.run import compute, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from savings.bundle import Bundle

TOLERANCE = 1e-8  # of the size that a number is held against
SMALL = 0.1  # size of numbers that may be next to nothing, such as a bias in sample: 1e-9 is as good as none
_AMOUNTS = {  # of a figure's unit: differences of sums as large as the adjusted baseline
    "saving", "measured", "adjusted", "adjustments", "cumulative", "cumulative_low", "cumulative_high", "normalised",
    "methods", "error_parts", "residual", "predicted", "amount", "errors", "rmse",
}  # fmt: skip
_NOT_COMPARED = ("versions", "input_hash")  # compared by name, below
_LATER = ("wording", "cure_wording", "error_parts", "used_from", "used_to")  # what runs of before do not say


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
    said, found = (
        {key: value for key, value in msgspec.to_builtins(run).items() if key not in _NOT_COMPARED}
        for run in (bundle.run, again)
    )
    meters = [_meter_size(meter) for meter in found["meters"]]
    differences = [*_compared(said, found, "", _Sizes(0.0, 0.0, meters), tally)]
    digest = bundle.input_sha256
    if digest != bundle.run.input_hash:
        differences.append(Difference("input_hash", bundle.run.input_hash, digest))
    here, there = versions(), bundle.run.made_by
    return Verification(
        differences=tuple(differences), numbers=tally.numbers, identical=tally.identical, largest=tally.largest,
        input_hash=digest,
        versions={name: (there.get(name, ""), here.get(name, "")) for name in sorted({*here, *there})
                  if there.get(name) != here.get(name)},
    )  # fmt: skip


class _Sizes(NamedTuple):
    """What a number is held against besides itself."""

    own: float  # of the numbers beside it
    energy: float  # of amounts of the figure's unit
    meters: Sequence[float]  # the same by figure, until one is entered

    def inside(self, key: str, found: object) -> _Sizes:
        """Return the sizes of what lies under a key, whose recomputed value is `found`."""
        if key in _AMOUNTS:
            return self._replace(own=self.energy)
        if isinstance(found, dict) and "value" in found:
            return self._replace(own=_size(found[name] for name in ("value", "low", "high", "standard_error")
                                           if name in found))  # fmt: skip
        return self._replace(own=self.own if not isinstance(found, dict | list | tuple) else 0.0)


def _meter_size(meter: dict[str, object]) -> float:
    """Return the size of a figure's sums."""
    return _size([meter.get("adjusted"), meter.get("measured")])


def _compared(said: object, found: object, where: str, sizes: _Sizes, tally: _Tally) -> Iterator[Difference]:
    """Yield what differs between two values as JSON holds them."""
    if isinstance(said, dict) and isinstance(found, dict):
        for key in sorted({*said, *found} - {key for key in _LATER if not said.get(key)}, key=str):
            place = f"{where}.{key}".lstrip(".")
            yield from _compared(said.get(key), found.get(key), place, sizes.inside(str(key), found.get(key)), tally)
    elif isinstance(said, list | tuple) and isinstance(found, list | tuple) and len(said) == len(found):
        for number, pair in enumerate(zip(said, found, strict=True)):
            inner = sizes._replace(own=max(sizes.own, _size(found)))
            if where == "meters":
                inner = _Sizes(0.0, sizes.meters[number], ())
            yield from _compared(*pair, f"{where}[{number}]", inner, tally)
    elif _number(said) and _number(found):
        if not tally.near(float(said), float(found), max(sizes.own, SMALL)):  # type: ignore[arg-type] # both are numbers
            yield Difference(where, said, found)
    elif said != found:
        yield Difference(where, said, found)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(values: Iterable[object]) -> float:
    """Return the largest of the numbers among values, 0 where there is none."""
    return max((abs(float(value)) for value in values if _number(value)), default=0.0)  # type: ignore[arg-type]
