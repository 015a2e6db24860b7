"""Python's search for reference cycles, made rare: messages hold none, and there are many of them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEW_OBJECTS = 50_000  # allocated beyond those freed before the youngest are searched; Python's own choice is 700


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Search seldom, and not among what is there already (modules, the catalogue's types); undone on leaving.

    A batch is thousands of tuples and lists that die by reference counting. Looked through every 700 of them, they took
    5 % of the gateway's CPU time. What does form a cycle (a traceback, a closed connection) waits a little longer.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
