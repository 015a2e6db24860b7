"""A gateway as a process of its own, for measurements: settings come as JSON, CPU time goes out as JSON."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time

from ingest_gateway.service import run_gateway
from ingest_gateway.settings import GatewaySettings


def main() -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level="WARNING")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_gateway(GatewaySettings(**json.loads(sys.argv[1])), stop)
    print(json.dumps({"cpu_s": time.process_time()}), flush=True)


if __name__ == "__main__":
    main()
