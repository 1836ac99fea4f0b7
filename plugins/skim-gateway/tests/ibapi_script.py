"""A conversation of the official client with a gateway, run in a process of its own.

Prints as JSON which callbacks were called how often, the messages that reached none, and
what the client logged as a warning or an error. ibapi's licence (GPL) keeps it out of the
package and out of the tests' own process.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections import Counter
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.scanner import ScannerSubscription
from ibapi.wrapper import EWrapper

PATIENCE = 20.0
complaints = []


class Complaints(logging.Handler):
    def emit(self, record):
        complaints.append(record.getMessage())


class App(EWrapper, EClient):
    def __init__(self):
        EClient.__init__(self, self)
        self.called = Counter()
        self.codes = []
        self.lost = []
        self.statuses = []
        self.changed = threading.Condition()

    def wait(self, condition):
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE):
                state = {"called": self.called, "codes": self.codes, "statuses": self.statuses}
                print(json.dumps(state), file=sys.stderr)  # noqa: T201
                msg = "timed out"
                raise TimeoutError(msg)

    def until(self, callback, times=1):
        self.wait(lambda: self.called[callback] >= times)

    def noted(self, name, arguments):
        with self.changed:
            self.called[name] += 1
            if name == "error":
                self.codes.append(arguments[2])
            if name == "nextValidId":
                self.next_id = arguments[0]
            if name == "historicalNews":
                self.article_id = arguments[3]
            if name == "orderStatus":
                self.statuses.append(arguments[:2])
            if name == "contractDetails":
                self.con_id = arguments[1].contract.conId
            self.changed.notify_all()

    def start(self, host, port):
        self.connect(host, port, clientId=5)
        own = self.decoder.interpret

        def interpret(fields, number):
            before = sum(self.called.values())
            own(fields, number)
            if sum(self.called.values()) == before:
                self.lost.append([number, [str(field) for field in fields]])

        self.decoder.interpret = interpret
        threading.Thread(target=self.run, daemon=True).start()


def _noting(name):
    def callback(self, *arguments, **named):
        self.noted(name, [*arguments, *named.values()])

    return callback


NOTED = [
    name
    for name in vars(EWrapper)
    if not name.startswith("_") and not name.endswith(("ProtoBuf", "winError", "logAnswer"))
]
for name in NOTED:
    setattr(App, name, _noting(name))


def order(**fields):
    made = Order()
    for name, value in ({"tif": "DAY", "orderType": "LMT", "action": "BUY"} | fields).items():
        setattr(made, name, value)
    return made


def bhp_contract():
    bhp = Contract()
    bhp.symbol, bhp.secType, bhp.exchange, bhp.currency = "BHP", "STK", "ASX", "AUD"
    return bhp


def contracts(app, bhp):
    app.until("nextValidId")
    app.reqContractDetails(1, bhp)
    app.until("contractDetailsEnd")
    app.reqMatchingSymbols(2, "BH")
    app.until("symbolSamples")
    app.reqMarketRule(1360)
    app.until("marketRule")
    app.reqCurrentTime()
    app.until("currentTime")
    app.reqManagedAccts()
    app.until("managedAccounts", 2)


def orders(app, bhp):
    first = app.next_id
    app.placeOrder(first, bhp, order(totalQuantity=Decimal(100), orderType="MKT", orderRef="m"))
    app.until("commissionAndFeesReport")
    app.placeOrder(first + 1, bhp, order(totalQuantity=Decimal(100), lmtPrice=0.5))
    app.wait(lambda: [first + 1, "Submitted"] in [list(one) for one in app.statuses])
    app.reqOpenOrders()
    app.until("openOrderEnd")
    app.cancelOrder(first + 1, OrderCancel())
    app.wait(lambda: 202 in app.codes)
    app.placeOrder(first + 2, bhp, order(totalQuantity=Decimal(1), lmtPrice=0.5, whatIf=True))
    app.reqGlobalCancel(OrderCancel())
    app.reqCompletedOrders(apiOnly=False)
    app.until("completedOrdersEnd")
    app.reqExecutions(3, ExecutionFilter())
    app.until("execDetailsEnd")


def account(app, bhp):
    app.reqAccountUpdates(subscribe=True, acctCode="")
    app.until("accountDownloadEnd")
    app.reqAccountSummary(4, "All", "NetLiquidation,$LEDGER")
    app.until("accountSummaryEnd")
    app.reqPositions()
    app.until("positionEnd")
    app.reqPositionsMulti(5, "", "")
    app.until("positionMultiEnd")
    app.reqAccountUpdatesMulti(6, "", "", ledgerAndNLV=True)
    app.until("accountUpdateMultiEnd")
    app.reqPnL(7, "DU1234567", "")
    app.reqPnLSingle(8, "DU1234567", "", app.con_id)
    app.until("pnl")
    app.until("pnlSingle")
    app.reqFamilyCodes()
    app.until("familyCodes")


def market_data(app, bhp):
    app.reqMarketDataType(1)
    app.reqMktData(9, bhp, "233", snapshot=False, regulatorySnapshot=False, mktDataOptions=[])
    app.until("tickPrice", 5)
    app.reqMktData(10, bhp, "", snapshot=True, regulatorySnapshot=False, mktDataOptions=[])
    app.until("tickSnapshotEnd")
    app.reqRealTimeBars(11, bhp, 5, "TRADES", useRTH=True, realTimeBarsOptions=[])
    app.until("realtimeBar")
    app.reqTickByTickData(12, bhp, "AllLast", 0, ignoreSize=False)
    app.until("tickByTickAllLast")
    app.reqTickByTickData(13, bhp, "BidAsk", 0, ignoreSize=False)
    app.until("tickByTickBidAsk")
    app.reqTickByTickData(14, bhp, "MidPoint", 0, ignoreSize=False)
    app.until("tickByTickMidPoint")
    app.reqMktDepth(15, bhp, 5, isSmartDepth=False, mktDepthOptions=[])
    app.until("updateMktDepth")
    app.reqMktDepthExchanges()
    app.until("mktDepthExchanges")
    app.reqSmartComponents(16, "a60001")
    app.until("smartComponents")


def past_data(app, bhp):
    past = {"useRTH": 1, "formatDate": 1, "chartOptions": []}
    app.reqHistoricalData(17, bhp, "", "1 D", "1 min", "TRADES", keepUpToDate=True, **past)
    app.until("historicalDataEnd")
    app.until("historicalDataUpdate")
    app.reqHistoricalData(18, bhp, "", "2 D", "1 day", "SCHEDULE", keepUpToDate=False, **past)
    app.until("historicalSchedule")
    app.reqHeadTimeStamp(19, bhp, "TRADES", 1, 1)
    app.until("headTimestamp")
    app.reqHistogramData(20, bhp, useRTH=True, timePeriod="1 day")
    app.until("histogramData")
    for number, what, callback in (
        (21, "TRADES", "historicalTicksLast"),
        (22, "BID_ASK", "historicalTicksBidAsk"),
        (23, "MIDPOINT", "historicalTicks"),
    ):
        app.reqHistoricalTicks(
            number, bhp, "20250618 10:00:00", "", 5, what, 1, ignoreSize=False, miscOptions=[]
        )
        app.until(callback)


def the_rest(app, bhp):
    app.reqScannerParameters()
    app.until("scannerParameters")
    scan = ScannerSubscription()
    scan.instrument, scan.locationCode, scan.scanCode = "STOCK.HK", "STK.HK.ASX", "MOST_ACTIVE"
    app.reqScannerSubscription(24, scan, [], [])
    app.until("scannerDataEnd")
    app.reqNewsProviders()
    app.until("newsProviders")
    app.reqHistoricalNews(25, app.con_id, "SIM", "", "", 5, [])
    app.until("historicalNewsEnd")
    app.reqNewsArticle(31, "SIM", app.article_id, [])
    app.until("newsArticle")
    app.reqSecDefOptParams(26, "BHP", "", "STK", app.con_id)
    app.until("securityDefinitionOptionParameterEnd")
    app.reqSoftDollarTiers(27)
    app.until("softDollarTiers")
    app.reqUserInfo(28)
    app.until("userInfo")
    app.queryDisplayGroups(29)
    app.until("displayGroupList")
    app.reqContractDetails(30, Contract())
    app.wait(lambda: 200 in app.codes)


def main():
    handler = Complaints(logging.WARNING)
    logging.getLogger().addHandler(handler)
    app = App()
    app.start(sys.argv[1], int(sys.argv[2]))
    for part in (contracts, orders, account, market_data, past_data, the_rest):
        part(app, bhp_contract())
    result = {
        "version": app.serverVersion(),
        "called": app.called,
        "codes": sorted(set(app.codes)),
        "lost": app.lost,
        "complaints": complaints,
    }
    app.disconnect()
    print(json.dumps(result))  # noqa: T201


main()
