"""Time limits on the wall: one timer for all that is limited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Overtime:
    """Calls whoever has used up its seconds of wall time; used in the event loop's thread.

    Almost nothing that is limited ever uses its time up, so a limit costs an entry in a
    table, and the loop's timer is set anew only for an earlier one.
    """

    def __init__(self) -> None:
        self._limits: dict[object, tuple[float, Callable[[], None]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def limit(self, who: object, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` after `seconds`, unless `who` is released before."""
        at = asyncio.get_running_loop().time() + seconds
        self._limits[who] = (at, call)
        if self._timer is None or at < self._timer.when():
            self._set(at)

    def release(self, who: object) -> None:
        """Take the limit of `who` away; nothing happens when it has none."""
        self._limits.pop(who, None)

    def close(self) -> None:
        """Take all limits away."""
        self._limits.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        over = [who for who, (at, _) in self._limits.items() if at <= now]
        for who in over:
            _, call = self._limits.pop(who)
            call()
        if self._limits:
            self._set(min(at for at, _ in self._limits.values()))
