"""History of points at any resolution."""

from fastapi import APIRouter

router = APIRouter(tags=["readings"])
