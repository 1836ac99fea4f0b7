"""Plain hooks in turn: what happens at one instant happens in the same order every time.

The engine runs a plain hook in a thread, and what else is due at that instant goes on
beside it; which is done first is chance. Here the event loop waits for the thread, until
the hook is done or waits for an answer itself.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import functools
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

from skim_core.ports.context import Context
from skim_core.ports.engine import Strategy

_IN_TURN = 2.0
"""Seconds of wall time for which everything waits for a plain hook: it may hang, and only a
running event loop can time it out."""

_LOOK_AGAIN = 0.01


class InTurn:
    """A strategy of which all hooks are awaited; else it is `strategy`."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    @property
    def name(self) -> str:
        """The strategy's name."""
        return self._strategy.name

    def returns(self, hook: str) -> Any:
        """Return the return annotation of the hook's specification."""
        return self._strategy.returns(hook)

    def is_async(self, hook: str) -> bool:  # noqa: ARG002  the protocol's
        """Whether calling `hook` gives something to await: always."""
        return True

    def call(self, hook: str, ctx: Context[Any]) -> Any:
        """Return what is to be awaited for the hook's result."""
        if self._strategy.is_async(hook):
            return self._strategy.call(hook, ctx)
        return _in_turn(functools.partial(self._strategy.call, hook), ctx)


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """The hook waits for an answer."""

    question: Awaitable[Any]
    answer: Future[Any]


async def _in_turn(hook: Callable[[Context[Any]], Any], ctx: Context[Any]) -> Any:
    said: queue.SimpleQueue[_Asked | Future[Any]] = queue.SimpleQueue()

    def wait(question: Awaitable[Any]) -> Any:
        asked = _Asked(question, Future())
        said.put(asked)
        return asked.answer.result()

    def work() -> None:
        done: Future[Any] = Future()
        try:
            done.set_result(hook(dataclasses.replace(ctx, waiter=wait)))
        except BaseException as error:  # noqa: BLE001  the plugin boundary: it is raised again below
            done.set_exception(error)
        said.put(done)

    inside = contextvars.copy_context()
    name = f"{ctx.strategy}.{ctx.phase}"
    threading.Thread(target=inside.run, args=(work,), name=name, daemon=True).start()
    while isinstance(message := await _next(said), _Asked):
        await _answer(message)
    return message.result()


async def _answer(asked: _Asked) -> None:
    try:
        asked.answer.set_result(await asked.question)
    except asyncio.CancelledError as error:
        asked.answer.set_exception(error)
        raise
    except BaseException as error:  # noqa: BLE001  it is the hook's that asked
        asked.answer.set_exception(error)


async def _next(said: queue.SimpleQueue[_Asked | Future[Any]]) -> _Asked | Future[Any]:
    try:
        return said.get(timeout=_IN_TURN)
    except queue.Empty:
        pass
    while True:
        try:
            return said.get_nowait()
        except queue.Empty:
            await asyncio.sleep(_LOOK_AGAIN)
