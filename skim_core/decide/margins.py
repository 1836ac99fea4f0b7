"""How far an entry was from each limit when it was checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from skim_core.decide.explained_steps import Amount, Margin
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.orders import Order
from skim_core.model.session import Session


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, and when; `order` is None where the journal doesn't keep it."""

    limits: Limits
    reading: RiskReading
    session: Session
    at: datetime
    order: Order | None = None


def margins(checked: Checked) -> list[Margin]:
    """Return the margin of every limit that is set and is a number.

    One that could not be measured (a quote that was not there) has no `found` and no `left`.
    Counts are with the entry that was checked; of a time nothing is left, never less.
    """
    found = []
    for name, measure in _AT_LEAST:
        allowed = _allowed(checked.limits, name)
        if allowed is not None:
            value = measure(checked)
            found.append(_margin(name, value, allowed, _room(allowed, value)))
    for name, measure in _AT_MOST:
        allowed = _allowed(checked.limits, name)
        if allowed is not None:
            value = measure(checked)
            found.append(_margin(name, value, allowed, _room(value, allowed)))
    return found


def quote_age(reading: RiskReading | None, at: datetime) -> timedelta | None:
    """Return how old the last price of a reading was when it was used."""
    if reading is None or reading.quoted_at is None:
        return None
    return max(at - reading.quoted_at, timedelta(0))


def _allowed(limits: Limits, name: str) -> Amount | None:
    if name == "gateway_restart":
        return limits.restart_margin if limits.gateway_restart is not None else None
    allowed: Amount | None = getattr(limits, name)
    return allowed


def _margin(name: str, found: Amount | None, allowed: Amount, left: Amount | None) -> Margin:
    return Margin(limit=name, found=found, allowed=allowed, left=left)


def _room(low: Amount | None, high: Amount | None) -> Amount | None:
    """Return how far `low` is below `high`; both are of one kind."""
    if isinstance(low, timedelta) and isinstance(high, timedelta):
        return max(high - low, timedelta(0))
    if isinstance(low, Decimal | int) and isinstance(high, Decimal | int):
        return high - low
    return None


def _to_restart(checked: Checked) -> Amount | None:
    at = checked.limits.gateway_restart
    if at is None:
        return None
    local = checked.session.local(checked.at)
    restart = local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    return restart - local if restart >= local else restart + timedelta(days=1) - local


def _distance(checked: Checked) -> Amount | None:
    price = checked.order.limit_price if checked.order else None
    last = checked.reading.last
    if price is None or last is None:
        return None
    return round(abs(price - last) / last * 100, 4)


_Measure: TypeAlias = Callable[[Checked], Amount | None]

_AT_LEAST: tuple[tuple[str, _Measure], ...] = (
    ("before_close", lambda c: max(c.session.close - c.at, timedelta(0))),
    ("gateway_restart", _to_restart),
)
"""Limits that are distances to be kept, each with what is compared with it."""

_AT_MOST: tuple[tuple[str, _Measure], ...] = (
    ("quote_age", lambda c: quote_age(c.reading, c.at)),
    ("price_distance", _distance),
    ("order_quantity", lambda c: c.order.quantity if c.order else None),
    ("order_value", lambda c: c.reading.value),
    ("position_value", lambda c: c.reading.position_value),
    ("positions", lambda c: c.reading.positions + 1),
    ("orders_per_minute", lambda c: c.reading.orders_last_minute + 1),
    ("orders_per_day", lambda c: c.reading.orders_today + 1),
    ("loss_per_day", lambda c: -c.reading.profit),
    ("drawdown", lambda c: c.reading.peak - c.reading.profit),
)
"""Limits that must not be exceeded, each with what is compared with it."""
