"""CoolTrader's server of end-of-day files: a login (aMember's form), then a file for each day."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx2
import stamina
from pydantic import SecretStr
from selectolax.lexbor import LexborHTMLParser, LexborNode

from skim_asx.config import CoolTraderConfig
from skim_core.errors import ConfigError, DataError

log = logging.getLogger("skim.asx")

_MEMBER = "/amember/member"
_FILE = "/amember/eodfiles/nextday/csv/{day:%Y%m%d}.csv"
_USER, _PASSWORD = "amember_login", "amember_pass"
_AGENT = "Mozilla/5.0 (compatible; skim-asx/0.1; +https://pypi.org/project/skim-asx)"

_TRIES, _WITHIN = 4, 120.0
_SHORT = 1000
"""Bytes below which a text that says that there is no file may be an answer with 200."""

_NO_SUCH = ("not found", "no such", "error", "does not exist")
_OK, _MISSING, _TOO_MANY, _SERVER_FAULT = 200, 404, 429, 500
_FORBIDDEN = {401, 403}


class LoginError(ConfigError):
    """CoolTrader does not let this user in."""


class UnansweredError(DataError):
    """CoolTrader did not answer, or not to the end; it may the next time."""


@dataclass(frozen=True)
class Login:
    """The subscriber; neither is ever shown."""

    user: SecretStr
    password: SecretStr


def read_login(config: CoolTraderConfig, environment: Mapping[str, str]) -> Login:
    """Return the login. Raises ConfigError telling where it was looked for."""
    if config.login_file is not None:
        return _from_file(config.login_file)
    found = [environment.get(name, "") for name in config.login_variables]
    for name, value in zip(config.login_variables, found, strict=True):
        if not value:
            msg = (
                f"CoolTrader's login: the variable {name} is not set: set it, or name a file "
                "with user and password in [extension.asx.cooltrader] login_file."
            )
            raise ConfigError(msg)
    return Login(SecretStr(found[0]), SecretStr(found[1]))


def _from_file(path: Path) -> Login:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        msg = f"CoolTrader's login is to be in {path}, which can't be read ({why})."
        raise ConfigError(msg) from None
    if len(lines) != 2 or not all(lines):  # noqa: PLR2004  user and password
        msg = f"CoolTrader's login: {path} must have the user on line 1, the password on line 2."
        raise ConfigError(msg)
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning(
            "%s can be read by other users (mode %04o) and holds CoolTrader's login: "
            "run 'chmod go-r %s'.",
            path,
            mode,
            path,
        )
    return Login(SecretStr(lines[0]), SecretStr(lines[1]))


class CoolTrader:
    """A session with the server: logs in when it must, and again when the session expires.

    Use it with ``async with``. Requests that may succeed the next time are made four times.
    """

    def __init__(self, config: CoolTraderConfig, login: Login) -> None:
        # It would log the session's cookie.
        for name in ("httpcore", "httpcore2"):
            logging.getLogger(name).setLevel(logging.INFO)
        self._config = config
        self._login = login
        self._seconds = config.timeout.total_seconds()
        self._client = httpx2.AsyncClient(
            base_url=config.url,
            timeout=self._seconds,
            follow_redirects=True,
            headers={"User-Agent": _AGENT},
        )
        self._is_in = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def file(self, day: date) -> bytes | None:
        """Return the file of a day as it came; None when there is none (yet).

        Raises LoginError, and UnansweredError when no try brought it whole.
        """
        for _ in range(2):
            if not self._is_in:
                await self._log_in()
            answer = await self._request("GET", _FILE.format(day=day))
            if answer.status_code == _MISSING:
                return None
            if answer.status_code in _FORBIDDEN:
                msg = f"CoolTrader answered {answer.status_code}: is the subscription paid for?"
                raise LoginError(msg)
            if not _is_page(answer):
                return None if _says_no(answer.content) else answer.content
            if _form(answer) is None:
                return None
            self._is_in = False
        msg = "CoolTrader asks for the login again and again: its session does not hold."
        raise LoginError(msg)

    async def _log_in(self) -> None:
        page = await self._request("GET", _MEMBER)
        form = _form(page)
        if form is None:
            if "logout" not in page.text:
                msg = f"{page.url} has no form with {_USER!r}: the login page has changed."
                raise DataError(msg)
            self._is_in = True
            return
        fields = {
            str(field.attributes["name"]): field.attributes.get("value") or ""
            for field in form.css("input[type=hidden][name]")
        }
        fields[_USER] = self._login.user.get_secret_value()
        fields[_PASSWORD] = self._login.password.get_secret_value()
        fields["remember_login"] = "1"
        where = urljoin(str(page.url), form.attributes.get("action") or _MEMBER)
        answer = await self._request("POST", where, fields)
        if _form(answer) is not None or "invalid" in answer.text.lower():
            msg = "CoolTrader does not take this user and password: correct them."
            raise LoginError(msg)
        self._is_in = True

    async def _request(
        self, method: str, url: str, fields: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        retries = stamina.retry_context(
            on=UnansweredError, attempts=_TRIES, timeout=_WITHIN, wait_initial=1.0, wait_max=10.0
        )
        async for attempt in retries:
            with attempt:
                return await self._ask(method, url, fields)
        raise AssertionError  # the last attempt raises

    async def _ask(
        self, method: str, url: str, fields: Mapping[str, str] | None
    ) -> httpx2.Response:
        where = url.partition("?")[0]
        try:
            # The client's own limits begin anew with each byte.
            async with asyncio.timeout(self._seconds):
                answer = await self._client.request(method, url, data=fields)
        except TimeoutError:
            msg = f"CoolTrader did not answer within {self._seconds:g} s ({where})."
            raise UnansweredError(msg) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            msg = f"CoolTrader can't be reached, or broke off ({type(error).__name__}, {where})."
            raise UnansweredError(msg) from None
        if answer.status_code == _TOO_MANY or answer.status_code >= _SERVER_FAULT:
            msg = f"CoolTrader answered {answer.status_code} ({where})."
            raise UnansweredError(msg)
        return answer


def _is_page(answer: httpx2.Response) -> bool:
    return answer.content.lstrip()[:1] == b"<"


def _says_no(content: bytes) -> bool:
    """Whether an answer says that there is no file, as the server does with 200 at times."""
    text = content[:_SHORT].decode("utf-8", errors="replace").lower()
    return len(content) < _SHORT and any(word in text for word in _NO_SUCH)


def _form(answer: httpx2.Response) -> LexborNode | None:
    """Return the form that asks for the login; None when the page has none."""
    if not _is_page(answer):
        return None
    for form in LexborHTMLParser(answer.text).css("form"):
        if form.css_first(f"input[name={_USER}]") is not None:
            return form
    return None
