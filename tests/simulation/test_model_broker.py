"""The model broker does all that the real one was seen doing, and each fault what it says."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest

from skim_core.errors import BrokerError, NotSentError
from skim_core.model.orders import Fill, Order, OrderStatus, OrderType, Side, TimeInForce
from skim_core.model.reports import OrderReport
from skim_core.ports.broker import Connection
from skim_core.simulation import LoopClock, Process, SimulationLoop
from skim_core.simulation.broker import ModelBroker
from skim_core.simulation.exchange import ModelExchange
from skim_core.simulation.fault_shapes import SHAPES, FaultKind, Occasion
from skim_core.simulation.faults import Fault, FaultPlan, describe
from skim_core.simulation.market import ModelMarket, in_ticks
from skim_core.simulation.matching import trade_price
from skim_core.testing.scripted import plain_session

SESSION = plain_session()
OPEN = SESSION.open
SECOND = timedelta(seconds=1)


class Lab:
    """One model broker, and processes that use it."""

    def __init__(self, *faults, seed=1, at=timedelta(minutes=1)):
        self.plan = FaultPlan(seed=seed, faults=faults)
        self.loop = SimulationLoop(step_limit=200_000)
        self.clock = LoopClock(self.loop, OPEN + at)
        self.market = ModelMarket(seed, ("BHP", "CBA"), SESSION, faults)
        self.exchange = ModelExchange(self.market, self.clock, self.plan)
        self.notices = []
        self.process, self.broker = self.client("one")

    def client(self, name):
        process = Process(name, self.loop)
        broker = ModelBroker(self.exchange, process, self.clock)
        broker.subscribe(self.notices.append)
        return process, broker

    def run(self, script, process=None):
        """Run a coroutine function in a process; return what it returns, None if it died."""
        process = process or self.process
        task = process.run(script())
        if not self.loop.run_until_complete(process.completes(task)):
            return None
        return task.result()

    def wait(self, seconds):
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def connected(self):
        self.run(self.broker.connect)
        return self

    def statuses(self, reference="e"):
        return [
            notice.status
            for notice in self.notices
            if isinstance(notice, OrderReport) and notice.reference == reference
        ]

    def fills(self):
        return [notice for notice in self.notices if isinstance(notice, Fill)]

    def connections(self):
        return [notice for notice in self.notices if isinstance(notice, Connection)]

    def order(self, reference="e"):
        return next(found for found in self.exchange.orders if found.order.reference == reference)

    def price(self):
        return self.market.price("BHP", self.clock.now())


@pytest.fixture
def lab(request):
    made = []

    def make(*faults, **options):
        made.append(Lab(*faults, **options))
        return made[-1].connected()

    yield make
    for one in made:
        one.loop.close()
        assert not one.loop.unhandled


def fault(kind, number=0, **fields):
    return Fault(number=number, kind=kind, **fields)


def entry(quantity=100, **fields):
    return Order(reference="e", symbol="BHP", side=Side.BUY, quantity=quantity, **fields)


def resting(lab, reference="e", quantity=100, away="0.50", **fields):
    """Return a buy that is too cheap to trade today."""
    price = (lab.price() * Decimal(away)).quantize(Decimal("0.01"))
    return Order(
        reference=reference,
        symbol="BHP",
        side=Side.BUY,
        quantity=quantity,
        type=OrderType.LIMIT,
        limit_price=price,
        **fields,
    )


def child(lab, purpose, factor, parent="e", quantity=100):
    price = (lab.price() * Decimal(factor)).quantize(Decimal("0.01"))
    stop = purpose == "stop"
    return Order(
        reference=purpose[0],
        symbol="BHP",
        side=Side.SELL,
        quantity=quantity,
        type=OrderType.STOP if stop else OrderType.LIMIT,
        stop_price=price if stop else None,
        limit_price=None if stop else price,
        time_in_force=TimeInForce.GTC,
        purpose=purpose,
        parent=parent,
        oca_group="e",
        closes=True,
    )


def bracket(lab, first=None, stop="0.50", target="1.50"):
    return [first or entry(), child(lab, "stop", stop), child(lab, "target", target)]


def submit(lab, *orders, process=None, broker=None):
    return lab.run(lambda: (broker or lab.broker).submit(orders), process)


def looked(lab):
    return {report.reference: report for report in lab.run(lab.broker.orders)}


# Without faults


def test_a_market_order_is_acknowledged_and_trades_with_notices_of_both(lab):
    lab = lab()
    submit(lab, entry())
    lab.wait(120)
    assert sum(fill.quantity for fill in lab.fills()) == 100
    assert lab.statuses()[0] is OrderStatus.WORKING
    assert lab.statuses()[-1] is OrderStatus.FILLED
    assert lab.exchange.positions == {"BHP": 100}
    (held,) = lab.run(lab.broker.positions)
    assert (held.symbol, held.quantity) == ("BHP", 100)
    assert lab.run(lab.broker.executions) == lab.exchange.fills


def test_children_are_held_until_the_first_fill_and_cover_what_has_filled(lab):
    parts = fault(FaultKind.FILLED_IN_PARTS, after=Occasion.ENTRY, amount=4, lasting=60)
    lab = lab(parts)
    submit(lab, *bracket(lab, first=entry()))
    assert lab.order("s").status is OrderStatus.HELD
    while not lab.exchange.fills:
        lab.wait(0.1)
    assert lab.order().filled == 25
    assert lab.order("s").status is lab.order("t").status is OrderStatus.WORKING
    assert lab.order("s").tradable == lab.order("t").tradable == 25


def test_a_cancelled_parent_takes_children_with_it_that_have_nothing_to_close(lab):
    lab = lab()
    submit(lab, *bracket(lab, first=resting(lab)))
    lab.run(lambda: lab.broker.cancel("e"))
    lab.wait(5)
    states = [lab.order(reference).status for reference in "est"]
    assert states == [OrderStatus.CANCELLED] * 3
    assert lab.statuses("s")[-1] is OrderStatus.CANCELLED


def test_a_parent_cancelled_after_a_part_leaves_children_for_that_part(lab):
    parts = fault(FaultKind.FILLED_IN_PARTS, after=Occasion.ENTRY, amount=4, lasting=60)
    lab = lab(parts)
    submit(lab, *bracket(lab, stop="0.5", target="0.9"))
    while lab.order().filled < 25:
        lab.wait(0.1)
    lab.run(lambda: lab.broker.cancel("e"))
    lab.wait(300)
    assert lab.order().status is OrderStatus.CANCELLED
    # The target was below the market: it has sold what was bought, and the stop is gone.
    assert lab.exchange.positions == {}
    assert lab.order("t").filled == lab.order("s").taken == lab.order().filled
    assert lab.order("t").done_at is not None
    assert lab.order("s").status is OrderStatus.CANCELLED


def test_a_fill_takes_as_much_from_the_others_of_its_group_in_the_same_step(lab):
    lab = lab()
    seen = []

    def look():
        if len(lab.exchange.orders) == 3:
            stop, target = lab.order("s"), lab.order("t")
            seen.append(stop.filled + target.filled <= lab.order().filled)
            seen.append(stop.taken == target.filled and target.taken == stop.filled)

    lab.exchange.on_change.append(look)
    submit(lab, *bracket(lab, target="1.001", stop="0.999"))
    lab.wait(SESSION.minutes * 60)
    assert lab.exchange.positions == {}
    assert seen
    assert all(seen)


def test_a_stop_trades_once_the_market_has_fallen_to_it(lab):
    lab = lab()
    stop = child(lab, "stop", "0.995")
    submit(lab, entry(), stop)
    lab.wait(SESSION.minutes * 60)
    sold = [fill for fill in lab.exchange.fills if fill.reference == "s"]
    if sold:
        assert lab.market.price("BHP", sold[0].at - 20 * SECOND) > 0
    reached = lab.market.reaches(
        "BHP", int(stop.stop_price * 100), lab.exchange.fills[0].at, falling=True
    )
    assert (reached is not None) is bool(sold)
    assert all(fill.at >= reached for fill in sold)


def test_a_limit_is_never_filled_beyond_it(lab):
    lab = lab()
    last = lab.market.ticks("BHP", lab.clock.now())
    for away in ("0.99", "1.01"):
        order = resting(lab, away=away)
        found = lab.exchange.receive(order, "one")
        limit = in_ticks(order.limit_price)
        assert trade_price(found, lab.market, lab.clock.now()) == min(limit, last)


def test_orders_for_the_day_expire_at_the_close_and_others_stand(lab):
    lab = lab()
    submit(lab, resting(lab))
    submit(lab, resting(lab, "g", time_in_force=TimeInForce.GTC))
    lab.wait(SESSION.minutes * 60)
    assert lab.order("e").reason == "expired at the close"
    assert lab.order("g").live


def test_a_reference_that_is_sent_twice_makes_two_orders(lab):
    lab = lab()
    submit(lab, resting(lab))
    submit(lab, resting(lab))
    reports = lab.run(lab.broker.orders)
    assert [report.reference for report in reports] == ["e", "e"]
    assert reports[0].broker_id != reports[1].broker_id
    lab.run(lambda: lab.broker.cancel("e", reports[1].broker_id))
    lab.wait(5)
    first, second = lab.exchange.orders
    assert first.live
    assert not second.live


def test_a_modified_order_keeps_its_identity(lab):
    lab = lab()
    submit(lab, resting(lab))
    changed = lab.order().order.model_copy(update={"quantity": 40})
    lab.run(lambda: lab.broker.modify(changed))
    assert looked(lab)["e"].quantity == 40
    assert len(lab.exchange.orders) == 1


def test_what_the_broker_never_had_cannot_be_cancelled_or_changed(lab):
    lab = lab()
    with pytest.raises(BrokerError, match="10147"):
        lab.run(lambda: lab.broker.cancel("e"))
    with pytest.raises(BrokerError, match="10147"):
        lab.run(lambda: lab.broker.modify(entry()))


def test_a_process_that_dies_between_the_legs_leaves_nothing_that_trades(lab):
    lab = lab()
    lab.process.kill_at_write(3)
    submit(lab, *bracket(lab))
    lab.wait(600)
    assert lab.process.death.endswith("before submit 2")
    assert [found.transmitted for found in lab.exchange.orders] == [False]
    assert not lab.exchange.fills


@pytest.mark.parametrize(("point", "arrives"), [(1, False), (2, True)])
def test_a_process_dies_before_or_after_its_bytes_leave(lab, point, arrives):
    lab = lab()
    lab.process.kill_at_write(point)
    assert submit(lab, entry()) is None
    lab.wait(60)
    assert bool(lab.exchange.orders) is arrives
    assert not lab.notices


def test_all_processes_share_one_account(lab):
    lab = lab()
    second, broker = lab.client("two")
    lab.run(broker.connect, second)
    submit(lab, resting(lab))
    reports = lab.run(broker.orders, second)
    assert [report.reference for report in reports] == ["e"]
    assert [found.process for found in lab.exchange.orders] == ["one"]


def test_market_data_never_reaches_beyond_now(lab):
    lab = lab(at=timedelta(minutes=10, seconds=30))
    quotes = lab.run(lambda: lab.broker.quotes(["BHP", "NONE"]))
    assert list(quotes) == ["BHP"]
    assert quotes["BHP"].at <= lab.clock.now()
    bars = lab.run(lambda: lab.broker.bars(["BHP", "NONE"], OPEN, SESSION.close))
    assert bars.minutes == 10
    assert bars.close[0, -1] == float(lab.market.price("BHP", OPEN + timedelta(minutes=10)))
    assert lab.run(lab.broker.symbols) == ("BHP", "CBA")
    before = Lab(at=-timedelta(minutes=5)).connected()
    with closing(before.loop):
        assert before.run(lambda: before.broker.quotes(["BHP"])) == {}


def test_the_account_is_worth_what_it_was_plus_its_profit(lab):
    lab = lab()
    before = lab.run(lab.broker.account)
    submit(lab, entry())
    lab.wait(600)
    after = lab.run(lab.broker.account)
    paid = sum(fill.quantity * fill.price for fill in lab.exchange.fills)
    worth = 100 * lab.market.price("BHP", lab.clock.now())
    assert after.cash == before.cash - paid
    assert abs(after.net_liquidation - (before.net_liquidation - paid + worth)) < 5


# The line


def dropping(variant, **fields):
    fields = {"after": Occasion.ENTRY, "lasting": 30, "amount": 20, **fields}
    return fault(FaultKind.LINE_DROPS, variant=variant, **fields)


def test_a_line_that_drops_is_told_and_comes_back_by_itself(lab):
    lab = lab(dropping("at once, data lost", after=None, at=120))
    lab.wait(70)
    assert [notice.up for notice in lab.connections()] == [False]
    with pytest.raises(NotSentError):
        submit(lab, entry())
    lab.wait(40)
    assert [notice.up for notice in lab.connections()] == [False, True]
    assert lab.connections()[1].data_lost
    submit(lab, resting(lab))
    assert looked(lab)["e"].status is OrderStatus.WORKING


def test_what_happens_while_the_line_is_down_is_never_told_but_the_books_show_it(lab):
    halt = fault(FaultKind.SYMBOL_HALTED, 1, at=0, lasting=100, target="BHP")
    lab = lab(dropping("at once", after=None, at=90, lasting=120), halt)
    submit(lab, entry())
    lab.wait(300)
    assert lab.exchange.positions == {"BHP": 100}
    assert lab.broker.up
    assert not lab.fills()
    assert lab.statuses() == [OrderStatus.WORKING]
    assert lab.run(lab.broker.executions) == lab.exchange.fills


def test_nothing_is_told_after_the_line_has_dropped_until_it_is_up_again(lab):
    for seed in range(30):
        one = lab(dropping("late", after=Occasion.STATUS_TOLD, amount=5, lasting=1), seed=seed)
        asked = one.process.run(attempt(one.broker.submit([resting(one)])))
        while one.exchange.front.outage_until < one.clock.now() + SECOND / 2:
            one.wait(0.001)
        before = len(one.notices)
        one.wait(4)
        assert len(one.notices) == before
        one.wait(40)
        assert asked.done()


async def attempt(question):
    try:
        await question
    except BrokerError as error:
        return error
    return None


def test_what_is_under_way_when_the_line_drops_is_lost_or_carried_out(lab):
    arrived, answered = set(), set()
    for seed in range(30):
        one = lab(dropping("at once", after=Occasion.SUBMIT, lasting=5), seed=seed)
        error = one.run(lambda one=one: attempt(one.broker.submit([resting(one)])))
        arrived.add((bool(one.exchange.orders), error is None))
        answered.add(error is None)
    assert {(False, False), (True, False), (True, True)} <= arrived
    assert (False, True) not in arrived


def test_a_bracket_that_the_line_cuts_in_two_never_works(lab):
    cut = 0
    for seed in range(60):
        one = lab(dropping("at once", after=Occasion.SUBMIT, lasting=5), seed=seed)
        one.run(lambda one=one: attempt(one.broker.submit(bracket(one))))
        one.wait(60)
        if 0 < len(one.exchange.orders) < 3:
            cut += 1
            assert not one.exchange.fills
            assert looked(one) == {}
        elif one.exchange.orders:
            assert len({found.transmitted for found in one.exchange.orders}) == 1
    assert cut


def test_a_line_that_drops_silently_is_noticed_by_the_next_request(lab):
    lab = lab(dropping("silently", after=None, at=70, amount=60, lasting=1))
    lab.wait(15)
    assert lab.broker.up
    with pytest.raises(BrokerError) as raised:
        submit(lab, entry())
    assert not isinstance(raised.value, NotSentError)
    assert not lab.exchange.orders
    lab.wait(5)
    assert [notice.up for notice in lab.connections()] == [False, True]


def test_a_line_that_drops_with_a_late_notice_swallows_requests_until_then(lab):
    lab = lab(dropping("late", after=None, at=70, amount=20, lasting=1))
    lab.wait(15)
    started = lab.clock.now()
    assert lab.run(lambda: attempt(lab.broker.orders())) is not None
    assert lab.clock.now() - started > 10 * SECOND


def test_nobody_connects_during_an_outage(lab):
    lab = lab(dropping("at once", after=None, at=70, lasting=60))
    lab.wait(20)
    other, broker = lab.client("two")
    with pytest.raises(BrokerError, match="can't be reached"):
        lab.run(broker.connect, other)
    lab.wait(120)
    lab.run(broker.connect, other)
    assert broker.up


def test_no_answer_is_waited_for_for_ever(lab):
    lab = lab(fault(FaultKind.REPLY_LOST, after=Occasion.QUOTES))
    with pytest.raises(BrokerError, match="did not answer"):
        lab.run(lambda: lab.broker.quotes(["BHP"]))


def test_a_slow_line_slows_every_message(lab):
    lab = lab(fault(FaultKind.SLOW_LINE, at=0, lasting=600, amount=700))
    started = lab.clock.now()
    lab.run(lab.broker.orders)
    assert lab.clock.now() - started > 1.4 * SECOND


# Requests and notices


def test_a_lost_request_never_arrives_and_a_lost_reply_is_of_one_that_did(lab):
    for kind, arrives in ((FaultKind.REQUEST_LOST, False), (FaultKind.REPLY_LOST, True)):
        one = lab(fault(kind, after=Occasion.SUBMIT))
        error = one.run(lambda one=one: attempt(one.broker.submit([resting(one)])))
        assert error is not None
        assert not isinstance(error, NotSentError)
        assert bool(one.exchange.orders) is arrives


def test_a_delayed_request_arrives_late(lab):
    lab = lab(fault(FaultKind.REQUEST_DELAYED, after=Occasion.SUBMIT, lasting=3))
    sent = lab.clock.now()
    submit(lab, resting(lab))
    assert lab.order().placed_at - sent >= 3 * SECOND


def test_a_delayed_reply_comes_after_the_notices(lab):
    lab = lab(fault(FaultKind.REPLY_DELAYED, after=Occasion.SUBMIT, lasting=10))
    sent = lab.clock.now()
    submit(lab, resting(lab))
    assert lab.order().placed_at - sent < SECOND
    assert lab.clock.now() - sent >= 10 * SECOND
    assert lab.statuses() == [OrderStatus.WORKING]


def test_a_request_that_arrives_twice_is_one_order_told_twice(lab):
    lab = lab(fault(FaultKind.REQUEST_DOUBLED, after=Occasion.SUBMIT))
    submit(lab, *bracket(lab, first=resting(lab)))
    lab.wait(1)
    assert len(lab.exchange.orders) == 3
    assert lab.statuses() == [OrderStatus.WORKING] * 2
    assert sum("works" in line for line in lab.exchange.history) == 1


@pytest.mark.parametrize(
    ("variant", "arrives"), [("carried out", True), ("not carried out", False)]
)
def test_an_error_says_nothing_about_what_was_done(lab, variant, arrives):
    lab = lab(fault(FaultKind.REQUEST_REFUSED, after=Occasion.SUBMIT, variant=variant))
    with pytest.raises(BrokerError) as raised:
        submit(lab, resting(lab))
    assert not isinstance(raised.value, NotSentError)
    assert bool(lab.exchange.orders) is arrives


def test_a_status_may_not_be_told(lab):
    lab = lab(fault(FaultKind.STATUS_SKIPPED, after=Occasion.STATUS_TOLD))
    submit(lab, resting(lab))
    lab.wait(60)
    assert lab.statuses() == []


def test_a_fill_may_be_told_twice_with_one_execution_id(lab):
    lab = lab(fault(FaultKind.NOTICE_DOUBLED, after=Occasion.FILL_TOLD, lasting=9))
    submit(lab, entry())
    lab.wait(120)
    told = [fill.execution_id for fill in lab.fills()]
    assert len(told) == len(lab.exchange.fills) + 1
    assert told.count(lab.exchange.fills[0].execution_id) == 2


def test_a_late_notice_comes_after_those_of_later_things(lab):
    lab = lab(fault(FaultKind.NOTICE_LATE, after=Occasion.STATUS_TOLD, lasting=12))
    submit(lab, resting(lab))
    lab.run(lambda: lab.broker.cancel("e"))
    lab.wait(60)
    assert lab.statuses() == [OrderStatus.CANCELLED, OrderStatus.WORKING]


def test_executions_are_told_before_or_after_the_status(lab):
    orders = set()
    for seed in range(12):
        one = lab(seed=seed)
        submit(one, entry(quantity=1))
        one.wait(60)
        kinds = [
            isinstance(notice, Fill)
            for notice in one.notices
            if isinstance(notice, Fill) or notice.status is OrderStatus.FILLED
        ]
        orders.add(tuple(kinds))
    assert orders == {(True, False), (False, True)}


# Orders


def test_a_false_reject_is_told_of_an_order_that_lives(lab):
    lab = lab(fault(FaultKind.FALSE_REJECT, after=Occasion.ENTRY, lasting=5))
    submit(lab, resting(lab))
    lab.wait(30)
    assert lab.statuses() == [OrderStatus.WORKING, OrderStatus.REJECTED]
    assert lab.order().live
    assert looked(lab)["e"].status is OrderStatus.WORKING


def test_a_refused_entry_takes_its_children_and_a_refused_stop_is_alone(lab):
    one = lab(fault(FaultKind.REJECTED, after=Occasion.ENTRY))
    submit(one, *bracket(one, first=resting(one)))
    one.wait(1)
    assert [one.order(name).status for name in "est"] == [
        OrderStatus.REJECTED,
        OrderStatus.CANCELLED,
        OrderStatus.CANCELLED,
    ]
    assert one.statuses() == [OrderStatus.REJECTED]
    two = lab(fault(FaultKind.REJECTED, after=Occasion.STOP))
    submit(two, *bracket(two))
    two.wait(120)
    assert two.order("s").status is OrderStatus.REJECTED
    assert two.order("e").status is OrderStatus.FILLED
    assert two.order("t").live


def test_an_order_accepted_late_is_in_no_book_but_trades(lab):
    lab = lab(fault(FaultKind.ACCEPTED_LATE, after=Occasion.ENTRY, lasting=15))
    sent = lab.clock.now()
    asked = lab.process.run(attempt(lab.broker.submit([entry(quantity=1)])))
    while not lab.exchange.fills:
        lab.wait(0.5)
    assert lab.clock.now() - sent < 14 * SECOND
    assert looked(lab) == {}
    assert lab.run(lab.broker.executions) == []
    assert [held.quantity for held in lab.run(lab.broker.positions)] == [1]
    assert not lab.notices
    lab.wait(16)
    assert looked(lab)["e"].status is OrderStatus.FILLED
    assert lab.run(lab.broker.executions) == lab.exchange.fills == lab.fills()
    lab.wait(30)
    assert isinstance(asked.result(), BrokerError)


def test_every_order_shows_within_the_quiet_time_whatever_goes_wrong(lab):
    longest = {kind: shape.lasting[1] for kind, shape in SHAPES.items()}
    slowest = SHAPES[FaultKind.SLOW_LINE].amount[1]
    late, delayed = FaultKind.ACCEPTED_LATE, FaultKind.REQUEST_DELAYED
    lab = lab(
        fault(late, 1, after=Occasion.ENTRY, lasting=longest[late]),
        fault(delayed, 2, after=Occasion.SUBMIT, lasting=longest[delayed]),
        fault(FaultKind.SLOW_LINE, 3, at=0, lasting=600, amount=slowest),
    )
    sent = lab.clock.now()
    lab.process.run(attempt(lab.broker.submit([resting(lab)])))
    lab.wait((sent + lab.broker.quiet_time - lab.clock.now()).total_seconds())
    assert "e" in looked(lab)
    assert SHAPES[FaultKind.BOOKS_LAG].amount[1] < lab.broker.quiet_time.total_seconds()


def test_lagging_books_show_trades_and_orders_that_are_done_later(lab):
    lab = lab(fault(FaultKind.BOOKS_LAG, at=0, lasting=3600, amount=15))
    submit(lab, entry(quantity=1))
    while not lab.exchange.fills:
        lab.wait(0.5)
    assert lab.run(lab.broker.executions) == []
    assert looked(lab) == {}
    lab.wait(15)
    assert len(lab.run(lab.broker.executions)) == 1
    assert looked(lab)["e"].status is OrderStatus.FILLED


def test_ids_that_go_back_are_given_again_but_never_to_the_same_reference(lab):
    lab = lab(
        fault(FaultKind.IDS_ROLLED_BACK, 1, at=120, amount=50),
        fault(FaultKind.IDS_ROLLED_BACK, 2, at=180, amount=50),
    )
    submit(lab, resting(lab))
    lab.wait(90)
    submit(lab, resting(lab))
    lab.wait(60)
    submit(lab, resting(lab, "f"))
    assert [found.broker_id for found in lab.exchange.orders] == ["1", "2", "1"]


def test_somebody_elses_orders_and_positions_appear_and_trade(lab):
    lab = lab(
        fault(FaultKind.FOREIGN_ORDER, 1, at=90, target="BHP", amount=7, variant="buy market"),
        fault(FaultKind.FOREIGN_ORDER, 2, at=90, target="BHP", amount=3, variant="sell limit"),
        fault(FaultKind.FOREIGN_POSITION, 3, at=90, target="CBA", amount=-20),
    )
    lab.wait(60)
    assert set(looked(lab)) == {"manual-1", "manual-2"}
    assert lab.exchange.positions["CBA"] == -20
    lab.wait(60)
    assert looked(lab)["manual-1"].status is OrderStatus.FILLED
    assert not lab.notices


# The market


def test_nothing_trades_in_a_halt(lab):
    halt = fault(FaultKind.SYMBOL_HALTED, at=0, lasting=1800, target="BHP")
    lab = lab(halt)
    submit(lab, entry())
    lab.wait(1700)
    assert not lab.exchange.fills
    assert lab.order().live
    lab.wait(300)
    assert lab.exchange.fills
    assert lab.exchange.fills[0].at >= OPEN + timedelta(minutes=30)


def test_a_price_jumps(lab):
    plain, jumped = lab(), lab(fault(FaultKind.PRICE_JUMPS, at=600, target="BHP", amount=-80))
    before, after = OPEN + timedelta(minutes=10), OPEN + timedelta(minutes=12)
    assert jumped.market.price("BHP", before) == plain.market.price("BHP", before)
    ratio = jumped.market.price("BHP", after) / plain.market.price("BHP", after)
    assert Decimal("0.90") < ratio < Decimal("0.94")
    assert jumped.market.price("CBA", after) == plain.market.price("CBA", after)


@pytest.mark.parametrize(
    ("kind", "age", "delayed"),
    [
        (FaultKind.QUOTES_STALE, timedelta(minutes=10), False),
        (FaultKind.QUOTES_DELAYED, timedelta(minutes=15), True),
    ],
)
def test_quotes_stand_still_or_are_delayed(lab, kind, age, delayed):
    lab = lab(fault(kind, at=1200, lasting=900, target="BHP"), at=timedelta(minutes=30))
    quotes = lab.run(lambda: lab.broker.quotes(["BHP", "CBA"]))
    assert lab.clock.now() - quotes["BHP"].at >= age
    assert quotes["BHP"].delayed is delayed
    assert lab.clock.now() - quotes["CBA"].at < SECOND


def test_there_may_be_no_data_of_a_symbol(lab):
    lab = lab(fault(FaultKind.DATA_GAP, at=0, lasting=900, target="BHP"))
    assert list(lab.run(lambda: lab.broker.quotes(["BHP", "CBA"]))) == ["CBA"]


# The plan


def whole_day(seed):
    plan = FaultPlan.from_seed(seed, ["BHP", "CBA"])
    one = Lab(*plan.faults, seed=seed, at=timedelta(0))
    with closing(one.loop):

        async def day():
            await attempt(one.broker.connect())
            for number in range(12):
                order = entry(quantity=10 + number).model_copy(update={"reference": f"e{number}"})
                children = [child(one, "stop", "0.99"), child(one, "target", "1.01")]
                changes = {"parent": f"e{number}", "oca_group": f"e{number}"}
                legs = [
                    leg.model_copy(update={**changes, "reference": f"{leg.reference}{number}"})
                    for leg in children
                ]
                await attempt(one.broker.submit([order, *legs]))
                await asyncio.sleep(900)
                await attempt(one.broker.orders())
                await attempt(one.broker.executions())
                await attempt(one.broker.cancel(f"s{number}"))

        one.run(day)
        one.wait(SESSION.minutes * 60)
    heard = [repr(notice) for notice in one.notices]
    return "\n".join([plan.text, *one.exchange.history, *heard])


def test_the_same_seed_makes_the_same_history_to_the_byte():
    for seed in range(12):
        first = whole_day(seed)
        assert first == whole_day(seed)
        assert first != whole_day(seed + 100)


def test_a_plan_is_the_same_after_a_trip_through_json():
    for seed in range(50):
        plan = FaultPlan.from_seed(seed, ["BHP"], ["scan"])
        assert FaultPlan.model_validate_json(plan.model_dump_json()) == plan


def test_seeds_reach_every_kind_of_fault_and_days_without_any():
    plans = [FaultPlan.from_seed(seed, ["BHP"], ["scan"]) for seed in range(600)]
    assert {found.kind for plan in plans for found in plan.faults} == set(FaultKind)
    assert {len(plan.faults) for plan in plans} >= {0, 1, 5, 12}
    assert all("{" not in describe(found) for plan in plans for found in plan.faults)


def test_a_plan_without_a_fault_leaves_the_others_what_they_were():
    plan = next(
        plan
        for plan in (FaultPlan.from_seed(seed, ["BHP"]) for seed in range(100))
        if len(plan.faults) > 4
    )
    less = plan.without([plan.faults[1].number])
    assert less.seed == plan.seed
    assert less.faults == (plan.faults[0], *plan.faults[2:])


def test_prices_do_not_depend_on_what_was_asked_before():
    first, second = (ModelMarket(3, ("BHP", "CBA"), SESSION) for _ in range(2))
    moments = [OPEN + timedelta(minutes=minute) for minute in range(0, 360, 7)]
    forwards = [first.price("BHP", moment) for moment in moments]
    second.price("CBA", moments[5])
    assert [second.price("BHP", moment) for moment in reversed(moments)] == forwards[::-1]
