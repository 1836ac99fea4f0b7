"""Processes side by side, which end with the one that began them, however that ends."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

from skim_core.sim.parquet import SOUND
from skim_core.sim.sound_files import Known

Result = TypeVar("Result")


class Workers:
    """Up to `count` processes, in each of which ``prepare(*arguments)`` is called first.

    A context: left in peace it waits until all is done, left by an error or an interruption
    it ends the processes at once, in the middle of what they do. So does the death of this
    process, a kill included.
    """

    def __init__(self, count: int, prepare: Callable[..., None], *arguments: Any) -> None:
        # A new interpreter for each: forked off this one, it would share its threads' locks.
        context = multiprocessing.get_context("spawn")
        # This process alone holds the end that nobody writes to: it closes when it ends.
        alive, self._held = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            count,
            context,
            initializer=_begin,
            initargs=(alive, logging.getLogger().level, SOUND.known(), prepare, arguments),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._executor.shutdown()
        self._held.close()
        self._executor.shutdown(cancel_futures=True)

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Let a process do `work`. The future raises BrokenProcessPool when one has ended."""
        with _uninterrupted():
            return self._executor.submit(work, *arguments)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep Ctrl-C from a process begun meanwhile: a terminal sends it to all of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(
    alive: Connection,
    level: int,
    known: Known,
    prepare: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    SOUND.learn(known)
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    threading.Thread(target=_end_with, args=(alive,), name="end", daemon=True).start()
    prepare(*arguments)


def _end_with(alive: Connection) -> None:
    alive.poll(None)
    os._exit(1)
