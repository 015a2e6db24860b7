"""Asking the demo's own services over HTTP on the loopback."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import Any

from quaymeter.demo.ports import LOOPBACK

TIMEOUT_S = 5.0


def ask(port: int, path: str) -> tuple[int, Any]:
    """Return (status, JSON body) of a GET; status 0 where nobody answers, body None where it is no JSON."""
    connection = HTTPConnection(LOOPBACK, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, HTTPException):
        return 0, None
    finally:
        connection.close()
    try:
        return answer.status, json.loads(body)
    except ValueError:
        return answer.status, None
