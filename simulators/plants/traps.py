"""Steam traps: each lives, fails and is found failed by its own luck.

A trap fails open (it blows live steam through) or shut (it is blocked and cold). Nobody surveys, so a failed one stays
until somebody stumbles upon it; over the years this leaves a fifth of an unmaintained plant's traps failed, most of
them blowing. A survey repairs those that have failed; from that day they fail again at the same rates, by luck of their
own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.streams import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOOD, BLOWING, BLOCKED = 0, 1, 2
_HISTORY_DAY = 7_305  # 1990-01-01: long enough ago that nobody can tell how the traps were then
_LIVES = 24  # of one trap, each with its failure: some 300 years
_YEAR_DAYS = 365.25


class TrapRates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often traps fail, and how soon a failed one is found without a survey."""

    blow_per_year: float = 0.075  # failures open, per trap that works [1/y]; 5 to 10 % [J]
    block_per_year: float = 0.03  # failures shut [1/y]; 2 to 4 % [J]
    blowing_found_per_year: float = 0.36  # a blowing trap troubles nobody: found after 2.8 years on average [1/y] [J]
    blocked_found_per_year: float = 1.0  # a blocked one floods what it drains: found within a year [1/y] [J]

    @property
    def blowing_share(self) -> float:
        """The share of traps that blow, after many years without a survey."""
        blowing = self.blow_per_year / self.blowing_found_per_year
        return blowing / (1.0 + blowing + self.block_per_year / self.blocked_found_per_year)


class TrapLives:
    """The lives of a population of traps, all of them good at the beginning."""

    def __init__(self, rates: TrapRates, count: int, stream: Stream, begins: int = _HISTORY_DAY) -> None:
        """Draw all failures and repairs from `begins` [days since 1970-01-01] on."""
        lots = -np.log(stream.uniform(np.arange(3 * count * _LIVES))).reshape(3, count, _LIVES)
        to_blow, to_block = lots[0] / max(rates.blow_per_year, 1e-9), lots[1] / max(rates.block_per_year, 1e-9)
        blows = to_blow < to_block  # what comes first (count, lives)
        self._kinds = np.where(blows, BLOWING, BLOCKED)
        found = np.where(blows, rates.blowing_found_per_year, rates.blocked_found_per_year)
        life, failed = np.minimum(to_blow, to_block), lots[2] / found
        ends = np.cumsum(life + failed, axis=1)
        self._repaired = begins + _YEAR_DAYS * ends  # [days since 1970-01-01] (count, lives)
        self._failed = begins + _YEAR_DAYS * (ends - failed)
        self._asked, self._states = -1, np.full(count, GOOD)

    def states(self, day: int) -> NDArray[np.int64]:
        """Return the state of each trap (count,) on a day [days since 1970-01-01]: GOOD, BLOWING or BLOCKED."""
        if day != self._asked:
            failed = (self._failed <= day) & (day < self._repaired)
            self._asked, self._states = day, (failed * self._kinds).sum(axis=1)
        return self._states


class Traps:
    """The traps of one boiler house as they are, and as they would be since a survey.

    The survey touches only what it finds failed: a trap that works that day has the same life with and without it, so
    that what the survey saves is what it mended and not a second draw of everybody's luck.
    """

    def __init__(self, rates: TrapRates, count: int, seed: int, asset: str) -> None:
        self._rates, self._count = rates, count
        self._of = seed, asset
        self._never = TrapLives(rates, count, Stream.of(seed, "traps", asset))
        self._mended: tuple[NDArray[np.bool_], TrapLives] | None = None  # which (count,), and their lives from then on

    def unrepaired(self, day: int) -> NDArray[np.int64]:
        """Return the states (count,) without any survey."""
        return self._never.states(day)

    def repaired(self, day: int, *, surveyed: bool) -> NDArray[np.int64]:
        """Return the states (count,) with the survey; before it they are what they are without.

        `surveyed` says that the survey has begun: on its first day all that have failed are mended and begin to age.
        """
        never = self._never.states(day)
        if self._mended is None:
            if not surveyed:
                return never
            seed, asset = self._of
            lives = TrapLives(self._rates, self._count, Stream.of(seed, "traps repaired", asset), day)
            self._mended = never != GOOD, lives
        which, lives = self._mended
        return np.where(which, lives.states(day), never)
