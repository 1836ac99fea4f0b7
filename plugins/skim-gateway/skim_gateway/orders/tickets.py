"""One order as the gateway keeps it, and what it says of it to clients."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from skim_core import Order as ExchangeOrder
from skim_gateway.orders.translate import Terms, group_of, order_of
from skim_gateway.wire.answers import CompletedOrder, OpenOrder, OrderStatus
from skim_gateway.wire.contracts import Contract
from skim_gateway.wire.orders import Order, OrderState

PENDING_SUBMIT = "PendingSubmit"
PRE_SUBMITTED = "PreSubmitted"
SUBMITTED = "Submitted"
PENDING_CANCEL = "PendingCancel"
CANCELLED = "Cancelled"
FILLED = "Filled"
INACTIVE = "Inactive"
DONE = frozenset({CANCELLED, FILLED, INACTIVE})

_PLACES = Decimal("0.00000001")


@dataclass(eq=False)
class Ticket:
    """An order: what the client gave, what it is at the exchange, what became of it.

    `reference` is its name at the exchange; `at_exchange` is None until it is transmitted.
    `value` is what its fills were worth.
    """

    perm_id: int
    client_id: int
    order: Order
    contract: Contract
    symbol: str
    reference: str
    terms: Terms
    placed_at: datetime
    parent: Ticket | None = None
    at_exchange: ExchangeOrder | None = None
    status: str = PENDING_SUBMIT
    why_held: str = ""
    reason: str = ""
    filled: int = 0
    value: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    commission: Decimal | None = None
    done_at: datetime | None = None
    cancelling: bool = False
    children: list[Ticket] = field(default_factory=list)

    @property
    def order_id(self) -> int:
        """The id that the order's client knows it by."""
        return self.order.order_id

    @property
    def by_hand(self) -> bool:
        """Whether it was placed by hand and no client owns it."""
        return self.order_id == 0

    @property
    def done(self) -> bool:
        """Whether nothing more happens to the order."""
        return self.status in DONE

    @property
    def average_price(self) -> Decimal:
        """The average price of its fills; 0 before the first."""
        return (
            (self.value / self.filled).quantize(_PLACES).normalize() if self.filled else Decimal(0)
        )

    @property
    def left(self) -> int:
        """The shares that have not traded."""
        return self.terms.quantity - self.filled

    def for_exchange(self) -> ExchangeOrder:
        """Return the order as the exchange takes it.

        The orders that are attached to one parent cancel one another.
        """
        parent, group = self.parent, group_of(self.order.oca_group)
        if group is None and parent is not None:
            group = f"oca-{parent.perm_id}"
        name = parent.reference if parent is not None else None
        return order_of(self.reference, self.symbol, self.terms, name, group)

    def status_message(self) -> OrderStatus:
        """Return where the order is."""
        return OrderStatus(
            order_id=self.order_id,
            status=self.status,
            filled=Decimal(self.filled),
            remaining=Decimal(self.left),
            average_price=self.average_price,
            perm_id=self.perm_id,
            parent_id=self.order.parent_id,
            last_price=self.last_price,
            client_id=self.client_id,
            why_held=self.why_held,
        )

    def open_message(self, currency: str) -> OpenOrder:
        """Return all that the order says; its commission once it is known."""
        state = OrderState(status=self.status)
        if self.commission is not None:
            state = replace(state, commission=self.commission, commission_currency=currency)
        return OpenOrder(contract=self._told_contract(), order=self._told_order(), state=state)

    def completed_message(self, time: str) -> CompletedOrder:
        """Return the order as one that is done: without the ids that its client gave it.

        The total quantity is 0 there, as in all recordings of a real gateway.
        """
        filled = f"Filled Size: {self.filled}" if self.filled else "Cancelled by Trader"
        if self.status == INACTIVE:
            filled = f"Rejected: {self.reason}"
        order = replace(
            self._told_order(),
            total_quantity=Decimal(0),
            filled_quantity=Decimal(self.filled),
            shareholder="Not an insider or substantial shareholder",
            parent_perm_id=self.parent.perm_id if self.parent else 2**63 - 1,
        )
        return CompletedOrder(
            contract=self._told_contract(),
            order=order,
            state=OrderState(status=self.status, completed_time=time, completed_status=filled),
        )

    def _told_contract(self) -> Contract:
        return replace(self.contract, right="?")

    def _told_order(self) -> Order:
        """Return the order with what a real gateway puts where nothing was given."""
        given = self.order
        group = given.oca_group
        if not group and self.parent is not None and len(self.parent.children) > 1:
            group = str(self.parent.perm_id)
        return replace(
            given,
            client_id=self.client_id,
            perm_id=self.perm_id,
            oca_group=group,
            oca_type=given.oca_type or 3,
            display_size=given.display_size or None,
            shares_allocation=f"{self.perm_id}.0/{given.account}/{given.total_quantity:f}",
            delta_neutral_order_type=given.delta_neutral_order_type or "None",
            clearing_intent=given.clearing_intent or "IB",
            adjusted_order_type=given.adjusted_order_type or "None",
            dont_use_auto_price_for_hedge=True,
            trail_stop_price=given.trail_stop_price,
            min_compete_size=given.min_compete_size or 100,
            compete_against_best_offset=given.compete_against_best_offset or Decimal("0.02"),
        )
