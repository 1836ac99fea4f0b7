"""What the gateway sends about news, and the rest."""

from __future__ import annotations

from skim_gateway.wire.answers.base import Answer, answer
from skim_gateway.wire.layout import record
from skim_gateway.wire.slots import fixed


@answer(14, fixed("1"))
class NewsBulletin(Answer):
    """A bulletin."""

    bulletin_id: int
    kind: int
    text: str
    exchange: str


@record
class NewsProvider:
    """A news provider."""

    code: str
    name: str


@answer(85)
class NewsProviders(Answer):
    """The news providers."""

    providers: tuple[NewsProvider, ...]


@answer(83)
class NewsArticle(Answer):
    """An article: 0 text, 1 PDF in base 64."""

    req_id: int
    kind: int
    text: str


@answer(84)
class TickNews(Answer):
    """A headline of a contract's subscription; `time` in milliseconds since 1970."""

    req_id: int
    time: int
    provider: str
    article_id: str
    headline: str
    extra: str = ""


@answer(86)
class HistoricalNews(Answer):
    """A past headline."""

    req_id: int
    time: str
    provider: str
    article_id: str
    headline: str


@answer(87)
class HistoricalNewsEnd(Answer):
    """That were the headlines."""

    req_id: int
    has_more: bool = False


@answer(67, fixed("1"))
class DisplayGroups(Answer):
    """The groups of windows, by their numbers."""

    req_id: int
    groups: str


@answer(16, fixed("1"))
class Fa(Answer):
    """An adviser's groups."""

    kind: int
    xml: str
