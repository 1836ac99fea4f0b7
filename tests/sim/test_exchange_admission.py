"""What the simulated exchange refuses, and what it says then."""

from decimal import Decimal

import pytest

from skim_core.model.exchange import CommissionSchedule
from skim_core.model.orders import Position, TimeInForce
from skim_core.sim.instructions import Opening


@pytest.fixture
def hall(by_hand):
    return by_hand.Hall


@pytest.fixture
def at(by_hand):
    return by_hand.at


@pytest.fixture
def buy(by_hand):
    return by_hand.buy


@pytest.fixture
def sell(by_hand):
    return by_hand.sell


@pytest.fixture
def refusal(hall, at):
    def refusal(*orders, when=None, bars=(10, 10, 10), **options):
        floor = hall(bars if isinstance(bars, dict) else list(bars), **options)
        floor.submit(when or at(0), *orders)
        reference = orders[0].reference
        return floor.reason(reference) if floor.status(reference) == "rejected" else None

    return refusal


def holding(quantity, cash=0):
    position = Position(symbol="BHP", quantity=quantity, average_price=Decimal(10))
    return Opening(cash=Decimal(cash), positions=(position,))


def test_sound_order_is_taken(refusal, buy):
    assert refusal(buy("A", limit=9.99)) is None


def test_price_off_the_tick_is_refused_with_the_nearest_ones(refusal, buy, sell):
    reason = refusal(buy("A", limit=9.995))
    assert reason == "the limit price 9.995 is off the tick of 0.01: use 9.99 or 10"
    assert "stop price 0.1234 is off the tick of 0.005" in refusal(sell("A", stop=0.1234))


def test_unknown_symbol_is_refused_with_the_nearest_one(refusal, buy):
    reason = refusal(buy("A", symbol="BHPX"))
    assert reason == "the exchange has no symbol 'BHPX' (did you mean 'BHP'?)"


def test_a_symbol_that_will_not_trade_is_taken_as_nobody_knows_that_yet(refusal, buy):
    bars = {"BHP": [10, 10], "CBA": [None, None]}
    assert refusal(buy("A", symbol="CBA"), bars=bars) is None


@pytest.mark.parametrize(
    ("force", "what"),
    [(TimeInForce.DAY, "the session"), (TimeInForce.AT_CLOSE, "the closing auction")],
)
def test_order_after_the_session_is_refused(refusal, buy, at, force, what):
    reason = refusal(buy("A", time_in_force=force), when=at(3, 1))
    assert reason == f"it came at 10:03:01 UTC, {what} was over at 10:03:00 UTC"


def test_gtc_order_after_the_session_stands_for_the_next(refusal, buy, at):
    assert refusal(buy("A", time_in_force=TimeInForce.GTC), when=at(4)) is None


def test_auctions_take_no_stops(refusal, sell):
    reason = refusal(sell("A", stop=9, time_in_force=TimeInForce.AT_CLOSE))
    assert reason == "an auction takes market and limit orders, not a stop order"


def test_buy_beyond_the_cash_is_refused(refusal, buy):
    assert refusal(buy("A", 100, limit=10), cash=1000) is None
    reason = refusal(buy("A", 101, limit=10), cash=1000)
    assert reason == "101 shares at 10 need 1010.00 AUD, 1000 are free: order fewer"


def test_buying_power_counts_commission_and_working_orders(hall, at, buy, by_hand):
    schedule = CommissionSchedule(name="test", source="by hand", minimum=Decimal(6))
    floor = hall([10, 10], rules=by_hand.make_rules(commission=schedule), cash=2000)
    floor.submit(at(0), buy("A", 100, limit=9))
    floor.submit(at(0), buy("B", 110, limit=10))
    floor.submit(at(0), buy("C", 109, limit=10))
    assert [floor.status(name) for name in "ABC"] == ["working", "rejected", "working"]
    floor.cancel(at(0), "C")
    floor.submit(at(0, 1), buy("D", 109, limit=10))
    assert floor.status("D") == "working"


def test_market_order_is_paid_for_at_the_last_price(refusal, buy, at):
    assert refusal(buy("A", 100), when=at(-60), cash=1000) is None
    assert refusal(buy("A", 100), when=at(1), bars=(11, 10, 10), cash=1000) is not None


def test_change_beyond_the_cash_is_not_made(hall, at, buy):
    floor = hall([10, 10, 10], cash=1000)
    floor.submit(at(0), buy("A", 100, limit=9))
    floor.modify(at(1), buy("A", 200, limit=9))
    assert floor.exchange.notices[-1].reason.startswith("not changed: 200 shares at 9 need 1800")
    floor.modify(at(1), buy("A", 110, limit=9))
    assert floor.exchange.current("A").quantity == 110


def test_short_sale_is_refused_unless_allowed(refusal, sell):
    options = {"opening": holding(40), "allow_short": False}
    assert refusal(sell("A", 40), **options) is None
    assert "40 shares of BHP are held" in refusal(sell("A", 41), **options)
    assert refusal(sell("A", 41), opening=holding(40, cash=10)) is None


def test_shares_are_sold_once_unless_in_one_group(hall, at, sell):
    floor = hall([10, 10], opening=holding(100), allow_short=False)
    floor.submit(at(0), sell("A", 100, stop=9, oca_group="G"))
    floor.submit(at(0), sell("B", 100, limit=11))
    floor.submit(at(0), sell("C", 100, limit=11, oca_group="G"))
    assert [floor.status(name) for name in "ABC"] == ["working", "rejected", "working"]


def test_short_sale_needs_as_much_cash_as_it_is_worth(refusal, sell, buy, hall, at):
    assert refusal(sell("A", 100), cash=1000) is None
    assert "need 1010.00 AUD" in refusal(sell("A", 101), cash=1000)
    floor = hall([10, 10, 10], cash=1500)
    floor.submit(at(0), sell("A", 100))
    floor.run(at(0))
    floor.submit(at(1), sell("B", 51, limit=10), buy("C", 100))
    assert (floor.status("B"), floor.status("C")) == ("rejected", "rejected")
    floor.submit(at(1), buy("D", 100))
    assert floor.status("D") == "working"


def test_child_needs_its_parent(refusal, sell):
    reason = refusal(sell("S", stop=9, parent="P"))
    assert reason == "there is no order 'P' to be its parent: send that first"


def test_child_in_another_symbol_is_refused(hall, at, buy, sell):
    floor = hall({"BHP": [10], "CBA": [10]})
    floor.submit(at(0), buy("P"), sell("S", stop=9, parent="P", symbol="CBA"))
    assert floor.reason("S") == "its parent is in BHP, it is in CBA"


def test_bracket_is_taken_or_refused_as_one(hall, at, buy, sell):
    floor = hall([10, 10])
    floor.submit(at(0), buy("P"), sell("S", stop=9.001, parent="P"))
    assert floor.told() == [("rejected", "P"), ("rejected", "S")]
    assert floor.reason("P").startswith("sent with 'S', refused as the stop price 9.001 is off")
    assert floor.run().trades() == []


def test_reject_rate_refuses_that_part_of_the_orders_and_always_the_same(hall, at, buy):
    def refused(seed):
        floor = hall([10], reject_rate=0.3, seed=seed)
        for number in range(300):
            floor.submit(at(-1), buy(f"A{number}", 1, limit=9))
        return {
            report.reference
            for report in floor.exchange.reports()
            if report.status.value == "rejected"
        }

    assert 60 < len(refused(1)) < 120
    assert refused(1) == refused(1)
    assert refused(1) != refused(2)
