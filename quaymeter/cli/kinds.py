"""Choices that several commands offer."""

from __future__ import annotations

from enum import StrEnum


class BrokerKind(StrEnum):
    """Brokers that run on this machine."""

    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"
