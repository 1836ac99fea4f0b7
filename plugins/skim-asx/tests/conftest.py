"""A server, a clock, and the command line."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

from .asx_pages import TODAY

# A machine that others use too is no reason to fail.
settings.register_profile("asx", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("asx")

PATIENCE = 10.0


@dataclass
class Server:
    """Answers each request as `answer` says, which is given the request.

    An answer is a body, a status with headers and a body, ``"hang"`` or ``"drip"``, or a
    callable that writes to the connection itself.
    """

    answer: Callable[[BaseHTTPRequestHandler, bytes], Any] = lambda _request, _body: 404
    requests: list[str] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        served: Server = self.server.served
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        served.requests.append(f"{self.command} {self.path}")
        served.headers.append(self.headers)
        self.close_connection = True
        answer = served.answer(self, body)
        if answer == "hang":
            served.released.wait(PATIENCE)
        elif answer == "drip":
            self._drip(served)
        elif callable(answer):
            answer()
        else:
            self.reply(*_complete(answer))

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        sent = {"Connection": "close", "Content-Length": str(len(body)), **headers}
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, served: Server) -> None:
        try:
            for sign in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"<" * 2000:
                self.wfile.write(bytes([sign]))
                self.wfile.flush()
                if served.released.wait(0.01):
                    return
        except OSError:
            return

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _complete(answer: Any) -> tuple[int, dict[str, str], bytes]:
    if isinstance(answer, int):
        return answer, {}, b""
    if isinstance(answer, tuple):
        status, headers, body = answer
        return status, headers, body.encode() if isinstance(body, str) else body
    body = answer.encode() if isinstance(answer, str) else answer
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body


@pytest.fixture
def server():
    """Give a server, running: set its `answer`."""
    served = Server()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    listening.daemon_threads = True
    listening.served = served
    served.port = listening.server_address[1]
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield served
    served.released.set()
    listening.shutdown()
    listening.server_close()


@pytest.fixture(autouse=True)
def _no_waiting():
    """Let retries follow at once."""
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@dataclass
class Wall:
    """A clock that stands where it is put; its day is the tests' own."""

    moment: datetime = TODAY

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """Give skim a folder of its own, and no variable from outside."""
    for name in list(os.environ):
        if name.startswith(("SKIM_", "COOLTRADER_")):
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
    """Call the console script: ``skim("announcements")``."""
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
def real_data() -> Path:
    """Return the folder of recorded market data, or skip."""
    named = os.environ.get("SKIM_TEST_DATA")
    folder = Path(named) if named else Path(__file__).parents[3].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no recorded data: set SKIM_TEST_DATA")
    return folder


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
