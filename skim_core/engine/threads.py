"""Plain functions in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from skim_core.ports.boundary import Cut, can_be_cut

_log = logging.getLogger("skim.engine")

_CUT_EVERY = 0.05
_CUT_AT_MOST = 100
"""A thread that is left behind is asked to end this often, in seconds, and so many times."""

T = TypeVar("T")


async def in_thread(function: Callable[[], T], name: str) -> T:
    """Run `function`, which must not raise, in a daemon thread of its own; return its result.

    When this is cancelled, the thread is left behind: the process exits without it, and what
    it returns then is dropped. One that goes on computing is ended at its next line of Python.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()
    process = os.getpid()

    def settle(value: T) -> None:
        if not result.done():
            result.set_result(value)

    def work() -> None:
        value = context.run(function)
        leave_if_forked(process)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, value)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        return await result
    except asyncio.CancelledError:
        if thread.is_alive():
            _log.warning("%s still blocks a thread, which is left behind.", name)
            _cut_soon(thread, loop)
        raise


def leave_if_forked(process: int) -> None:
    """End a child that a hook has forked, in silence: the day is its parent's, `process`.

    A child that ends by itself, as those of multiprocessing and subprocess do, never comes
    here.
    """
    if os.getpid() != process:
        os._exit(1)


def waiter(loop: asyncio.AbstractEventLoop) -> Callable[[Awaitable[T]], T]:
    """Return a function that waits, in another thread, for what `loop` has to find out."""
    process = os.getpid()

    def wait(answer: Awaitable[T]) -> T:
        leave_if_forked(process)
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


def _cut_soon(thread: threading.Thread, loop: asyncio.AbstractEventLoop) -> None:
    # In a context of nobody's: the loop's heart must not take it for the plugin's own code,
    # and end it, where the thread holds up everything.
    loop.call_soon(_cut, thread, loop, _CUT_AT_MOST, context=contextvars.Context())


def _cut(
    thread: threading.Thread, loop: asyncio.AbstractEventLoop, tries: int, used: int = 0
) -> None:
    """Raise in a thread that nobody waits for and that computes: it would slow all others.

    It is done where nothing of skim's is torn by it. `used` is the processor time that the
    thread had used when it was looked at last.
    """
    number, now_used = thread.ident, _ticks_used(thread)
    if number is None or now_used is None or not thread.is_alive() or not tries:
        return
    computes = now_used > used and tries < _CUT_AT_MOST
    if computes and can_be_cut(sys._current_frames().get(number)):  # noqa: SLF001  documented, but for its name
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), ctypes.py_object(Cut))
    loop.call_later(_CUT_EVERY, _cut, thread, loop, tries - 1, now_used)


def _ticks_used(thread: threading.Thread) -> int | None:
    """Return the processor time that a thread has used, in ticks; None where that can't be known."""
    with suppress(OSError, ValueError, IndexError):
        # Fields 14 and 15 of proc(5)'s stat; the name before them may hold blanks and brackets.
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return int(user) + int(system)
    return None
