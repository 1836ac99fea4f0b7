"""Plain functions in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

_log = logging.getLogger("skim.engine")

T = TypeVar("T")


async def in_thread(function: Callable[[], T], name: str) -> T:
    """Run `function` in a daemon thread of its own and return what it returns.

    When this is cancelled the thread is left behind: it can't be stopped, and the process
    exits without it. What it returns or raises then is dropped.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: Any, error: BaseException | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def work() -> None:
        value, error = None, None
        try:
            value = context.run(function)
        except BaseException as raised:  # noqa: BLE001  it is handed to whoever awaits
            error = _awaitable(raised)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, error)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        return await result
    except asyncio.CancelledError:
        if thread.is_alive():
            _log.warning("%s still blocks a thread, which is left behind.", name)
        raise


def _awaitable(error: BaseException) -> BaseException:
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError(f"{type(error).__name__}: {error}")
    wrapped.__cause__ = error
    return wrapped


def waiter(loop: asyncio.AbstractEventLoop) -> Callable[[Awaitable[T]], T]:
    """Return a function that waits, in another thread, for what `loop` has to find out."""

    def wait(answer: Awaitable[T]) -> T:
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is loop:
            msg = "ctx.wait is for plain hooks: write 'await' in an 'async def' one"
            raise RuntimeError(msg)

        async def ask() -> T:
            return await answer

        return asyncio.run_coroutine_threadsafe(ask(), loop).result()

    return wait
