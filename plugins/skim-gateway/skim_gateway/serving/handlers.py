"""Which request is answered by what: one table of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skim_gateway.serving import (
    account_requests,
    contract_requests,
    history_requests,
    market_requests,
    news_requests,
    order_requests,
    past_tick_requests,
    position_requests,
    scanner_requests,
)

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Handler
    from skim_gateway.wire.requests import Request

_TABLES: tuple[Mapping[Any, Any], ...] = (
    account_requests.HANDLERS,
    contract_requests.HANDLERS,
    history_requests.HANDLERS,
    market_requests.HANDLERS,
    news_requests.HANDLERS,
    order_requests.HANDLERS,
    past_tick_requests.HANDLERS,
    position_requests.HANDLERS,
    scanner_requests.HANDLERS,
)

HANDLERS: Mapping[type[Request], Handler] = {
    request: handler for table in _TABLES for request, handler in table.items()
}
