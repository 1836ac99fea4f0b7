"""The exchange's process: ``python -m exchange_process.server <socket>``.

It ends when the test that started it hangs up. One request is dealt with at a time,
whoever it comes from.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from skim_core.calendar.exchanges import load_exchange
from skim_core.errors import SkimError
from skim_core.testing.simulate import session_of

from .hosted import HostedExchange
from .market import StraightFeed
from .wire import MOMENT, NOTICES, HungUpError, receive, send

MIC, DATE = "XASX", "2026-11-24"
"""The session that is traded."""

_BOOKS = ("orders", "executions", "positions", "account")


@dataclass
class Death:
    """What becomes of the client at which of the requests to come, and when.

    ``unread``: it has sent the request, which is never read. ``read``: it is read and never
    followed. ``applied``: it is followed and never answered. ``replied``: it is answered.
    One that is only stopped is answered all the same.
    """

    request: int
    moment: str
    signal: str

    def strikes(self, moment: str, pid: int) -> bool:
        """Send the signal if this is the moment; return whether the client is dead."""
        if self.request != 0 or moment != self.moment:
            return False
        os.kill(pid, signal.Signals[self.signal])
        return self.signal == "SIGKILL"


class Server:
    """Answers clients, and the test that gave it its orders."""

    def __init__(self, path: str) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(path)
        self._listening.listen()
        self._lines = selectors.DefaultSelector()
        self._lines.register(self._listening, selectors.EVENT_READ)
        self._session = session_of(MIC, DATE, Path(path).parent)
        self._exchange: HostedExchange | None = None
        self._death: Death | None = None

    def run(self) -> None:
        """Answer until the test hangs up."""
        while True:
            for key, _ in self._lines.select():
                line = key.fileobj
                assert isinstance(line, socket.socket)
                if line is self._listening:
                    self._welcome()
                elif key.data is None:
                    try:
                        send(line, self._obey(receive(line)))
                    except HungUpError:
                        return
                elif not self._serve(line, key.data):
                    self._lines.unregister(line)
                    line.close()
                    if self._exchange is not None:
                        self._exchange.leave(key.data)

    def _welcome(self) -> None:
        line, _ = self._listening.accept()
        try:
            self._lines.register(line, selectors.EVENT_READ, receive(line)["pid"])
        except HungUpError:
            line.close()

    # Clients

    def _serve(self, line: socket.socket, pid: int) -> bool:
        """Deal with a client's request; return whether it is still there."""
        try:
            if not line.recv(1, socket.MSG_PEEK):
                return False
            if self._death is not None:
                self._death.request -= 1
            if self._strikes("unread", pid):
                return False
            request = receive(line)
        except (ConnectionError, HungUpError):
            return False
        if self._strikes("read", pid):
            return False
        reply = self._reply(pid, request)
        if self._strikes("applied", pid):
            return False
        try:
            send(line, reply)
        except OSError:
            return False
        return not self._strikes("replied", pid)

    def _strikes(self, moment: str, pid: int) -> bool:
        return self._death is not None and self._death.strikes(moment, pid)

    def _reply(self, pid: int, request: Any) -> Any:
        exchange = self._opened()
        result, error = None, None
        now = MOMENT.validate_python(request["now"])
        try:
            result = exchange.answer(pid, request["call"], request["arguments"], now)
        except SkimError as refused:
            error = type(refused).__name__, str(refused)
        due = exchange.clock.due
        return {
            "result": result,
            "error": error,
            "notices": NOTICES.dump_python(exchange.heard(pid), mode="json"),
            "now": exchange.clock.now().isoformat(),
            "due": None if due is None else due.isoformat(),
        }

    # The test

    def _obey(self, order: Any) -> Any:
        if order["do"] == "open":
            if self._exchange is not None:
                self._exchange.close()
            self._death = None
            directory = Path(order["directory"])
            rules = load_exchange(MIC, on=self._session.date)
            self._exchange = HostedExchange(self._session, rules, directory, StraightFeed())
        elif order["do"] == "kill":
            self._death = Death(order["request"], order["moment"], order["signal"])
        elif order["do"] == "let_pass":
            self._opened().let_pass(timedelta(seconds=order["seconds"]))
        return self._told()

    def _told(self) -> Any:
        exchange = self._opened()
        record = exchange.record
        return {
            "requests": record.requests,
            "asked": record.asked,
            "sent": [order.model_dump(mode="json") for order in record.sent],
            "again": record.again,
            "longest_bare": record.longest_bare.total_seconds(),
            **{name: exchange.told(name) for name in _BOOKS if exchange.connected},
        }

    def _opened(self) -> HostedExchange:
        assert self._exchange is not None, "the test opens an exchange first"
        return self._exchange


if __name__ == "__main__":
    Server(sys.argv[1]).run()
