"""A server that answers as Discord's webhooks do, and days that are told to it."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from skim_core import Session, TradingDay

# A machine that others use too is no reason to fail.
settings.register_profile("notify", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("notify")

TOKEN = "aT0ken-that_nobody-may-see"
PATIENCE = 10.0


@dataclass
class Discord:
    """Answers each message as the next of `answers` says, and with 204 when none is left.

    An answer is a status, a status with headers and a body, ``"hang"`` or ``"drip"``.
    """

    answers: list[Any] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/webhooks/123456/{TOKEN}"

    @property
    def embeds(self) -> list[dict[str, Any]]:
        return [embed for message in self.messages for embed in message["embeds"]]

    @property
    def titles(self) -> list[str]:
        return [embed["title"] for embed in self.embeds]

    def take(self, path: str, body: dict[str, Any]) -> Any:
        """Note a message, and return how it is answered."""
        with self.changed:
            answer = self.answers.pop(0) if self.answers else 204
            self.paths.append(path)
            taken = answer[0] if isinstance(answer, tuple) else answer
            if taken in {200, 204}:
                self.messages.append(body)
            self.times.append(time.monotonic())
            self.changed.notify_all()
            return answer

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.times) >= count, PATIENCE), self.titles


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        discord = self.server.discord
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.close_connection = True
        answer = discord.take(self.path, body)
        if answer == "hang":
            discord.released.wait(PATIENCE)
            return
        if answer == "drip":
            self._drip()
            return
        status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
        self.send_response(status)
        for name, value in {"Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        try:
            for sign in b"HTTP/1.1 204 No Content\r\nX-Slow: " + b"." * 1000:
                self.wfile.write(bytes([sign]))
                self.wfile.flush()
                if self.server.discord.released.wait(0.02):
                    return
        except OSError:
            return

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, discord: Discord) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.discord = discord


@pytest.fixture
def discord():
    """Give the server, running."""
    made = Discord()
    server = _Server(made)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def day() -> TradingDay:
    session = Session(
        exchange="XASX",
        date=date(2026, 11, 24),
        open=datetime(2026, 11, 23, 23, 0, tzinfo=UTC),
        close=datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
        timezone="Australia/Sydney",
    )
    return TradingDay(strategy="orh_breakout", session=session, account="paper")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give skim a folder of its own, and no variable from outside."""
    for name in [name for name in os.environ if name.startswith("SKIM_") or "DISCORD" in name]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SKIM_DIRECTORY", str(folder))
    return folder


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def skim(home, monkeypatch, capsys):
    """Call the console script: ``skim("notify", "test")``."""
    (script,) = entry_points(group="console_scripts", name="skim")
    run = script.load()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["skim", *arguments])
        capsys.readouterr()
        root.handlers = []
        with pytest.raises(SystemExit) as left:
            run()
        said = capsys.readouterr()
        return Answer(int(left.value.code or 0), said.out, said.err)

    yield call
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def logged():
    """Give all that is logged, at every level, as one text that grows."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)
