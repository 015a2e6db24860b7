"""The OpenAPI document, corrected where the framework describes errors that this service does not send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE
from api.records import components

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}
FRAMEWORK_ERRORS = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the document, made once: every failure is a problem document, save the health answers."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
            license_info=app.license_info,
        )
        for methods in document["paths"].values():
            for operation in methods.values():
                _correct(operation["responses"])
        document["components"]["schemas"] |= components()
        for name in FRAMEWORK_ERRORS:
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema


def _correct(responses: dict[str, dict[str, Any]]) -> None:
    for status, answer in responses.items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if status >= "400" and schema.get("$ref", "").endswith(("/ProblemDetails", *FRAMEWORK_ERRORS)):
            answer["content"] = {MEDIA_TYPE: {"schema": PROBLEM}}
            answer["description"] = "Unprocessable Entity" if status == "422" else answer["description"]
