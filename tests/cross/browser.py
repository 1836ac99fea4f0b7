"""A headless Chromium, driven over its own pipe: no driver, no port, no package.

Run as a program, this installs one on a Debian machine that has none, as root; elsewhere install
Chromium or Chrome yourself, or name one in SKIM_TEST_BROWSER.

The protocol is https://chromedevtools.github.io/devtools-protocol: JSON messages, each ended by
a zero byte, on the browser's file descriptors 3 (in) and 4 (out).
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
from collections import deque
from itertools import count
from pathlib import Path
from typing import Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
PATIENCE = 30.0
"""Seconds of wall time that one answer may take."""

FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)

_START = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts the pipes where the browser looks for them, and becomes the browser."""


def find_browser() -> str | None:
    """Return the browser that SKIM_TEST_BROWSER names, else the first that is installed."""
    named = os.environ.get("SKIM_TEST_BROWSER")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A browser with one page; use it as a context."""

    def __init__(self, executable: str, profile: Path) -> None:
        flags = [*FLAGS, f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # Chromium has none for root
        to_browser, self._writing = os.pipe()
        self._reading, from_browser = os.pipe()
        given = [str(to_browser), str(from_browser), executable, *flags, "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *given],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers, self._rest = count(1), b""
        self._messages: deque[dict] = deque()
        self._session: str | None = None
        self.events: list[dict] = []
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def _attach(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser: it ends when nobody writes to it any more."""
        os.close(self._writing)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._reading)

    def call(self, method: str, **parameters: object) -> dict:
        """Call a method of the protocol, and return its result."""
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _next(self) -> dict:
        while not self._messages:
            ready, _, _ = select.select([self._reading], [], [], PATIENCE)
            assert ready, f"the browser said nothing for {PATIENCE} s"
            read = os.read(self._reading, 1 << 20)
            assert read, "the browser has ended"
            *whole, self._rest = (self._rest + read).split(b"\0")
            self._messages.extend(json.loads(message) for message in whole)
        return self._messages.popleft()

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of this size, once it is loaded."""
        self.resize(width, height)
        self.dark(wanted=dark)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not self.told("Page.loadEventFired"):
            self.events.append(self._next())

    def resize(self, width: int, height: int) -> None:
        """Give the window another size; below 600 pixels it is a phone's."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def dark(self, *, wanted: bool) -> None:
        """Prefer dark colours, or light ones."""
        value = "dark" if wanted else "light"
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": value}],
        )

    def without_script(self, *, wanted: bool) -> None:
        """Run no script of the pages opened from now on."""
        self.call("Emulation.setScriptExecutionDisabled", value=wanted)

    def evaluate(self, expression: str) -> object:
        """Return the value of an expression of JavaScript."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def told(self, method: str) -> list[dict]:
        """Return what the page told of this kind since it was opened."""
        return [each["params"] for each in self.events if each.get("method") == method]

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Return a picture of the page, as PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(taken["data"])

    def printed(self) -> bytes:
        """Return the page as it is printed, as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])


def install_browser() -> int:
    """Install Chromium where there is no browser, if that can be done; return the exit code.

    Without a browser its tests are skipped, but where CI is set they fail.
    """
    if find_browser() is not None:
        return 0
    why = "this is no machine with apt-get" if shutil.which("apt-get") is None else "not root"
    if why == "not root" and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False)
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES]
        done = subprocess.run(install, env=quiet, check=False)
        why = f"apt-get ended with {done.returncode}"
    if find_browser() is not None:
        return 0
    sys.stderr.write(
        f"no browser for the tests of the report ({why}): install Chromium or Chrome, or name one "
        "in SKIM_TEST_BROWSER.\n"
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(install_browser())
