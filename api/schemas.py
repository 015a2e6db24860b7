"""What the answers look like; every field says its unit."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.figures import ClassName

Names = dict[str, str]
QualityClassName = ClassName
KEY = "frozen-store/room-1/t_air"


class Record(BaseModel):
    """Base of all answers: frozen, and every field documented."""

    model_config = ConfigDict(frozen=True)


class Utility(Record):
    """A utility of the port."""

    id: str = Field(examples=["cold"])
    name: Names = Field(examples=[{"fr": "Froid", "en": "Cold"}])


class Operator(Record):
    """A company on the site."""

    id: str = Field(examples=["company-a"])
    name: str = Field(examples=["Company A"])


class Site(Record):
    """One port."""

    id: str = Field(examples=["north-quay"])
    name: str = Field(examples=["North Quay"])
    latitude: float = Field(description="[deg]", examples=[50.72])
    longitude: float = Field(description="[deg]", examples=[1.59])
    timezone: str = Field(description="IANA name; day buckets are in it.", examples=["Europe/Paris"])
    version: str = Field(description="Changes whenever the site file is applied with a change.")
    applied_at: datetime
    assets: int = Field(examples=[31])
    points: int = Field(examples=[190])


class SiteDetail(Site):
    """One port with its utilities and companies."""

    utilities: list[Utility]
    operators: list[Operator]


class Asset(Record):
    """A piece of plant."""

    key: str = Field(description="area/asset", examples=["frozen-store/room-1"])
    area: str = Field(examples=["frozen-store"])
    name: Names = Field(examples=[{"fr": "Chambre 1", "en": "Room 1"}])
    utility: str = Field(examples=["cold"])
    operator: str = Field(examples=["company-a"])
    device: str = Field(description="The device that publishes it.", examples=["plc-3"])
    kind: str = Field(examples=["cold_room"])
    points: int = Field(examples=[9])


class Point(Record):
    """One measured quantity, or one that is derived from others by a formula."""

    key: str = Field(description="area/asset/name", examples=[KEY])
    area: str = Field(examples=["frozen-store"])
    asset: str = Field(description="area/asset", examples=["frozen-store/room-1"])
    name: Names = Field(examples=[{"fr": "Température d'air", "en": "Air temperature"}])
    utility: str = Field(examples=["cold"])
    quantity: str = Field(description="Fixes unit and kind.", examples=["temperature"])
    unit: str = Field(description="UCUM code of every value of this point.", examples=["Cel"])
    kind: Literal["gauge", "counter", "state", "event"] = Field(
        description="Gauges are averaged by time, counters differenced, states integrated, events summed.",
        examples=["gauge"],
    )
    period_s: float = Field(description="Sampling period [s].", examples=[60.0])
    silent_after_s: float = Field(description="Older than this, the sensor counts as silent [s].", examples=[300.0])
    valid_min: float | None = Field(description="Below: stored as bad.", examples=[-40.0])
    valid_max: float | None = Field(description="Above: stored as bad.", examples=[40.0])
    rate_limit: float | None = Field(description="Largest believable change [unit/s].", examples=[0.05])
    modulus: float | None = Field(description="A counter rolls over here.", examples=[None])
    accuracy_class: str = Field(examples=["EN 12830 class 1"])
    calibration_due: date | None = Field(examples=["2027-03-01"])
    tags: dict[str, str] = Field(examples=[{"haccp": "yes"}])
    retired: bool = Field(description="No longer in the site file; its history stays.", examples=[False])
    derived: bool = Field(
        description="Made of other points, bucket by bucket; has no raw readings. Its period and its silence are the "
        "longest of theirs.",
        examples=[False],
    )
    formula: str | None = Field(
        description="Of a derived point: a gauge or state stands for its mean over the bucket, a counter or event for "
        "its amount in it.",
        examples=[None],
    )
    formula_unit: str | None = Field(description="UCUM code of what the formula gives.", examples=[None])
    inputs: dict[str, str] | None = Field(description="Names in the formula, and the points they are.", examples=[None])


class Quality(Record):
    """How far a reading may be trusted."""

    code: int = Field(description="The integer that is stored.", examples=[4102])
    name: QualityClassName = Field(
        alias="class",
        description="The class that counts. Bad readings are stored and never counted.",
        examples=["bad"],
    )
    device_class: QualityClassName = Field(description="What the device itself said.", examples=["good"])
    reasons: list[str] = Field(description="Why it is not simply good.", examples=[["range", "simulated"]])


class Latest(Record):
    """The latest reading of one point."""

    point: str = Field(examples=[KEY])
    unit: str = Field(examples=["Cel"])
    value: float | None = Field(description="Null where nothing was ever received.", examples=[-21.4])
    ts: datetime | None = Field(description="The device's time.", examples=["2026-11-22T03:12:00Z"])
    received_at: datetime | None = Field(description="Arrival at the gateway.", examples=["2026-11-22T03:12:01Z"])
    age_s: float | None = Field(description="Time since `ts` [s].", examples=[12.4])
    silent: bool = Field(description="Whether the age is beyond the point's silent_after_s.", examples=[False])
    quality: Quality | None


class LedgerTotals(Record):
    """What became of everything that came in, since the beginning."""

    received: int = Field(examples=[1_234_567])
    stored: int = Field(examples=[1_234_500])
    duplicate: int = Field(examples=[60])
    quarantined: int = Field(examples=[7])
    balanced: bool = Field(description="received = stored + duplicate + quarantined", examples=[True])


class LedgerLine(Record):
    """One gateway in one minute."""

    gateway: str = Field(examples=["gateway-1"])
    minute: datetime = Field(examples=["2026-11-22T03:12:00Z"])
    received: int = Field(examples=[9_500])
    stored: int = Field(examples=[9_480])
    duplicate: int = Field(examples=[19])
    quarantined: int = Field(examples=[1])
    late: int = Field(description="Of the stored: older than five minutes on arrival.", examples=[0])
    balanced: bool = Field(examples=[True])


class Ledger(Record):
    """The ledger of a window of time, newest minute first."""

    totals: LedgerTotals
    lines: list[LedgerLine]
    truncated: bool = Field(description="Whether older lines were left out by `limit`.", examples=[False])


class Hole(Record):
    """Message numbers that never came."""

    first: int = Field(examples=[118])
    last: int = Field(examples=[121])


class BootLosses(Record):
    """The message numbers of one device since one of its restarts."""

    device: str = Field(examples=["plc-3"])
    boot: int = Field(description="How often the device had started; -1: earlier starts, added up.", examples=[17])
    first: int = Field(examples=[1])
    last: int = Field(examples=[48_210])
    seen: int = Field(examples=[48_206])
    missing: int = Field(description="Lost on the way, or still under way.", examples=[4])
    holes: list[Hole] = Field(description="The first fifty.")
    last_at: datetime


class Losses(Record):
    """Messages of a site that were numbered and never came."""

    missing: int = Field(examples=[4])
    boots: list[BootLosses]
