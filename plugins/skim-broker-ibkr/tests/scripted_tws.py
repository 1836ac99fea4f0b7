"""A TWS by script: answers over a real socket, well by default, and badly where a test says so.

It has a book of orders without an exchange: what becomes of an order, the test says.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace
from decimal import Decimal

from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r
from skim_gateway.wire.codec import decode_request, encode_answer
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.framing import Frames
from skim_gateway.wire.handshake import read_greeting, welcome
from skim_gateway.wire.orders import OrderState

ACCOUNT = "DU1234567"
UTC_NOW = 1_736_121_600


def con_id(symbol):
    return zlib.crc32(symbol.encode()) % 10**8 + 1


def contract_of(symbol, exchange="ASX", currency="AUD"):
    return Contract(
        con_id=con_id(symbol),
        symbol=symbol,
        sec_type="STK",
        exchange=exchange,
        primary_exchange=exchange,
        currency=currency,
        local_symbol=symbol,
        trading_class=symbol,
    )


class Placed:
    """An order as this TWS has it."""

    def __init__(self, perm_id, client_id, order, contract):
        self.perm_id, self.client_id, self.order, self.contract = (
            perm_id,
            client_id,
            order,
            contract,
        )
        self.status, self.filled, self.transmitted = "PreSubmitted", 0, order.transmit

    @property
    def done(self):
        return self.status in {"Filled", "Cancelled", "Inactive"}

    def open_message(self):
        order = replace(
            self.order,
            client_id=self.client_id,
            perm_id=self.perm_id,
            delta_neutral_order_type="None",
        )
        return a.OpenOrder(
            contract=self.contract, order=order, state=OrderState(status=self.status)
        )

    def status_message(self):
        return a.OrderStatus(
            order_id=self.order.order_id,
            status=self.status,
            filled=Decimal(self.filled),
            remaining=self.order.total_quantity - self.filled,
            average_price=Decimal(0),
            perm_id=self.perm_id,
            parent_id=self.order.parent_id,
            last_price=Decimal(0),
            client_id=self.client_id,
        )

    def completed_message(self):
        """As a real one: without ids, its quantity 0."""
        order = replace(
            self.order,
            order_id=0,
            client_id=0,
            perm_id=self.perm_id,
            total_quantity=Decimal(0),
            filled_quantity=Decimal(self.filled),
            delta_neutral_order_type="None",
        )
        state = OrderState(status=self.status, completed_status="by script")
        return a.CompletedOrder(contract=self.contract, order=order, state=state)


class Peer:
    """One client of this TWS."""

    def __init__(self, tws, reader, writer):
        self.tws, self.reader, self.writer = tws, reader, writer
        self.version, self.client_id = 0, None

    def send(self, *answers):
        for answer in answers:
            self.writer.write(encode_answer(answer, self.version))

    def error(self, code, text="", number=-1):
        self.send(a.ErrorMessage(req_id=number, code=code, text=text or f"error {code}"))

    def reset(self):
        self.writer.transport.abort()

    async def serve(self):
        received, greeting = b"", None
        while greeting is None:
            received += await self.reader.read(4096)
            greeting = read_greeting(received)
        self.version = min(self.tws.version, greeting.version())
        self.writer.write(welcome(self.version, "20250106 10:00:00 AEDT"))
        frames, data = Frames(), greeting.rest
        while True:
            for payload in frames.feed(data):
                request = decode_request(payload, self.version)
                self.tws.received.append(request)
                await self.tws.take(self, request)
            data = await self.reader.read(65536)
            if not data:
                return


class ScriptedTws:
    """``tws.on(r.PlaceOrder, handler)``: `handler(peer, request)` instead of the usual answer.

    A handler that returns True lets the usual answer follow.
    """

    def __init__(self, version=178, accounts=ACCOUNT):
        self.version, self.accounts = version, accounts
        self.received, self.peers, self.orders, self.executions = [], [], [], []
        self.completed, self.positions, self.bars, self.ticks, self.scans = [], [], {}, {}, {}
        self.known = None
        self.next_id = 1
        self.perm_ids = iter(range(900_000_001, 10**9))
        self.handlers = {}
        self.server = None
        self.closing = False
        self.increments = (("0", "0.001"), ("0.1", "0.005"), ("2", "0.01"))

    # Being there

    async def start(self, port=0):
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        return self

    @property
    def port(self):
        return self.server.sockets[0].getsockname()[1]

    async def stop(self):
        port = self.port
        self.server.close()
        for peer in list(self.peers):
            peer.reset()
        await self.server.wait_closed()
        while self.peers:  # noqa: ASYNC110  it is the sockets' state
            await asyncio.sleep(0.001)
        # A transport lets go of its socket in the loop's next turn.
        await asyncio.sleep(0.001)
        return port

    async def _connected(self, reader, writer):
        peer = Peer(self, reader, writer)
        self.peers.append(peer)
        try:
            await peer.serve()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.peers.remove(peer)
            writer.close()

    @property
    def peer(self):
        """The client that connected last."""
        return self.peers[-1]

    def on(self, kind, handler):
        self.handlers[kind] = handler

    def usual(self, kind):
        self.handlers.pop(kind, None)

    def count(self, kind):
        return sum(isinstance(request, kind) for request in self.received)

    def of(self, kind):
        return [request for request in self.received if isinstance(request, kind)]

    async def take(self, peer, request):
        handler = self.handlers.get(type(request))
        if handler is not None:
            go_on = handler(peer, request)
            if asyncio.iscoroutine(go_on):
                go_on = await go_on
            if go_on is not True:
                return
        usual = _USUAL.get(type(request))
        if usual is not None:
            usual(self, peer, request)

    # The usual

    def find(self, reference):
        return next(one for one in self.orders if one.order.order_ref == reference)

    def start_api(self, peer, request):
        taken = any(other.client_id == request.client_id for other in self.peers)
        if taken:
            peer.error(326, "Unable to connect as the client id is already in use.")
            peer.writer.close()
            return
        peer.client_id = request.client_id
        peer.send(a.ManagedAccounts(accounts=self.accounts))
        peer.send(a.NextValidId(order_id=self.next_id))
        peer.error(2104, "Market data farm connection is OK:hfarm")
        peer.error(2106, "HMDS data farm connection is OK:apachmds")

    def place(self, peer, request):
        order = replace(request.order, order_id=request.order_id)
        self.next_id = max(self.next_id, request.order_id + 1)
        known = [
            one
            for one in self.orders
            if (one.client_id, one.order.order_id) == (peer.client_id, request.order_id)
        ]
        if known:
            known[0].order = order
            self.tell(known[0])
            return
        placed = Placed(next(self.perm_ids), peer.client_id, order, request.contract)
        self.orders.append(placed)
        if not order.transmit:
            return
        for one in self.orders:
            if not one.transmitted or one is placed:
                one.transmitted = True
                one.status = "PreSubmitted" if one.order.parent_id else "Submitted"
                self.tell(one)

    def tell(self, placed):
        for peer in self.peers:
            if peer.client_id == placed.client_id:
                peer.send(placed.open_message(), placed.status_message())

    def cancel(self, peer, request):
        for placed in self.orders:
            if (placed.client_id, placed.order.order_id) == (peer.client_id, request.order_id):
                self.end(placed)
                return
        peer.error(
            10147,
            f"OrderId {request.order_id} that needs to be cancelled is not found.",
            request.order_id,
        )

    def end(self, placed, status="Cancelled", told=True):
        placed.status = status
        self.completed.append(placed)
        for peer in self.peers if told else ():
            if peer.client_id == placed.client_id:
                peer.send(placed.status_message())
                if status == "Cancelled":
                    peer.error(202, "Order Canceled - reason:", placed.order.order_id)

    def fill(self, reference, price="10", quantity=None, told=True, cost="6.6", revision="01"):
        """Trade an order; in the order of messages that recordings show."""
        placed = self.find(reference)
        quantity = (
            int(placed.order.total_quantity) - placed.filled if quantity is None else quantity
        )
        placed.filled += quantity
        number = len(self.executions) + 1
        details = a.ExecutionDetails(
            order_id=placed.order.order_id,
            contract=placed.contract,
            execution_id=f"00025b46.{number:08x}.01.{revision}",
            time="20250106 10:05:00 Australia/Sydney",
            account=placed.order.account,
            exchange="ASX",
            side={"BUY": "BOT", "SELL": "SLD"}[placed.order.action],
            shares=Decimal(quantity),
            price=Decimal(price),
            perm_id=placed.perm_id,
            client_id=placed.client_id,
            cumulative=Decimal(placed.filled),
            average_price=Decimal(price),
            order_ref=placed.order.order_ref,
        )
        commission = a.CommissionReport(
            execution_id=details.execution_id, commission=Decimal(cost), currency="AUD"
        )
        self.executions.append((details, commission))
        if placed.filled == placed.order.total_quantity:
            placed.status = "Filled"
            self.completed.append(placed)
        if told:
            for peer in self.peers:
                if peer.client_id == placed.client_id:
                    peer.send(details, placed.open_message(), placed.status_message())
                    peer.send(placed.open_message(), commission)
        return details

    def open_orders(self, peer, _):
        for placed in self.orders:
            if placed.transmitted and not placed.done:
                peer.send(placed.open_message(), placed.status_message())
        peer.send(a.OpenOrderEnd())

    def completed_orders(self, peer, _):
        peer.send(*(placed.completed_message() for placed in self.completed))
        peer.send(a.CompletedOrdersEnd())

    def tell_executions(self, peer, request):
        for details, commission in self.executions:
            peer.send(replace(details, req_id=request.req_id), commission)
        peer.send(a.ExecutionDetailsEnd(req_id=request.req_id))

    def tell_positions(self, peer, _):
        for symbol, quantity, cost in self.positions:
            peer.send(
                a.Position(
                    account=ACCOUNT,
                    contract=contract_of(symbol),
                    position=Decimal(quantity),
                    average_cost=Decimal(cost),
                )
            )
        peer.send(a.PositionEnd())

    def account_summary(self, peer, request):
        for tag, value in (("NetLiquidation", "100000.50"), ("TotalCashValue", "90000.25")):
            peer.send(
                a.AccountSummary(
                    req_id=request.req_id, account=ACCOUNT, tag=tag, value=value, currency="AUD"
                )
            )
        peer.send(a.AccountSummaryEnd(req_id=request.req_id))

    def current_time(self, peer, _):
        peer.send(a.CurrentTime(time=UTC_NOW))

    def details(self, peer, request):
        symbol = request.contract.symbol
        if self.known is not None and symbol not in self.known:
            peer.error(200, "No security definition has been found for the request", request.req_id)
            return
        peer.send(
            a.ContractDetails(
                req_id=request.req_id,
                symbol=symbol,
                sec_type="STK",
                exchange=request.contract.exchange,
                currency=request.contract.currency,
                local_symbol=symbol,
                market_name=symbol,
                trading_class=symbol,
                con_id=con_id(symbol),
                min_tick=Decimal("0.001"),
                order_types="LMT,MKT",
                valid_exchanges="SMART,ASX",
                long_name=symbol,
                primary_exchange="ASX",
                time_zone="Australia/Sydney",
                trading_hours="",
                liquid_hours="",
                market_rule_ids="26,1360",
            ),
            a.ContractDetailsEnd(req_id=request.req_id),
        )

    def market_rule(self, peer, request):
        increments = tuple(
            a.PriceIncrement(low_edge=Decimal(edge), increment=Decimal(tick))
            for edge, tick in self.increments
        )
        peer.send(a.MarketRule(rule_id=request.rule_id, increments=increments))

    def market_data(self, peer, request):
        """Ticks by kind, as ``tws.ticks["BHP"] = {4: "10.5", 9: "10", 8: 5000}``."""
        peer.send(a.MarketDataType(req_id=request.req_id, kind=1))
        self.send_ticks(peer, request.req_id, self.ticks.get(request.contract.symbol, {}))

    def send_ticks(self, peer, req_id, ticks):
        for kind, value in ticks.items():
            if kind in {0, 3, 5, 8, 69, 70, 71, 74}:
                peer.send(a.TickSize(req_id=req_id, kind=kind, size=Decimal(value)))
            elif kind in {49, 90}:
                peer.send(a.TickGeneric(req_id=req_id, kind=kind, value=Decimal(value)))
            else:
                size = Decimal(100) if kind in {1, 2, 4, 66, 67, 68} else None
                peer.send(a.TickPrice(req_id=req_id, kind=kind, price=Decimal(value), size=size))

    def history(self, peer, request):
        """Bars as ``tws.bars["BHP"] = [(epoch, open, high, low, close, volume), …]``."""
        rows = [_bar(row) for row in self.bars.get(request.contract.symbol, [])]
        peer.send(a.HistoricalData(req_id=request.req_id, start="", end="", bars=tuple(rows)))

    def update_bar(self, req_id, row):
        self.peer.send(
            a.HistoricalDataUpdate(
                req_id=req_id,
                count=1,
                date=str(row[0]),
                open=Decimal(row[1]),
                high=Decimal(row[2]),
                low=Decimal(row[3]),
                close=Decimal(row[4]),
                average=Decimal(row[4]),
                volume=Decimal(row[5]),
            )
        )

    def scan(self, peer, request):
        rows = tuple(
            a.ScannerRow(
                rank=rank,
                con_id=con_id(symbol),
                symbol=symbol,
                sec_type="STK",
                exchange="ASX",
                currency="AUD",
                local_symbol=symbol,
                market_name=symbol,
                trading_class=symbol,
            )
            for rank, symbol in enumerate(self.scans.get(request.code, []))
        )
        peer.send(a.ScannerData(req_id=request.req_id, rows=rows))

    def scanner_parameters(self, peer, _):
        codes = "".join(f"<scanCode>{code}</scanCode>" for code in self.scans)
        peer.send(
            a.ScannerParameters(
                xml=f"<ScanParameterResponse><locationCode>STK.HK.ASX</locationCode>{codes}"
                "</ScanParameterResponse>"
            )
        )


def _bar(row):
    date, opened, high, low, close, volume = row
    return a.Bar(
        date=str(date),
        open=Decimal(opened),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(close),
        volume=Decimal(volume),
        average=Decimal(close),
        count=1,
    )


_USUAL = {
    r.StartApi: ScriptedTws.start_api,
    r.PlaceOrder: ScriptedTws.place,
    r.CancelOrder: ScriptedTws.cancel,
    r.RequestAllOpenOrders: ScriptedTws.open_orders,
    r.RequestCompletedOrders: ScriptedTws.completed_orders,
    r.RequestExecutions: ScriptedTws.tell_executions,
    r.RequestPositions: ScriptedTws.tell_positions,
    r.RequestAccountSummary: ScriptedTws.account_summary,
    r.RequestCurrentTime: ScriptedTws.current_time,
    r.RequestContractDetails: ScriptedTws.details,
    r.RequestMarketRule: ScriptedTws.market_rule,
    r.RequestMarketData: ScriptedTws.market_data,
    r.RequestHistoricalData: ScriptedTws.history,
    r.RequestScanner: ScriptedTws.scan,
    r.RequestScannerParameters: ScriptedTws.scanner_parameters,
}
