"""The demo's past: imported by a child process while the page is live already, watched from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quaymeter.demo.family import Child


class HistoryWatch:
    """Passes on how far the child is; told (days done, days in all, a note) whenever there is news."""

    def __init__(self, child: Child, move: Callable[[int, int, str], None]) -> None:
        self._child = child
        self._move = move
        self.finished = False

    def look(self) -> None:
        """Take the child's news."""
        for said in self._child.news():
            self.finished = bool(said.get("finished"))
            done, days = int(str(said["days_done"])), int(str(said["days"]))
            self._move(done, days, f"{said['rows']} readings, {said['rows_per_s']}/s")
