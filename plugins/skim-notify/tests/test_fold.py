"""What is told of a day's events, in the words of the old bot where it had some."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from skim_notify.fold import Notices
from skim_notify.notices import Kind, Tone

from skim_core import Alert, Candidate, Fill, OpeningRange, Order, Phase, PhaseGraph, Side
from skim_core import events as ev


@pytest.fixture
def tell(day):
    """Return the notices of some events: ``tell(event, event)``."""
    notices = Notices("AUD")

    def told(*events):
        return [made for event in events if (made := notices.take(event, day)) is not None]

    return told


@pytest.fixture
def at(day):
    return day.session.open + timedelta(minutes=15)


def order(purpose="entry", side=Side.BUY):
    return Order(reference=f"sk1-{purpose}", symbol="BHP", side=side, quantity=100, purpose=purpose)


def fill(at, quantity, price, purpose="entry", side=Side.BUY):
    return Fill(
        execution_id=f"{purpose}{quantity}{price}",
        reference=f"sk1-{purpose}",
        symbol="BHP",
        side=side,
        quantity=quantity,
        price=Decimal(price),
        commission=Decimal(3),
        at=at,
    )


def found(at, *candidates):
    return ev.CandidatesScanned(at=at, phase="scan", candidates=candidates)


def alerted(at, *symbols):
    alerts = tuple(Alert(symbol=symbol, text=f"{symbol} is watched") for symbol in symbols)
    return ev.CandidatesAlerted(at=at, phase="alert", alerts=alerts)


def test_candidates_have_gap_range_and_headline(tell, at):
    headline = "A discovery of such a size that nobody had thought it possible at all"
    first = Candidate(symbol="BHP", reason="gaps", gap_percent=Decimal("4.25"), headline=headline)
    second = Candidate(symbol="CBA", reason="news_only *big*")
    measured = OpeningRange(
        symbol="BHP", high=Decimal("45.1"), low=Decimal("44.905"), start=at, end=at, bars=5
    )
    [told] = tell(
        found(at, first, second),
        ev.OpeningRangesTracked(at=at, phase="track_ranges", ranges=(measured,)),
        alerted(at, "BHP", "CBA"),
    )
    assert (told.kind, told.tone, told.title) == (
        Kind.CANDIDATES,
        Tone.GOOD,
        "Tradeable Candidates Ready",
    )
    assert (told.text, told.listed) == ("2 tradeable candidates", "Candidates")
    assert told.items == (
        ("BHP", "Gap: 4.2% | ORH: $45.10 | ORL: $44.905", f"{headline[:55]}..."),
        ("CBA", "Gap: N/A | ORH: N/A | ORL: N/A", "news_only *big*"),
    )
    assert told.where == "orh_breakout · XASX 2026-11-24 · paper"


def test_no_candidates_is_a_warning(tell, at):
    [told] = tell(alerted(at))
    assert (told.tone, told.text) == (Tone.WARNING, "No tradeable candidates found")


def test_an_alert_whose_scan_another_process_heard_is_told_in_its_own_words(tell, at):
    [told] = tell(alerted(at, "BHP"))
    assert told.items == (("BHP", "BHP is watched", ""),)


def test_an_entry_is_told_once_it_is_filled_at_its_average_price(tell, at):
    told = tell(
        ev.OrderIntended(at=at, order=order()),
        ev.OrderFilled(at=at, fill=fill(at, 40, "45.10"), remaining=60),
        ev.PositionOpened(at=at, symbol="BHP", side=Side.BUY, quantity=40, price=Decimal("45.10")),
        ev.OrderFilled(at=at, fill=fill(at, 60, "45.20"), remaining=0),
    )
    [trade] = told
    assert (trade.kind, trade.title, trade.text) == (Kind.TRADES, "Trade Executed", "BUY BHP")
    assert [(name, value) for name, value, _ in trade.fields] == [
        ("Ticker", "BHP"),
        ("Action", "BUY"),
        ("Quantity", "100"),
        ("Price", "$45.1600"),
    ]


def test_an_entry_that_was_filled_in_part_is_told_when_the_rest_is_cancelled(tell, at):
    [trade] = tell(
        ev.OrderIntended(at=at, order=order()),
        ev.OrderFilled(at=at, fill=fill(at, 40, "45.10"), remaining=60),
        ev.OrderCancelled(at=at, reference="sk1-entry"),
    )
    assert trade.fields[2].value == "40"


def test_a_stop_and_the_loss_that_it_made(tell, at):
    hit = ev.StopHit(
        at=at,
        reference="sk1-stop",
        symbol="BHP",
        stop_price=Decimal("44.90"),
        fill_price=Decimal("44.90"),
    )
    stop, trade = tell(
        ev.OrderIntended(at=at, order=order("stop", Side.SELL)),
        hit,
        ev.StopHit(
            at=at,
            reference="sk1-stop",
            symbol="BHP",
            stop_price=Decimal("44.90"),
            fill_price=Decimal("44.85"),
        ),
        ev.OrderFilled(at=at, fill=fill(at, 100, "44.85", "stop", Side.SELL), remaining=0),
        ev.PositionClosed(
            at=at,
            symbol="BHP",
            quantity=100,
            entry_price=Decimal("45.16"),
            exit_price=Decimal("44.85"),
            profit=Decimal(-37),
        ),
    )
    assert (stop.kind, stop.title) == (Kind.STOPS, "Stop Hit")
    assert [value for _, value, _ in stop.fields] == ["BHP", "$44.9000", "$44.9000"]
    assert (trade.kind, trade.tone, trade.text) == (Kind.TRADES, Tone.BAD, "SELL BHP")
    assert trade.fields[-1][:2] == ("PnL", "-$37.00")


def test_the_day_ends_with_what_its_trades_made(tell, at):
    *_, done = tell(
        ev.PositionClosed(
            at=at,
            symbol="BHP",
            quantity=1,
            entry_price=Decimal(1),
            exit_price=Decimal(2),
            profit=Decimal("1.5"),
        ),
        ev.DayFinished(at=at, outcome=ev.Outcome.COMPLETED),
    )
    assert done.kind is Kind.DAYS
    assert [(name, value) for name, value, _ in done.fields] == [("Trades", "1"), ("PnL", "$1.50")]


def started(day, at, **more):
    graph = PhaseGraph(Phase("scan"))
    return ev.DayStarted(
        at=at,
        run_id=day.run_id,
        strategy=day.strategy,
        account=day.account,
        session=day.session,
        graph=graph,
        broker="sim",
        **more,
    )


@pytest.mark.parametrize(
    ("kind", "fields", "about", "words"),
    [
        ("PhaseFailed", {"phase": "scan", "error": "no data"}, Kind.FAILURES, "scan: no data"),
        (
            "PhaseSkipped",
            {"phase": "scan", "reason": "late", "detail": "its deadline has passed"},
            Kind.FAILURES,
            "scan: its deadline has passed",
        ),
        (
            "CandidatesJoined",
            {"phase": "scan", "failed": {"announcements": "the page changed"}},
            Kind.FAILURES,
            "announcements: the page changed",
        ),
        (
            "OrderUnknown",
            {"reference": "sk1-a", "finding": "no trace of it"},
            Kind.FAILURES,
            "sk1-a: no trace of it",
        ),
        ("OrderRejected", {"reference": "sk1-a", "reason": "too big"}, Kind.FAILURES, "too big"),
        (
            "ConnectionChanged",
            {"up": False, "reason": "reset"},
            Kind.FAILURES,
            "Stops at the broker stand",
        ),
        (
            "DayFinished",
            {"outcome": "failed", "reason": "scan failed"},
            Kind.FAILURES,
            "scan failed",
        ),
        (
            "Reconciled",
            {"reason": "start", "passes": 1, "differences": ("BHP: 100 more",)},
            Kind.FAILURES,
            "BHP: 100 more",
        ),
        ("EntriesHalted", {"why": "odd fills", "by": "a person"}, Kind.HALTS, "By a person: odd"),
        ("EntriesResumed", {"by": "a person"}, Kind.HALTS, "By a person."),
        (
            "DayResumed",
            {"owner": "b", "interrupted": ("trade",)},
            Kind.DEAD_MAN,
            "is gone; another goes on with it. It was in trade.",
        ),
    ],
)
def test_what_goes_wrong_is_told_by_its_kind(tell, at, kind, fields, about, words):
    [told] = tell(getattr(ev, kind)(at=at, **fields))
    assert told.kind is about
    assert words in told.text


def test_protection_is_told_lost_and_found(tell, at):
    lost, back = tell(
        ev.ProtectionLapsed(at=at, symbol="BHP", since=at, reason="rejected"),
        ev.ProtectionRestored(at=at, symbol="BHP"),
    )
    assert (lost.tone, back.tone) == (Tone.BAD, Tone.GOOD)


def test_a_day_that_nobody_started_is_the_dead_mans(tell, at, day):
    [told] = tell(started(day, at, missed=True))
    assert (told.kind, told.title) == (Kind.DEAD_MAN, "Day Missed")
    [disabled] = tell(started(day, at, disabled=True))
    assert (disabled.kind, disabled.tone) == (Kind.DAYS, Tone.WARNING)
    [usual] = tell(started(day, at))
    assert (usual.kind, usual.text) == (Kind.DAYS, "1 phases on sim")


@pytest.mark.parametrize(
    "event",
    [
        lambda at: ev.PhaseTicked(at=at, phase="trade", attempt=1),
        lambda at: ev.DayResumed(at=at, owner="b", only="scan"),
        lambda at: ev.PhaseSkipped(at=at, phase="trade", reason="no_window"),
        lambda at: ev.Reconciled(at=at, reason="start", passes=1),
        lambda at: ev.CandidatesJoined(at=at, phase="scan", found={"announcements": 3}),
    ],
)
def test_what_is_in_order_is_not_told(tell, at, event):
    assert tell(event(at)) == []
