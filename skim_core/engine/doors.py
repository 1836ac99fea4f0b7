"""The parts of the engine that a hook can reach, as it reaches them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from skim_core.engine.threads import leave_if_forked
from skim_core.ports.bars import Bars
from skim_core.ports.boundary import Asked, exact, guest

T = TypeVar("T")


class Door:
    """One part of the engine: it computes in its own decimal context, whoever calls.

    It leads to what the contract names and no further: behind the engine's parts are the
    broker with the whole session's data, and orders that nobody checks. A child process that
    a hook has forked ends here: it has no day.
    """

    __slots__ = ("_inside", "_names", "_process")

    def __init__(self, inside: object, names: frozenset[str]) -> None:
        self._inside = inside
        self._names = names
        self._process = os.getpid()

    def __getattr__(self, name: str) -> Any:
        leave_if_forked(self._process)
        if name not in self._names:
            known = ", ".join(sorted(self._names))
            msg = f"a strategy has no {name!r} here: it has {known}."
            raise AttributeError(msg)
        with exact():
            found = getattr(self._inside, name)
        return _guarded(found, name) if callable(found) else found


def face_of(protocol: type) -> frozenset[str]:
    """Return the names that a protocol has for those who use it: what a door may lead to."""
    return frozenset(name for name in vars(protocol) if not name.startswith("_"))


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        with exact():
            inside = function(*arguments, **named)
        if not isinstance(inside, Awaitable):
            return inside
        answer = _exactly(inside)
        if (visitor := guest.get()) is not None:
            visitor.asked.append(Asked(f"{name}(...)", answer, inside))
        return answer

    return call


async def _exactly(answer: Awaitable[T]) -> T:
    with exact():
        found = await answer
    if isinstance(found, Bars):
        # They may be a view of what the exchange itself trades on.
        for column in (found.open, found.high, found.low, found.close, found.volume):
            column.flags.writeable = False
    return found
