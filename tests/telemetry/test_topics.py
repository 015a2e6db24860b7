"""Topics: built and taken apart, and everything else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import ContractError
from telemetry.topics import (
    NAME,
    Topic,
    TopicKind,
    event_topic,
    parse_topic,
    receipt_topic,
    subscriptions,
    telemetry_topic,
    topic_of,
)

names = st.from_regex(NAME, fullmatch=True)


@given(site=names, area=names, asset=names, kind=st.sampled_from(TopicKind))
def test_a_topic_comes_apart_as_it_was_built(site: str, area: str, asset: str, kind: TopicKind) -> None:
    """Building and taking apart are each other's inverse."""
    assert parse_topic(topic_of(site, f"{area}/{asset}", kind)) == Topic(site, f"{area}/{asset}", kind)


@given(st.text())
def test_any_text_is_a_topic_or_none(text: str) -> None:
    """No text makes the parser raise, and what it accepts it can build again."""
    parsed = parse_topic(text)
    assert parsed is None or topic_of(*parsed) == text


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "port/v1/harbour/quay/loop",
        "/port/v1/harbour/quay/loop/telemetry",
        "port/v2/harbour/quay/loop/telemetry",
        "port/v1/harbour/quay/loop/values",
        "port/v1/Harbour/quay/loop/telemetry",
        "port/v1/harbour/quay/+/telemetry",
        "port/v1/harbour/quay/loop/telemetry/x",
        "port/v1/harbour//loop/telemetry",
    ],
)
def test_what_is_no_topic(topic: str) -> None:
    """Other versions, capitals, wildcards, and too few or too many levels are no topics of the port."""
    assert parse_topic(topic) is None


def test_short_ways() -> None:
    """Telemetry, event and receipt topics, and the filters that catch them, read as the contract says."""
    assert telemetry_topic("s", "a/b") == "port/v1/s/a/b/telemetry"
    assert event_topic("s", "a/b") == "port/v1/s/a/b/event"
    assert receipt_topic("s", "edge-1") == "port/v1/s/edge-1/receipt"
    assert subscriptions("s") == ("port/v1/s/+/+/telemetry", "port/v1/s/+/+/event")


@pytest.mark.parametrize(("site", "asset"), [("S", "a/b"), ("s", "a"), ("s", "a/b/c"), ("s", "a/#")])
def test_a_topic_that_cannot_be_built_is_explained(site: str, asset: str) -> None:
    """A wrong name raises an error that says what a name is."""
    with pytest.raises(ContractError, match="lower case"):
        telemetry_topic(site, asset)


def test_a_receipt_topic_needs_a_device() -> None:
    """A device's name is one level."""
    with pytest.raises(ContractError, match="lower case"):
        receipt_topic("s", "a/b")
