"""What clients send: ib_async's own encoder, read by the gateway's table."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
from decimal import Decimal

import ib_async
import pytest
from gateway_ib_async import encoder
from gateway_strategies import messages_of
from hypothesis import given, settings
from hypothesis import strategies as st
from skim_gateway.wire import requests as r
from skim_gateway.wire.codec import decode_request, encode_request
from skim_gateway.wire.errors import MalformedError, UnknownMessageError
from skim_gateway.wire.orders import Order
from skim_gateway.wire.requests import REQUESTS

VERSIONS = range(157, 179)

STOCK = ib_async.Stock("BHP", "ASX", "AUD", conId=7, primaryExchange="ASX", localSymbol="BHP")
FILTER = ib_async.ExecutionFilter(1, "DU1", "20250415 10:00:00", "BHP", "STK", "ASX", "BUY")
SCAN = ib_async.ScannerSubscription(
    numberOfRows=50,
    instrument="STOCK.HK",
    locationCode="STK.HK.ASX",
    scanCode="HIGH_OPEN_GAP",
    abovePrice=0.5,
    aboveVolume=100000,
)
WSH = ib_async.WshEventData(conId=7, startDate="20250101", endDate="20251231", totalLimit=5)

CALLS = {
    r.StartApi: ("startApi",),
    r.RequestIds: ("reqIds", 1),
    r.RequestManagedAccounts: ("reqManagedAccts",),
    r.RequestCurrentTime: ("reqCurrentTime",),
    r.SetServerLogLevel: ("setServerLogLevel", 5),
    r.RequestUserInfo: ("reqUserInfo", 4),
    r.PlaceOrder: ("placeOrder", 9, STOCK, ib_async.LimitOrder("BUY", 100, 45.67)),
    r.CancelOrder: ("cancelOrder", 9, "20250415 10:00:00"),
    r.GlobalCancel: ("reqGlobalCancel",),
    r.RequestOpenOrders: ("reqOpenOrders",),
    r.RequestAllOpenOrders: ("reqAllOpenOrders",),
    r.RequestAutoOpenOrders: ("reqAutoOpenOrders", True),
    r.RequestCompletedOrders: ("reqCompletedOrders", True),
    r.RequestExecutions: ("reqExecutions", 4, FILTER),
    r.ExerciseOptions: ("exerciseOptions", 4, STOCK, 1, 2, "DU1", 0),
    r.RequestAccountUpdates: ("reqAccountUpdates", True, "DU1"),
    r.RequestAccountSummary: ("reqAccountSummary", 4, "All", "NetLiquidation,BuyingPower"),
    r.CancelAccountSummary: ("cancelAccountSummary", 4),
    r.RequestPositions: ("reqPositions",),
    r.CancelPositions: ("cancelPositions",),
    r.RequestPositionsMulti: ("reqPositionsMulti", 4, "DU1", "m"),
    r.CancelPositionsMulti: ("cancelPositionsMulti", 4),
    r.RequestAccountUpdatesMulti: ("reqAccountUpdatesMulti", 4, "DU1", "m", True),
    r.CancelAccountUpdatesMulti: ("cancelAccountUpdatesMulti", 4),
    r.RequestPnl: ("reqPnL", 4, "DU1", "m"),
    r.CancelPnl: ("cancelPnL", 4),
    r.RequestPnlSingle: ("reqPnLSingle", 4, "DU1", "m", 7),
    r.CancelPnlSingle: ("cancelPnLSingle", 4),
    r.RequestFamilyCodes: ("reqFamilyCodes",),
    r.RequestFa: ("requestFA", 1),
    r.ReplaceFa: ("replaceFA", 4, 1, "<x/>"),
    r.RequestContractDetails: ("reqContractDetails", 4, STOCK),
    r.RequestMatchingSymbols: ("reqMatchingSymbols", 4, "BH"),
    r.RequestMarketRule: ("reqMarketRule", 26),
    r.RequestOptionParameters: ("reqSecDefOptParams", 4, "BHP", "", "STK", 7),
    r.RequestSoftDollarTiers: ("reqSoftDollarTiers", 4),
    r.RequestSmartComponents: ("reqSmartComponents", 4, "a60001"),
    r.RequestMarketData: ("reqMktData", 4, STOCK, "233", True, False, []),
    r.CancelMarketData: ("cancelMktData", 4),
    r.SetMarketDataType: ("reqMarketDataType", 3),
    r.RequestMarketDepth: ("reqMktDepth", 4, STOCK, 5, False, []),
    r.CancelMarketDepth: ("cancelMktDepth", 4, False),
    r.RequestDepthExchanges: ("reqMktDepthExchanges",),
    r.RequestRealTimeBars: ("reqRealTimeBars", 4, STOCK, 5, "TRADES", True, []),
    r.CancelRealTimeBars: ("cancelRealTimeBars", 4),
    r.RequestTickByTick: ("reqTickByTickData", 4, STOCK, "AllLast", 10, True),
    r.CancelTickByTick: ("cancelTickByTickData", 4),
    r.CalculateImpliedVolatility: ("calculateImpliedVolatility", 4, STOCK, 1.5, 2.5, []),
    r.CalculateOptionPrice: ("calculateOptionPrice", 4, STOCK, 1.5, 2.5, []),
    r.CancelImpliedVolatility: ("cancelCalculateImpliedVolatility", 4),
    r.CancelOptionPrice: ("cancelCalculateOptionPrice", 4),
    r.RequestHistoricalData: (
        ("reqHistoricalData", 4, STOCK, "", "2 D", "1 min", "TRADES", True, 1, True, [])
    ),
    r.CancelHistoricalData: ("cancelHistoricalData", 4),
    r.RequestHeadTimestamp: ("reqHeadTimeStamp", 4, STOCK, "TRADES", True, 1),
    r.CancelHeadTimestamp: ("cancelHeadTimeStamp", 4),
    r.RequestHistogram: ("reqHistogramData", 4, STOCK, True, "3 days"),
    r.CancelHistogram: ("cancelHistogramData", 4),
    r.RequestHistoricalTicks: (
        ("reqHistoricalTicks", 4, STOCK, "20250415 10:00:00", "", 100, "TRADES", True, False, [])
    ),
    r.RequestFundamentalData: ("reqFundamentalData", 4, STOCK, "ReportSnapshot", []),
    r.CancelFundamentalData: ("cancelFundamentalData", 4),
    r.RequestScanner: ("reqScannerSubscription", 4, SCAN, [], [ib_async.TagValue("a", "1")]),
    r.CancelScanner: ("cancelScannerSubscription", 4),
    r.RequestScannerParameters: ("reqScannerParameters",),
    r.RequestNewsBulletins: ("reqNewsBulletins", True),
    r.CancelNewsBulletins: ("cancelNewsBulletins",),
    r.RequestNewsArticle: ("reqNewsArticle", 4, "SIM", "SIM$1", []),
    r.RequestNewsProviders: ("reqNewsProviders",),
    r.RequestHistoricalNews: ("reqHistoricalNews", 4, 7, "SIM", "a", "b", 10, []),
    r.RequestDisplayGroups: ("queryDisplayGroups", 4),
    r.SubscribeToGroup: ("subscribeToGroupEvents", 4, 1),
    r.UpdateDisplayGroup: ("updateDisplayGroup", 4, "7@ASX"),
    r.UnsubscribeFromGroup: ("unsubscribeFromGroupEvents", 4),
    r.RequestWshMetadata: ("reqWshMetaData", 4),
    r.CancelWshMetadata: ("cancelWshMetaData", 4),
    r.RequestWshEvents: ("reqWshEventData", 4, WSH),
    r.CancelWshEvents: ("cancelWshEventData", 4),
}


def sent_by_ib_async(version, name, *arguments):
    """Return what the gateway reads when ib_async's client calls this."""
    with encoder(version) as (client, frames):
        client.clientId = 3
        getattr(client, name)(*arguments)
    (sent,) = frames
    return decode_request(sent[4:], version)


def test_the_calls_are_all_requests():
    assert set(CALLS) == set(REQUESTS.messages.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_every_request_of_ib_async_is_read(version):
    for cls, (name, *arguments) in CALLS.items():
        request = sent_by_ib_async(version, name, *arguments)
        assert type(request) is cls
        if hasattr(request, "req_id"):
            assert request.req_id == 4


@pytest.mark.parametrize("version", [157, 173, 178])
def test_what_ib_async_sent_is_what_was_read(version):
    read = {cls: sent_by_ib_async(version, *call) for cls, call in CALLS.items()}
    placed = read[r.PlaceOrder]
    assert (placed.order_id, placed.contract.symbol, placed.contract.con_id) == (9, "BHP", 7)
    assert (placed.order.action, placed.order.total_quantity) == ("BUY", 100)
    assert placed.order.lmt_price == Decimal("45.67")
    assert read[r.StartApi].client_id == 3
    assert read[r.CancelOrder].manual_time == ("20250415 10:00:00" if version >= 169 else "")
    assert read[r.RequestExecutions] == r.RequestExecutions(
        req_id=4,
        client_id=1,
        account="DU1",
        time="20250415 10:00:00",
        symbol="BHP",
        sec_type="STK",
        exchange="ASX",
        side="BUY",
    )
    history = read[r.RequestHistoricalData]
    assert (history.duration, history.bar_size, history.what) == ("2 D", "1 min", "TRADES")
    assert history.keep_up_to_date
    assert history.regular_hours
    ticks = read[r.RequestMarketData]
    assert (ticks.generic_ticks, ticks.snapshot) == ("233", True)
    scan = read[r.RequestScanner]
    assert (scan.rows, scan.location, scan.code) == (50, "STK.HK.ASX", "HIGH_OPEN_GAP")
    assert (scan.above_price, scan.above_volume) == (Decimal("0.5"), 100000)
    assert scan.below_price is None
    assert scan.filter_options == "a=1;"
    assert read[r.RequestHistoricalTicks].number == 100
    assert read[r.RequestWshEvents].total == (5 if version >= 173 else 0)
    assert read[r.RequestNewsBulletins].all_messages


@pytest.mark.parametrize("version", [157, 173, 178])
def test_combinations_conditions_and_algorithms_are_read(version):
    combo = ib_async.Contract(
        secType="BAG",
        symbol="BHP",
        exchange="SMART",
        currency="AUD",
        comboLegs=[ib_async.ComboLeg(1, 2, "BUY", "ASX"), ib_async.ComboLeg(3, 4, "SELL", "ASX")],
        deltaNeutralContract=ib_async.DeltaNeutralContract(5, 0.5, 6.5),
    )
    order = ib_async.LimitOrder(
        "BUY",
        1,
        2.5,
        algoStrategy="Adaptive",
        algoParams=[ib_async.TagValue("adaptivePriority", "Normal")],
        conditions=[
            ib_async.PriceCondition(price=1.5, conId=7, exch="ASX"),
            ib_async.TimeCondition(time="20250415 10:00:00"),
            ib_async.MarginCondition(percent=5),
            ib_async.ExecutionCondition(secType="STK", exch="ASX", symbol="BHP"),
            ib_async.VolumeCondition(volume=5, conId=7, exch="ASX"),
            ib_async.PercentChangeCondition(changePercent=5, conId=7, exch="ASX"),
        ],
        smartComboRoutingParams=[ib_async.TagValue("NonGuaranteed", "1")],
        orderComboLegs=[ib_async.OrderComboLeg(1.5)],
        scalePriceIncrement=0.5,
        hedgeType="D",
        hedgeParam="x",
        deltaNeutralOrderType="MKT",
        transmit=False,
        parentId=8,
        whatIf=True,
    )
    read = sent_by_ib_async(version, "placeOrder", 9, combo, order)
    assert [leg.con_id for leg in read.order.combo_legs] == [1, 3]
    assert read.order.combo_leg_prices == (Decimal("1.5"),)
    assert read.order.routing_params[0].tag == "NonGuaranteed"
    assert read.order.algo_params[0].value == "Normal"
    assert [condition[0] for condition in read.order.conditions] == ["1", "3", "4", "5", "6", "7"]
    assert read.order.hedge_param == "x"
    assert read.delta_neutral.delta == Decimal("0.5")
    assert (read.order.transmit, read.order.parent_id, read.order.what_if) == (False, 8, True)
    ticks = sent_by_ib_async(version, *ticks_of(combo))
    assert [leg.ratio for leg in ticks.legs] == [2, 4]
    history = sent_by_ib_async(version, *history_of(combo))
    assert (len(history.legs), history.what, history.keep_up_to_date) == (2, "MIDPOINT", False)


def ticks_of(contract):
    no = False
    return "reqMktData", 4, contract, "", no, no, []


def history_of(contract):
    no, yes = False, True
    return "reqHistoricalData", 4, contract, "", "1 D", "1 min", "MIDPOINT", yes, 1, no, []


def camel(name):
    special = {"rule_80a": "rule80A", "e_trade_only": "eTradeOnly"}
    return special.get(name) or re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


PLAIN = sorted(
    {camel(field.name): field.name for field in dataclasses.fields(Order)}.items()
    & {
        (camel(slot.path[6:]), slot.path[6:])
        for slot in r.PlaceOrder.LAYOUT.slots
        if slot.path.startswith("order.") and slot.when is None
    }
)


def given_values(default):
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, int):
        return st.integers(0, 1_000_000)
    if isinstance(default, float):
        return st.integers(0, 1_000_000).map(lambda number: number / 4)
    return st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)


@settings(max_examples=30)
@given(st.data(), st.sampled_from(VERSIONS))
def test_every_field_of_an_order_arrives_where_it_belongs(data, version):
    defaults = ib_async.Order()
    names = [
        (theirs, ours)
        for theirs, ours in PLAIN
        if isinstance(getattr(defaults, theirs, None), str | int | float)
        and theirs not in {"orderId", "clientId", "permId", "orderType", "scaleTable", "volatility"}
        and not theirs.startswith("deltaNeutral")
    ]
    assert len(names) > 80
    values = {
        theirs: data.draw(given_values(getattr(defaults, theirs)), theirs) for theirs, _ in names
    }
    values |= {"hedgeType": "", "algoStrategy": "", "scalePriceIncrement": 0.0}
    read = sent_by_ib_async(
        version, "placeOrder", 9, STOCK, ib_async.Order(orderType="LMT", **values)
    )
    late = {slot.path[6:]: slot for slot in r.PlaceOrder.LAYOUT.slots}
    for theirs, ours in names:
        if not late[ours].since <= version < late[ours].before or values[theirs] is math.inf:
            continue
        got = getattr(read.order, ours)
        if isinstance(values[theirs], float):
            assert float(got) == values[theirs], ours
        elif isinstance(got, str):
            assert got == str(values[theirs]), ours
        else:
            assert (0 if got is None else got) == (values[theirs] or 0), ours


@given(st.data(), st.sampled_from(VERSIONS))
def test_any_values_are_read_back_as_they_were(data, version):
    cls = data.draw(st.sampled_from(sorted(CALLS, key=lambda cls: cls.ID)))
    request = data.draw(messages_of(cls, version))
    assert decode_request(encode_request(request, version)[4:], version) == request


# Malformed messages


@given(st.binary(max_size=300), st.sampled_from(VERSIONS))
def test_any_bytes_are_read_or_refused(payload, version):
    with contextlib.suppress(MalformedError, UnknownMessageError):
        decode_request(payload, version)


@given(
    st.sampled_from(sorted(CALLS, key=lambda cls: cls.ID)),
    st.lists(st.text(max_size=12) | st.sampled_from(["", "1", "-1", "1e999", "9" * 5000])),
    st.sampled_from([157, 173, 178]),
)
def test_any_fields_of_a_known_message_are_read_or_refused(cls, fields, version):
    with contextlib.suppress(MalformedError):
        REQUESTS.decode([str(cls.ID), *fields], version)


@given(st.data())
def test_a_message_that_is_cut_off_is_refused(data):
    cls = data.draw(st.sampled_from(sorted(CALLS, key=lambda cls: cls.ID)))
    fields = REQUESTS.encode(data.draw(messages_of(cls, 178)), 178)
    cut = data.draw(st.integers(1, len(fields)))
    if cut < len(fields):
        with pytest.raises(MalformedError, match=f"{cls.__name__} .message {cls.ID}."):
            REQUESTS.decode(fields[:cut], 178)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (["x"], "message id: expected a whole number, found 'x'"),
        ([""], "StartApi"),
        (["3", "y"], r"PlaceOrder \(message 3\), order_id: expected a whole number, found 'y'"),
        (["4", "1"], r"CancelOrder \(message 4\), order_id: the message ends after 1 fields"),
        (["71", "2", "1"], r"StartApi \(message 71\), capabilities: the message ends"),
        (["6", "2", "2", ""], "subscribe: expected 0 or 1, found '2'"),
    ],
)
def test_what_is_wrong_is_named(fields, says):
    if fields == [""]:
        with pytest.raises(UnknownMessageError, match="there is no message 0"):
            REQUESTS.decode(fields, 178)
    else:
        with pytest.raises(MalformedError, match=says):
            REQUESTS.decode(fields, 178)


@pytest.mark.parametrize("text", ["9" * 41, "NaN", "1_0", "٣", "--1", "1e9999"])
def test_numbers_that_no_price_is_are_refused(text):
    fields = REQUESTS.encode(sent_by_ib_async(178, *CALLS[r.PlaceOrder]), 178)
    fields[fields.index("45.67")] = text
    with pytest.raises(MalformedError, match="lmt_price: expected a number"):
        REQUESTS.decode(fields, 178)


@pytest.mark.parametrize("text", ["", "1.7976931348623157E308", "1.7976931348623157e+308"])
def test_a_price_that_is_not_set_is_none(text):
    fields = REQUESTS.encode(sent_by_ib_async(178, *CALLS[r.PlaceOrder]), 178)
    fields[fields.index("45.67")] = text
    assert REQUESTS.decode(fields, 178).order.lmt_price is None
