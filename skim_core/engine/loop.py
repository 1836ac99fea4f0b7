"""The event loop that days run in: no plugin stops it, blocks it for good or outlives it."""

from __future__ import annotations

import asyncio
import contextvars
import decimal
import logging
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

from skim_core.engine.threads import leave_if_forked
from skim_core.ports.boundary import Cut, arithmetic, can_be_cut, described, guest

_log = logging.getLogger("skim.engine")

_BEAT = 0.25
"""Seconds between two signs of life of the event loop."""

_TELL_AFTER = 5.0
"""Seconds of standstill after which it is said who holds up the event loop."""

_TURN = 0.0005
"""Seconds that a thread computes while others wait for their turn; Python's own are ten times as
long, and the loop waits for one at each of the journal's transactions while a plain hook computes."""

_GRACE = 1.0
"""Seconds that whatever still runs has at the end."""

# It does nothing by default and nothing else uses it: the Go runtime preempts with it, too.
_NUDGE = getattr(signal, "SIGURG", None)

T = TypeVar("T")


class Interrupted(KeyboardInterrupt):
    """A signal's handler of skim's own raises it: the loop ends as with Ctrl-C.

    A plugin that runs at that moment may keep it from getting here.
    """


def run_to_end(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` in an event loop of its own and return its result, as `asyncio.run` does.

    But a plugin's ``sys.exit()`` in a task of its own, or its ``loop.stop()``, doesn't end
    it; plugin code that holds it up is named, and cut short after its patience; a process
    forked off in it leaves it; and what still runs at the end is waited for a second, not
    for ever. Decimals are computed in the engine's own context.
    """
    process = os.getpid()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(_tell_dropped)
    inside = contextvars.copy_context()
    inside.run(decimal.setcontext, arithmetic())
    turn = sys.getswitchinterval()
    sys.setswitchinterval(min(turn, _TURN))
    try:
        task = loop.create_task(main, context=inside)
        _let_go_in_children(loop)
        with _told_in_lines(), _Heart(loop).watched():
            return _persist(loop, task)
    finally:
        leave_if_forked(process)
        sys.setswitchinterval(turn)
        _end(loop)


def _persist(loop: asyncio.AbstractEventLoop, task: asyncio.Task[T]) -> T:
    process = os.getpid()
    waits = True

    def end(_task: asyncio.Task[T]) -> None:
        # A signal may strike after the task has ended and before this is called: then it must
        # not stop whatever the loop runs next, as run_until_complete would let it.
        if waits:
            loop.stop()

    task.add_done_callback(end)
    try:
        while not task.done():
            try:
                loop.run_forever()
            except BaseException as error:  # the loop lets SystemExit and KeyboardInterrupt out
                leave_if_forked(process)
                if _is_from_keyboard(error):
                    raise
                if not task.done():
                    _log.error("a plugin tried to end the event loop: %s", described(error))
            else:
                if not task.done():
                    _log.error("a plugin tried to end the event loop: it called loop.stop()")
    finally:
        waits = False
    return task.result()


def _is_from_keyboard(error: BaseException) -> bool:
    if isinstance(error, Interrupted):
        return True
    handler = signal.getsignal(signal.SIGINT)
    return isinstance(error, KeyboardInterrupt) and handler is signal.default_int_handler


def _end(loop: asyncio.AbstractEventLoop) -> None:
    async def tidy() -> None:
        left = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for task in left:
            task.cancel()
        if left:
            _, left = await asyncio.wait(left, timeout=_GRACE)
        for task in left:
            # Left behind: what it still holds is let go of here, where nothing is told of it.
            with suppress(BaseException):
                task.get_coro().close()
        with suppress(TimeoutError):
            await asyncio.wait_for(loop.shutdown_asyncgens(), _GRACE)

    try:
        _persist(loop, loop.create_task(tidy()))
    finally:
        loop.set_exception_handler(lambda _loop, _context: None)
        loop.close()  # its executor's threads are not waited for


def _let_go_in_children(loop: asyncio.AbstractEventLoop) -> None:
    """Let a forked child neither run the loop, whose selector is its parent's, nor signal it.

    asyncio's signal handlers write to a socket that both have: a SIGTERM for the child, as
    multiprocessing ends its workers, would stop the parent's days.
    """
    found = weakref.ref(loop)

    def let_go() -> None:
        loop = found()
        if loop is None or loop.is_closed():
            return
        loop.stop()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=let_go)


class _Heart:
    """Notices that the event loop stands still, and who makes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._last = monotonic()
        self._told = 0.0
        self._over = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch the loop inside a ``with`` block, in the main thread of the process."""
        if _NUDGE is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(_NUDGE, self._nudged)
        watch = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="skim heart", daemon=True
        )
        watch.start()
        self._beat()
        try:
            yield
        finally:
            self._over.set()
            watch.join()
            signal.signal(_NUDGE, before)

    def _beat(self) -> None:
        self._last = monotonic()
        self._loop.call_later(_BEAT, self._beat)

    def _watch(self, thread: int) -> None:
        while not self._over.wait(_BEAT):
            if monotonic() - self._last > 2 * _BEAT and _NUDGE is not None:
                # A signal reaches a thread that sleeps, which an exception set by another
                # thread doesn't.
                signal.pthread_kill(thread, _NUDGE)

    def _nudged(self, _number: int, frame: FrameType | None) -> None:
        # In the context of the code that runs: a task that a hook made has its hook's guest.
        visitor, still = guest.get(), monotonic() - self._last
        where = _place(frame)
        who = visitor.name if visitor is not None else "skim"
        if still > _TELL_AFTER and self._told != self._last:
            self._told = self._last
            _log.error(
                "%s has held up everything for more than %g s%s: a hook that works for long "
                "must be a plain 'def', which has a thread of its own, or await.",
                who,
                _TELL_AFTER,
                where,
            )
        if visitor is not None and still > visitor.patience and can_be_cut(frame):
            msg = (
                f"held up everything for more than {visitor.patience:g} s{where}: make it a "
                "plain 'def', which has a thread of its own, or let it await"
            )
            raise Cut(msg)


def _place(frame: FrameType | None) -> str:
    return f" ({frame.f_code.co_filename}:{frame.f_lineno})" if frame is not None else ""


def _tell_dropped(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    said = f": {described(error)}" if error is not None else ""
    _log.error("%s%s", context.get("message", "the event loop dropped an error"), said)
    _log.debug("it was raised here", exc_info=error)


@contextmanager
def _told_in_lines() -> Iterator[None]:
    """Tell in one line each what a plugin's threads and finalizers raise inside the block."""

    def of_thread(raised: threading.ExceptHookArgs) -> None:
        name = raised.thread.name if raised.thread is not None else "a thread"
        if raised.exc_value is not None and not isinstance(raised.exc_value, SystemExit):
            _log.error("thread %s died: %s", name, described(raised.exc_value))
            _log.debug("it was raised here", exc_info=raised.exc_value)

    def of_finalizer(raised: sys.UnraisableHookArgs) -> None:
        if raised.exc_value is not None:
            _log.error("an error that nobody can catch: %s", described(raised.exc_value))

    thread_hook: Callable[[threading.ExceptHookArgs], Any] = threading.excepthook
    finalizer_hook = sys.unraisablehook
    threading.excepthook, sys.unraisablehook = of_thread, of_finalizer
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = thread_hook, finalizer_hook
