"""What clients send about news, and the rest."""

from __future__ import annotations

from typing import Annotated

from skim_gateway.wire.requests.base import Numbered, Request, request
from skim_gateway.wire.slots import Since, fixed


@request(12, fixed("1"))
class RequestNewsBulletins(Request):
    """Subscribes to bulletins; with `all_messages` also to those of the day so far."""

    all_messages: bool = False


@request(13, fixed("1"))
class CancelNewsBulletins(Request):
    """Ends that subscription."""


@request(84)
class RequestNewsArticle(Numbered):
    """Asks for an article's text."""

    req_id: int
    provider: str
    article_id: str
    options: str = ""


@request(85)
class RequestNewsProviders(Request):
    """Asks for the news providers."""


@request(86)
class RequestHistoricalNews(Numbered):
    """Asks for headlines."""

    req_id: int
    con_id: int
    providers: str
    start: str
    end: str
    total: int
    options: str = ""


@request(67, fixed("1"))
class RequestDisplayGroups(Numbered):
    """Asks for the groups of windows."""

    req_id: int


@request(68, fixed("1"))
class SubscribeToGroup(Numbered):
    """Subscribes to what a group of windows shows."""

    req_id: int
    group: int


@request(69, fixed("1"))
class UpdateDisplayGroup(Numbered):
    """Changes what a group of windows shows."""

    req_id: int
    contract: str


@request(70, fixed("1"))
class UnsubscribeFromGroup(Numbered):
    """Ends that subscription."""

    req_id: int


@request(100)
class RequestWshMetadata(Numbered):
    """Asks for the kinds of calendar events."""

    req_id: int


@request(101)
class CancelWshMetadata(Numbered):
    """Takes that question back."""

    req_id: int


@request(102)
class RequestWshEvents(Numbered):
    """Asks for calendar events."""

    req_id: int
    con_id: int
    filter: Annotated[str, Since(171)] = ""
    watchlist: Annotated[bool, Since(171)] = False
    portfolio: Annotated[bool, Since(171)] = False
    competitors: Annotated[bool, Since(171)] = False
    start: Annotated[str, Since(173)] = ""
    end: Annotated[str, Since(173)] = ""
    total: Annotated[int, Since(173)] = 0


@request(103)
class CancelWshEvents(Numbered):
    """Takes that question back."""

    req_id: int
