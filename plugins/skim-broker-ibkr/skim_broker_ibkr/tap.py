"""ib_async's connection, with what TWS says of orders taken before ib_async thinks about it.

ib_async keeps orders of its own, which an error marks as cancelled and a lost connection
wipes. They are not used: here every message about orders, trades and positions is handed on
as a fact. Requests for data stay ib_async's own.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any, Protocol

from ib_async import IB, Contract, Execution, Order, OrderState
from ib_async import CommissionReport as IbCommissionReport
from ib_async.client import Client
from ib_async.util import parseIBDatetime
from ib_async.wrapper import RequestError, Wrapper

from skim_broker_ibkr.errors import INVALID, ReadOnlyError, is_read_only
from skim_broker_ibkr.numbers import exact, whole
from skim_broker_ibkr.told import Told, ToldCommission, ToldError, ToldPosition, ToldStatus
from skim_broker_ibkr.translate import instrument, told_execution, told_order


class Listener(Protocol):
    """Whoever is told what TWS says. What it does is done inside of the socket's callback."""

    def hear(self, told: Told) -> None:
        """Take in something about orders, trades, or the line."""

    def hear_data(self, request: int) -> None:
        """Take in a sign of life of a subscription."""


class Answers:
    """Collects the answers to a question until their end is told, one question at a time."""

    def __init__(self) -> None:
        self._collected: list[Any] = []
        self._done: asyncio.Future[list[Any]] | None = None

    def begin(self) -> asyncio.Future[list[Any]]:
        """Collect from now on; return what will have all answers."""
        self._collected = []
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def add(self, answer: Any) -> None:
        """Take an answer; one that nobody asked for is dropped."""
        if self._done is not None:
            self._collected.append(answer)

    def end(self) -> None:
        """Hand over the answers; an end that nobody waits for is dropped."""
        done, self._done = self._done, None
        if done is not None and not done.done():
            done.set_result(self._collected)

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that there will be no more answers."""
        done, self._done = self._done, None
        if done is not None and not done.done():
            done.set_exception(error)


class TapWrapper(Wrapper):
    """Hands on what TWS says to a `Listener`, and collects the answers about its books."""

    def __init__(self, ib: TapIB, listener: Listener) -> None:
        self.listener = listener
        self.greeted = False
        self.open_orders, self.completed_orders = Answers(), Answers()
        self.all_positions, self.all_executions, self.account_values = (
            Answers(),
            Answers(),
            Answers(),
        )
        super().__init__(ib)

    def connectAck(self) -> None:
        """TWS has greeted."""
        self.greeted = True
        super().connectAck()  # type: ignore[no-untyped-call]

    # Orders

    def openOrder(
        self,
        orderId: int,
        contract: Contract,
        order: Order,
        orderState: OrderState,
    ) -> None:
        """An order as it is open, or an answer to a what-if."""
        if order.whatIf:
            super().openOrder(orderId, contract, order, orderState)
            return
        told = told_order(contract, order, orderState, order_id=orderId)
        self.ib.client.updateReqId(orderId + 1)
        self.listener.hear(told)
        self.open_orders.add(told)

    def openOrderEnd(self) -> None:
        """The end of the open orders."""
        self.open_orders.end()

    def completedOrder(
        self,
        contract: Contract,
        order: Order,
        orderState: OrderState,
    ) -> None:
        """An order that is done."""
        told = told_order(contract, order, orderState, order_id=0, completed=True)
        self.completed_orders.add(told)

    def completedOrdersEnd(self) -> None:
        """The end of the orders that are done."""
        self.completed_orders.end()

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        parentId: int,
        lastFillPrice: float,
        clientId: int,
        whyHeld: str,
        mktCapPrice: float = 0.0,
    ) -> None:
        """Where an order is."""
        told = ToldStatus(
            perm_id=permId,
            client_id=clientId,
            order_id=orderId,
            status=status,
            filled=whole(filled),
            remaining=whole(remaining),
            why_held=whyHeld,
        )
        self.listener.hear(told)

    # Trades

    def execDetails(self, reqId: int, contract: Contract, execution: Execution) -> None:
        """A trade, live or asked for."""
        told = told_execution(contract, execution)
        if told is None:
            return
        self.listener.hear(told)
        if reqId > 0:
            self.all_executions.add(told)

    def execDetailsEnd(self, reqId: int) -> None:
        """The end of the trades that were asked for."""
        self.all_executions.end()

    def commissionReport(self, commissionReport: IbCommissionReport) -> None:
        """What a trade cost."""
        cost = exact(commissionReport.commission)
        if cost is not None:
            self.listener.hear(
                ToldCommission(commissionReport.execId, cost, commissionReport.currency)
            )

    # The account

    def position(self, account: str, contract: Contract, posSize: float, avgCost: float) -> None:
        """What an account holds of something."""
        self.all_positions.add(
            ToldPosition(
                account, instrument(contract), whole(posSize), exact(avgCost) or Decimal(0)
            )
        )

    def positionEnd(self) -> None:
        """The end of what is held."""
        self.all_positions.end()

    def accountSummary(
        self,
        _reqId: int,
        account: str,
        tag: str,
        value: str,
        currency: str,
    ) -> None:
        """One of an account's figures."""
        self.account_values.add((account, tag, value, currency))

    def accountSummaryEnd(self, reqId: int) -> None:
        """The end of an account's figures."""
        self.account_values.end()

    # The line

    def error(
        self,
        reqId: int,
        errorCode: int,
        errorString: str,
        advancedOrderRejectJson: str,
    ) -> None:
        """An error or a notice: ib_async ends the request that it is about."""
        if errorCode == INVALID and reqId in self._futures:
            # ib_async takes it for a warning, and would wait for an answer that never comes.
            refusal = RequestError(reqId, errorCode, errorString)
            self._endReq(reqId, refusal, success=False)  # type: ignore[no-untyped-call]
        elif reqId in self._futures or reqId in self.reqId2Subscriber:
            super().error(reqId, errorCode, errorString, advancedOrderRejectJson)
        if is_read_only(errorCode, errorString):
            # No end of the books follows.
            for answers in (self.open_orders, self.completed_orders, self.all_executions):
                answers.fail(ReadOnlyError())
        self.listener.hear(ToldError(reqId, errorCode, errorString))

    def connectionClosed(self) -> None:
        """The socket is gone."""
        lost = ConnectionError("the connection to TWS was lost")
        for answers in (
            self.open_orders,
            self.completed_orders,
            self.all_positions,
            self.all_executions,
            self.account_values,
        ):
            answers.fail(lost)
        super().connectionClosed()  # type: ignore[no-untyped-call]

    # Signs of life

    def priceSizeTick(self, reqId: int, tickType: int, price: float, size: float) -> None:
        """A price with its size."""
        super().priceSizeTick(reqId, tickType, price, size)
        self.listener.hear_data(reqId)

    def tickSize(self, reqId: int, tickType: int, size: float) -> None:
        """A size."""
        super().tickSize(reqId, tickType, size)
        self.listener.hear_data(reqId)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        """A number, such as whether trading is halted."""
        super().tickGeneric(reqId, tickType, value)
        self.listener.hear_data(reqId)

    def historicalDataUpdate(self, reqId: int, bar: Any) -> None:
        """The last of a subscription's bars, so far."""
        bars = self.reqId2Subscriber.get(reqId)
        if bars is not None and not bars:
            # ib_async would drop the first bar of what had none when it was asked for.
            bar.date = parseIBDatetime(bar.date)
            bars.append(bar)
        else:
            super().historicalDataUpdate(reqId, bar)
        self.listener.hear_data(reqId)


class TapIB(IB):
    """One connection to TWS. It is thrown away with the socket; a new one is made for the next."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.wrapper: TapWrapper = TapWrapper(self, listener)
        self.client = Client(self.wrapper)
        # ib_async's own limit would keep messages back, and drop them when the line does.
        self.client.MaxRequests = 0
        self.client.apiEnd += self.disconnectedEvent

    def _onError(self, *_: object) -> None:
        """Do nothing: what follows from an error is decided by the broker."""
