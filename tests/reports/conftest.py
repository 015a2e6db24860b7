"""Reports that several tests read: each is composed once, and the PDF set once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reports.compose import compose
from reports.savings_report import savings_report_html, savings_report_pdf
from tests.reports.examples import boiler_house, boiler_house_run

if TYPE_CHECKING:
    from reports.document import Report


@pytest.fixture(scope="session")
def reports() -> dict[str, Report]:
    """Compose the boiler house's report in both languages."""
    return {language: compose(boiler_house(), boiler_house_run(), language) for language in ("fr", "en")}


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Write the boiler house's page in both languages."""
    return {language: savings_report_html(boiler_house(), boiler_house_run(), language) for language in ("fr", "en")}


@pytest.fixture(scope="session")
def french_pdf() -> bytes:
    """Set the boiler house's report in French."""
    return savings_report_pdf(boiler_house(), boiler_house_run(), "fr")
