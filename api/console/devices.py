"""The devices of a site in the reader's words: those that are away or believe something else come first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.language import noted
from telemetry.meta_check import Difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from api.devices import Device, MetaDifference
    from api.language import Words
    from storage.overview import AssetRow

PROPERTIES = {
    Difference.UNIT: noted("unit"),
    Difference.QUANTITY: noted("quantity"),
    Difference.KIND: noted("kind"),
    Difference.PERIOD: noted("period [s]"),
    Difference.MODULUS: noted("modulus"),
    Difference.PULSE_WEIGHT: noted("pulse weight"),
}


@dataclass(frozen=True, kw_only=True)
class DeviceView:
    """One row of the page, and one item of what to look at first."""

    device: Device
    assets: str  # names, for people
    differences: Sequence[str]  # sentences

    @property
    def offline(self) -> bool:
        """Whether it said that it is away; one that never said anything is not claimed to be."""
        return self.device.state == "offline"

    @property
    def troubled(self) -> bool:
        """Whether somebody should look at it."""
        return self.offline or bool(self.differences)


def device_views(devices: Iterable[Device], assets: Iterable[AssetRow], say: Words) -> list[DeviceView]:
    """Return the devices, those to look at first at the top."""
    names = {asset.key: say.named(asset.name, asset.key) for asset in assets}
    views = [_view(device, names, say) for device in devices]
    return sorted(views, key=lambda view: (not view.offline, not view.differences))


def _view(device: Device, names: Mapping[str, str], say: Words) -> DeviceView:
    return DeviceView(
        device=device,
        assets=", ".join(names.get(key, key) for key in device.assets),
        differences=[
            f"{names.get(meta.asset, meta.asset)} – {difference_words(one, say)}"
            for meta in device.meta
            for one in meta.differences
        ],
    )


def state_words(device: Device, say: Words) -> str:
    """Return a device's state in words."""
    if device.state == "offline":
        return say("offline – connection lost") if device.last_will else say("offline – stopped")
    return say("online") if device.state == "online" else say("never said")


def difference_words(difference: MetaDifference, say: Words) -> str:
    """Return one difference as a sentence."""
    if difference.what is Difference.UNKNOWN_POINT:
        return say("%(point)s: not in the site file", point=difference.point)
    if difference.what is Difference.MISSING_POINT:
        return say("%(point)s: not known to the device", point=difference.point)
    return say(
        "%(point)s: %(property)s %(told)s, declared %(declared)s",
        point=difference.point,
        property=say(PROPERTIES[difference.what]),
        told=difference.told,
        declared=difference.declared or say("none"),
    )
