"""Which account is traded, and whether it is the kind that was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from skim_core import Account
from skim_core.errors import ConfigError

if TYPE_CHECKING:
    from skim_broker_ibkr.options import IbkrOptions

_NUMBER = re.compile(r"[A-Z]{1,3}[0-9]{4,}")
_PAPER = "D"
"""Paper accounts are DU…, advisors' DF…; source: IBKR, "Paper Trading Account"."""
_CENT = Decimal("0.01")

ACCOUNT_TAGS = "AccountType,NetLiquidation,TotalCashValue"


def summary_tags(currency: str) -> str:
    """Return what is asked of an account: its figures, and those in the exchange's currency."""
    return f"{ACCOUNT_TAGS},$LEDGER:{currency}"


def is_paper(account: str) -> bool:
    """Whether an account's number is a paper account's."""
    return account.startswith(_PAPER)


def chosen_account(options: IbkrOptions, configured: str, managed: Sequence[str]) -> str:
    """Return the number of the account that is traded.

    `configured` is skim's own setting, which may be a name; `managed` are the accounts that
    TWS is logged in to. Raises ConfigError when that is not clear, or when the account is
    not of the kind that `trading_mode` says.
    """
    named = configured if _NUMBER.fullmatch(configured) else ""
    if options.account and named and options.account != named:
        msg = (
            f"[brokers.ibkr] account is {options.account}, skim's own is {named}: "
            "set both to the same number."
        )
        raise ConfigError(msg)
    wanted = options.account or named
    if not wanted:
        if len(managed) != 1:
            msg = (
                f"TWS is logged in to {len(managed)} accounts ({', '.join(managed)}): set account "
                "in [brokers.ibkr] to the one to trade."
            )
            raise ConfigError(msg)
        wanted = managed[0]
    if wanted not in managed:
        msg = (
            f"TWS is not logged in to the account {wanted}, but to {', '.join(managed)}: "
            "log in with that account's user, or set account in [brokers.ibkr]."
        )
        raise ConfigError(msg)
    if is_paper(wanted) is not (options.trading_mode == "paper"):
        kind = "a paper account" if is_paper(wanted) else "an account with real money"
        msg = (
            f"{wanted} is {kind}, but [brokers.ibkr] trading_mode is {options.trading_mode!r}: "
            "nothing is traded. Log in to the other kind of account, or change trading_mode."
        )
        raise ConfigError(msg)
    return wanted


def account_of(
    number: str, currency: str, values: Sequence[tuple[str, str, str, str]]
) -> Account | None:
    """Return an account's money, by what TWS says of it; None when it says too little.

    In the exchange's currency: where the account's own is another one, only what it has in
    the exchange's counts.
    """
    found = {
        (tag, told_currency): amount
        for account, tag, value, told_currency in values
        if account == number and (amount := _amount(value)) is not None
    }
    net = found.get(("NetLiquidation", currency))
    cash = found.get(("TotalCashValue", currency))
    if net is None or cash is None:
        net = found.get(("NetLiquidationByCurrency", currency))
        cash = found.get(("CashBalance", currency))
    if net is None or cash is None:
        own = {told for tag, told in found if tag == "NetLiquidation"}
        if not own:
            return None
        net, cash = Decimal(0), Decimal(0)
    return Account(number=number, currency=currency, cash=cash, net_liquidation=net)


def _amount(value: str) -> Decimal | None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount.quantize(_CENT) if amount.is_finite() else None
