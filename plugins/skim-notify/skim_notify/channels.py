"""Where notices go: Discord's webhooks, and everything that apprise knows."""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from skim_core.errors import ConfigError, SkimError
from skim_notify import discord, text
from skim_notify.notices import Notice, Tone

if TYPE_CHECKING:
    from apprise import Apprise
    from pydantic import SecretStr

_WEBHOOK = re.compile(r"https?://[^/\s]+/api/(?:v\d+/)?webhooks/\d+/[\w-]+/?")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])[:/]")
_SERVER_FAULT = 500
_TOO_MANY = 429
_GONE = {401, 403, 404}
_USER_AGENT = "skim-notify (trading days; https://pypi.org/project/skim-notify)"


class UnavailableError(SkimError):
    """The message did not arrive; it may be sent again, after `retry_after` seconds when given."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnsentError(SkimError):
    """The message will never arrive: it was refused as it is."""


class ClosedError(UnsentError):
    """Nothing will arrive any more: the channel's address is not valid (any longer)."""


class Channel(Protocol):
    """Sends notices to one address. No error that it raises tells the address."""

    def fitting(self, notices: Sequence[Notice]) -> int:
        """Return how many of the first notices one message can tell: at least one."""

    async def send(self, notices: Sequence[Notice]) -> None:
        """Send these notices as one message.

        Raises UnavailableError, UnsentError or ClosedError.
        """


def make_channel(name: str, address: SecretStr, timeout: float) -> Channel:
    """Return the channel of an address. Raises ConfigError for one that leads nowhere.

    A message that takes longer than `timeout` seconds in all has not arrived.
    """
    url = address.get_secret_value()
    if _WEBHOOK.fullmatch(url):
        if url.startswith("http://") and not _LOOPBACK.match(url):
            msg = f"channel {name!r}: its address begins with http://: it must be https://."
            raise ConfigError(msg)
        return DiscordChannel(url.rstrip("/"), timeout)
    return AppriseChannel(name, url, timeout)


class DiscordChannel:
    """A webhook of Discord's.

    Its answers are those of https://discord.com/developers/docs/topics/rate-limits: 429 has in
    `retry_after` the seconds to wait, and an answer with `X-RateLimit-Remaining: 0` the seconds
    until more is taken in `X-RateLimit-Reset-After`.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._not_before = 0.0

    def fitting(self, notices: Sequence[Notice]) -> int:
        """Return how many of the first notices one message can tell: at least one."""
        return discord.fitting(notices)

    async def send(self, notices: Sequence[Notice]) -> None:
        """Send these notices as one message. Raises as `Channel.send` does."""
        left = self._not_before - asyncio.get_running_loop().time()
        if left > 0:
            msg = f"Discord takes no more messages for {left:.0f} s"
            raise UnavailableError(msg, left)
        answer = await self._post(discord.message(notices))
        if answer.headers.get("X-RateLimit-Remaining") == "0":
            self._wait(_seconds(answer.headers.get("X-RateLimit-Reset-After")) or 0.0)
        status = answer.status_code
        if answer.is_success:
            return
        said = f"Discord answered {status}"
        if status == _TOO_MANY:
            seconds = _retry_after(answer)
            self._wait(seconds)
            msg = f"{said}, too many messages: it takes more in {seconds:g} s"
            raise UnavailableError(msg, seconds)
        if status >= _SERVER_FAULT:
            raise UnavailableError(said)
        if status in _GONE or answer.is_redirect:
            msg = f"{said}: the webhook is gone, or the address is wrong"
            raise ClosedError(msg)
        msg = f"{said}: it does not take this message"
        raise UnsentError(msg)

    async def _post(self, message: dict[str, Any]) -> httpx2.Response:
        # The client's own limits begin anew with each byte: a server that drips would hold it up.
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx2.AsyncClient(timeout=self._timeout, trust_env=True) as client,
            ):
                return await client.post(
                    self._url, json=message, headers={"User-Agent": _USER_AGENT}
                )
        except TimeoutError:
            msg = f"no answer within {self._timeout:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            # Its text may hold the address.
            msg = f"it can't be reached ({type(error).__name__})"
        raise UnavailableError(msg)

    def _wait(self, seconds: float) -> None:
        self._not_before = asyncio.get_running_loop().time() + seconds


class AppriseChannel:
    """Any other service, through apprise: mail, Telegram, Slack and more."""

    def __init__(self, name: str, url: str, timeout: float) -> None:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415  it takes long to import

        self._timeout = timeout
        self._apprise: Apprise = Apprise(asset=AppriseAsset(app_id="skim", app_desc="skim"))
        with warnings.catch_warnings():
            # It loads all of its services now, some with modules that Python has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            known = self._apprise.add(url)
        if not known:
            msg = (
                f"channel {name!r}: its address is none that apprise knows: write it as "
                "apprise's documentation says, such as mailto:// or tgram://."
            )
            raise ConfigError(msg)

    def fitting(self, notices: Sequence[Notice]) -> int:
        """Return how many of the first notices one message can tell: at least one."""
        return min(len(notices), discord.EMBEDS)

    async def send(self, notices: Sequence[Notice]) -> None:
        """Send these notices as one message. Raises UnavailableError: apprise says no more."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def settle(fault: str) -> None:
            if not done.done():
                done.set_result(fault)

        def work() -> None:
            fault = self._notify(notices)
            try:
                loop.call_soon_threadsafe(settle, fault)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

        # A thread of its own, which a service that never answers may keep.
        threading.Thread(target=work, name="skim notify apprise", daemon=True).start()
        try:
            async with asyncio.timeout(self._timeout):
                fault = await done
        except TimeoutError:
            fault = f"no answer within {self._timeout:g} s"
        if fault:
            raise UnavailableError(fault)

    def _notify(self, notices: Sequence[Notice]) -> str:
        """Send in this thread; return why it failed, or ''."""
        try:
            sent = self._apprise.notify(
                title=text.title(notices), body=text.body(notices), notify_type=_type(notices)
            )
        except Exception as error:  # noqa: BLE001  a service's own plugin: its text may hold the address
            return f"apprise raised {type(error).__name__}"
        return "" if sent else "apprise could not deliver it"


def _type(notices: Sequence[Notice]) -> Any:
    from apprise import NotifyType  # noqa: PLC0415

    worst = [notice.tone for notice in notices]
    if Tone.BAD in worst:
        return NotifyType.FAILURE
    return NotifyType.WARNING if Tone.WARNING in worst else NotifyType.INFO


def _retry_after(answer: httpx2.Response) -> float:
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = {}
    body = said.get("retry_after") if isinstance(said, dict) else None
    for found in (body, answer.headers.get("Retry-After")):
        if (seconds := _seconds(found)) is not None:
            return seconds
    return 1.0


def _seconds(value: object) -> float | None:
    """Read a number of seconds; None for what is none."""
    try:
        seconds = float(value)  # type: ignore[arg-type]  # whatever the server sent
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
