"""A day explained: nothing left out, nothing told twice, and the words that matter are there."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.decide.explained import to_data
from skim_core.decide.explanation import about, explain
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.orders import Fill, Order, OrderType, Side
from skim_core.model.phases import Phase
from skim_core.testing import events as any_event
from skim_core.testing.days import drive_day, raises, returns
from skim_core.testing.graphs import scripted_days
from skim_core.testing.scripted import plain_exchange, plain_session
from skim_core.testing.simulate import session_of, simulate_day

SESSION = plain_session()
START = SESSION.open
STRATEGY = """
    from datetime import timedelta
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph():
        return PhaseGraph(
            Phase("scan", at="open+10m"),
            Phase("trade", after="scan", every="10m", between=("open+10m", "close-30m")),
            Phase("manage", every="10m", protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context[None]) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=Decimal(3)))
        return [Candidate(symbol=row.symbol, reason="gap") for row in rows]

    @hooks.trade
    async def skim_trade(ctx: Context[None]) -> None:
        for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
            stop = quote.last * Decimal("0.99")
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=1000, stop_price=stop))

    @hooks.manage
    async def skim_manage(ctx: Context[None]) -> None:
        if ctx.now >= ctx.session.close - timedelta(minutes=10):
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol, reason="before the close")
"""


def explained(*events, exchange=None):
    return explain(enumerate(events, 1), exchange)


def at(minutes=0, **more):
    return START + timedelta(minutes=minutes, **more)


def begun(**more):
    return ev.DayStarted(
        at=at(-15),
        run_id="example/XTST/2026-01-06/paper",
        strategy="example",
        account="paper",
        session=SESSION,
        graph=PhaseGraph(Phase("trade", every="1m"), Phase("scan", at="open+1m")),
        broker="sim",
        **more,
    )


def decided(reference="k.P", minute=1, *, reading=None, **more):
    fields = {"symbol": "BHP", "side": Side.BUY, "quantity": 100, **more}
    order = Order(reference=reference, **fields)
    return ev.OrderIntended(
        at=at(minute), order=order, reason="it broke out", by="trade", reading=reading
    )


def reading(**more):
    return RiskReading(
        **{
            "last": Decimal("10.00"),
            "quoted_at": at(1, seconds=-5),
            "value": Decimal(1000),
            "position_value": Decimal(1000),
            **more,
        }
    )


def filled(minute, quantity=100, price="10.02", remaining=0, reference="k.P", side=Side.BUY):
    fill = Fill(
        execution_id=f"x{minute}.{reference}",
        reference=reference,
        symbol="BHP",
        side=side,
        quantity=quantity,
        price=Decimal(price),
        commission=Decimal(6),
        at=at(minute),
    )
    return ev.OrderFilled(at=at(minute), fill=fill, remaining=remaining)


def numbers(part):
    """Yield every record number that a part of --json names."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from value if name == "records" else numbers(value)
    elif isinstance(part, list):
        for value in part:
            yield from numbers(value)


def assert_all_is_told_once(events):
    told = explained(*events, exchange=plain_exchange())
    assert sorted(numbers(to_data(told))) == list(range(1, len(events) + 1))
    references = [decision.reference for decision in told.decisions]
    known = {
        event.order.reference
        if isinstance(event, ev.OrderIntended)
        else event.state.order.reference
        for event in events
        if isinstance(event, ev.OrderIntended | ev.OrderCarried)
    }
    assert sorted(references) == sorted(known)
    return told


# Nothing is left out


@given(scripted_days(crashing=True), st.floats(0, 1))
def test_every_record_of_any_prefix_of_a_day_is_told_in_one_place(day, part):
    events = day.drive()
    told = assert_all_is_told_once(events[: round(len(events) * part)])
    assert not told.other


@settings(max_examples=30)
@given(st.lists(any_event.events(), max_size=8))
def test_a_damaged_journal_is_told_as_well(events):
    assert_all_is_told_once(events)


_ORDER_FACTS = [
    decided(),
    decided("k.S", side=Side.SELL, type=OrderType.STOP, stop_price=Decimal(9), parent="k.P"),
    *(
        fact
        for reference in ("k.P", "k.S")
        for fact in (
            ev.OrderSending(at=at(2), reference=reference),
            ev.OrderAcknowledged(at=at(2), reference=reference),
            ev.OrderModified(at=at(2), reference=reference, quantity=50),
            ev.OrderCancelling(at=at(3), reference=reference),
            filled(3, 40, "10.5", 60, reference),
            filled(4, 60, "9.5", 0, reference, Side.SELL),
            ev.StopHit(at=at(4), reference=reference, symbol="BHP", stop_price=9, fill_price=9),
            ev.OrderCancelled(at=at(5), reference=reference),
            ev.OrderRejected(at=at(5), reference=reference, reason="no"),
            ev.OrderAbsent(at=at(5), reference=reference),
            ev.OrderUnknown(at=at(5), reference=reference, finding="?"),
            ev.OrderResolved(at=at(6), reference=reference, outcome="absent", why="", by="ann"),
        )
    ),
    ev.PositionOpened(at=at(3), symbol="BHP", side=Side.BUY, quantity=40, price=Decimal(10)),
    ev.DayResumed(at=at(5), owner="b"),
    begun(),
]


@given(st.lists(st.sampled_from(_ORDER_FACTS), max_size=30))
def test_orders_are_told_whatever_comes_in_whatever_order(events):
    assert_all_is_told_once(events)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Return the events of a day on the simulated exchange, with entries, stops and exits."""
    folder = tmp_path_factory.mktemp("explained")
    (folder / "explained_strategy.py").write_text(dedent(STRATEGY))
    metadata = folder / "explained_strategy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: explained\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[skim.strategies]\nexplained = explained_strategy\n"
    )
    sys.path.insert(0, str(folder))
    try:
        session = session_of("XASX", "2026-11-24", folder)
        return simulate_day("explained", session, folder / "broker").events
    finally:
        sys.path.remove(str(folder))


def test_a_simulated_day_is_told_whole(simulated):
    told = assert_all_is_told_once(simulated)
    kinds = {type(event) for event in simulated}
    assert {ev.OrderIntended, ev.StopHit, ev.PositionClosed, ev.OrderCancelled} <= kinds
    assert not told.other
    assert told.end.outcome == "completed"
    closed = [event for event in simulated if isinstance(event, ev.PositionClosed)]
    assert told.profit == sum(event.profit for event in closed)


@given(part=st.floats(0, 1))
def test_any_prefix_of_a_simulated_day_is_told_whole(simulated, part):
    told = assert_all_is_told_once(simulated[: round(len(simulated) * part)])
    assert not told.other


# What is told


def test_a_decision_tells_the_phase_the_inputs_and_what_was_left_of_each_limit():
    limits = Limits(
        positions=3,
        position_value=5000,
        quote_age="10s",
        price_distance=2,
        before_close="30m",
        loss_per_day=500,
    )
    told = explained(
        begun(limits=limits),
        ev.PhaseRequested(at=at(1), phase="scan", attempt=1, due=at(1)),
        decided(
            reading=reading(positions=1, realised=Decimal(-100)),
            type=OrderType.LIMIT,
            limit_price=Decimal("10.10"),
        ),
    )
    [decision] = told.decisions
    [step] = decision.steps
    assert (step.by, step.reason, step.quote_age) == (
        "trade",
        "it broke out",
        timedelta(seconds=5),
    )
    left = {margin.limit: (margin.found, margin.left) for margin in step.margins}
    assert left == {
        "before_close": (timedelta(minutes=359), timedelta(minutes=329)),
        "quote_age": (timedelta(seconds=5), timedelta(seconds=5)),
        "price_distance": (1, 1),
        "position_value": (1000, 4000),
        "positions": (2, 1),
        "loss_per_day": (100, 400),
    }


def test_the_time_to_the_gateways_restart_is_measured_in_the_exchanges_zone():
    limits = Limits(gateway_restart="10:31", restart_margin="5m")
    told = explained(begun(limits=limits), decided(reading=reading()))
    [margin] = told.decisions[0].steps[0].margins
    assert (margin.found, margin.left) == (timedelta(minutes=30), timedelta(minutes=25))


def test_slippage_is_what_the_fills_cost_more_than_the_last_price():
    told = explained(
        begun(),
        decided(reading=reading()),
        ev.OrderSending(at=at(1), reference="k.P"),
        ev.OrderAcknowledged(at=at(1, milliseconds=40), reference="k.P"),
        filled(2, 60, "10.03", 40),
        filled(3, 40, "9.99"),
        exchange=plain_exchange(),
    )
    [decision] = told.decisions
    sent, acknowledged, first, second = decision.steps[1:]
    assert (sent.what, acknowledged.after) == ("sent", timedelta(milliseconds=40))
    assert (first.slippage, first.slippage_ticks) == (Decimal("1.80"), 3)
    assert (second.slippage, second.slippage_ticks) == (Decimal("-0.40"), -1)
    assert (decision.slippage, decision.slippage_ticks) == (Decimal("1.40"), Decimal("1.4"))
    assert decision.average_price == Decimal("10.014")


def test_a_short_entry_that_sells_lower_is_worse():
    told = explained(
        decided(reading=reading(), side=Side.SELL), filled(2, price="9.98", side=Side.SELL)
    )
    assert told.decisions[0].slippage == Decimal("2.00")
    assert told.decisions[0].slippage_ticks is None


def test_a_stop_is_measured_against_where_it_stood_when_it_was_hit():
    told = explained(
        decided(reference="k.S", side=Side.SELL, type=OrderType.STOP, stop_price=Decimal("9.50")),
        ev.OrderSending(at=at(1), reference="k.S"),
        ev.OrderModified(
            at=at(2),
            reference="k.S",
            quantity=80,
            stop_price=Decimal("9.80"),
            reason="trailing",
            by="protection",
        ),
        filled(3, 80, "9.77", reference="k.S", side=Side.SELL),
        ev.StopHit(at=at(3), reference="k.S", symbol="BHP", stop_price="9.80", fill_price="9.77"),
    )
    modified, fill = told.decisions[0].steps[2:]
    assert (modified.by, modified.reason) == ("protection", "trailing")
    assert (modified.from_quantity, modified.to_quantity) == (100, 80)
    assert (modified.from_stop_price, modified.to_stop_price) == (Decimal("9.50"), Decimal("9.80"))
    assert (fill.stop_hit, fill.records) == (True, [4, 5])
    assert fill.slippage == Decimal("2.40")


def test_an_unknown_order_tells_what_settled_it_and_when():
    told = explained(
        decided(),
        ev.OrderSending(at=at(1), reference="k.P"),
        ev.OrderUnknown(at=at(2), reference="k.P", finding="the broker holds 100"),
        ev.OrderResolved(at=at(7), reference="k.P", outcome="filled", why="statement", by="ann"),
    )
    unknown, resolved = told.decisions[0].steps[2:]
    assert (unknown.settled_at, unknown.settled_by) == (at(7), "a person")
    assert (resolved.by, resolved.outcome) == ("ann", "filled")


def test_a_cancel_that_was_asked_for_is_told_apart_from_the_brokers_own():
    sent = [decided(), ev.OrderSending(at=at(1), reference="k.P")]
    asked = ev.OrderCancelling(at=at(2), reference="k.P", reason="as asked", by="manage")
    over = ev.OrderCancelled(at=at(2, seconds=3), reference="k.P", reason="")
    *_, cancel, told = explained(*sent, asked, over).decisions[0].steps
    assert (cancel.by, cancel.reason) == ("manage", "as asked")
    assert (told.asked, told.after) == (True, timedelta(seconds=3))
    *_, told = explained(*sent, over).decisions[0].steps
    assert (told.asked, told.after) == (False, None)


def test_a_refused_entry_tells_the_limit_and_what_was_found():
    refused = ev.OrderRefused(
        at=at(2),
        symbol="BHP",
        purpose="entry",
        limit="positions",
        reason="too many",
        by="trade",
        reading=reading(positions=3),
    )
    [told] = explained(begun(limits=Limits(positions=3)), refused).refusals
    assert (told.limit, told.by) == ("positions", "trade")
    assert (told.margins[0].found, told.margins[0].left) == (4, -1)


def test_a_takeover_tells_how_long_nobody_ran_the_day_and_what_was_interrupted():
    told = explained(
        begun(),
        ev.PhaseRequested(at=at(1), phase="scan", attempt=1, due=at(1)),
        ev.DayResumed(at=at(6), owner="host:2", interrupted=("scan",)),
    )
    [takeover] = told.takeovers
    assert (takeover.owner, takeover.away) == ("host:2", timedelta(minutes=5))
    scan = next(phase for phase in told.phases if phase.phase == "scan")
    assert (scan.attempts[0].ending, scan.status) == ("interrupted", "pending")


def test_a_phase_tells_its_failed_attempts_and_counts_its_ticks():
    graph = PhaseGraph(
        Phase("scan", at="open+1m", retry={"attempts": 3, "jitter": 0}),
        Phase("trade", every="1h"),
    )
    outcomes = {"scan": [raises("no data", "2s"), returns("3s")], "trade": [returns("4s")]}
    told = explained(*drive_day(graph, SESSION, outcomes))
    scan, trade = told.phases
    failed, done = scan.attempts
    assert (failed.ending, failed.error, failed.ended_at - failed.at) == (
        "failed",
        "no data",
        timedelta(seconds=2),
    )
    assert (done.ending, scan.status, scan.end.at - done.at) == (
        "done",
        "completed",
        timedelta(seconds=3),
    )
    assert (trade.ticks.count, trade.ticks.longest) == (6, timedelta(seconds=4))
    assert trade.attempts == []


def test_halts_outages_and_lapses_tell_who_and_how_long():
    told = explained(
        begun(),
        ev.EntriesHalted(at=at(1), why="news", by="ann"),
        ev.EntriesResumed(at=at(4), why="read it", by="bob"),
        ev.ConnectionChanged(at=at(5), up=False, reason="1100"),
        ev.ConnectionChanged(at=at(8), up=True, data_lost=True, reason="1101"),
        ev.ProtectionLapsed(at=at(6), symbol="BHP", since=at(5), reason="the line is down"),
        ev.ProtectionRestored(at=at(9), symbol="BHP"),
        ev.Reconciled(at=at(9), reason="up again", passes=2, foreign_positions={"CBA": 5}),
    )
    assert [(each.by, each.until, each.resumed_by) for each in told.halts] == [
        ("ann", at(4), "bob")
    ]
    assert [(each.lasted, each.data_lost) for each in told.connection] == [
        (timedelta(minutes=3), True)
    ]
    assert [(each.symbol, each.lasted) for each in told.protection] == [
        ("BHP", timedelta(minutes=4))
    ]
    assert told.reconciliations[0].foreign_positions == {"CBA": 5}


def test_a_position_that_is_still_held_tells_what_it_cost():
    opened = ev.PositionOpened(at=at(1), symbol="BHP", side="buy", quantity=60, price=Decimal(10))
    told = explained(
        decided(),
        ev.OrderSending(at=at(1), reference="k.P"),
        filled(1, 60, "10", 40),
        opened,
        filled(2, 40, "10.50"),
    )
    [held] = told.positions
    assert (held.quantity, held.entry_price, held.profit) == (100, Decimal("10.20"), None)


def test_the_same_configuration_has_the_same_digest():
    def digest(**config):
        return explained(begun(config=config)).conditions.config_digest

    assert digest(gap=3, limit=2) == digest(limit=2, gap=3)
    assert digest(gap=3) != digest(gap=4)


def test_a_question_about_an_order_is_answered_with_its_bracket_and_position_alone():
    told = explained(
        begun(),
        decided(),
        decided("other.P", symbol="CBA"),
        ev.PositionOpened(at=at(1), symbol="BHP", side="buy", quantity=1, price=Decimal(1)),
        ev.PositionOpened(at=at(1), symbol="CBA", side="buy", quantity=1, price=Decimal(1)),
    )
    asked = about(told, ["k.P"], ["BHP"])
    assert [each.reference for each in asked.decisions] == ["k.P"]
    assert [each.symbol for each in asked.positions] == ["BHP"]
