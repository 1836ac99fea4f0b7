"""Accounts: values, portfolio, positions, profit and loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.serving.account_values import (
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
    from skim_gateway.orders.accounts import TradedAccount
    from skim_gateway.orders.portfolio import Holding
    from skim_gateway.serving.conversation import Conversation

_EVERY = timedelta(minutes=3)
"""How often a real gateway tells an account's values again."""

_ACCOUNT = ("account", 0)
_POSITIONS = ("positions", 0)


def _currency(conversation: Conversation) -> str:
    return conversation.gateway.setup.exchange.currency


def _repeating(conversation: Conversation, tell: Callable[[], None]) -> Repeating:
    return Repeating(conversation.gateway.book, conversation.now, _EVERY, tell)


def _meant(conversation: Conversation, number: int, account: str) -> list[TradedAccount]:
    """Return the accounts that a request means, or tell that there is no such."""
    found = conversation.gateway.accounts.meant(account)
    if not found:
        _refuse_account(conversation, number, account)
    return found


def _refuse_account(conversation: Conversation, number: int, account: str) -> None:
    conversation.error(codes.INVALID, number, why=f"Invalid account code '{account}'")


async def account_updates(conversation: Conversation, request: r.RequestAccountUpdates) -> None:
    """Tell the account's values and portfolio now and every three minutes, or end that."""
    if not request.subscribe:
        if conversation.streams.pop(_ACCOUNT, None):
            conversation.error(codes.UNSUBSCRIBED_ACCOUNT)
        return
    meant = _meant(conversation, a.NOBODY, request.account)
    if not meant:
        return
    # Of several accounts a real gateway tells one at a time.
    account = meant[0]

    def tell(*, first: bool = False) -> None:
        gateway, now = conversation.gateway, conversation.now
        found = valuation(gateway, account, now)
        for key, value, currency in account_rows(found, account.number, _currency(conversation)):
            conversation.send(
                a.AccountValue(key=key, value=value, currency=currency, account=account.number)
            )
        for holding in valued(gateway, account, now):
            conversation.send(portfolio_message(gateway, account, holding))
        conversation.send(a.AccountUpdateTime(time=gateway.wording.minute(now)))
        if first:
            conversation.send(a.AccountDownloadEnd(account=account.number))

    tell(first=True)
    conversation.subscribe(*_ACCOUNT, _repeating(conversation, tell))


async def account_summary(conversation: Conversation, request: r.RequestAccountSummary) -> None:
    """Tell the values asked for now and every three minutes."""
    if conversation.count("summary") >= conversation.gateway.setup.limits.summaries:
        why = "-'bW' : cause - Maximum number of account summary requests exceeded"
        conversation.error(codes.UNPROCESSED, request.req_id, why=why)
        return

    def rows() -> list[a.AccountSummary]:
        gateway = conversation.gateway
        return [
            a.AccountSummary(
                req_id=request.req_id,
                account=account.number,
                tag=tag,
                value=value,
                currency=currency,
            )
            for account in gateway.accounts
            for tag, value, currency in summary_rows(
                valuation(gateway, account, conversation.now), request.tags, _currency(conversation)
            )
        ]

    told: list[a.AccountSummary] = []

    def tell() -> None:
        found = rows()
        for row in found:
            if row not in told:
                conversation.send(row)
        told[:] = found

    tell()
    conversation.send(a.AccountSummaryEnd(req_id=request.req_id))
    conversation.subscribe("summary", request.req_id, _repeating(conversation, tell))


async def cancel_summary(conversation: Conversation, request: r.CancelAccountSummary) -> None:
    """End a summary."""
    conversation.unsubscribe("summary", request.req_id)


async def account_updates_multi(
    conversation: Conversation, request: r.RequestAccountUpdatesMulti
) -> None:
    """Tell the values of the account, or of all."""
    meant = _meant(conversation, request.req_id, request.account)
    if not meant:
        return
    gateway = conversation.gateway
    for account in meant:
        found = valuation(gateway, account, conversation.now)
        for key, value, currency in account_rows(found, account.number, _currency(conversation)):
            conversation.send(
                a.AccountUpdateMulti(
                    req_id=request.req_id,
                    account=account.number,
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
    meant = _meant(conversation, request.req_id, request.account)
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
    meant = _meant(conversation, request.req_id, request.account)
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
    meant = _meant(conversation, request.req_id, request.account)
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
    r.CancelAccountUpdatesMulti: "account multi",
}


# The connection


async def managed_accounts(conversation: Conversation, _: r.RequestManagedAccounts) -> None:
    """Tell the accounts."""
    numbers = conversation.gateway.accounts.numbers
    conversation.send(a.ManagedAccounts(accounts=",".join(numbers)))


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
