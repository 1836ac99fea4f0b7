"""The lines of the story for what goes wrong, and silence about what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from skim_core.cli.words.story import Story
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderStage, OrderState, OrderType, Side, TimeInForce

AT = datetime(2026, 1, 6, 0, 0, tzinfo=UTC)
ENTRY = Order(reference="a.P", symbol="BHP", side=Side.BUY, quantity=100)
STOP = Order(
    reference="a.S",
    symbol="BHP",
    side=Side.SELL,
    quantity=100,
    type=OrderType.STOP,
    stop_price=Decimal("44.5"),
    time_in_force=TimeInForce.GTC,
    purpose="stop",
    parent="a.P",
    closes=True,
)


@pytest.fixture
def story() -> Story:
    """Return a story in which an entry and its stop were ordered."""
    told = Story()
    for order in (ENTRY, STOP):
        told.tell(ev.OrderIntended(at=AT, order=order))
    return told


def refused(limit: str, reason: str) -> ev.OrderRefused:
    return ev.OrderRefused(at=AT, symbol="BHP", purpose="entry", limit=limit, reason=reason)


@pytest.mark.parametrize(
    ("event", "topic", "text", "tone"),
    [
        (
            ev.OrderAbsent(at=AT, reference="a.P", reason="no trace"),
            "order",
            "the broker never had buy 100 BHP at market (a.P): no trace",
            "warning",
        ),
        (
            ev.OrderUnknown(at=AT, reference="a.P", finding="it holds 70 BHP"),
            "order",
            "skim resolve a.P --as filled|cancelled|absent|working --why TEXT",
            "error",
        ),
        (
            ev.OrderResolved(at=AT, reference="a.P", outcome="absent", why="seen", by="ann"),
            "order",
            "ann says that buy 100 BHP at market (a.P) is absent: seen",
            "warning",
        ),
        (
            ev.OrderCancelling(at=AT, reference="a.P", reason="entries are halted"),
            "order",
            "cancels buy 100 BHP at market: entries are halted",
            "",
        ),
        (
            ev.EntriesHalted(at=AT, why="odd fills", by="ann"),
            "halt",
            "entries are halted by ann: odd fills, stops and exits go on",
            "error",
        ),
        (
            ev.EntriesHalted(at=AT, why="odd fills", by="ann", flatten=True),
            "halt",
            "entries are halted by ann: odd fills; all that is held is sold",
            "error",
        ),
        (
            ev.EntriesResumed(at=AT, by="ann", why="all is well"),
            "halt",
            "entries are allowed again, by ann: all is well",
            "title",
        ),
        (
            ev.ConnectionChanged(at=AT, up=False, reason="1100"),
            "connection",
            "the line to the broker is DOWN: 1100",
            "error",
        ),
        (ev.ConnectionChanged(at=AT, up=True), "connection", "is up again", "done"),
        (
            ev.ProtectionLapsed(
                at=AT, symbol="BHP", since=AT - timedelta(seconds=75), reason="its stop is gone"
            ),
            "protection",
            "BHP HAS HAD NO WORKING STOP for 75 s: its stop is gone",
            "error",
        ),
        (ev.ProtectionRestored(at=AT, symbol="BHP"), "protection", "its stop again", "done"),
        (
            ev.PositionCarried(
                at=AT,
                symbol="BHP",
                quantity=100,
                average_price=Decimal(1354) / 30,
                opened_at=AT - timedelta(days=1),
            ),
            "position",
            "holds 100 BHP at 45.1333 from a day before",
            "",
        ),
        (
            ev.Reconciled(at=AT, reason="", passes=2, differences=("BHP: 100 are not ours",)),
            "reconciled",
            "BHP: 100 are not ours",
            "warning",
        ),
    ],
)
def test_what_a_person_should_hear_of_has_a_line(story, event, topic, text, tone):
    line = story.tell(event)
    assert (line.topic, line.tone) == (topic, tone)
    assert text in line.text


@pytest.mark.parametrize(
    "event",
    [
        ev.OrderSending(at=AT, reference="a.P"),
        ev.OrderAcknowledged(at=AT, reference="a.P"),
        ev.OrderCancelling(at=AT, reference="a.S", reason="nothing is left to close"),
        ev.OrderCancelled(at=AT, reference="a.S"),
        ev.Reconciled(at=AT, reason="the day begins", passes=1),
    ],
)
def test_what_happens_every_day_has_none(story, event):
    assert story.tell(event) is None


def test_an_entry_that_is_refused_minute_after_minute_is_told_once_for_each_limit(story):
    first = story.tell(refused("positions", "it would be 4, above the limit of 3"))
    assert first.text == "entry of BHP refused by positions: it would be 4, above the limit of 3"
    assert story.tell(refused("positions", "it would be 5, above the limit of 3")) is None
    assert story.tell(refused("halt", "entries are halted by ann: x")) is not None


def test_what_is_not_ours_is_told_when_it_changes(story):
    def found(**shares: int) -> ev.Reconciled:
        return ev.Reconciled(at=AT, reason="", passes=1, foreign_positions=shares)

    assert story.tell(found(BHP=70)).text == "not ours, and left alone: 70 BHP"
    assert story.tell(found(BHP=70)) is None
    assert story.tell(found(BHP=60)) is not None
    assert story.tell(found()) is None


def test_a_stop_that_was_carried_over_is_known_when_it_trades(story):
    carried = STOP.model_copy(update={"reference": "b.S", "parent": None})
    state = OrderState(order=carried, stage=OrderStage.ACKNOWLEDGED)
    line = story.tell(ev.OrderCarried(at=AT, state=state))
    assert line.text == "sell 100 BHP stop 44.5 still stands"
    fill = Fill(
        execution_id="x.1",
        reference="b.S",
        symbol="BHP",
        side=Side.SELL,
        quantity=100,
        price=Decimal("44.4"),
        at=AT,
    )
    filled = story.tell(ev.OrderFilled(at=AT, fill=fill, remaining=0))
    assert filled.text == "sold 100 BHP at 44.4 by its stop"


def test_the_last_line_says_what_is_still_held(story):
    story.tell(
        ev.PositionCarried(
            at=AT, symbol="CSL", quantity=50, average_price=Decimal(200), opened_at=AT
        )
    )
    for number, (reference, side, quantity) in enumerate(
        [("a.P", Side.BUY, 100), ("b.X", Side.SELL, 50)]
    ):
        fill = Fill(
            execution_id=f"x.{number}",
            reference=reference,
            symbol="BHP" if reference == "a.P" else "CSL",
            side=side,
            quantity=quantity,
            price=Decimal(45),
            at=AT,
        )
        story.tell(ev.OrderFilled(at=AT, fill=fill, remaining=0))
    told = story.tell(ev.DayFinished(at=AT, outcome=ev.Outcome.COMPLETED))
    assert told.text == "completed. No trades; still holds 100 BHP"


def test_a_missed_day_begins_with_saying_so(story, days, session):
    started = days.completed(session)[0].model_copy(update={"missed": True})
    line = Story().tell(started)
    assert "Nobody started it in time: only what is open is looked after" in line.text
    assert line.tone == "error"
