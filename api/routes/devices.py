"""Who is online, and who believes what the site file does not say."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import devices as answers
from api.choice import SiteQuery, choose_site
from api.parts import WithParts
from api.problems import not_found, responses
from storage import devices

router = APIRouter(tags=["devices"], responses=responses(404, 422, 503))
State = Annotated[answers.DeviceState | None, Query(description="Only devices in this state.")]
Alarm = Annotated[bool | None, Query(description="Only devices with a data alarm, or only those without.")]


@router.get("/devices", summary="The devices of a site")
def listed(
    parts: WithParts, site: SiteQuery = None, state: State = None, data_alarm: Alarm = None
) -> list[answers.Device]:
    """List devices with their state, their losses, and what they believe that the site file does not say."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        found = answers.answers(devices.devices(connection, chosen.id), devices.metas(connection, chosen.id))
    return [one for one in found if state in {None, one.state} and (data_alarm is None or data_alarm == one.data_alarm)]


@router.get("/devices/{device}", summary="One device with its latest changes")
def one(device: str, parts: WithParts, site: SiteQuery = None) -> answers.DeviceDetail:
    """Describe one device, and say when it came and went."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        rows = [row for row in devices.devices(connection, chosen.id) if row.device == device]
        if not rows:
            raise not_found(
                "device",
                f"there is no device {device[:100]!r}",
                place="device",
                cure="the list is at /api/v1/devices",
            )
        (found,) = answers.answers(rows, devices.metas(connection, chosen.id))
        return answers.detail(found, devices.changes(connection, chosen.id, device=device))
