"""The operators' pages: live values, one sensor over time, key figures, devices, quarantine, losses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api import answers
from api import devices as device_answers
from api.choice import choose_site, unknown_point
from api.console.devices import DeviceView, device_views, state_words
from api.console.indicators import indicators
from api.console.render import Taste, page
from api.console.trend import trend_context
from api.console.view import point_view, site_view
from api.language import Words, words
from api.parts import Parts, WithParts
from api.refusals import TITLES, explained
from storage import devices, ledger, overview, quarantine
from storage.engine import Connection

router = APIRouter()
MOST_QUARANTINED = 100


@router.get("/")
def home(request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show the only site, or let the reader choose."""
    with parts.pool.connection() as connection:
        sites = overview.sites(connection)
        if len(sites) == 1:
            return _site_page(request, parts, connection, sites[0])
    return page(request, "welcome.html", site=None, sites=sites)


@router.get("/{site}")
def site(site: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show the live values of one site."""
    with parts.pool.connection() as connection:
        return _site_page(request, parts, connection, choose_site(connection, site))


def _reader(request: Request, parts: Parts) -> Words:
    return words(Taste.of(request, parts.settings.default_language).lang)


def _site_page(request: Request, parts: Parts, connection: Connection, row: overview.SiteRow) -> HTMLResponse:
    plant = overview.assets(connection, row.id)
    say = _reader(request, parts)
    view = site_view(
        overview.utilities(connection, row.id),
        plant,
        overview.points(connection, row.id),
        overview.latest(connection, row.id),
        now=datetime.now(UTC),
        words=say,
    )
    return page(
        request,
        "site.html",
        site=row,
        page="",
        view=view,
        views=view.points,
        simulated=view.simulated,
        troubled=[one for one in _devices(connection, row.id, plant, say) if one.troubled],
        totals=ledger.totals(connection),
        lost=sum(loss.missing for loss in overview.losses(connection, row.id)),
    )


def _devices(connection: Connection, site: str, plant: Sequence[overview.AssetRow], say: Words) -> list[DeviceView]:
    found = device_answers.answers(devices.devices(connection, site), devices.metas(connection, site))
    return device_views(found, plant, say)


@router.get("/{site}/devices")
def device_list(site: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show which devices are there, and which believe what the site file does not say."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        views = _devices(connection, chosen.id, overview.assets(connection, chosen.id), _reader(request, parts))
    return page(request, "devices.html", site=chosen, page="/devices", devices=views, state_words=state_words)


@router.get("/{site}/point/{area}/{asset}/{name}")
def point(site: str, area: str, asset: str, name: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show one sensor over time."""
    key = f"{area}/{asset}/{name}"
    say = _reader(request, parts)
    now = datetime.now(UTC)
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        points = {row.key: row for row in overview.points(connection, chosen.id, retired=True)}
        if key not in points:
            raise unknown_point(key, points)
        row = points[key]
        plant = {item.key: item for item in overview.assets(connection, chosen.id)}
        last = overview.latest(connection, chosen.id).get(row.id)
        trend = trend_context(connection, row, chosen, request.query_params.get("range"), now=now, say=say)
    asset_name = say.named(plant[row.asset].name, row.asset) if row.asset in plant else row.asset
    view = point_view(row, last, asset=asset_name, headline=False, now=now, words=say)
    simulated = bool(last and "simulated" in answers.quality(last.quality).reasons)
    return page(request, "point.html", site=chosen, point=view, row=row, simulated=simulated, **trend)


@router.get("/{site}/indicators")
def key_figures(site: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show the latest value of each derived point."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        plant = {item.key: item for item in overview.assets(connection, chosen.id)}
        known = overview.points_by_key(connection, chosen.id)
        rows = indicators(connection, known, plant, now=datetime.now(UTC), say=_reader(request, parts))
    return page(request, "indicators.html", site=chosen, page="/indicators", rows=rows)


@router.get("/{site}/losses")
def losses(site: str, request: Request, parts: WithParts) -> Any:  # noqa: ANN401 - a page, not a model
    """Show which messages never came."""
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        rows = overview.losses(connection, chosen.id)
    return page(request, "losses.html", site=chosen, page="/losses", losses=answers.losses(rows))


@router.get("/{site}/quarantine")
def quarantined(site: str, request: Request, parts: WithParts, reason: str | None = None) -> Any:  # noqa: ANN401 - a page, not a model
    """Show what was refused and why."""
    wanted = reason if reason in TITLES else None
    with parts.pool.connection() as connection:
        chosen = choose_site(connection, site)
        counts = {row.reason: row.entries for row in quarantine.counts(connection)}
        rows = quarantine.list_(connection, reason=wanted, limit=MOST_QUARANTINED + 1)
    return page(
        request,
        "quarantine.html",
        site=chosen,
        page="/quarantine",
        reason=wanted,
        counts=counts,
        rows=rows[:MOST_QUARANTINED],
        truncated=len(rows) > MOST_QUARANTINED,
        reason_words=lambda name, say: say(TITLES.get(name, name)),
        explained=explained,
    )


@router.get("/favicon.ico", status_code=HTTPStatus.NO_CONTENT)
def favicon() -> None:
    """Say that there is none: pages name their icon themselves."""
