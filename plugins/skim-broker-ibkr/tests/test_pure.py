"""The pure parts: limits that hold for any asking, prices, orders in TWS's words, options."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibkr_play import buy, stop
from skim_broker_ibkr.accounts import account_of
from skim_broker_ibkr.ids import IdFloor
from skim_broker_ibkr.numbers import exact, price, sendable
from skim_broker_ibkr.options import IbkrOptions, read_options
from skim_broker_ibkr.orders import on_tick, placement, placements, reference_of
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_broker_ibkr.rules.notices import FarmState, farm_notice
from skim_broker_ibkr.rules.pacing import HistoryPacing
from skim_broker_ibkr.rules.window import Lane, MessageWindow

from skim_core import Order, OrderType, Side, TimeInForce
from skim_core.broker import load_exchange
from skim_core.errors import BrokerError, ConfigError, NotSentError
from skim_core.testing import load_broker

START = datetime(2025, 1, 6, tzinfo=UTC)

gaps = st.integers(0, 3000)


lanes = st.sampled_from(Lane)
in_time = st.lists(st.tuples(gaps, lanes, st.integers(1, 3)), max_size=150)


def sent_by(window, asked):
    """Send what is asked for, one after the other; return when each message left, and its lane."""
    now, sent = START, []
    for gap, lane, messages in asked:
        now += timedelta(milliseconds=gap)
        while wait := window.delay(now, messages, lane=lane):
            now += wait
        window.count(now, messages, lane=lane)
        sent += [(now, lane)] * messages
    return sent


@given(in_time)
def test_no_second_has_more_messages_than_allowed(asked):
    sent = sent_by(MessageWindow(13, 4), asked)
    for at, _ in sent:
        second = [lane for moment, lane in sent if 0 <= (moment - at).total_seconds() < 1]
        assert len(second) <= 13
        assert len(second) - second.count(Lane.ORDER) <= 9
        assert second.count(Lane.DATA) <= 6


@given(in_time)
def test_no_lane_waits_for_a_lower_one(asked):
    """What a lane has to itself is there whatever lower ones have sent."""
    for lane, own in ((Lane.ORDER, 4), (Lane.QUESTION, 3)):
        lower = [(gap, used, messages) for gap, used, messages in asked if used < lane]
        sent = sent_by(window := MessageWindow(13, 4), lower)
        now = sent[-1][0] if sent else START
        assert not window.delay(now, own, lane=lane)


def test_what_orders_have_used_is_not_taken_from_the_others():
    window = MessageWindow(40, 15)
    window.count(START, 15, lane=Lane.ORDER)
    assert not window.delay(START, 17, lane=Lane.DATA)
    assert not window.delay(START, 25, lane=Lane.QUESTION)


def test_a_clock_that_was_set_back_stops_nothing():
    window = MessageWindow(10, 4)
    window.count(START + timedelta(days=1), 10, lane=Lane.ORDER)
    assert not window.delay(START, lane=Lane.ORDER)


requests = st.tuples(
    st.integers(0, 20_000), st.integers(0, 3), st.integers(0, 3), st.sampled_from([1, 2])
)


@given(st.lists(requests, max_size=120))
def test_historical_requests_keep_all_of_ibkrs_limits(asked):
    pacing, now, sent = HistoryPacing(), START, []
    for gap, series, span, weight in asked:
        now += timedelta(milliseconds=gap)
        request = series, span
        while wait := pacing.delay(now, request, series, weight):
            now += wait
        pacing.count(now, request, series, weight)
        sent.append((now, request, series, weight))
    for at, request, series, _ in sent:
        after = [one for one in sent if one[0] >= at]
        assert sum(one[3] for one in after if (one[0] - at).total_seconds() < 600) <= 60
        burst = [one for one in after if one[2] == series and (one[0] - at).total_seconds() < 2]
        assert sum(one[3] for one in burst) < 6
        again = [one for one in after if one[1] == request and one[0] > at]
        assert all((one[0] - at).total_seconds() > 15 for one in again)


def test_the_pacing_keeps_nobody_who_asks_slowly():
    pacing = HistoryPacing()
    for number in range(200):
        now = START + timedelta(seconds=11 * number)
        assert not pacing.delay(now, number, number)
        pacing.count(now, number, number)


@given(st.decimals("0.000001", "99999.999999", places=6))
def test_prices_survive_the_way_to_tws_and_back(amount):
    assert exact(float(str(sendable(amount)))) == amount


@pytest.mark.parametrize("unset", [None, "", 1.7976931348623157e308, float("nan"), float("inf")])
def test_what_is_not_set_is_none(unset):
    assert exact(unset) is None


def test_no_price_is_none():
    assert price(-1.0) is None
    assert price(0.0) is None


ASX_TICKS = load_exchange("XASX").ticks


@given(st.decimals("0.001", "50", places=6), st.booleans())
def test_rounding_goes_one_way_and_less_than_a_tick(amount, up):
    found = on_tick(amount, ASX_TICKS, up=up)
    exchange = load_exchange("XASX")
    assert (found >= amount) if up else (found <= amount)
    assert abs(found - amount) < exchange.tick(amount)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (buy(), ("BUY", "LMT", "DAY", Decimal("10.01"), None)),
        (buy(limit=None), ("BUY", "MKT", "DAY", None, None)),
        (stop(), ("SELL", "STP", "DAY", None, Decimal("9.5"))),
        (buy(time_in_force=TimeInForce.GTC), ("BUY", "LMT", "GTC", Decimal("10.01"), None)),
        (buy(time_in_force=TimeInForce.AT_OPEN), ("BUY", "LMT", "OPG", Decimal("10.01"), None)),
        (buy(time_in_force=TimeInForce.AT_CLOSE), ("BUY", "LOC", "DAY", Decimal("10.01"), None)),
        (
            buy(limit=None, time_in_force=TimeInForce.AT_CLOSE),
            ("BUY", "MOC", "DAY", None, None),
        ),
        (
            Order(
                reference="a",
                symbol="BHP",
                side=Side.SELL,
                quantity=1,
                type=OrderType.STOP_LIMIT,
                limit_price=Decimal(9),
                stop_price=Decimal(10),
            ),
            ("SELL", "STP LMT", "DAY", Decimal(9), Decimal(10)),
        ),
    ],
)
def test_orders_in_the_words_of_tws(order, words):
    made = placement(order, ASX_TICKS)
    assert (
        made.action,
        made.kind,
        made.time_in_force,
        made.limit_price,
        made.stop_price,
    ) == words
    assert made.transmit


def test_of_a_bracket_only_the_last_order_transmits_and_all_cancel_one_another():
    legs = placements([buy(), stop(oca_group="sk1-a"), stop("sk1-a.T", oca_group="sk1-a")], ())
    assert [leg.transmit for leg in legs] == [False, False, True]
    assert [(leg.oca_group, leg.oca_type) for leg in legs] == [("", 0), ("sk1-a", 3), ("sk1-a", 3)]
    assert [leg.parent for leg in legs] == [None, "sk1-a.P", "sk1-a.P"]


def test_a_stop_in_the_closing_auction_is_refused_before_it_is_sent():
    with pytest.raises(NotSentError, match="closing auction, found a stop order"):
        placement(stop(time_in_force=TimeInForce.AT_CLOSE), ())


def test_a_foreign_order_is_named_by_its_permanent_id():
    assert reference_of("by hand!", 12) == "ibkr-12"
    assert reference_of("sk1-a.P", 12) == "sk1-a.P"


@pytest.mark.parametrize(
    ("code", "text", "farm", "state"),
    [
        (2103, "Market data farm connection is broken:hfarm", "hfarm", FarmState.BROKEN),
        (2104, "Market data farm connection is OK:usfarm.nj", "usfarm.nj", FarmState.UP),
        (2107, "HMDS data farm is inactive but on demand:x:ushmds", "ushmds", FarmState.IDLE),
        (2110, "Connectivity between TWS and server is broken.", "server", FarmState.BROKEN),
    ],
)
def test_farms_are_named_by_what_follows_the_last_colon(code, text, farm, state):
    notice = farm_notice(code, text)
    assert (notice.farm, notice.state) == (farm, state)


@pytest.mark.parametrize(("date", "utc_hour"), [((2025, 1, 6), 9), ((2025, 7, 7), 10)])
def test_a_restart_is_at_its_hour_in_its_zone_in_both_halves_of_the_year(date, utc_hour):
    window = RestartWindow(time(20), "Australia/Sydney")
    assert window.next(datetime(*date, 1, tzinfo=UTC)) == datetime(*date, utc_hour, tzinfo=UTC)


def test_without_a_restart_there_is_none_near():
    assert RestartWindow(None, "Australia/Sydney").near(START) is None


# Ids


def test_ids_rise_over_restarts_whatever_tws_says(tmp_path):
    first = IdFloor(tmp_path, 1)
    assert first.start(41) == 42
    first.use(5000)
    assert IdFloor(tmp_path, 1).start(0) > 5000
    assert IdFloor(tmp_path, 2).start(0) == 1


@pytest.mark.parametrize("written", ["", "many", "-3"])
def test_a_damaged_file_of_ids_is_told(tmp_path, written):
    (tmp_path / "order-ids-1").write_text(written)
    with pytest.raises(BrokerError, match="expected a number"):
        IdFloor(tmp_path, 1).start(0)


# Money


def test_what_an_account_of_another_currency_has_here_counts():
    values = [
        ("U1", "NetLiquidation", "5000", "USD"),
        ("U1", "TotalCashValue", "4000", "USD"),
        ("U1", "CashBalance", "100.5", "AUD"),
        ("U1", "NetLiquidationByCurrency", "150.25", "AUD"),
        ("U2", "CashBalance", "9", "AUD"),
    ]
    found = account_of("U1", "AUD", values)
    assert (found.cash, found.net_liquidation) == (Decimal("100.5"), Decimal("150.25"))
    assert account_of("U3", "AUD", values) is None


# Options


def test_the_options_on_the_plugins_own():
    assert read_options({}) == IbkrOptions()
    assert IbkrOptions().trading_mode == "paper"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"prot": 4002}, r"no option 'prot' \(did you mean 'port'\?\)"),
        ({"port": 70_000}, "port: .* less than or equal to 65535, found 70000"),
        ({"client_id": 0}, "client_id: .* greater than or equal to 1, found 0"),
        ({"trading_mode": "real"}, "trading_mode: .*'paper' or 'live', found 'real'"),
        ({"trading_mode": "live"}, "'live' needs the account's number"),
        ({"restart_timezone": "Sydney"}, "restart_timezone: expected a time zone"),
        ({"quiet_time": "0s"}, "quiet_time: TWS may hide an order"),
        ({"data_type": "fast"}, "data_type"),
        ({"messages_per_second": 10, "reserved_for_orders": 9}, "at least two less than mess"),
        ({"account": "my account"}, "account: "),
    ],
)
def test_unsound_options_are_told(options, complaint):
    with pytest.raises(ConfigError, match=complaint):
        read_options(options)


def test_the_plugin_is_found_by_its_name():
    plugin = load_broker("ibkr")
    assert plugin.info.distribution == "skim-broker-ibkr"
