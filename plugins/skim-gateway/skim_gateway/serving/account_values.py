"""An account's values by the names that the API gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from skim_gateway.market.prints import INSTANT
from skim_gateway.wire import answers as a

if TYPE_CHECKING:
    from datetime import datetime

    from skim_gateway.gateway import Gateway
    from skim_gateway.orders.accounts import TradedAccount
    from skim_gateway.orders.portfolio import Holding

_CENT = Decimal("0.01")
LEDGER = "$LEDGER"


@dataclass(frozen=True, slots=True)
class Valuation:
    """What the account has: positions at their last prices. All in its currency."""

    cash: Decimal
    long: Decimal
    short: Decimal
    unrealized: Decimal
    realized: Decimal

    @property
    def positions(self) -> Decimal:
        """What is held, short positions below zero."""
        return self.long + self.short

    @property
    def net(self) -> Decimal:
        """Net liquidation."""
        return self.cash + self.positions


@dataclass(frozen=True, slots=True)
class ValuedHolding:
    """A holding at its last price, and what it has earned since yesterday."""

    holding: Holding
    price: Decimal
    daily: Decimal

    @property
    def value(self) -> Decimal:
        """What it would bring."""
        return (self.price * self.holding.quantity).quantize(_CENT)

    @property
    def unrealized(self) -> Decimal:
        """What selling it would earn."""
        return self.holding.unrealized(self.price)


def valued(gateway: Gateway, account: TradedAccount, now: datetime) -> list[ValuedHolding]:
    """Return an account's holdings at their last prices."""
    tape = gateway.tape(now)
    found = []
    for holding in account.portfolio.holdings:
        seen = tape.summary(holding.symbol, now - INSTANT)
        last = seen.last.price if seen.last else seen.previous_close or holding.cost
        daily = holding.unrealized(last) + holding.realized
        brought = account.brought.get(holding.symbol)
        if brought and seen.previous_close is not None and holding.quantity == brought:
            daily = ((last - seen.previous_close) * holding.quantity).quantize(_CENT)
        found.append(ValuedHolding(holding, last, daily))
    return found


def valuation(gateway: Gateway, account: TradedAccount, now: datetime) -> Valuation:
    """Return what an account has."""
    holdings = valued(gateway, account, now)
    values = [holding.value for holding in holdings]
    return Valuation(
        cash=account.portfolio.cash.quantize(_CENT),
        long=sum((value for value in values if value > 0), Decimal(0)),
        short=sum((value for value in values if value < 0), Decimal(0)),
        unrealized=sum((holding.unrealized for holding in holdings), Decimal(0)),
        realized=account.portfolio.realized(),
    )


_Amount = Callable[[Valuation], Decimal]

AMOUNTS: Mapping[str, _Amount] = {
    "AccruedCash": lambda _: Decimal(0),
    "AvailableFunds": lambda found: found.cash,
    "BuyingPower": lambda found: found.cash,
    "EquityWithLoanValue": lambda found: found.net,
    "ExcessLiquidity": lambda found: found.cash,
    "FullAvailableFunds": lambda found: found.cash,
    "FullExcessLiquidity": lambda found: found.cash,
    "FullInitMarginReq": lambda found: found.long - found.short,
    "FullMaintMarginReq": lambda found: found.long - found.short,
    "GrossPositionValue": lambda found: found.long - found.short,
    "InitMarginReq": lambda found: found.long - found.short,
    "LookAheadAvailableFunds": lambda found: found.cash,
    "LookAheadExcessLiquidity": lambda found: found.cash,
    "LookAheadInitMarginReq": lambda found: found.long - found.short,
    "LookAheadMaintMarginReq": lambda found: found.long - found.short,
    "MaintMarginReq": lambda found: found.long - found.short,
    "NetLiquidation": lambda found: found.net,
    "PreviousDayEquityWithLoanValue": lambda found: found.net - found.unrealized - found.realized,
    "SettledCash": lambda found: found.cash,
    "TotalCashValue": lambda found: found.cash,
}
"""Values of the account; all but the cash are without margin."""

TEXTS: Mapping[str, str] = {
    "AccountType": "INDIVIDUAL",
    "Cushion": "1",
    "DayTradesRemaining": "-1",
    "HighestSeverity": "0",
    "Leverage": "0.00",
    "LookAheadNextChange": "0",
}

LEDGERS: Mapping[str, _Amount] = {
    "CashBalance": lambda found: found.cash,
    "ExchangeRate": lambda _: Decimal(1),
    "NetLiquidationByCurrency": lambda found: found.net,
    "RealizedPnL": lambda found: found.realized,
    "StockMarketValue": lambda found: found.positions,
    "TotalCashBalance": lambda found: found.cash,
    "UnrealizedPnL": lambda found: found.unrealized,
}
"""Values of each currency, of which there is one."""

Row = tuple[str, str, str]
"""A value's name, the value, its currency."""


def account_rows(found: Valuation, account: str, currency: str) -> list[Row]:
    """Return all values, as a subscription to the account tells them."""
    rows = [("AccountCode", account, ""), ("AccountReady", "true", "")]
    rows += [(name, text, "") for name, text in TEXTS.items()]
    rows += [(name, _text(amount(found)), currency) for name, amount in AMOUNTS.items()]
    return [*rows, ("Currency", currency, currency), *_ledger_rows(found, currency)]


def summary_rows(found: Valuation, tags: str, currency: str) -> list[Row]:
    """Return the values named in `tags`; names that there are not are passed over."""
    rows: list[Row] = []
    for tag in dict.fromkeys(tags.split(",")):
        name = tag.strip()
        if name in AMOUNTS:
            rows.append((name, _text(AMOUNTS[name](found)), currency))
        elif name in TEXTS:
            rows.append((name, TEXTS[name], ""))
        elif name.partition(":")[0] == LEDGER:
            rows += _ledger_rows(found, currency)
    return rows


def _ledger_rows(found: Valuation, currency: str) -> list[Row]:
    return [(name, _text(amount(found)), currency) for name, amount in LEDGERS.items()]


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def portfolio_message(
    gateway: Gateway, account: TradedAccount, valued_holding: ValuedHolding
) -> a.PortfolioValue:
    """Return a holding as a subscription to the account tells it."""
    holding = valued_holding.holding
    return a.PortfolioValue(
        contract=gateway.catalogue.contract(holding.symbol),
        position=Decimal(holding.quantity),
        market_price=valued_holding.price,
        market_value=valued_holding.value,
        average_cost=holding.cost,
        unrealized_pnl=valued_holding.unrealized,
        realized_pnl=holding.realized,
        account=account.number,
    )
