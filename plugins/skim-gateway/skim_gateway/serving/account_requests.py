"""The account: values, portfolio, positions, profit and loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from skim_gateway import codes
from skim_gateway.serving.account_values import (
    Row,
    account_rows,
    portfolio_message,
    summary_rows,
    valuation,
    valued,
)
from skim_gateway.serving.streams import Repeating
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation

_EVERY = timedelta(minutes=3)
"""How often a real gateway tells an account's values again."""

_ACCOUNT = ("account", 0)
_POSITIONS = ("positions", 0)


def _currency(conversation: Conversation) -> str:
    return conversation.gateway.setup.exchange.currency


def _repeating(conversation: Conversation, tell: Callable[[], None]) -> Repeating:
    return Repeating(conversation.gateway.book, conversation.now, _EVERY, tell)


def _is_ours(conversation: Conversation, account: str) -> bool:
    return account in {"", "All", conversation.gateway.setup.account}


def _refuse_account(conversation: Conversation, number: int, account: str) -> None:
    conversation.error(codes.INVALID, number, why=f"Invalid account code '{account}'")


async def account_updates(conversation: Conversation, request: r.RequestAccountUpdates) -> None:
    """Tell the account's values and portfolio now and every three minutes, or end that."""
    if not request.subscribe:
        if conversation.streams.pop(_ACCOUNT, None):
            conversation.error(codes.UNSUBSCRIBED_ACCOUNT)
        return
    if not _is_ours(conversation, request.account):
        _refuse_account(conversation, a.NOBODY, request.account)
        return

    def tell(*, first: bool = False) -> None:
        gateway, now = conversation.gateway, conversation.now
        account = gateway.setup.account
        found = valuation(gateway, now)
        for key, value, currency in account_rows(found, account, _currency(conversation)):
            conversation.send(
                a.AccountValue(key=key, value=value, currency=currency, account=account)
            )
        for holding in valued(gateway, now):
            conversation.send(portfolio_message(gateway, holding))
        conversation.send(a.AccountUpdateTime(time=gateway.wording.minute(now)))
        if first:
            conversation.send(a.AccountDownloadEnd(account=account))

    tell(first=True)
    conversation.subscribe(*_ACCOUNT, _repeating(conversation, tell))


async def account_summary(conversation: Conversation, request: r.RequestAccountSummary) -> None:
    """Tell the values asked for now and every three minutes."""
    if conversation.count("summary") >= conversation.gateway.setup.limits.summaries:
        why = "-'bW' : cause - Maximum number of account summary requests exceeded"
        conversation.error(codes.UNPROCESSED, request.req_id, why=why)
        return

    def rows() -> list[Row]:
        found = valuation(conversation.gateway, conversation.now)
        return summary_rows(found, request.tags, _currency(conversation))

    told: list[Row] = []

    def tell() -> None:
        account = conversation.gateway.setup.account
        for row in rows():
            if row not in told:
                tag, value, currency = row
                conversation.send(
                    a.AccountSummary(
                        req_id=request.req_id,
                        account=account,
                        tag=tag,
                        value=value,
                        currency=currency,
                    )
                )
        told[:] = rows()

    tell()
    conversation.send(a.AccountSummaryEnd(req_id=request.req_id))
    conversation.subscribe("summary", request.req_id, _repeating(conversation, tell))


async def cancel_summary(conversation: Conversation, request: r.CancelAccountSummary) -> None:
    """End a summary."""
    conversation.unsubscribe("summary", request.req_id)


async def account_updates_multi(
    conversation: Conversation, request: r.RequestAccountUpdatesMulti
) -> None:
    """Tell the values of the account."""
    if not _is_ours(conversation, request.account):
        _refuse_account(conversation, request.req_id, request.account)
        return
    gateway = conversation.gateway
    found = valuation(gateway, conversation.now)
    account = gateway.setup.account
    for key, value, currency in account_rows(found, account, _currency(conversation)):
        conversation.send(
            a.AccountUpdateMulti(
                req_id=request.req_id,
                account=account,
                model=request.model,
                key=key,
                value=value,
                currency=currency,
            )
        )
    conversation.send(a.AccountUpdateMultiEnd(req_id=request.req_id))


# Positions


class _Positions:
    """Tells positions that have changed."""

    timed = False
    with_fills = True

    def __init__(self, conversation: Conversation, message: Callable[[str], Any]) -> None:
        self._conversation = conversation
        self._message = message
        self._told: dict[str, int] = {}

    def advance(self, now: datetime) -> None:  # noqa: ARG002  changes come with fills, not with time
        """Tell what has changed."""
        for holding in self._conversation.gateway.book.portfolio.holdings:
            before = self._told.get(holding.symbol, 0)
            if holding.quantity != before or (
                holding.quantity and holding.symbol not in self._told
            ):
                self._told[holding.symbol] = holding.quantity
                self._conversation.send(self._message(holding.symbol))


def _position(conversation: Conversation, symbol: str) -> a.Position:
    gateway = conversation.gateway
    holding = gateway.book.portfolio.holding(symbol)
    return a.Position(
        account=gateway.setup.account,
        contract=gateway.catalogue.contract(symbol),
        position=Decimal(holding.quantity),
        average_cost=holding.cost,
    )


async def positions(conversation: Conversation, _: r.RequestPositions) -> None:
    """Tell the positions, and those that change from now on."""
    stream = _Positions(conversation, lambda symbol: _position(conversation, symbol))
    stream.advance(conversation.now)
    conversation.send(a.PositionEnd())
    conversation.subscribe(*_POSITIONS, stream)


async def cancel_positions(conversation: Conversation, _: r.CancelPositions) -> None:
    """End that."""
    conversation.unsubscribe(*_POSITIONS)


async def positions_multi(conversation: Conversation, request: r.RequestPositionsMulti) -> None:
    """Tell the positions of the account, and those that change from now on."""
    if not _is_ours(conversation, request.account):
        _refuse_account(conversation, request.req_id, request.account)
        return

    def message(symbol: str) -> a.PositionMulti:
        found = _position(conversation, symbol)
        return a.PositionMulti(
            req_id=request.req_id,
            account=found.account,
            contract=found.contract,
            position=found.position,
            average_cost=found.average_cost,
            model=request.model,
        )

    stream = _Positions(conversation, message)
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
    if not _is_ours(conversation, request.account):
        _refuse_account(conversation, request.req_id, request.account)
        return

    def message(now: datetime) -> a.Pnl:
        holdings = valued(conversation.gateway, now)
        return a.Pnl(
            req_id=request.req_id,
            daily=sum((found.daily for found in holdings), Decimal(0)),
            unrealized=sum((found.unrealized for found in holdings), Decimal(0)),
            realized=conversation.gateway.book.portfolio.realized(),
        )

    stream = _Pnl(conversation, message)
    stream.advance(conversation.now)
    conversation.subscribe("pnl", request.req_id, stream)


async def pnl_single(conversation: Conversation, request: r.RequestPnlSingle) -> None:
    """Tell one position's profit and loss whenever they change."""
    symbol = conversation.gateway.catalogue.symbol_of(request.con_id)
    if not _is_ours(conversation, request.account) or symbol is None:
        why = f"Invalid account code '{request.account}'" if symbol else "Invalid conid"
        conversation.error(codes.INVALID, request.req_id, why=why)
        return

    def message(now: datetime) -> a.PnlSingle:
        for found in valued(conversation.gateway, now):
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
    r.CancelAccountUpdatesMulti: "account multi",
}


# The connection


async def managed_accounts(conversation: Conversation, _: r.RequestManagedAccounts) -> None:
    """Tell the accounts."""
    conversation.send(a.ManagedAccounts(accounts=conversation.gateway.setup.account))


async def current_time(conversation: Conversation, _: r.RequestCurrentTime) -> None:
    """Tell the time."""
    conversation.send(a.CurrentTime(time=int(conversation.now.timestamp())))


async def family_codes(conversation: Conversation, _: r.RequestFamilyCodes) -> None:
    """Tell that the account has no family."""
    code = a.FamilyCode(account="*", code="")
    conversation.send(a.FamilyCodes(codes=(code,)))


async def user_info(conversation: Conversation, request: r.RequestUserInfo) -> None:
    """Tell that there is no white branding."""
    conversation.send(a.UserInfo(req_id=request.req_id))


async def log_level(_: Conversation, __: r.SetServerLogLevel) -> None:
    """Do nothing: how much is logged is decided where the gateway is started."""


async def advisers_only(conversation: Conversation, request: r.RequestFa | r.ReplaceFa) -> None:
    """Refuse what only an adviser's account can do."""
    number = getattr(request, "req_id", a.NOBODY)
    conversation.error(
        codes.INVALID, number, why="FA data operations ignored for non FA customers."
    )


HANDLERS = {
    r.RequestAccountUpdates: account_updates,
    r.RequestAccountSummary: account_summary,
    r.CancelAccountSummary: cancel_summary,
    r.RequestAccountUpdatesMulti: account_updates_multi,
    r.CancelAccountUpdatesMulti: cancel_numbered,
    r.RequestPositions: positions,
    r.CancelPositions: cancel_positions,
    r.RequestPositionsMulti: positions_multi,
    r.CancelPositionsMulti: cancel_positions_multi,
    r.RequestPnl: pnl,
    r.CancelPnl: cancel_numbered,
    r.RequestPnlSingle: pnl_single,
    r.CancelPnlSingle: cancel_numbered,
    r.RequestManagedAccounts: managed_accounts,
    r.RequestCurrentTime: current_time,
    r.RequestFamilyCodes: family_codes,
    r.RequestUserInfo: user_info,
    r.SetServerLogLevel: log_level,
    r.RequestFa: advisers_only,
    r.ReplaceFa: advisers_only,
}
