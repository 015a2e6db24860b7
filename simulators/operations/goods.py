"""Goods of cold stores: pallets come in lots and go out, and the stock finds back to its usual size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.day import MINUTES
from simulators.operations.activity import Activity, ActivityParameters
from simulators.operations.events import hourly
from simulators.outputs import Level
from simulators.plant import Made
from simulators.plants.parameters import read
from simulators.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from simulators.day import Day
    from simulators.outputs import Output
    from simulators.plant import Weather
    from simulators.worlds import Worlds

_APART_MIN = 2  # from one pallet of a lot to the next [min]


class StoredIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one room of a store receives and keeps; all judgement."""

    asset: str  # area/asset of the cold room
    kg_per_day: float  # goods in on an ordinary day [kg]
    stock_kg: float  # usual stock [kg]
    in_c: float  # temperature of goods coming in [°C]
    in_spread_k: float = 1.0  # its standard deviation from day to day [K]
    pallet_kg: float = 700.0  # of one pallet [kg]
    lot: int = 11  # pallets of a lorry that go to this room
    return_days: float = 20.0  # in which a surplus or a lack of stock shrinks to 37 % [d]
    follows: str = ""  # the asset whose daily luck the goods in share; the room's own where empty


class StoreParameters(ActivityParameters, frozen=True, kw_only=True):
    """One store with its rooms; `asset` is its dock."""

    rooms: tuple[StoredIn, ...]


class Goods:
    """The goods of a port's cold stores."""

    def __init__(self, stores: Sequence[StoreParameters], seed: int) -> None:
        self._stores = tuple(stores)
        self._rooms = {store.asset: [_Room(store, room, seed) for room in store.rooms] for store in stores}
        self._hours = {store.asset: Activity(store, seed) for store in stores}

    def advance(
        self,
        day: Day,
        worlds: Worlds,
        weather: Weather,  # noqa: ARG002 the interface of all plants: goods have no weather
        flows: Mapping[str, NDArray[np.float64]],  # noqa: ARG002 they follow the calendar, not other plants
    ) -> Made:
        """Simulate one day."""
        outputs: dict[str, Output] = {}
        made: dict[str, NDArray[np.float64]] = {}
        for store in self._stores:
            rooms = [room.advance(day, worlds) for room in self._rooms[store.asset]]
            for one in rooms:
                made.update(one.flows(day))
                outputs.update(one.outputs(day))
            made[f"at_work:{store.asset}"] = day.mean_of_minutes(self._hours[store.asset].at_work(day.number))[None]
            outputs[f"{store.asset}/pallets_in"] = hourly(
                day, sum((one.pallets_in for one in rooms), np.zeros(MINUTES))
            )
            outputs[f"{store.asset}/pallets_out"] = hourly(
                day, sum((one.pallets_out for one in rooms), np.zeros(MINUTES))
            )
            outputs[f"{store.asset}/stock"] = Level(
                sum((one.stock_ends(day) for one in rooms), np.zeros((1, day.steps)))
            )
        return Made(outputs=outputs, flows=made)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Moved:
    """What moved at one room in a day, by the minute."""

    asset: str
    in_kg: NDArray[np.float64]  # (W or 1, 1440) [kg]
    stock_kg: NDArray[np.float64]  # at the ends of the minutes (W or 1, 1440) [kg]
    in_c: float  # of the goods coming in [°C]
    pallets_in: NDArray[np.float64]  # of the port as it is (1440,)
    pallets_out: NDArray[np.float64]

    def flows(self, day: Day) -> dict[str, NDArray[np.float64]]:
        """Return what the cold room needs to know."""
        asset = self.asset
        return {
            f"goods_in_kg_per_h:{asset}": day.mean_of_minutes(60.0 * self.in_kg),
            f"goods_in_c:{asset}": np.full((1, day.steps), self.in_c),
            f"stock_kg:{asset}": day.mean_of_minutes(self.stock_kg),
        }

    def outputs(self, day: Day) -> dict[str, Output]:
        """Return what the room's own scanner and books say."""
        asset = self.asset
        return {
            f"{asset}/pallets_in": hourly(day, self.pallets_in),
            f"{asset}/pallets_out": hourly(day, self.pallets_out),
            f"{asset}/stock": Level(self.stock_ends(day)),
        }

    def stock_ends(self, day: Day) -> NDArray[np.float64]:
        """Return the stock at the ends of the steps (W or 1, n) [kg]."""
        every = MINUTES // day.steps
        return self.stock_kg[:, every - 1 :: every]


class _Room:
    """One room's goods, with its stock as state (W or 1,) [kg]."""

    def __init__(self, store: StoreParameters, room: StoredIn, seed: int) -> None:
        self._room = room
        whose = msgspec.structs.replace(store, follows=room.follows or room.asset)
        self._coming = Activity(whose, seed, f"{room.asset} in")
        self._going = Activity(msgspec.structs.replace(store, follows=""), seed, f"{room.asset} out")
        self._lorries = Stream.of(seed, "operations", "lorries", room.asset)
        self._warmth = Stream.of(seed, "operations", "goods", room.asset)
        self._stock_kg = np.array([room.stock_kg])
        self._begun = {"in": 0.0, "out": 0.0}  # parts of a pallet that have passed the scanner
        self._known: dict[int, NDArray[np.float64]] = {}  # pallets in of the last local days

    def advance(self, day: Day, worlds: Worlds) -> _Moved:
        """Simulate one day: goods in as the day brings them, goods out as the stock allows and asks."""
        room, before = self._room, self._stock_kg
        every = MINUTES // day.steps
        in_service = np.repeat(1.0 - worlds.happening("out_of_service", room.asset), every, axis=1)
        in_kg = room.pallet_kg * self._coming.laid(day.number, self._pallets_in) * in_service
        wanted = room.stock_kg * worlds.happening("stock_factor", room.asset, 1.0)[:, 0]
        planned = np.maximum(0.0, room.kg_per_day + (before - wanted) / room.return_days)
        out_kg = planned[:, None] * self._going.shares(day.number) * in_service
        in_kg = np.broadcast_to(in_kg, np.broadcast_shapes(in_kg.shape, out_kg.shape))
        there = before[:, None] + np.cumsum(in_kg, axis=1)
        gone = np.minimum(np.cumsum(out_kg, axis=1), there)  # nothing leaves that is not there
        moved = _Moved(
            asset=room.asset,
            in_kg=in_kg,
            stock_kg=there - gone,
            in_c=room.in_c + room.in_spread_k * float(self._warmth.normal(day.number)),
            pallets_in=self._scanned("in", np.cumsum(in_kg[0])),
            pallets_out=self._scanned("out", gone[0]),
        )
        self._stock_kg = moved.stock_kg[:, -1].copy()
        return moved

    def _scanned(self, way: str, passed_kg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return whole pallets by minute (1440,) from what has passed since midnight (1440,) [kg].

        A pallet is counted when the last of it has passed; what is begun at midnight is counted the next day.
        """
        passed = self._begun[way] + passed_kg / self._room.pallet_kg
        counted = np.floor(passed + 1e-6)  # a whole pallet in spite of rounding
        self._begun[way] = float(passed[-1] - counted[-1])
        whole = counted.copy()
        whole[1:] -= counted[:-1]
        return whole

    def _pallets_in(self, local_day: int) -> NDArray[np.float64]:
        """Return the pallets that come in each minute of a local day (1440,): a lorry's lot, one after the other."""
        if local_day not in self._known:
            self._known = {day: known for day, known in self._known.items() if day == local_day - 1}
            self._known[local_day] = self._lots(local_day)
        return self._known[local_day]

    def _lots(self, local_day: int) -> NDArray[np.float64]:
        room = self._room
        count = round(room.kg_per_day * self._coming.relative(local_day) / room.pallet_kg)
        if not count:
            return np.zeros(MINUTES)
        pallet = np.arange(count)
        lorry, place = np.divmod(pallet, room.lot)
        lorries = int(lorry[-1]) + 1
        share = (np.arange(lorries) + self._lorries.uniform(1000 * local_day + np.arange(lorries))) / lorries
        arrival = np.searchsorted(np.cumsum(self._coming.weights(local_day)), share)
        minute = np.minimum(MINUTES - 1, arrival[lorry] + _APART_MIN * place)
        return np.bincount(minute, minlength=MINUTES).astype(np.float64)


def build(tables: Sequence[Mapping[str, object]], seed: int) -> Goods:
    """Build the goods of all stores of a port; raises ConfigurationError where a table is wrong."""
    return Goods(read(StoreParameters, tables), seed)
