"""Headlines and articles, as ib_async asks for them over a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from gateway_world import BHP, DAYS, TODAY, Market, gateway, minute, until

MOVING = Market({"ANZ": {0: 1.01}, "BHP": {0: 1.10, 20: 1.20, 40: 1.10}})
"""BHP opens 10 % above its last close of 1.00, and is 9 % higher from minute 20 to 40."""

YESTERDAY = DAYS[1]


async def asked(ib, **given):
    """Return what is told of BHP, as (time, headline)."""
    question = {"conId": BHP.conId, "providerCodes": "SIM", "startDateTime": "", "endDateTime": ""}
    found = await ib.reqHistoricalNewsAsync(**question | {"totalResults": 300} | given)
    return [(news.time.replace(tzinfo=dt.UTC), news.headline) for news in found]


def test_the_headlines_are_those_of_the_market_newest_first():
    async def scenario():
        async with gateway(MOVING, start=minute(30)) as world, world.ib() as ib:
            (provider,) = await ib.reqNewsProvidersAsync()
            assert provider.code == "SIM"
            told = await asked(ib)
            assert told[:3] == [
                (minute(21), "BHP trades 9.1% above its open at 1.2."),
                (minute(0), "BHP opens 10.0% above its last close at 1.1."),
                (YESTERDAY.close, "BHP closes at 1.1, 10.0% above its last close."),
            ]
            assert [at for at, _ in told] == sorted((at for at, _ in told), reverse=True)

    asyncio.run(scenario())


def test_a_headline_is_not_known_before_the_market_shows_it():
    async def scenario():
        async with gateway(MOVING, start=minute(20)) as world, world.ib() as ib:
            since = {"startDateTime": YESTERDAY.close}
            assert [at for at, _ in await asked(ib, **since)] == [minute(0)]
            await world.to(minute(21))
            assert [at for at, _ in await asked(ib, **since)] == [minute(21), minute(0)]
            await world.to(TODAY.close)
            assert (await asked(ib, **since))[0][1].startswith("BHP closes at 1.1")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"totalResults": 1}, 1),
        ({"startDateTime": minute(0)}, 1),  # the start is excluded
        ({"endDateTime": minute(0), "startDateTime": YESTERDAY.close}, 1),  # the end is not
        # Sydney, the gateway's zone, and UTC
        ({"startDateTime": "2025-06-18 09:59:59.0", "endDateTime": "20250618-00:30:00"}, 2),
        ({"startDateTime": TODAY.close}, 0),
    ],
)
def test_the_bounds_of_a_question_hold(given, count):
    async def scenario():
        async with gateway(MOVING, start=minute(30)) as world, world.ib() as ib:
            assert len(await asked(ib, **given)) == count

    asyncio.run(scenario())


def test_articles_are_read_and_strangers_are_refused():
    async def scenario():
        async with gateway(MOVING, start=minute(20)) as world, world.ib() as ib:
            news = (await ib.reqHistoricalNewsAsync(BHP.conId, "SIM", "", "", 1))[0]
            article = await ib.reqNewsArticleAsync("SIM", news.articleId)
            assert article.articleType == 0
            assert "high 1.1, low 1.1" in article.articleText
            for number, wrong in enumerate(
                ("SIM$BHP-20250618-move", "SIM$XYZ-20250618-open", "SIM$1", "x", ""), 700
            ):
                ib.client.reqNewsArticle(number, "SIM", wrong, [])
                await until(lambda number=number: (number, 10172) in ib.errors)
            for number, question in enumerate(
                (
                    (BHP.conId, "BRFG", "", "", 10),
                    (BHP.conId, "", "", "", 10),
                    (BHP.conId, "SIM", "soon", "", 10),
                ),
                800,
            ):
                ib.client.reqHistoricalNews(number, *question, [])
                await until(lambda number=number: (number, 321) in ib.errors)
            ib.client.reqHistoricalNews(900, 1, "SIM", "", "", 10, [])
            await until(lambda: (900, 200) in ib.errors)

    asyncio.run(scenario())


@pytest.mark.parametrize("generic", ["292", "mdoff,292:SIM"])
def test_headlines_stream_when_they_come(generic):
    async def scenario():
        async with gateway(MOVING, start=minute(15)) as world, world.ib() as ib:
            ticker = ib.reqMktData(BHP, generic)
            await world.to(minute(25))
            await until(ib.newsTicks)
            (news,) = ib.newsTicks()
            assert news.providerCode == "SIM"
            assert news.headline == "BHP trades 9.1% above its open at 1.2."
            assert news.timeStamp == minute(21).timestamp() * 1000
            assert (ticker.last == 1.2) is (generic == "292")

    asyncio.run(scenario())


def test_without_the_generic_tick_no_headline_streams():
    async def scenario():
        async with gateway(MOVING, start=minute(15)) as world, world.ib() as ib:
            ticker = ib.reqMktData(BHP)
            await world.to(minute(25))
            await until(lambda: ticker.last == 1.2)
            assert ib.newsTicks() == []

    asyncio.run(scenario())
