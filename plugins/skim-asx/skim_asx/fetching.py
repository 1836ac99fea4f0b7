"""Asks the exchange for its page, politely, and keeps what it said."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from pathlib import Path

import httpx2
import stamina

from skim_asx.config import AnnouncementsConfig
from skim_asx.page import Page, PageChangedError, read_page
from skim_core import Clock
from skim_core.errors import DataError

USER_AGENT = "skim-asx/0.1 (one request per scan; https://pypi.org/project/skim-asx)"

LARGEST = 20_000_000
"""Bytes of a page: the real one has less than two million."""

_TRIES, _WITHIN = 3, 25.0
_OK, _TOO_MANY, _SERVER_FAULT = 200, 429, 500


class UnreachableError(DataError):
    """The exchange did not answer; it may the next time."""


class Pages:
    """The exchange's pages by their date: today's asked for, earlier ones as they were saved.

    In the folder lie ``<date>.html`` (what was said last that day), ``before-<date>.html`` (the
    page of the trading day before), ``changed.html`` (the last page that could not be read, for
    whoever mends that) and ``asked`` (when).
    """

    def __init__(self, config: AnnouncementsConfig, folder: Path, wall: Clock) -> None:
        self._config = config
        self._folder = folder
        self._wall = wall

    async def today(self, day: date) -> Page:
        """Return the page of today, `day`, asking at most once an interval.

        Raises UnreachableError, PageChangedError, and DataError for the page of another day.
        """
        saved = self._folder / f"{day}.html"
        waits = self._waits()
        if waits > 0 and saved.is_file() and self._newer(saved):
            return self._read(saved)
        if waits > 0:
            await asyncio.sleep(waits)
        html, page = await self._new(self._config.url)
        if day not in _days(page):
            msg = f"{_told(self._config.url, page)}, and today is {day}: it is not up to date."
            raise DataError(msg)
        _write(saved, html)
        return page

    async def before(self, day: date) -> Page:
        """Return the page of the trading day before today, `day`, asked for once a day.

        Raises as `today` does.
        """
        saved = self._folder / f"before-{day}.html"
        if saved.is_file():
            return self._read(saved)
        html, page = await self._new(self._config.previous_url)
        if max(_days(page)) >= day:
            msg = f"{_told(self._config.previous_url, page)}, which is not before {day}."
            raise DataError(msg)
        _write(saved, html)
        return page

    def saved(self, day: date, *, before: bool = False) -> Page:
        """Return the page of an earlier day, or that of the day before it, as it was kept then.

        Raises DataError when none was.
        """
        path = self._folder / f"{'before-' if before else ''}{day}.html"
        if not path.is_file():
            msg = f"no announcements of {day} are kept in {path}: they are told on the day."
            raise DataError(msg)
        return self._read(path)

    async def _new(self, url: str) -> tuple[str, Page]:
        self._folder.mkdir(parents=True, exist_ok=True)
        html = await self._ask(url)
        try:
            return html, read_page(html, url)
        except PageChangedError as error:
            kept = self._folder / "changed.html"
            _write(kept, html)
            msg = f"{url} has changed: {error} It is kept in {kept}."
            raise PageChangedError(msg) from None

    def _read(self, path: Path) -> Page:
        return read_page(path.read_text(encoding="utf-8"), self._config.url)

    @property
    def _asked(self) -> Path:
        return self._folder / "asked"

    def _waits(self) -> float:
        """Return for how many seconds the exchange is to be left alone still."""
        try:
            passed = self._wall.now().timestamp() - self._asked.stat().st_mtime
        except FileNotFoundError:
            return 0.0
        interval = self._config.interval.total_seconds()
        return interval - passed if 0 <= passed < interval else 0.0

    def _newer(self, saved: Path) -> bool:
        return saved.stat().st_mtime >= self._asked.stat().st_mtime

    async def _ask(self, url: str) -> str:
        retries = stamina.retry_context(
            on=UnreachableError, attempts=_TRIES, timeout=_WITHIN, wait_initial=1.0, wait_max=5.0
        )
        async for attempt in retries:
            with attempt:
                self._asked.touch()
                return await self._get(url)
        raise AssertionError  # the last attempt raises

    async def _get(self, url: str) -> str:
        seconds = self._config.timeout.total_seconds()
        try:
            # The client's own limits begin anew with each byte.
            async with (
                asyncio.timeout(seconds),
                httpx2.AsyncClient(timeout=seconds, follow_redirects=True) as client,
                client.stream("GET", url, headers=_HEADERS) as answer,
            ):
                return await _body(answer, url)
        except TimeoutError:
            msg = f"{url} did not answer within {seconds:g} s."
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            msg = f"{url} can't be reached ({type(error).__name__}: {error})."
        raise UnreachableError(msg)


async def _body(answer: httpx2.Response, url: str) -> str:
    status = answer.status_code
    if status == _TOO_MANY or status >= _SERVER_FAULT:
        msg = f"{url} answered {status}."
        raise UnreachableError(msg)
    if status != _OK:
        msg = f"{url} answered {status}, expected 200: has the page moved?"
        raise PageChangedError(msg)
    content = bytearray()
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > LARGEST:
            msg = f"{url} has more than {LARGEST} bytes."
            raise PageChangedError(msg)
    return content.decode(answer.charset_encoding or "utf-8", errors="replace")


_HEADERS = {"User-Agent": USER_AGENT, "Accept": "text/html"}


def _days(page: Page) -> set[date]:
    return {found.local_time.date() for found in page.announcements}


def _told(url: str, page: Page) -> str:
    return f"{url} is of {', '.join(str(day) for day in sorted(_days(page)))}"


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
