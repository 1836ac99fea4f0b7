"""Sends notices from a thread of its own, so that nothing of a trading day ever waits for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import stamina

from skim_notify.channels import Channel, ClosedError, UnavailableError, UnsentError
from skim_notify.notices import Kind, Notice, Tone

log = logging.getLogger("skim.notify")

FLUSH = 4.0
"""Seconds of wall time that `Sender.close` lets pass: skim itself waits for five."""

_FIRST_WAIT, _LONGEST_WAIT, _SPREAD = 0.5, 30.0, 1.0
"""Seconds between tries, and by how much they are spread."""


@dataclass(frozen=True)
class Route:
    """A channel by name, and which kinds of notices it is told."""

    name: str
    channel: Channel
    kinds: Collection[Kind]


@dataclass(frozen=True)
class Patience:
    """How long things may take, in seconds of wall time, and how many notices may wait."""

    batch: float = 2.0
    give_up_after: float = 300.0
    capacity: int = 500


@dataclass
class _Box:
    """What waits for one channel."""

    route: Route
    waiting: deque[Notice] = field(default_factory=deque)
    dropped: int = 0
    closed: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class Sender:
    """Tells notices to channels. `offer` never waits; `close` waits a few seconds at most."""

    def __init__(self, routes: Iterable[Route], patience: Patience) -> None:
        self._boxes = [_Box(route) for route in routes]
        self._patience = patience
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._run, name="skim notify", daemon=True)
        self._thread.start()

    def offer(self, notice: Notice) -> None:
        """Let every channel that wants it have the notice, as soon as it can."""
        for box in self._boxes:
            if notice.kind not in box.route.kinds or box.closed:
                continue
            with self._lock:
                full = len(box.waiting) >= self._patience.capacity
                if full:
                    box.waiting.popleft()
                    box.dropped += 1
                first = full and box.dropped == 1
                box.waiting.append(notice)
            if first:
                log.error(
                    "channel %r is too slow: %d notices wait for it, the oldest are dropped.",
                    box.route.name,
                    self._patience.capacity,
                )
            self._call(box.arrived.set)

    def close(self) -> None:
        """Send what waits, within `FLUSH` seconds, and stop; tell what could not be sent."""
        self._call(self._closing.set)
        self._thread.join(FLUSH)
        if self._thread.is_alive():
            self._call(self._cancel)
            self._thread.join(FLUSH / 8)
        for box in self._boxes:
            lost = len(box.waiting) + box.dropped
            if lost:
                log.error("channel %r was not told %d notices.", box.route.name, lost)

    def _call(self, function: object, *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:
            return  # the loop has ended: nothing is sent any more

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _serve(self) -> None:
        self._tasks = [asyncio.create_task(self._tell(box)) for box in self._boxes]
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, box: _Box) -> None:
        """Send what waits for one channel, batch by batch, until there is no more to come."""
        while not box.closed:
            if not box.waiting:
                if self._closing.is_set():
                    return
                await self._first_of(box.arrived, self._closing)
                box.arrived.clear()
                await self._within(self._patience.batch, self._closing)
                continue
            batch, gap = self._next(box)
            try:
                await self._deliver(box.route.channel, batch)
            except asyncio.CancelledError:
                self._lose(box, len(batch) + gap)
                raise
            except (UnavailableError, UnsentError) as error:
                self._lose(box, len(batch) + gap)
                box.closed = isinstance(error, ClosedError)
                log.error("channel %r was not told: %s.", box.route.name, error)  # noqa: TRY400

    def _next(self, box: _Box) -> tuple[Sequence[Notice], int]:
        """Take what one message can tell, and how many were dropped before it, which it says."""
        with self._lock:
            gap, box.dropped = box.dropped, 0
            if gap:
                box.waiting[0] = _with_gap(box.waiting[0], gap)
            count = box.route.channel.fitting(list(box.waiting))
            return [box.waiting.popleft() for _ in range(count)], gap

    def _lose(self, box: _Box, count: int) -> None:
        with self._lock:
            box.dropped += count

    async def _deliver(self, channel: Channel, batch: Sequence[Notice]) -> None:
        retries = stamina.retry_context(
            on=self._again,
            attempts=None,
            timeout=self._patience.give_up_after,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
            wait_jitter=_SPREAD,
        )
        async for attempt in retries:
            with attempt:
                await channel.send(batch)

    def _again(self, error: Exception) -> bool | float:
        """Say whether, or after how many seconds, a message is to be sent again."""
        if not isinstance(error, UnavailableError):
            return False
        if error.retry_after is None:
            return True
        in_time = error.retry_after <= self._patience.give_up_after
        return max(0.01, error.retry_after) if in_time else False

    @staticmethod
    async def _first_of(*events: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in events]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    @staticmethod
    async def _within(seconds: float, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return


def _with_gap(notice: Notice, dropped: int) -> Notice:
    lost = f"({dropped} notice{'s' if dropped > 1 else ''} before this could not be told.)"
    tone = Tone.WARNING if notice.tone in {Tone.GOOD, Tone.PLAIN} else notice.tone
    return replace(notice, text=f"{lost}\n{notice.text}", tone=tone)
