"""The trading rules of exchanges, read from the data files in ``exchanges/``."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from skim_core.calendar.year import describe, is_mic
from skim_core.errors import ConfigError
from skim_core.model.exchange import CommissionSchedule, Exchange, TickBand
from skim_core.model.session import Session

_RULES = Path(__file__).with_name("exchanges")

_NO_CURRENCY = "XXX"
"""ISO 4217's code for a transaction without a currency."""


def load_exchange(mic: str, on: dt.date | None = None) -> Exchange:
    """Return the rules of an exchange as they are on a session's date; the latest without one.

    An exchange without a data file has those of the exchange whose calendar it shares
    (ARCX has those of XNYS), else the default: a tick of 0.01 at every price, all symbols
    open together, no closing auction, no commission, and currency ``XXX`` because the
    calendar names none. Its `sources` say that they are assumed.

    Raises ConfigError for an exchange that exchange_calendars doesn't know.
    """
    if is_mic(mic) and (rules := _read(mic, on)):
        return Exchange.model_validate(rules)
    shared, timezone = describe(mic)
    if rules := _read(shared, on):
        return Exchange.model_validate(rules | {"mic": mic, "name": mic})
    assumed = "assumed: skim has no data file of this exchange"
    return Exchange(
        mic=mic,
        name=mic,
        timezone=timezone,
        currency=_NO_CURRENCY,
        sources=(assumed,),
        ticks=(TickBand(from_price=Decimal(0), tick=Decimal("0.01")),),
        commission=CommissionSchedule(name="none", source=assumed),
    )


def known_exchange(session: Session) -> Exchange | None:
    """Return the rules of a session's exchange; None when only assumed ones are known."""
    try:
        exchange = load_exchange(session.exchange, on=session.date)
    except ConfigError:
        return None
    return None if exchange.currency == _NO_CURRENCY else exchange


def _read(mic: str, on: dt.date | None) -> dict[str, Any] | None:
    path = _RULES / f"{mic}.toml"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        rules = tomllib.load(file)
    # Former rules, by the last date on which they held: each replaces the later ones.
    former: dict[str, dict[str, Any]] = rules.pop("until", {})
    for last in sorted(former, reverse=True):
        if on is not None and on <= dt.date.fromisoformat(last):
            rules |= former[last]
    return rules
