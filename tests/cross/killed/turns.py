"""Time that a gateway's process keeps, and that the processes of its host live by in turn.

Whoever has the turn runs until its event loop has nothing to do: no callback, no socket with
something to read, no timer that is due. When that is so of both, time moves to the next timer
of either, and not before: how fast the machine is decides nothing. A process that gets ready has
the turn, and time stands; it stands, too, while there is none but the gateway.

Over loopback what was sent has arrived when the call that sends it returns, so that whoever gets
the turn finds it. The line between the two goes the same way.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import socket
from collections.abc import Callable
from typing import Protocol

_SECOND = 1_000_000
"""Microseconds."""
_NEVER = 1 << 62
_FRAME = 8
_ROUNDING = 1e-4
"""Microseconds by which the loop's floats may be wrong."""

Ready = list[tuple[selectors.SelectorKey, int]]


class Time(Protocol):
    """What time it is, and how a process with nothing to do waits."""

    microseconds: int

    def wait(self, due: int, ready: Callable[[float | None], Ready]) -> Ready:
        """Return what is ready, or nothing when it is `due`, in microseconds."""


class Guest:
    """The time of a process that comes to a gateway's host. It has the turn from the start."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port))
        self.microseconds = _receive(self._line)

    def wait(self, due: int, ready: Callable[[float | None], Ready]) -> Ready:
        """Give the turn away until there may be something to do."""
        self.pass_on(due)
        return ready(0)

    def pass_on(self, due: int) -> None:
        """Give the turn away, and say when it is needed at the latest."""
        _send(self._line, due)
        self.microseconds = _receive(self._line)

    def leave(self) -> None:
        """Let time stand, or go to whoever comes next."""
        self._line.close()


class Keeper:
    """The time of the gateway's process, which moves it. One guest at a time comes by `port`."""

    def __init__(self) -> None:
        self.microseconds = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._guest: socket.socket | None = None

    @property
    def port(self) -> int:
        """Where guests come to."""
        port: int = self._listening.getsockname()[1]
        return port

    def welcome_guests(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let guests come to the process that runs `loop`."""
        loop.add_reader(self._listening, self._welcome)

    def wait(self, due: int, ready: Callable[[float | None], Ready]) -> Ready:
        """Let the guest do what it has to do, and move time when both have nothing."""
        while self._guest is not None:
            theirs = self._their_turn(self._guest)
            if found := ready(0):
                return found
            if theirs is not None:
                self.microseconds = min(due, theirs)
                assert self.microseconds < _NEVER, "both wait, and nothing is due any more"
                if self.microseconds == due:
                    return []
        return ready(None)

    def _welcome(self) -> None:
        assert self._guest is None, "one guest at a time"
        self._guest, _ = self._listening.accept()

    def _their_turn(self, guest: socket.socket) -> int | None:
        """Return when the guest has something to do next; None when it is gone."""
        try:
            _send(guest, self.microseconds)
            return _receive(guest)
        except ConnectionError:
            guest.close()
            self._guest = None
            return None


class TurnLoop(asyncio.SelectorEventLoop):
    """An event loop that lives by such a time: leases, time-outs and heartbeats too."""

    def __init__(self, time: Time) -> None:
        self._time = time
        super().__init__(_TurnSelector(time))

    def time(self) -> float:
        """Return its seconds."""
        return self._time.microseconds / _SECOND


class _TurnSelector(selectors.DefaultSelector):
    """Waits for its turn where others wait for the machine."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> Ready:
        found = super().select(0)
        if found or timeout == 0:
            return found
        return self._time.wait(self._due(timeout), super().select)

    def _due(self, timeout: float | None) -> int:
        if timeout is None:
            return _NEVER
        return self._time.microseconds + max(1, math.ceil(timeout * _SECOND - _ROUNDING))


def _send(line: socket.socket, number: int) -> None:
    line.sendall(number.to_bytes(_FRAME, "big"))


def _receive(line: socket.socket) -> int:
    """Wait for a number. Raises ConnectionError when the other side is gone."""
    frame = line.recv(_FRAME, socket.MSG_WAITALL)
    if len(frame) < _FRAME:
        raise ConnectionResetError
    return int.from_bytes(frame, "big")
