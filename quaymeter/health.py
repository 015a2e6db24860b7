"""Health check of a container: exit 0 where the address answers 200, else 1 with the reason.

    python -S quaymeter/health.py http://127.0.0.1:8080/ready

Run as a file and without site packages, it starts in a few hundredths of a second.
"""

from __future__ import annotations

import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

TIMEOUT_S = 4.0


def check(url: str) -> str:
    """Return "" where `url` answers 200, else the reason why it does not."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        body = answer.read(2000).decode("utf-8", "replace")
    except OSError as error:
        return f"{url} does not answer: {error}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{url} answers {answer.status}: {body}"


if __name__ == "__main__":
    reason = check(sys.argv[1])
    sys.exit(reason or 0)
