"""CoolTrader's server, which has the file of a day from a quarter past seven in Sydney on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

READY = time(19, 15)
SYDNEY = ZoneInfo("Australia/Sydney")


@dataclass
class CoolTraderServer:
    """Who has fetched what: the instants by the host's wall at which a file was given away."""

    now: Callable[[], datetime]
    url: str = ""
    ready: time = READY
    given: list[tuple[str, datetime]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body that a path is answered with."""
        if not path.endswith(".csv"):
            return 200, b"<html>You are in. <a href='/amember/logout'>logout</a></html>"
        day = datetime.strptime(path[-12:-4], "%Y%m%d").replace(tzinfo=SYDNEY)
        if self.now() < day.replace(hour=self.ready.hour, minute=self.ready.minute):
            return 404, b"not found"
        self.given.append((f"{day:%Y-%m-%d}", self.now()))
        rows = [f"{name},{day:%d/%m/%Y},1.00,1.10,0.90,1.05,5000" for name in ("QQA", "QQB")]
        return 200, "\n".join(rows).encode() + b"\n"


@contextmanager
def cooltrader(now: Callable[[], datetime]) -> Iterator[CoolTraderServer]:
    """Serve while the block lasts."""
    served = CoolTraderServer(now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = served.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
