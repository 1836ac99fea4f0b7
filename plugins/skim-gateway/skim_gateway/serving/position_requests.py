"""Positions of accounts, and their profit and loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.serving.account_values import (
    valued,
)
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.orders.accounts import TradedAccount
    from skim_gateway.orders.portfolio import Holding
    from skim_gateway.serving.conversation import Conversation

_POSITIONS = ("positions", 0)


def meant_accounts(conversation: Conversation, number: int, account: str) -> list[TradedAccount]:
    """Return the accounts that a request means, or tell that there is no such."""
    found = conversation.gateway.accounts.meant(account)
    if not found:
        conversation.error(codes.INVALID, number, why=f"Invalid account code '{account}'")
    return found


class _Positions:
    """Tells positions that have changed."""

    timed = False
    with_fills = True

    def __init__(
        self,
        conversation: Conversation,
        accounts: Iterable[TradedAccount],
        message: Callable[[a.Position], a.Answer],
    ) -> None:
        self._conversation = conversation
        self._accounts = tuple(accounts)
        self._message = message
        self._told: dict[tuple[str, str], int] = {}

    def advance(self, now: datetime) -> None:  # noqa: ARG002  changes come with fills, not with time
        """Tell what has changed."""
        for account in self._accounts:
            for holding in account.portfolio.holdings:
                if holding.quantity != self._told.get((account.number, holding.symbol), 0):
                    self._told[account.number, holding.symbol] = holding.quantity
                    self._conversation.send(self._message(self._position(account, holding)))

    def _position(self, account: TradedAccount, holding: Holding) -> a.Position:
        return a.Position(
            account=account.number,
            contract=self._conversation.gateway.catalogue.contract(holding.symbol),
            position=Decimal(holding.quantity),
            average_cost=holding.cost,
        )


async def positions(conversation: Conversation, _: r.RequestPositions) -> None:
    """Tell the positions of all accounts, and those that change from now on."""
    stream = _Positions(conversation, conversation.gateway.accounts, lambda found: found)
    stream.advance(conversation.now)
    conversation.send(a.PositionEnd())
    conversation.subscribe(*_POSITIONS, stream)


async def cancel_positions(conversation: Conversation, _: r.CancelPositions) -> None:
    """End that."""
    conversation.unsubscribe(*_POSITIONS)


async def positions_multi(conversation: Conversation, request: r.RequestPositionsMulti) -> None:
    """Tell the positions of the account, and those that change from now on."""
    meant = meant_accounts(conversation, request.req_id, request.account)
    if not meant:
        return

    def message(found: a.Position) -> a.PositionMulti:
        return a.PositionMulti(
            req_id=request.req_id,
            account=found.account,
            contract=found.contract,
            position=found.position,
            average_cost=found.average_cost,
            model=request.model,
        )

    stream = _Positions(conversation, meant, message)
    stream.advance(conversation.now)
    conversation.send(a.PositionMultiEnd(req_id=request.req_id))
    conversation.subscribe("positions multi", request.req_id, stream)


async def cancel_positions_multi(
    conversation: Conversation, request: r.CancelPositionsMulti
) -> None:
    """End that."""
    conversation.unsubscribe("positions multi", request.req_id)


# Profit and loss


class _Pnl:
    """Tells profit and loss when they have changed."""

    timed = True
    with_fills = True

    def __init__(self, conversation: Conversation, message: Callable[[datetime], a.Answer]) -> None:
        self._conversation = conversation
        self._message = message
        self._told: a.Answer | None = None

    def advance(self, now: datetime) -> None:
        """Tell what has changed."""
        message = self._message(now)
        if message != self._told:
            self._told = message
            self._conversation.send(message)


async def pnl(conversation: Conversation, request: r.RequestPnl) -> None:
    """Tell the account's profit and loss whenever they change."""
    meant = meant_accounts(conversation, request.req_id, request.account)
    if not meant:
        return

    def message(now: datetime) -> a.Pnl:
        gateway = conversation.gateway
        holdings = [found for account in meant for found in valued(gateway, account, now)]
        return a.Pnl(
            req_id=request.req_id,
            daily=sum((found.daily for found in holdings), Decimal(0)),
            unrealized=sum((found.unrealized for found in holdings), Decimal(0)),
            realized=sum((account.portfolio.realized() for account in meant), Decimal(0)),
        )

    stream = _Pnl(conversation, message)
    stream.advance(conversation.now)
    conversation.subscribe("pnl", request.req_id, stream)


async def pnl_single(conversation: Conversation, request: r.RequestPnlSingle) -> None:
    """Tell one position's profit and loss whenever they change."""
    symbol = conversation.gateway.catalogue.symbol_of(request.con_id)
    if symbol is None:
        conversation.error(codes.INVALID, request.req_id, why="Invalid conid")
        return
    meant = meant_accounts(conversation, request.req_id, request.account)
    if not meant:
        return

    def message(now: datetime) -> a.PnlSingle:
        for found in valued(conversation.gateway, meant[0], now):
            if found.holding.symbol == symbol:
                return a.PnlSingle(
                    req_id=request.req_id,
                    position=Decimal(found.holding.quantity),
                    daily=found.daily,
                    unrealized=found.unrealized,
                    realized=found.holding.realized,
                    value=found.value,
                )
        nothing = Decimal(0)
        return a.PnlSingle(
            req_id=request.req_id,
            position=nothing,
            daily=None,
            unrealized=None,
            realized=None,
            value=nothing,
        )

    stream = _Pnl(conversation, message)
    stream.advance(conversation.now)
    conversation.subscribe("pnl single", request.req_id, stream)


async def cancel_numbered(conversation: Conversation, request: r.Numbered) -> None:
    """End a subscription that nobody misses when there is none."""
    conversation.unsubscribe(_KINDS[type(request)], request.req_id)


_KINDS: dict[type[r.Numbered], str] = {
    r.CancelPnl: "pnl",
    r.CancelPnlSingle: "pnl single",
}


HANDLERS = {
    r.RequestPositions: positions,
    r.CancelPositions: cancel_positions,
    r.RequestPositionsMulti: positions_multi,
    r.CancelPositionsMulti: cancel_positions_multi,
    r.RequestPnl: pnl,
    r.CancelPnl: cancel_numbered,
    r.RequestPnlSingle: pnl_single,
    r.CancelPnlSingle: cancel_numbered,
}
