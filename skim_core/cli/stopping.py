"""Ctrl-C and SIGTERM for what runs sessions: noted too, as a hook may swallow what they raise."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skim_core.exits import signalled


class Stop:
    """Whether a signal has asked for an end; `check` raises when one has."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def check(self) -> None:
        """Raise `Interrupted` when a signal came, even if what it raised then was swallowed."""
        from skim_core.engine.loop import Interrupted

        if self.signal is not None:
            raise Interrupted


@contextmanager
def stopped_by_signals(told: Callable[[], None]) -> Iterator[Stop]:
    """Let SIGTERM and, unless somebody else handles it, Ctrl-C end the block and the process.

    `told` is called then, to say what is kept. A Ctrl-C that another handler takes is its.
    """
    from skim_core.engine.loop import Interrupted

    stop = Stop()

    def stopped(number: int, _frame: object) -> None:
        stop.signal = number
        raise Interrupted

    handled = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handled.append(signal.SIGINT)
    before = {number: signal.signal(number, stopped) for number in handled}
    try:
        yield stop
    except (Interrupted, Exception) as error:
        # Whoever called the code that the signal struck may have taken what was raised for an
        # error of that code: pydantic does, of a serializer.
        if stop.signal is None and not isinstance(error, Interrupted):
            raise
        told()
        raise SystemExit(signalled(stop.signal or signal.SIGINT)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
