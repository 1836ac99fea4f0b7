"""What an order costs: commissions and slippage as they are written in the options."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.errors import ConfigError
from skim_core.model.exchange import CommissionSchedule
from skim_core.model.orders import Side, TimeInForce
from skim_core.sim.costs import Commission, Slippage
from skim_core.sim.options import read_options

FALLING = (10.0, 10.0, 9.0, 9.2, 10_000)


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


def charged(by_hand, commission, price=10.0):
    own = CommissionSchedule(name="own", source="the test", minimum=Decimal(7))
    rules = by_hand.make_rules(commission=own)
    floor = by_hand.Hall([price] * 4, rules=rules, participation=0.01, commission=commission)
    floor.submit(by_hand.at(1), by_hand.buy("A", 150))
    floor.run()
    assert len(floor.exchange.fills) == 2
    return sum(fill.commission for fill in floor.exchange.fills)


@pytest.mark.parametrize(
    ("commission", "expected"),
    [
        ("exchange", "7"),
        ("none", "0"),
        ("0.005/share", "0.75"),
        ("0.005/share min 1", "1"),
        ("6/order", "6"),
        ("8bp", "1.20"),
        ("8bp min 6", "6"),
        ("80bp min 6", "12"),
    ],
)
def test_a_commission_is_charged_once_for_an_order_in_parts(by_hand, commission, expected):
    assert charged(by_hand, commission) == Decimal(expected)


def test_the_commission_is_part_of_what_an_order_needs(hall, at, buy):
    for commission, status in (("none", "filled"), ("6/order", "rejected")):
        floor = hall([10] * 3, cash=1000, commission=commission)
        floor.submit(at(1), buy("A", 100))
        assert floor.run().status("A") == status


@pytest.mark.parametrize(
    ("slippage", "bought", "sold"),
    [("none", 10.0, 10.0), ("1tick", 10.01, 9.99), ("3ticks", 10.03, 9.97), ("15bp", 10.02, 9.98)],
)
def test_a_market_order_trades_worse_by_the_slippage(hall, at, buy, sell, slippage, bought, sold):
    floor = hall([10] * 5, slippage=slippage)
    floor.submit(at(1), buy("A"))
    floor.submit(at(3), sell("B"))
    floor.run()
    assert floor.trades("A") == [(100, bought, at(1))]
    assert floor.trades("B") == [(100, sold, at(3))]


def test_a_stop_trades_worse_by_the_slippage_and_its_rest_too(hall, at, buy, sell):
    thin = (9.1, 9.1, 9.1, 9.1, 100)
    bars = [10, 10, (10.0, 10.0, 9.0, 9.2, 100), thin, thin]
    floor = hall(bars, participation=1, slippage="2ticks")
    floor.submit(at(0), buy("A", 150))
    floor.submit(at(1, 1), sell("B", 150, stop=9.5))
    floor.run()
    assert [trade[:2] for trade in floor.trades("B")] == [(100, 9.48), (50, 9.08)]


@pytest.mark.parametrize(("limit", "expected"), [(9.0, 9.48), (9.49, 9.49), (9.5, 9.5)])
def test_a_stop_limit_slips_as_far_as_its_limit(hall, at, sell, limit, expected):
    floor = hall([10, 10, FALLING, 9.2], slippage="2ticks")
    floor.submit(at(1), sell("A", stop=9.5, limit=limit))
    assert [trade[1] for trade in floor.run().trades()] == [expected]


def test_limit_orders_and_auctions_do_not_slip(hall, at, buy, sell):
    floor = hall([10, 10, FALLING, 9.2, 9.2], slippage="2ticks")
    floor.submit(at(-5), buy("opening"))
    floor.submit(at(1), buy("limit", limit=9.5))
    floor.submit(at(1), sell("closing", time_in_force=TimeInForce.AT_CLOSE))
    floor.run()
    prices = {fill.reference: fill.price for fill in floor.exchange.fills}
    assert prices == {"opening": 10, "limit": Decimal("9.5"), "closing": Decimal("9.2")}


def test_children_meet_the_markets_price_not_the_slipped_one(hall, at, buy, sell):
    """Else a target between the two would be reached by the slippage alone."""
    floor = hall([10, 10, 10, 10], slippage="5ticks")
    floor.submit(
        at(1),
        buy("P"),
        sell("T", limit=10.03, parent="P", oca_group="G"),
        sell("S", stop=9, parent="P", oca_group="G"),
    )
    floor.run()
    assert floor.trades("P") == [(100, 10.05, at(1))]
    assert floor.trades("T") == floor.trades("S") == []


PRICES = st.integers(1, 50_000).map(lambda thousandths: Decimal(thousandths) / 1000)
SLIPPAGES = st.one_of(
    st.integers(1, 1000).map("{}ticks".format),
    st.decimals("0.01", 1000, places=2).map("{}bp".format),
)


@given(PRICES, st.sampled_from(list(Side)), SLIPPAGES)
def test_a_slipped_price_is_on_the_tick_above_zero_and_never_better(by_hand, price, side, slippage):
    rules = by_hand.make_rules()
    found = Slippage.model_validate(slippage).worsen(price, side, rules)
    assert found > 0
    assert rules.on_tick(found)
    assert found > price if side is Side.BUY else found < price or price == found == rules.tick(0)


@pytest.mark.parametrize(
    "text", ["exchange", "none", "0.0035/share min 0.35", "1/share", "6/order", "8bp min 6"]
)
def test_a_commission_is_written_as_it_is_read(text):
    assert str(Commission.model_validate(text)) == text
    assert read_options({"commission": text}).model_dump(mode="json")["commission"] == text


@pytest.mark.parametrize("text", ["none", "1tick", "2ticks", "0.5bp"])
def test_a_slippage_is_written_as_it_is_read(text):
    assert str(Slippage.model_validate(text)) == text
    assert read_options({"slippage": text}).model_dump(mode="json")["slippage"] == text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"commission": "cheap"}, "commission: 'cheap' is not a commission: write 'exchange'"),
        ({"commission": 6}, "commission: 6 is not a commission"),
        ({"commission": "6/order min 7"}, "is not a commission"),
        ({"commission": "-1/share"}, "is not a commission"),
        ({"commission": "2000bp"}, "more than a tenth of the value"),
        ({"slippage": "1.5ticks"}, "slippage: '1.5ticks' is not a slippage: write 'none'"),
        ({"slippage": "5"}, "is not a slippage"),
        ({"slippage": "5000bp"}, "is too much"),
    ],
)
def test_what_is_no_cost_is_refused_with_what_is(options, said):
    with pytest.raises(ConfigError, match=r"\[brokers.sim\] ") as caught:
        read_options(options)
    assert said in str(caught.value)
