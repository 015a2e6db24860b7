"""Devices on the console in a real browser: they appear without reload, and the page of devices fits a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from telemetry.formats.status import State
from tests.api.test_api_devices import belief, status, tell, tell_a_story
from tests.api.test_console_browser import browser, open_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.api.conftest import Port

__all__ = ["browser", "open_page"]  # fixtures by being here
pytestmark = pytest.mark.browser


def test_a_device_that_goes_appears_at_the_top_and_leaves_when_it_is_back(
    open_page: Callable[..., Page],
    address: str,
    port: Port,
) -> None:
    """Offline with its time, differing with its number, both gone when they are mended; the page was loaded once."""
    port.write_everything()
    tell(port, status(port, "plc-1", State.ONLINE, 1), belief(port, "store/room-2", "plc-3"))
    page = open_page(address)
    page.wait_for_selector(".pill.ok")
    assert not page.locator("#devices").is_visible()
    tell(port, status(port, "plc-1", State.OFFLINE, None), belief(port, "store/room-2", "plc-3", u="L/s", at_s=60))
    lost, differing = (page.locator(f'#devices [data-of="{device}"]') for device in ("plc-1", "plc-3"))
    lost.wait_for()
    assert "hors ligne depuis" in lost.inner_text()
    assert "1 divergence avec le fichier du site" in differing.inner_text()
    assert page.locator("#n-devices dd").inner_text() == "2"
    tell(port, status(port, "plc-1", State.ONLINE, 8, link=2), belief(port, "store/room-2", "plc-3", at_s=120))
    lost.wait_for(state="detached")
    assert not page.locator("#devices").is_visible()


def test_the_page_of_devices_fits_a_phone(
    open_page: Callable[..., Page],
    address: str,
    port: Port,
) -> None:
    """Only the table may be moved sideways, not the page."""
    tell_a_story(port)
    for path in ("", "small/devices"):
        page = open_page(f"{address}/{path}", width=360, height=740)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
