"""The scanner and the command, against a server that has the page."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import polars as pl
import pytest
from skim_asx.config import AnnouncementsConfig
from skim_asx.fetching import UnreachableError
from skim_asx.page import SYDNEY, Announcement, PageChangedError
from skim_asx.scanner import AnnouncementScanner, candidates

from skim_core import Joining
from skim_core.errors import DataError
from skim_core.testing import session_of, simulate_day

from .asx_pages import TODAY, USUAL, page, row

DAY = date(2026, 11, 24)


@pytest.fixture
def scan(server, tmp_path, wall):
    """Scan at the wall's moment: ``scan()``."""
    server.answer = lambda _request, _body: USUAL
    folder = tmp_path / "announcements"

    def scanned(day=DAY, **changes):
        config = AnnouncementsConfig.model_validate(
            {
                "url": f"{server.url}/todayAnns.do",
                "previous_url": f"{server.url}/prevBusDayAnns.do",
                "interval": "20s",
                "timeout": "5s",
                **changes,
            }
        )
        scanner = AnnouncementScanner(config, folder, wall)
        ctx = SimpleNamespace(
            session=SimpleNamespace(date=day),
            now=wall.now(),
            log=logging.LoggerAdapter(logging.getLogger("test"), {}),
        )
        return asyncio.run(scanner.scan(ctx))

    scanned.folder = folder
    return scanned


def test_price_sensitive_news_of_the_day_so_far_are_candidates(scan):
    found = scan()
    assert [(each.symbol, each.reason, each.headline) for each in found] == [
        ("QQA", "price-sensitive news 08:15, 10:31", "Gold & silver found"),
        ("QQC", "price-sensitive news 07:30", "Takeover offer"),
    ]


def test_codes_may_be_included_or_excluded(scan, wall):
    assert [each.symbol for each in scan(include=["QQC"])] == ["QQC"]
    assert [each.symbol for each in scan(exclude=["QQC"])] == ["QQA"]
    with pytest.raises(ValueError, match="set include or exclude"):
        AnnouncementsConfig.model_validate({"include": ["QQA"], "exclude": ["QQC"]})


def before(*rows):
    return page(*(row.replace("24/11/2026", "23/11/2026") for row in rows))


BEFORE = before(
    row("QQN", "6:02 pm", "Night news", sensitive=True),
    row("QQA", "4:00 pm", "At the close", sensitive=True),
    row("QQE", "3:59 pm", "In the session", sensitive=True),
    row("QQF", "7:00 pm", "Not sensitive"),
)


def test_news_after_the_close_before_count_when_they_are_asked_for(scan, server, wall):
    server.answer = lambda request, _body: BEFORE if "prev" in request.path else USUAL
    assert [each.symbol for each in scan()] == ["QQA", "QQC"]
    found = scan(after_close=True)
    assert [(each.symbol, each.reason) for each in found] == [
        ("QQA", "price-sensitive news 16:00, 08:15, 10:31"),
        ("QQC", "price-sensitive news 07:30"),
        ("QQN", "price-sensitive news 18:02"),
    ]
    scan(after_close=True)
    # The day before does not change any more.
    assert server.requests.count("GET /prevBusDayAnns.do") == 1
    wall.moment += timedelta(days=3)
    assert "QQN" in {each.symbol for each in scan(after_close=True)}


def test_a_page_of_today_is_not_that_of_the_day_before(scan, server):
    server.answer = lambda _request, _body: USUAL
    with pytest.raises(DataError, match="is of 2026-11-24, which is not before 2026-11-24"):
        scan(after_close=True)


def test_the_exchange_is_asked_politely(scan, server):
    scan()
    assert server.requests == ["GET /todayAnns.do"]
    assert server.headers[0]["User-Agent"].startswith("skim-asx/")


def test_within_the_interval_the_saved_page_is_read(scan, server, wall):
    wall.moment = datetime.now(UTC)  # noqa: TID251  files have the wall's own times
    today = f"{wall.moment.astimezone(SYDNEY):%d/%m/%Y}"
    server.answer = lambda _r, _b: page(row("QQA", "12:01 am", date=today, sensitive=True))
    day = wall.moment.astimezone(SYDNEY).date()
    assert [each.symbol for each in scan(day)] == ["QQA"]
    assert [each.symbol for each in scan(day)] == ["QQA"]
    assert len(server.requests) == 1
    wall.moment += timedelta(seconds=30)
    scan(day)
    assert len(server.requests) == 2


@pytest.mark.parametrize("answer", [500, 503, 429, "hang", "drip"])
def test_a_server_in_trouble_is_asked_again_and_then_told(scan, server, answer, caplog):
    server.answer = lambda _request, _body: answer
    with pytest.raises(UnreachableError, match=r"todayAnns\.do"):
        scan(timeout="300ms")
    assert caplog.text.count("retry_scheduled") == 2


def test_trouble_that_passes_is_forgotten(scan, server):
    answers = [500, "hang", USUAL]
    server.answer = lambda _request, _body: answers.pop(0)
    assert [each.symbol for each in scan(timeout="1s")] == ["QQA", "QQC"]


@pytest.mark.parametrize("status", [403, 404, 204])
def test_a_page_that_moved_is_told_and_not_asked_again(scan, server, status):
    server.answer = lambda _request, _body: status
    with pytest.raises(PageChangedError, match=f"answered {status}, expected 200"):
        scan()
    assert len(server.requests) == 1


def test_half_a_page_is_trouble(scan, server):
    def cut(request, _body):
        body = USUAL.encode()
        return lambda: request.reply(200, {"Content-Length": str(2 * len(body))}, body)

    server.answer = cut
    with pytest.raises(UnreachableError, match="RemoteProtocolError"):
        scan()


def test_a_page_that_changed_is_kept_for_whoever_mends_it(scan, server):
    server.answer = lambda _request, _body: "<title>New site</title>"
    with pytest.raises(PageChangedError, match="has changed: the page has no table") as changed:
        scan()
    kept = scan.folder / "changed.html"
    assert str(kept) in str(changed.value)
    assert kept.read_text() == "<title>New site</title>"
    assert not (scan.folder / f"{DAY}.html").exists()


def test_a_page_of_another_day_is_no_empty_list(scan, server):
    server.answer = lambda _r, _b: page(row("QQA", "10:00 am", date="23/11/2026", sensitive=True))
    with pytest.raises(DataError, match="is of 2026-11-23, and today is 2026-11-24"):
        scan()


def test_an_earlier_session_reads_what_was_saved_then(scan, server, wall):
    scan()
    wall.moment += timedelta(days=3)
    wall_then = scan(DAY)
    assert {each.symbol for each in wall_then} == {"QQA", "QQC", "QQD"}
    assert len(server.requests) == 1
    with pytest.raises(DataError, match="no announcements of 2026-11-23 are kept"):
        scan(date(2026, 11, 23))


STRATEGY = """
from decimal import Decimal
from skim_core import Candidate, Context, GapScan, Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("scan", at="open+62m"))

@hooks.scan
async def skim_scan(ctx: Context[None]) -> list[Candidate]:
    return [Candidate(symbol=name, reason="gaps +5.0 %", gap_percent=Decimal(5))
            for name in ("QQA", "QQZ")]
"""


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (
            "any",
            {
                "QQA": "gaps +5.0 %; price-sensitive news 08:15, 10:31",
                "QQZ": "gaps +5.0 %",
                "QQC": "price-sensitive news 07:30",
            },
        ),
        ("all", {"QQA": "gaps +5.0 %; price-sensitive news 08:15, 10:31"}),
    ],
)
def test_news_join_the_gaps_of_a_strategys_day(
    server, tmp_path, wall, monkeypatch, match, expected
):
    (tmp_path / "news_strategy.py").write_text(STRATEGY)
    info = tmp_path / "news-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: news\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skim.strategies]\nnews = news_strategy\n")
    monkeypatch.syspath_prepend(tmp_path)
    server.answer = lambda _request, _body: USUAL
    config = AnnouncementsConfig.model_validate({"url": f"{server.url}/todayAnns.do"})
    scanner = AnnouncementScanner(config, tmp_path / "announcements", wall)
    day = simulate_day(
        "news",
        session_of("XASX", "2026-11-24", tmp_path),
        tmp_path / "broker",
        phases={"scan": {"scanners": ["announcements"], "match": match}},
        joining=Joining({"announcements": scanner}),
    )
    assert {each.symbol: each.reason for each in day.book.candidates.values()} == expected
    assert day.book.candidates["QQA"].headline == "Gold & silver found"
    assert day.book.candidates["QQA"].gap_percent == 5


def test_the_command_shows_the_page(skim, server, home, monkeypatch):
    now = datetime.now(UTC).astimezone(SYDNEY)  # noqa: TID251  the command asks for today
    today = f"{now:%d/%m/%Y}"
    html = page(
        row("QQA", "12:01 am", "A mine", date=today, sensitive=True),
        row("QQB", "12:00 am", date=today),
    )
    server.answer = lambda _request, _body: html
    (home / "skim.toml").write_text(
        f'[extension.asx.announcements]\nurl = "{server.url}/todayAnns.do"\n'
    )
    shown = skim("announcements", "--json")
    assert shown.code == 0
    [only] = shown.json["announcements"]
    assert (only["symbol"], only["headline"]) == ("QQA", "A mine")
    assert only["url"].startswith(server.url)
    text = skim("announcements", "--all").out
    assert "QQA" in text
    assert "QQB" in text
    assert len(server.requests) == 1
    assert skim("announcements", "--date", f"{now:%Y-%m-%d}").code == 0


def test_the_command_tells_what_changed(skim, server, home):
    server.answer = lambda _request, _body: "<title>New site</title>"
    (home / "skim.toml").write_text(
        f'[extension.asx.announcements]\nurl = "{server.url}/todayAnns.do"\n'
    )
    refused = skim("announcements")
    assert (refused.code, "has no table of announcements" in refused.err) == (2, True)


def test_every_line_of_the_real_list_makes_a_candidate(real_data):
    rows = pl.read_parquet(real_data / "announcements" / "XASX_list.parquet")
    day = date(2024, 2, 15)
    of_day = rows.filter(
        pl.col("published").dt.convert_time_zone("Australia/Sydney").dt.date() == day
    )
    told = [
        Announcement(symbol, published, sensitive=True, headline=headline, url="u")
        for symbol, published, headline in of_day.select(
            "symbol", pl.col("published").dt.cast_time_unit("us"), "headline"
        ).iter_rows()
    ]
    midnight = datetime(2024, 2, 15, tzinfo=SYDNEY)
    now = datetime(2024, 2, 14, 23, 1, tzinfo=UTC)
    found = candidates(told, midnight, now, AnnouncementsConfig())
    until = [each for each in told if each.published <= now]
    assert 50 < len(found) <= len(until)
    assert {each.symbol for each in found} == {each.symbol for each in until}


def test_today_is_sydneys_day():
    assert TODAY.astimezone(SYDNEY).date() == DAY
