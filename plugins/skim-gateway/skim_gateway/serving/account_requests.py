"""Accounts: values, portfolio; and the connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.serving.account_values import (
    account_rows,
    portfolio_message,
    summary_rows,
    valuation,
    valued,
)
from skim_gateway.serving.position_requests import meant_accounts
from skim_gateway.serving.streams import Repeating
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation

_EVERY = timedelta(minutes=3)
"""How often a real gateway tells an account's values again."""

_ACCOUNT = ("account", 0)


def _currency(conversation: Conversation) -> str:
    return conversation.gateway.setup.exchange.currency


def _repeating(conversation: Conversation, tell: Callable[[], None]) -> Repeating:
    return Repeating(conversation.gateway.book, conversation.now, _EVERY, tell)


async def account_updates(conversation: Conversation, request: r.RequestAccountUpdates) -> None:
    """Tell the account's values and portfolio now and every three minutes, or end that."""
    if not request.subscribe:
        if conversation.streams.pop(_ACCOUNT, None):
            conversation.error(codes.UNSUBSCRIBED_ACCOUNT)
        return
    meant = meant_accounts(conversation, a.NOBODY, request.account)
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
    meant = meant_accounts(conversation, request.req_id, request.account)
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


async def cancel_updates_multi(
    conversation: Conversation, request: r.CancelAccountUpdatesMulti
) -> None:
    """End a subscription that nobody misses when there is none."""
    conversation.unsubscribe("account multi", request.req_id)


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
    r.CancelAccountUpdatesMulti: cancel_updates_multi,
    r.RequestManagedAccounts: managed_accounts,
    r.RequestCurrentTime: current_time,
    r.RequestFamilyCodes: family_codes,
    r.RequestUserInfo: user_info,
    r.SetServerLogLevel: log_level,
    r.RequestFa: advisers_only,
    r.ReplaceFa: advisers_only,
}
