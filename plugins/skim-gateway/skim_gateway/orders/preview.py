"""What-if: what an order would need and cost, for an account without margin."""

from __future__ import annotations

from decimal import Decimal

from skim_core import Account, Exchange, Side
from skim_gateway.orders.tickets import PRE_SUBMITTED
from skim_gateway.orders.translate import Terms
from skim_gateway.wire.orders import OrderState

_CENT = Decimal("0.01")


def preview(
    found: Terms, account: Account, held: Decimal, last: Decimal, rules: Exchange
) -> OrderState:
    """Return the state that an order would have; `held` is what is invested already.

    A bought share needs its whole price, a sold one sets its price free.
    """
    price = found.limit_price or found.stop_price or last
    way = 1 if found.side is Side.BUY else -1
    change = (price * found.quantity * way).quantize(_CENT)
    commission = rules.commission.charge(found.quantity, price) if price else Decimal(0)
    equity = account.net_liquidation.quantize(_CENT)
    before, after = held.quantize(_CENT), (held + change).quantize(_CENT)
    return OrderState(
        status=PRE_SUBMITTED,
        init_margin_before=before,
        maint_margin_before=before,
        equity_with_loan_before=equity,
        init_margin_change=change,
        maint_margin_change=change,
        equity_with_loan_change=-commission,
        init_margin_after=after,
        maint_margin_after=after,
        equity_with_loan_after=equity - commission,
        commission=commission,
        min_commission=commission,
        max_commission=commission,
        commission_currency=account.currency,
    )
