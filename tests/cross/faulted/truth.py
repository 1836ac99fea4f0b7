"""What the gateway's exchange truly has, in the shape in which the simulation's watch looks at it."""

from __future__ import annotations

from skim_core.model.reports import OrderReport
from skim_core.simulation.model_orders import FOREIGN

_OURS = "ours"
_TOLD = {"reference", "status", "filled", "quantity", "price", "reason"}


class TrueOrder:
    """An order at the gateway's exchange; see `skim_core.simulation.model_orders.ModelOrder`.

    `reference` is the one that its client gave it: of several with the same the exchange
    knows only the first by it.
    """

    transmitted = True

    def __init__(self, resting, reference, process, closes):
        self._resting, self.process = resting, process
        self.withdrawn = False
        self._said = {"reference": reference, "closes": closes}
        self.broker_id = resting.order.reference
        self.placed_at = resting.arrival

    @property
    def order(self):
        """The order as it is by now; what it is for isn't told to any exchange."""
        return self._resting.order.model_copy(update=self._said)

    @property
    def foreign(self):
        """Whether it is none of ours."""
        return self.process == FOREIGN

    @property
    def live(self):
        """Whether it may still trade."""
        return self._resting.live

    @property
    def filled(self):
        """The shares that have traded."""
        return self._resting.filled

    @property
    def done_at(self):
        """When it was done, or None."""
        return None if self._resting.live else self._resting.at

    @property
    def remaining(self):
        """The shares that may trade yet."""
        return self._resting.outlook

    @property
    def tradable(self):
        """The shares that may trade now."""
        return self._resting.available

    @property
    def reason(self):
        """Why it was done; "" when the gateway lost it and nobody asked for that."""
        return "" if self.withdrawn else self._resting.reason

    def __str__(self):
        order = self.order
        prices = "".join(f" {price}" for price in (order.stop_price, order.limit_price) if price)
        return (
            f"{order.reference} {order.side} {order.quantity} {order.symbol} {order.type}{prices}"
        )


class Truth:
    """All orders and trades of the gateway's account, whoever they are of and whoever knows them.

    `look` after each change at the exchange. `sent` has what was sent by reference.
    """

    def __init__(self, gateway):
        self._gateway = gateway
        self.orders, self.fills, self.history, self.on_change = [], [], [], []
        self._names, self.sent = {}, {}
        gateway.broker.subscribe(self._hear)

    def _hear(self, notice):
        self.look()
        if (
            isinstance(notice, OrderReport)
            and self._gateway.book.at_exchange(notice.reference) is None
        ):
            for order in self.orders:
                order.withdrawn |= order.broker_id == notice.reference
        told = notice.model_dump_json(include=_TOLD)
        self.history.append(f"- exchange {type(notice).__name__} {told}")

    def look(self):
        """Take in what is new."""
        exchange = self._gateway.broker._current().exchange
        for name, resting in exchange._book.orders.items():
            if name not in self._names:
                self._add(name, resting)
                # One by one: each is compared with those before it.
                self._tell()
        for fill in exchange.fills[len(self.fills) :]:
            reference = self._names[fill.reference]
            self.fills.append(fill.model_copy(update={"reference": reference}))
        self._tell()

    def _tell(self):
        for function in self.on_change:
            function()

    def _add(self, name, resting):
        ticket = self._gateway.book.at_exchange(name)
        by_hand = ticket is not None and not ticket.client_id
        reference = ticket.order.order_ref if ticket is not None else name
        self._names[name] = reference or name
        sent = self.sent.get(self._names[name])
        closes = sent is not None and sent.closes
        order = TrueOrder(resting, self._names[name], FOREIGN if by_hand else _OURS, closes)
        self.orders.append(order)
        self.history.append(f"- exchange has {order}")
