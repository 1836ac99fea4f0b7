"""News and the rest: what the simulated exchange has none of, told as a real gateway would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation

PROVIDER = a.NewsProvider(code="SIM", name="Simulated News")


async def news_providers(conversation: Conversation, _: r.RequestNewsProviders) -> None:
    """Tell the one provider."""
    conversation.send(a.NewsProviders(providers=(PROVIDER,)))


async def historical_news(conversation: Conversation, request: r.RequestHistoricalNews) -> None:
    """Tell that there are no headlines; error 321 for a provider or contract that is not there."""
    codes_asked = [code for code in request.providers.split("+") if code]
    unknown = [code for code in codes_asked if code != PROVIDER.code]
    if unknown or not codes_asked:
        why = f"Not allowed to request historical news for provider {'+'.join(unknown)[:60]}"
        conversation.error(codes.INVALID, request.req_id, why=why)
        return
    if conversation.gateway.catalogue.symbol_of(request.con_id) is None:
        conversation.error(codes.NO_CONTRACT, request.req_id)
        return
    conversation.send(a.HistoricalNewsEnd(req_id=request.req_id))


async def news_article(conversation: Conversation, request: r.RequestNewsArticle) -> None:
    """Refuse: there is no article."""
    conversation.error(codes.NO_ARTICLE, request.req_id, why=request.article_id[:60])


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
