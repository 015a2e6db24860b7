"""Things made ahead in a process of their own, one after the other, while this one is busy with those before them."""

from __future__ import annotations

import signal
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from telemetry.errors import QuaymeterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

Made = TypeVar("Made")

_END_S = 5.0
_ITEM, _ERROR, _DONE = range(3)


def made_elsewhere(make: Callable[..., Iterable[Made]], *arguments: Any) -> Iterator[Made]:  # noqa: ANN401 – its own
    """Yield what `make(*arguments)` yields; the next one is made while the caller has the last.

    `make` has to be found by its module's name, and what goes in and out has to be picklable. What it raises is raised
    here. The process ends with this generator, or with this process.
    """
    context = get_context("spawn")  # a fork of a process with threads may find a lock held for ever
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield from _received(ours, make)
    finally:
        ours.close()
        process.join(_END_S)
        if process.is_alive():
            process.kill()
            process.join()


def _received(ours: Connection, make: Callable[..., Iterable[Made]]) -> Iterator[Made]:
    while True:
        try:
            kind, thing = ours.recv()
        except EOFError:
            raise QuaymeterError(
                "the process that makes it ended by itself",
                place=make.__name__,
                cure="was it killed, or is there too little memory? Begin again: what was done is kept",
            ) from None
        if kind == _DONE:
            return
        if kind == _ERROR:
            raise thing
        yield thing


def _serve(theirs: Connection, make: Callable[..., Iterable[Made]], arguments: tuple[Any, ...]) -> None:
    """Make and hand over until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: this process ends with its pipe
    try:
        for thing in make(*arguments):
            theirs.send((_ITEM, thing))
        theirs.send((_DONE, None))
    except (BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:  # noqa: BLE001 – whatever it is, the other process raises it
        theirs.send((_ERROR, error))
