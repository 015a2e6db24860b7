"""CPU time from bytes to checked columns: µs a message, for packs of 50 entries and for singles, in every format.

Run: python -m benchmarks.decode [--json]
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from typing import TYPE_CHECKING

import cbor2

from telemetry.batch import Message
from telemetry.catalogue import catalogue_of
from telemetry.decode import Decoder
from telemetry.formats.choice import SENML_CBOR_TYPE, SENML_JSON_TYPE
from telemetry.formats.envelope import CBOR_TYPE, JSON_TYPE, encode_pack, entry, series
from telemetry.formats.sparkplug_b_pb2 import Metric, Payload
from telemetry.site_file import parse_site
from telemetry.topics import telemetry_topic

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_790_000_000_000
POINTS = 50
SITE = """
site = { id = "bench", name = "Bench", position = [0, 0], timezone = "UTC" }
utilities = [{ id = "cold", name = "Cold" }]
operators = [{ id = "owner", name = "Owner" }]
sparkplug = { "bench/node" = "area/asset" }
plain_topics = { "plain/one" = "area/asset/point_0" }
[[assets]]
key = "area/asset"
name = "Asset"
utility = "cold"
operator = "owner"
device = "device"
[assets.points]
"""
POINT = (
    'name = "Temperature", quantity = "temperature", unit = "Cel", kind = "gauge", period_s = 60, '
    "range = [-40, 60], rate_limit = 0.5"
)
REPEATS = 15  # the quickest counts: what else runs on the machine only ever adds


def catalogue_text() -> str:
    """Return a site of one asset with 50 points that have every limit a point can have."""
    return SITE + "".join(f"point_{number} = {{ {POINT} }}\n" for number in range(POINTS))


def value(number: int, point: int) -> float:
    """Return a reading that changes slowly."""
    return round(4.0 + 0.001 * (number % 100) + 0.01 * point, 3)


def at(number: int) -> int:
    """Return the time of a message [ms]: one a second."""
    return NOW_MS + 1000 * number


def entries(number: int, count: int, unit: str = "") -> list[dict[str, object]]:
    """Return the entries of one pack."""
    return [entry(f"point_{point}", value(number, point), unit=unit) for point in range(count)]


def envelope(number: int, count: int, *, unit: str = "", cbor: bool = False) -> bytes:
    """Encode an envelope of single samples."""
    return encode_pack("device", 1, number, at(number), entries(number, count, unit), cbor=cbor)


def columnar(number: int) -> bytes:
    """Encode 50 samples of one point in columns."""
    offsets = [20 * sample for sample in range(-POINTS, 0)]
    values = [value(number, 0) for _ in offsets]
    return encode_pack("device", 1, number, at(number), [series("point_0", offsets, values)])


def senml(number: int) -> list[dict[str, object]]:
    """Make a SenML pack of 50 records."""
    records: list[dict[str, object]] = [{"n": f"point_{point}", "v": value(number, point)} for point in range(POINTS)]
    records[0] |= {"bn": "device/", "bt": at(number) / 1000, "bu": "Cel"}
    return records


def senml_cbor(number: int) -> bytes:
    """Encode a SenML pack in CBOR."""
    labels = {"n": 0, "v": 2, "bn": -2, "bt": -3, "bu": -4}
    return cbor2.dumps([{labels[label]: told for label, told in record.items()} for record in senml(number)])


def sparkplug(number: int) -> bytes:
    """Encode a birth (the first) or a data message with 50 aliased metrics."""
    metrics = [
        Metric(
            name=f"point_{point}" if number == 0 else None,
            datatype=10 if number == 0 else None,
            alias=point,
            timestamp=at(number),
            double_value=value(number, point),
        )
        for point in range(POINTS)
    ]
    return Payload(timestamp=at(number), seq=number % 256, metrics=metrics).SerializeToString()


def messages(make: Callable[[int], bytes], topic: str, content_type: str, count: int) -> list[Message]:
    """Make a list of messages, each arriving 50 ms after its time."""
    return [Message(topic, make(number), content_type, 1000 * at(number) + 50_000) for number in range(count)]


def measure(told: list[Message], size: int) -> dict[str, float]:
    """Return µs a message and readings a second, the quickest of several runs over the same list."""
    catalogue = catalogue_of(parse_site(catalogue_text(), "bench.toml"))
    spent = []
    for _ in range(REPEATS):
        decoder = Decoder(catalogue, clock_us=lambda: told[-1].received_us)
        began = time.process_time()
        decoded = decoder.decode(told)
        spent.append(time.process_time() - began)
        if len(decoded.batch) != size * len(told) or decoded.refusals:
            raise AssertionError(f"{len(decoded.batch)} of {size * len(told)} readings: {decoded.refusals[:1]}")
    quickest = min(spent)
    return {
        "us_per_message": round(1e6 * quickest / len(told), 2),
        "readings_per_s": round(size * len(told) / quickest),
    }


def results() -> dict[str, dict[str, float]]:
    """Measure every format."""
    topic = telemetry_topic("bench", "area/asset")
    births = "spBv1.0/bench/NBIRTH/node"
    node = messages(sparkplug, births.replace("NBIRTH", "NDATA"), "", 200)
    node[0] = node[0]._replace(topic=births)
    return {
        "envelope_json_50": measure(messages(lambda n: envelope(n, 50), topic, JSON_TYPE, 400), 50),
        "envelope_json_50_with_units": measure(
            messages(lambda n: envelope(n, 50, unit="Cel"), topic, JSON_TYPE, 400), 50
        ),
        "envelope_json_1": measure(messages(lambda n: envelope(n, 1), topic, JSON_TYPE, 5000), 1),
        "envelope_json_columns_50": measure(messages(columnar, topic, JSON_TYPE, 400), 50),
        "envelope_cbor_50": measure(messages(lambda n: envelope(n, 50, cbor=True), topic, CBOR_TYPE, 400), 50),
        "senml_json_50": measure(messages(lambda n: json.dumps(senml(n)).encode(), topic, SENML_JSON_TYPE, 200), 50),
        "senml_cbor_50": measure(messages(senml_cbor, topic, SENML_CBOR_TYPE, 200), 50),
        "sparkplug_50": measure(node, 50),
        "plain_1": measure(messages(lambda n: str(value(n, 0)).encode(), "plain/one", "", 2000), 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    found = results()
    if arguments.json:
        print(json.dumps({"python": platform.python_version(), "formats": found}))
        return
    for name, figures in found.items():
        print(f"{name:30} {figures['us_per_message']:9.2f} µs a message {figures['readings_per_s']:12,d} readings/s")


if __name__ == "__main__":
    main()
