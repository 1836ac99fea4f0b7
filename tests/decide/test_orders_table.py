"""An order's life is what `STAGES` says, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from skim_core.decide.orders import KEEPS, RESOLVED, STAGES, can_follow, next_stage
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.orders import Fill, Order, OrderStage, OrderState, Side

NOW = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)
ORDER = Order(reference="a.P", symbol="BHP", side=Side.BUY, quantity=100)
ORDER_EVENTS = tuple(
    kind
    for kind in ev.EVENTS
    if kind.__name__.startswith(("Order", "StopHit"))
    and kind not in {ev.OrderIntended, ev.OrderRefused, ev.OrderCarried}
)
LIVE = [stage for stage in OrderStage if not stage.final]


def told(kind, remaining=40, outcome="cancelled"):
    """Return an event of this kind; every kind ignores what it has no field for."""
    fill = Fill(
        execution_id="x1",
        reference="a.P",
        symbol="BHP",
        side=Side.BUY,
        quantity=60,
        price=Decimal(10),
        at=NOW,
    )
    everything = {
        "at": NOW,
        "reference": "a.P",
        "fill": fill,
        "remaining": remaining,
        "reason": "why",
        "finding": "nothing",
        "outcome": outcome,
        "why": "seen",
        "by": "trader",
        "quantity": 100,
        "symbol": "BHP",
        "stop_price": Decimal(9),
        "fill_price": Decimal(9),
    }
    return kind(**{name: everything[name] for name in kind.model_fields if name in everything})


@pytest.mark.parametrize("stage", OrderStage)
@pytest.mark.parametrize("kind", ORDER_EVENTS, ids=lambda kind: kind.__name__)
def test_what_the_table_does_not_allow_is_refused(stage, kind):
    event = told(kind)
    if kind in KEEPS:
        assert next_stage(stage, event) is stage
    elif kind is ev.OrderResolved and stage is OrderStage.UNKNOWN:
        assert next_stage(stage, event) is OrderStage.CANCELLED
    elif can_follow(stage, kind):
        assert next_stage(stage, event) is STAGES[stage, kind]
    else:
        with pytest.raises(SequenceError, match=f"{event.kind!r} can't happen .* {stage}"):
            next_stage(stage, event)


def test_nothing_is_sent_but_what_was_just_decided_or_certainly_never_arrived():
    sendable = {stage for stage, kind in STAGES if kind is ev.OrderSending}
    assert sendable == {OrderStage.INTENT, OrderStage.ABSENT}


def test_whatever_was_sent_may_turn_out_to_have_traded():
    unsent = {OrderStage.INTENT, OrderStage.REFUSED}
    for stage in set(OrderStage) - unsent:
        assert next_stage(stage, told(ev.OrderFilled, remaining=0)) is OrderStage.FILLED
        assert OrderState(order=ORDER, stage=stage).filled == 0
    for stage in unsent:
        assert not can_follow(stage, ev.OrderFilled)


def test_a_part_that_trades_keeps_an_order_that_is_over_over():
    for stage in (OrderStage.CANCELLED, OrderStage.FILLED):
        assert next_stage(stage, told(ev.OrderFilled, remaining=40)) is stage


def test_only_an_order_in_doubt_becomes_absent():
    assert [stage for stage, kind in STAGES if kind is ev.OrderAbsent] == [OrderStage.SENDING]


def test_every_live_stage_but_an_intent_can_end_in_not_knowing():
    puzzled = {stage for stage, kind in STAGES if kind is ev.OrderUnknown}
    assert puzzled == set(LIVE) - {OrderStage.INTENT, OrderStage.UNKNOWN}


@pytest.mark.parametrize("outcome", RESOLVED)
def test_a_persons_word_settles_an_unknown_order_and_no_other(outcome):
    event = told(ev.OrderResolved, outcome=outcome)
    assert next_stage(OrderStage.UNKNOWN, event) is RESOLVED[outcome]
    for stage in set(OrderStage) - {OrderStage.UNKNOWN}:
        with pytest.raises(SequenceError):
            next_stage(stage, event)


def test_from_every_live_stage_some_way_leads_to_an_end():
    for stage in LIVE:
        reached, seen = {stage}, set()
        while reached - seen:
            seen |= reached
            reached = seen | {after for (before, _), after in STAGES.items() if before in seen}
        assert any(found.final for found in reached), stage


def test_an_order_is_live_until_its_stage_is_final_and_in_doubt_until_the_broker_was_heard():
    for stage in OrderStage:
        state = OrderState(order=ORDER, stage=stage)
        assert state.live is (not stage.final)
        assert state.open_quantity == (0 if stage.final else 100)
    doubtful = {stage for stage in OrderStage if OrderState(order=ORDER, stage=stage).in_doubt}
    assert doubtful == {OrderStage.SENDING, OrderStage.UNKNOWN}
    reached = {stage for stage in OrderStage if OrderState(order=ORDER, stage=stage).accepted}
    never = {OrderStage.INTENT, OrderStage.SENDING, OrderStage.ABSENT, OrderStage.REFUSED}
    assert reached == set(OrderStage) - never
