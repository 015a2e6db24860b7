"""Templates filled in for one reader: language, theme, display, and the words that the scripts need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from api.figures import ClassName, reasons
from api.language import Words, choose, noted, words

if TYPE_CHECKING:
    from starlette.requests import Request

    from api.console.view import PointView
    from storage.overview import SiteRow

TEMPLATES = Path(__file__).parent / "templates"
THEMES = ("auto", "light", "dark")
DISPLAYS = ("normal", "wall")
YEAR_S = 365 * 86400
# Reasons as the mark beside a name says them; `simulated` has its banner instead.
REASON_WORDS = {
    "range": noted("out of range"),
    "rate": noted("changed too fast"),
    "stuck": noted("stuck"),
    "spike": noted("spike"),
    "stale": noted("stale"),
    "comm": noted("bus lost"),
    "clock": noted("clock"),
    "calibration_due": noted("calibration due"),
    "substituted": noted("substituted"),
    "manual": noted("entered by hand"),
}


@dataclass(frozen=True, kw_only=True)
class Taste:
    """What the reader chose; kept in cookies, changed by links that work without scripts."""

    lang: str
    theme: str
    display: str

    @classmethod
    def of(cls, request: Request, default_language: str) -> Taste:
        """Read the choice from the address, else the cookies, else the browser's languages."""
        query, cookies = request.query_params, request.cookies
        return cls(
            lang=choose(
                query.get("lang"),
                cookies.get("lang"),
                accept_language=request.headers.get("accept-language", ""),
                default=default_language,
            ),
            theme=_one_of(THEMES, query.get("theme"), cookies.get("theme")),
            display=_one_of(DISPLAYS, query.get("display"), cookies.get("display")),
        )


def _one_of(allowed: tuple[str, ...], *wishes: str | None) -> str:
    return next((wish for wish in wishes if wish in allowed), allowed[0])


def age(seconds: float | None, say: Words) -> str:
    """Return an age as people say it: 12 s, 3 min, 2 h 05, 4 d 7 h (the page's script says the same)."""
    if seconds is None:
        return "–"
    minutes, whole = int(seconds) // 60, int(seconds)
    if whole < 60:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 24:
        return f"{hours} h {minutes % 60:02d}"
    return f"{say.number(hours // 24, 0)} {say('d')} {hours % 24} h"


def mark_words(point: PointView, say: Words) -> str:
    """Return the words of the mark beside a name; empty for a good, live value."""
    if point.ts is None:
        return say("not heard yet")
    if point.silent:
        return say("silent")
    return quality_words(point.quality, say)


def quality_words(code: int, say: Words) -> str:
    """Return a quality in words; empty for good."""
    named = reasons(code)
    if "range" in named:
        return say("out of range")
    lead = {ClassName.GOOD: "", ClassName.UNCERTAIN: say("uncertain"), ClassName.BAD: say("bad")}[_class(code)]
    return " · ".join(
        text for text in (lead, *(say(REASON_WORDS[name]) for name in named if name in REASON_WORDS)) if text
    )


def _class(code: int) -> ClassName:
    return (ClassName.GOOD, ClassName.UNCERTAIN, ClassName.BAD, ClassName.BAD)[code & 3]


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(age=age, mark_words=mark_words, quality_words=quality_words, version=version("quaymeter"))
    return made


ENVIRONMENT = _environment()


def page(
    request: Request, template: str, *, site: SiteRow | None, status: int = 200, **context: object
) -> HTMLResponse:
    """Fill a template for the reader, remembering in cookies what the address chose."""
    default = request.app.state.parts.settings.default_language
    taste = Taste.of(request, default)
    say = words(taste.lang)
    zone = ZoneInfo(site.timezone) if site else UTC
    now = datetime.now(UTC)

    def link(**changes: str) -> str:
        return "?" + urlencode({**dict(request.query_params), **changes})

    def since(moment: datetime) -> str:
        local = moment.astimezone(zone)
        clock = local.strftime("%H:%M")
        return clock if local.date() == now.astimezone(zone).date() else f"{say.day(local)} {clock}"

    filled: dict[str, Any] = {
        "_": say,
        "plural": say.plural,
        "taste": taste,
        "link": link,
        "since": since,
        "clock": say.clock(now, zone),
        "zone": zone,
        "site": site,
        "page": None,
        "simulated": False,
        "settings": script_settings(request, site, say, now) if site else {},
        **context,
    }
    answer = HTMLResponse(ENVIRONMENT.get_template(template).render(filled), status_code=status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Language"] = taste.lang
    answer.headers["Vary"] = "Accept-Language, Cookie"
    for name in ("lang", "theme", "display"):
        if request.query_params.get(name) == getattr(taste, name):
            answer.set_cookie(name, getattr(taste, name), max_age=YEAR_S, httponly=True, samesite="lax")
    return answer


def script_settings(request: Request, site: SiteRow, say: Words, now: datetime) -> dict[str, object]:
    """Return what the scripts of a page need to know: no script holds a word of any language."""
    sentences = {
        "yes": say("yes"),
        "no": say("no"),
        "day": say("d"),
        "silent": say("silent"),
        "unheard": say("not heard yet"),
        "uncertain": say("uncertain"),
        "bad": say("bad"),
        "silent_since": say("silent since %(time)s"),
        "fell_silent": say("Now silent: %(names)s"),
        "unheard_one": say.catalogue.ngettext(
            "%(n)s sensor has not sent anything yet.", "%(n)s sensors have not sent anything yet.", 1
        ),
        "unheard_many": say.catalogue.ngettext(
            "%(n)s sensor has not sent anything yet.", "%(n)s sensors have not sent anything yet.", 2
        ),
        "frozen": say("Frozen display – no connection since %(time)s (%(age)s). The values below are old."),
        "database": say("Database unreachable since %(time)s (%(age)s). The values below are old."),
        "stream_ok": say("Live"),
        "stream_broken": say("Disconnected"),
        "stream_waiting": say("Connecting…"),
        "offline_since": say("offline since %(time)s"),
        "differs_one": say.catalogue.ngettext(
            "%(n)s difference from the site file", "%(n)s differences from the site file", 1
        ),
        "differs_many": say.catalogue.ngettext(
            "%(n)s difference from the site file", "%(n)s differences from the site file", 2
        ),
        "found": say("%(n)s found"),
        "balanced": say("balanced"),
        "unbalanced": say("does not balance"),
        "equation": say(
            "%(received)s received = %(stored)s stored + %(duplicate)s duplicates + %(quarantined)s in quarantine"
        ),
    }
    sentences |= {name: say(text) for name, text in REASON_WORDS.items()}
    return {
        "siteId": site.id,
        "language": str(say.locale).replace("_", "-"),
        "zone": site.timezone,
        "nowMs": round(now.timestamp() * 1000),
        "heartbeatS": request.app.state.parts.settings.heartbeat_s,
        "stream": f"/api/v1/live?{urlencode({'site': site.id})}",
        "devices": f"/api/v1/devices?{urlencode({'site': site.id})}",
        "losses": f"/api/v1/losses?{urlencode({'site': site.id})}",
        "words": sentences,
    }


def problem_page(request: Request, body: dict[str, Any]) -> HTMLResponse:
    """Return a problem as a page, for people who came with a browser."""
    return page(request, "problem.html", site=None, status=body["status"], problem=body)
