"""News of the simulated market; and what it has none of, told as a real gateway would."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.headlines import (
    PROVIDER,
    article_time,
    headline,
    headlines,
    session_of,
)
from skim_gateway.market.spans import SpanError, moment
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skim_gateway.market.headlines import Headline
    from skim_gateway.serving.conversation import Conversation

_PROVIDER = a.NewsProvider(code=PROVIDER, name="Simulated News")
_MOST = 300
"""Headlines in one answer, by IBKR's documentation of reqHistoricalNews."""


async def news_providers(conversation: Conversation, _: r.RequestNewsProviders) -> None:
    """Tell the one provider."""
    conversation.send(a.NewsProviders(providers=(_PROVIDER,)))


async def historical_news(conversation: Conversation, request: r.RequestHistoricalNews) -> None:
    """Tell a contract's headlines, the newest first; the start is excluded, the end is not.

    Error 321 for another provider or a time that is none, 200 for a contract that is not there.
    """
    unknown = [code for code in request.providers.split("+") if code != PROVIDER]
    if unknown:
        why = f"Not allowed to request historical news for provider {'+'.join(unknown)[:60]}"
        conversation.error(codes.INVALID, request.req_id, why=why)
        return
    symbol = conversation.gateway.catalogue.symbol_of(request.con_id)
    if symbol is None:
        conversation.error(codes.NO_CONTRACT, request.req_id)
        return
    timezone = conversation.gateway.catalogue.venue.timezone
    try:
        start = moment(request.start, timezone, datetime.min.replace(tzinfo=UTC))
        end = moment(request.end, timezone, conversation.now)
    except SpanError as wrong:
        conversation.error(codes.INVALID, request.req_id, why=str(wrong))
        return
    most = min(max(request.total, 0), _MOST)
    found = list(islice(_told(conversation, symbol, start, end), most + 1))
    for one in found[:most]:
        conversation.send(
            a.HistoricalNews(
                req_id=request.req_id,
                time=article_time(one.at),
                provider=PROVIDER,
                article_id=one.article_id,
                headline=one.headline,
            )
        )
    conversation.send(a.HistoricalNewsEnd(req_id=request.req_id, has_more=len(found) > most))


def _told(
    conversation: Conversation, symbol: str, start: datetime, end: datetime
) -> Iterator[Headline]:
    """Yield a symbol's headlines after `start` and until `end`, the newest first."""
    gateway, until = conversation.gateway, min(end, conversation.now)
    for session in reversed(gateway.sessions):
        if session.open > until:
            continue
        if session.close <= start:
            return
        for one in reversed(headlines(gateway.tape_of(session), symbol, until)):
            if one.at > start:
                yield one


async def news_article(conversation: Conversation, request: r.RequestNewsArticle) -> None:
    """Tell an article's text; error 10172 for one that is not there, or not yet."""
    gateway, day = conversation.gateway, session_of(request.article_id)
    session = next((one for one in gateway.sessions if f"{one.date:%Y%m%d}" == day), None)
    found = None
    if session is not None and request.provider == PROVIDER:
        found = headline(gateway.tape_of(session), request.article_id, conversation.now)
    if found is None:
        conversation.error(codes.NO_ARTICLE, request.req_id, why=request.article_id[:60])
        return
    conversation.send(a.NewsArticle(req_id=request.req_id, kind=0, text=found.article))


async def news_bulletins(_: Conversation, __: r.RequestNewsBulletins) -> None:
    """Do nothing: there are no bulletins to tell."""


async def fundamental_data(conversation: Conversation, request: r.RequestFundamentalData) -> None:
    """Refuse: there are no reports."""
    conversation.error(codes.NO_FUNDAMENTALS, request.req_id)


async def display_groups(conversation: Conversation, request: r.RequestDisplayGroups) -> None:
    """Tell that there are no groups: a gateway has no windows."""
    conversation.send(a.DisplayGroups(req_id=request.req_id, groups=""))


async def no_display_group(
    conversation: Conversation, request: r.SubscribeToGroup | r.UpdateDisplayGroup
) -> None:
    """Refuse what needs a group of windows."""
    conversation.error(codes.INVALID, request.req_id, why="Invalid group")


async def no_calendar(
    conversation: Conversation, request: r.RequestWshMetadata | r.RequestWshEvents
) -> None:
    """Refuse: the calendar of events is a subscription of its own."""
    conversation.error(codes.NO_PERMISSION, request.req_id)


async def nothing(_: Conversation, __: r.Request) -> None:
    """Do nothing: there is nothing to take back."""


HANDLERS = {
    r.RequestNewsProviders: news_providers,
    r.RequestHistoricalNews: historical_news,
    r.RequestNewsArticle: news_article,
    r.RequestNewsBulletins: news_bulletins,
    r.CancelNewsBulletins: nothing,
    r.RequestFundamentalData: fundamental_data,
    r.CancelFundamentalData: nothing,
    r.RequestDisplayGroups: display_groups,
    r.SubscribeToGroup: no_display_group,
    r.UpdateDisplayGroup: no_display_group,
    r.UnsubscribeFromGroup: nothing,
    r.RequestWshMetadata: no_calendar,
    r.CancelWshMetadata: nothing,
    r.RequestWshEvents: no_calendar,
    r.CancelWshEvents: nothing,
}
