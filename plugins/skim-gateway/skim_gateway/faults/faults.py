"""Carries faults out: stands between a client and its conversation, and between exchange and book.

Use it from a test as ``server.gateway.faults.add(Fault(...))``. `struck` tells what has
been done, in order: the same faults, seed and messages give the same list.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skim_core import Fill, OrderStatus
from skim_core.broker import OrderReport
from skim_core.errors import BrokerError
from skim_gateway import codes
from skim_gateway.faults.model import Action, Fault, name_of
from skim_gateway.faults.outages import Outages
from skim_gateway.faults.references import order_ref
from skim_gateway.faults.striking import Armory, split
from skim_gateway.orders.translate import Refusal
from skim_gateway.wire import answers as a
from skim_gateway.wire.requests import PlaceOrder

if TYPE_CHECKING:
    from skim_core.broker import BrokerNotice
    from skim_gateway.gateway import Gateway
    from skim_gateway.serving.conversation import Conversation
    from skim_gateway.wire.messages import Message

_LOG = logging.getLogger("skim.gateway")


@dataclass(frozen=True)
class Struck:
    """A fault that was carried out: when, and on which message or symbol."""

    at: datetime
    do: Action
    on: str
    client: int | None
    order_ref: str


class Faults:
    """The faults of one gateway."""

    def __init__(self, gateway: Gateway, seed: int = 1) -> None:
        self.struck: list[Struck] = []
        self.outages = Outages(gateway)
        self._gateway = gateway
        self._armory = Armory(seed)
        self._held: dict[Conversation, a.Answer] = {}
        self._queues: defaultdict[str, deque[BrokerNotice]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its message or its time, or happen now.

        Raises BrokerError for a symbol that there is not, or for one to be resumed now that is
        not halted.
        """
        if fault.of_message:
            self._armory.add(fault)
            return
        if fault.symbol:
            self._gateway.halts.check(fault.symbol)
        if fault.at is None:
            self._happen(fault)
            return
        clock = self._gateway.clock
        when = fault.at.resolve(self._gateway.session(clock.now()))
        clock.call_at(when, lambda: self._happen_later(fault))

    def clear(self) -> None:
        """Let no fault wait for a message any more."""
        self._armory.clear()

    @property
    def waiting(self) -> list[Fault]:
        """The faults that wait for their message."""
        return self._armory.waiting

    def _happen_later(self, fault: Fault) -> None:
        try:
            self._happen(fault)
        except BrokerError as error:
            _LOG.warning("fault: %s could not happen: %s", fault.do, error)

    def _happen(self, fault: Fault) -> None:
        now = self._gateway.clock.now()
        struck = Struck(now, fault.do, fault.symbol, fault.client, "")
        self.struck.append(struck)
        try:
            self.outages.happen(fault)
        except BrokerError:
            self.struck.remove(struck)
            raise

    def _strike(self, conversation: Conversation, message: Message) -> list[Fault]:
        if not self._armory:
            return []
        name, client = name_of(type(message)), conversation.client_id
        reference = order_ref(self._gateway.book, client, message)
        found = self._armory.strike(name, client, reference)
        for fault in found:
            _LOG.debug("fault: %s on %s of client %s", fault.do, name, client)
            now = self._gateway.clock.now()
            self.struck.append(Struck(now, fault.do, name, client, reference))
        return found

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        clock = self._gateway.clock
        clock.call_at(clock.now() + timedelta(seconds=seconds), callback)

    # Requests

    async def take(
        self,
        conversation: Conversation,
        request: Message,
        proceed: Callable[[], Awaitable[None]],
    ) -> None:
        """Take a request with what goes wrong about it."""
        if self.outages.holds(request):
            self.outages.hold(conversation, proceed)
            return
        times = 1
        for fault in self._strike(conversation, request):
            if fault.do is not Action.DUPLICATE:
                await self._instead(fault, conversation, request, proceed)
                return
            times += 1
        for _ in range(times):
            await proceed()

    async def _instead(
        self,
        fault: Fault,
        conversation: Conversation,
        request: Message,
        proceed: Callable[[], Awaitable[None]],
    ) -> None:
        """Do with a request what a fault says; a dropped one needs nothing done."""
        match fault.do:
            case Action.DELAY:
                self._later(fault.seconds, lambda: self._start(proceed))
            case Action.SILENCE:
                self._silence(conversation, fault.seconds)
            case Action.RESET_BEFORE:
                conversation.abort()
            case Action.RESET_AFTER:
                conversation.muted = True
                await proceed()
                conversation.abort()
            case Action.DROP_REPLY:
                conversation.muted = True
                await proceed()
                conversation.muted = False
            case Action.ERROR:
                conversation.send(_error(fault, request))
            case Action.REJECT:
                self._reject(conversation, request, fault.text or "as the fault asks")

    def _reject(self, conversation: Conversation, request: Message, why: str) -> None:
        assert isinstance(request, PlaceOrder)
        client = conversation.client_id
        if client is None:
            conversation.send(codes.error(codes.NOT_CONNECTED))
            return
        try:
            self._gateway.desk.reject(client, request, why, codes.ORDER_REJECTED)
        except Refusal as refusal:
            conversation.send(refusal.answer)

    def _start(self, proceed: Callable[[], Awaitable[None]]) -> None:
        """Go on with a request that was held up, whether its client is still there or not."""

        async def go_on() -> None:
            await proceed()

        task = asyncio.get_running_loop().create_task(go_on())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _silence(self, conversation: Conversation, seconds: float) -> None:
        conversation.silent = True
        if seconds:

            def speak() -> None:
                conversation.silent = False

            self._later(seconds, speak)

    # Answers

    def send(self, conversation: Conversation, answer: a.Answer) -> None:
        """Send an answer with what goes wrong about it."""
        times = 1
        for fault in self._strike(conversation, answer):
            match fault.do:
                case Action.DROP:
                    return
                case Action.DELAY:
                    self._later(fault.seconds, lambda: conversation.put(answer))
                    return
                case Action.SILENCE:
                    self._silence(conversation, fault.seconds)
                    return
                case Action.RESET:
                    conversation.abort()
                    return
                case Action.REORDER:
                    self._held[conversation] = answer
                    return
                case Action.DUPLICATE:
                    times += 1
        for _ in range(times):
            conversation.put(answer)
        if (held := self._held.pop(conversation, None)) is not None:
            conversation.put(held)

    # Notices of the exchange

    def hear(self, notice: BrokerNotice) -> None:
        """Let the book hear of a notice, a fill in parts where a fault says so."""
        name = getattr(notice, "reference", "")
        if name in self._queues:
            self._queues[name].append(notice)
            return
        parts, seconds = self._parts(notice) if isinstance(notice, Fill) else ([notice], 0.0)
        if len(parts) == 1:
            self._gateway.take_in(notice)
            return
        self._queues[name].extend(parts)
        self._next(name, seconds)

    def _next(self, name: str, seconds: float) -> None:
        """Tell the next part of a fill, and what the exchange has said since after the last."""
        queue = self._queues[name]
        while queue:
            notice = queue.popleft()
            self._gateway.take_in(notice)
            more = queue and isinstance(queue[0], Fill) and isinstance(notice, OrderReport)
            if more and seconds:
                self._later(seconds, lambda: self._next(name, seconds))
                return
        del self._queues[name]

    def _parts(self, fill: Fill) -> tuple[list[BrokerNotice], float]:
        """Return a fill as the fills and reports that it is told as, and the time between."""
        ticket = self._gateway.book.at_exchange(fill.reference)
        if ticket is None or not self._armory:
            return [fill], 0.0
        reference = ticket.order.order_ref
        fault = self._armory.strike_fill(ticket.client_id, reference)
        if fault is None:
            return [fill], 0.0
        now = self._gateway.clock.now()
        self.struck.append(Struck(now, fault.do, fault.on, ticket.client_id, reference))
        quantities = split(fill.quantity, fault.parts)
        notices: list[BrokerNotice] = []
        told, charged = ticket.filled, fill.commission * 0
        for number, quantity in enumerate(quantities, start=1):
            last = number == len(quantities)
            share = (fill.commission * quantity / fill.quantity).quantize(fill.commission)
            cost = fill.commission - charged if last else share
            charged += cost
            told += quantity
            notices.append(
                fill.model_copy(
                    update={
                        "quantity": quantity,
                        "commission": cost,
                        "execution_id": f"{fill.execution_id}-{number}",
                    }
                )
            )
            if not last:
                notices.append(
                    OrderReport(
                        reference=fill.reference,
                        status=OrderStatus.WORKING,
                        filled=told,
                        remaining=ticket.terms.quantity - told,
                        at=fill.at,
                    )
                )
        return notices, fault.seconds


def _error(fault: Fault, request: Message) -> a.ErrorMessage:
    number = getattr(request, "req_id", getattr(request, "order_id", a.NOBODY))
    code = codes.ORDER_REJECTED if fault.code is None else fault.code
    text = fault.text
    if not text:
        text = codes.TEXTS.get(code, "").partition("{")[0] or f"Error {code}"
    return a.ErrorMessage(req_id=number, code=code, text=text)
