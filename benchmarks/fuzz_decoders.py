"""Coverage-guided fuzzing of every decoder: no exception, no hang, no unbounded memory, and nothing lost.

Run: python -m benchmarks.fuzz_decoders [--seconds 600] [--target NAME] [--json]

Each decoder runs in a process of its own (the fuzzer ends its process when its time is up), the time shared equally.
A finding leaves the input that caused it in the directory given by --findings, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_US = 1_790_000_000_000_000
RSS_LIMIT_MB = 1024  # a process that grows beyond this is a finding
TIMEOUT_S = 10  # an input that takes longer is a finding
MAX_LEN = 65_536  # bytes
TARGETS = (
    "envelope_json",
    "envelope_cbor",
    "senml_json",
    "senml_cbor",
    "sparkplug",
    "plain",
    "by_shape",
    "status",
    "meta",
    "site_file",
)


def _decoder_target(content_type: str, topic: str) -> Callable[[bytes], None]:
    """Make a target that decodes each input as one message and as the middle one of three."""
    import numpy as np  # noqa: PLC0415  only in a fuzzing process

    from telemetry.batch import Message  # noqa: PLC0415  after instrumentation
    from telemetry.decode import Decoder  # noqa: PLC0415  after instrumentation
    from tests.telemetry.harbour import catalogue, pack  # noqa: PLC0415  after instrumentation

    known = catalogue()
    good = Message("port/v1/harbour/quay/loop/telemetry", pack([{"n": "t_in", "v": 1.0}]), "", NOW_US)

    decoder = Decoder(known, clock_us=lambda: NOW_US, max_payload=MAX_LEN)

    def target(data: bytes) -> None:
        told = [good, Message(topic, data, content_type, NOW_US), good]
        decoded = decoder.decode(told)
        neighbours = np.isin(decoded.batch.message, (0, 2)).sum()
        if neighbours != 2 or any(refusal.message != 1 for refusal in decoded.refusals):
            raise AssertionError("a neighbour was harmed")
        if not np.isfinite(decoded.batch.value).all() or (decoded.batch.quality < 0).any():
            raise AssertionError("a value or quality that cannot be stored")
        if any("defect" in refusal.detail for refusal in decoded.refusals):
            raise AssertionError(decoded.refusals)
        if any(len(refusal.entry) > 2000 or len(refusal.detail) > 2000 for refusal in decoded.refusals):
            raise AssertionError("a refusal as long as its cause")

    return target


def _sparkplug_target() -> Callable[[bytes], None]:
    """Make a target that plays an input as the life of a node: several messages of any kind, one decoder."""
    from telemetry.batch import Message  # noqa: PLC0415  after instrumentation
    from telemetry.decode import Decoder  # noqa: PLC0415  after instrumentation
    from telemetry.formats.sparkplug import SparkplugState  # noqa: PLC0415  after instrumentation
    from tests.telemetry.harbour import catalogue  # noqa: PLC0415  after instrumentation

    known = catalogue()
    topics = [f"spBv1.0/port/{kind}/node" for kind in ("NBIRTH", "NDATA", "NDEATH", "NCMD")]
    topics += [f"spBv1.0/port/{kind}/node/store" for kind in ("DBIRTH", "DDATA", "DDEATH")]

    decoder = Decoder(known, clock_us=lambda: NOW_US, max_payload=MAX_LEN)

    def target(data: bytes) -> None:
        decoder._sparkplug = SparkplugState(known.sparkplug)  # noqa: SLF001  a life for each input, at little cost
        for piece in data.split(b"\x00\xff"):
            topic = topics[piece[0] % len(topics)] if piece else topics[0]
            decoded = decoder.decode([Message(topic, piece[1:], "", NOW_US)])
            if any("defect" in refusal.detail for refusal in decoded.refusals):
                raise AssertionError(decoded.refusals)

    return target


def _site_target() -> Callable[[bytes], None]:
    """Make a target that reads an input as a site file."""
    from telemetry.errors import SiteFileError  # noqa: PLC0415  after instrumentation
    from telemetry.site_file import parse_site  # noqa: PLC0415  after instrumentation

    def target(data: bytes) -> None:
        try:
            parse_site(data.decode("utf-8", "replace"), "fuzz.toml")
        except SiteFileError as error:
            if not error.mistakes:
                raise AssertionError("refused without a reason") from error

    return target


def _target(name: str) -> Callable[[bytes], None]:
    """Return the function that a target feeds."""
    topic = "port/v1/harbour/quay/loop/telemetry"
    types = {
        "envelope_json": "application/vnd.quaymeter+json",
        "envelope_cbor": "application/vnd.quaymeter+cbor",
        "senml_json": "application/senml+json",
        "senml_cbor": "application/senml+cbor",
        "by_shape": "",
    }
    if name in types:
        return _decoder_target(types[name], topic)
    if name == "plain":
        return _decoder_target("text/plain", "legacy/index")
    if name in {"status", "meta"}:
        return _decoder_target("", topic.replace("telemetry", name))
    return _sparkplug_target() if name == "sparkplug" else _site_target()


def seeds(name: str) -> list[bytes]:
    """Return sound inputs to begin with."""
    import cbor2  # noqa: PLC0415  only in a fuzzing process

    from telemetry.formats.meta import MetaPoint, encode_meta  # noqa: PLC0415  as above
    from telemetry.formats.sparkplug_b_pb2 import Metric, Payload  # noqa: PLC0415  as above
    from telemetry.formats.status import State, encode_status  # noqa: PLC0415  as above
    from tests.telemetry.harbour import NOW_MS, SITE, pack  # noqa: PLC0415  as above

    entries: list[dict[str, Any]] = [
        {"n": "t_in", "v": 1.5, "u": "K", "t": -5, "q": 1},
        {"n": "flow", "v": [1.0, 2.0], "t": [-1, 0]},
        {"n": "door", "v": True},
    ]
    records: list[dict[Any, Any]] = [
        {"bn": "urn:dev:a:", "bt": NOW_MS / 1000, "bu": "Cel", "n": "t_in", "v": 1},
        {"n": "energy", "u": "W", "s": 3.6e6, "t": -1},
    ]
    integers = [{-2: "urn:dev:a:", -3: NOW_MS / 1000, 0: "t_in", 2: 1}, {0: "energy", 1: "W", 5: 3.6e6, 6: -1}]
    birth = Payload(seq=0, metrics=[Metric(name="t_in", alias=1, datatype=10, double_value=1.0, timestamp=NOW_MS)])
    data = Payload(seq=1, metrics=[Metric(alias=1, int_value=5)])
    packs = [pack(entries), pack(entries[:1])]
    points = [MetaPoint(n="t_in", u="K", quantity="temperature", period_s=60), MetaPoint(n="energy", modulus=1e8)]
    more: dict[str, Any] = {"packs": 1, "bytes": 2, "oldest": NOW_MS, "dropped": {"packs": 1, "readings": 9}}
    found = {
        "envelope_json": packs,
        "envelope_cbor": [pack(entries, cbor=True), pack(entries[:1], cbor=True)],
        "senml_json": [json.dumps(records).encode()],
        "senml_cbor": [cbor2.dumps(integers)],
        "sparkplug": [b"\x00" + birth.SerializeToString() + b"\x00\xff\x01" + data.SerializeToString()],
        "plain": [b"12.5", b"-1e3", b"nan"],
        "status": [
            encode_status("edge-1", State.ONLINE, 1, link=2, via="a", ts_ms=NOW_MS, tsq="ntp", cbor=cbor, **more)
            for cbor in (False, True)
        ],
        "meta": [encode_meta("edge-1", 1, points, ts_ms=NOW_MS, catalogue="v", cbor=cbor) for cbor in (False, True)],
        "site_file": [SITE.encode()],
    }
    return found[name] if name in found else [one for many in found.values() for one in many]


def fuzz(name: str, seconds: int, findings: Path) -> None:
    """Fuzz one target in this process; it ends with the process."""
    import atheris  # type: ignore[import-untyped]  # noqa: PLC0415  no stubs; a development dependency, Linux only

    with atheris.instrument_imports(include=["telemetry"]):
        target = _target(name)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        options = {
            "max_total_time": seconds,
            "rss_limit_mb": RSS_LIMIT_MB,
            "timeout": TIMEOUT_S,
            "max_len": MAX_LEN,
            "artifact_prefix": f"{findings}/{name}-",
            "print_final_stats": 1,
        }
        atheris.Setup([sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), corpus], target)
        atheris.Fuzz()


def run(name: str, seconds: int, findings: Path) -> dict[str, object]:
    """Fuzz one target in a process of its own and return what it did."""
    command = [sys.executable, "-m", "benchmarks.fuzz_decoders", "--target", name, "--here"]
    command += ["--seconds", str(seconds), "--findings", str(findings)]
    began = time.monotonic()
    # A fuzzer that hangs itself is a finding too.
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
    coverage = re.findall(r"cov: (\d+)", done.stderr)
    found = {
        "target": name,
        "seconds": round(time.monotonic() - began),
        "inputs": int(stats.get("number_of_executed_units", 0)),
        "coverage": int(coverage[-1]) if coverage else 0,
        "peak_rss_mb": int(stats.get("peak_rss_mb", 0)),
        "sound": done.returncode == 0,
    }
    if done.returncode != 0:
        found["trouble"] = done.stderr[-3000:]
    return found


def main() -> int:
    """Fuzz all targets, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="over all targets together")
    parser.add_argument("--target", choices=TARGETS, help="one only")
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()), help="where bad inputs are kept")
    parser.add_argument("--here", action="store_true", help="in this process, as the fuzzer's own children do")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = parser.parse_args()
    if arguments.here:
        fuzz(arguments.target, arguments.seconds, arguments.findings)
        return 0
    names = [arguments.target] if arguments.target else list(TARGETS)
    found = []
    for name in names:
        found.append(run(name, max(1, arguments.seconds // len(names)), arguments.findings))
        if not arguments.json:
            print("{target:15} {seconds:5} s {inputs:12,} inputs, {peak_rss_mb} MB, sound: {sound}".format(**found[-1]))
            print(found[-1].get("trouble", ""), end="", flush=True)
    if arguments.json:
        print(json.dumps({"rss_limit_mb": RSS_LIMIT_MB, "timeout_s": TIMEOUT_S, "targets": found}))
    return 0 if all(one["sound"] for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
