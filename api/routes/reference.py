"""The reference of this API as a page of our own: no script, nothing from elsewhere."""

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.console.render import page

router = APIRouter()


@router.get("/api/v1/reference")
def reference(request: Request) -> Any:  # noqa: ANN401 - a page, not a model
    """Show every operation with its parameters and an example."""
    return _reference(request)


def _reference(request: Request) -> HTMLResponse:
    document = request.app.openapi()
    operations = [
        {"path": path, "method": method.upper(), "body": _example(operation), **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    ]
    groups = [
        (tag, [operation for operation in operations if tag["name"] in operation["tags"]]) for tag in document["tags"]
    ]
    return page(request, "reference.html", site=None, page="reference", document=document, groups=groups)


def _example(operation: dict[str, Any]) -> str:
    """Return the example of an operation's body as text; empty where it takes none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return json.dumps(content["example"], ensure_ascii=False, indent=1) if "example" in content else ""
