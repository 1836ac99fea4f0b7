"""Contracts: details, symbols, ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_gateway import codes
from skim_gateway.market.catalogue import trading_hours
from skim_gateway.wire import answers as a
from skim_gateway.wire import requests as r

if TYPE_CHECKING:
    from skim_gateway.serving.conversation import Conversation


async def contract_details(conversation: Conversation, request: r.RequestContractDetails) -> None:
    """Tell every contract that fits; error 200 when none does."""
    gateway = conversation.gateway
    found = gateway.catalogue.matching(request.contract)
    if not found:
        conversation.error(codes.NO_CONTRACT, request.req_id)
        return
    today = gateway.wording.local(conversation.now).date()
    hours = trading_hours(gateway.sessions, today)
    for symbol in found:
        conversation.send(
            gateway.catalogue.details(request.req_id, symbol, request.contract.exchange, hours)
        )
    conversation.send(a.ContractDetailsEnd(req_id=request.req_id))


async def matching_symbols(conversation: Conversation, request: r.RequestMatchingSymbols) -> None:
    """Tell the contracts whose symbol begins so."""
    samples = conversation.gateway.catalogue.samples(request.pattern)
    conversation.send(a.SymbolSamples(req_id=request.req_id, samples=samples))


async def market_rule(conversation: Conversation, request: r.RequestMarketRule) -> None:
    """Tell a table of ticks."""
    rule = conversation.gateway.catalogue.rule(request.rule_id)
    if rule is None:
        conversation.error(codes.INVALID, why=f"Market rule {request.rule_id} is not valid")
        return
    conversation.send(rule)


async def option_parameters(conversation: Conversation, request: r.RequestOptionParameters) -> None:
    """Tell that there are no options."""
    conversation.send(a.OptionParametersEnd(req_id=request.req_id))


async def soft_dollar_tiers(conversation: Conversation, request: r.RequestSoftDollarTiers) -> None:
    """Tell that there are no tiers."""
    conversation.send(a.SoftDollarTiers(req_id=request.req_id))


async def smart_components(conversation: Conversation, request: r.RequestSmartComponents) -> None:
    """Tell which exchange quotes come from."""
    exchange = conversation.gateway.catalogue.venue.exchange
    component = a.SmartComponent(bit=0, exchange=exchange, letter=exchange[:1])
    conversation.send(a.SmartComponents(req_id=request.req_id, components=(component,)))


async def depth_exchanges(conversation: Conversation, _: r.RequestDepthExchanges) -> None:
    """Tell that the one exchange shows its order book."""
    exchange = conversation.gateway.catalogue.venue.exchange
    conversation.send(
        a.DepthExchanges(
            exchanges=(
                a.DepthExchange(
                    exchange=exchange,
                    sec_type="STK",
                    listing_exchange=exchange,
                    service="Deep",
                    agg_group=1,
                ),
            )
        )
    )


HANDLERS = {
    r.RequestContractDetails: contract_details,
    r.RequestMatchingSymbols: matching_symbols,
    r.RequestMarketRule: market_rule,
    r.RequestOptionParameters: option_parameters,
    r.RequestSoftDollarTiers: soft_dollar_tiers,
    r.RequestSmartComponents: smart_components,
    r.RequestDepthExchanges: depth_exchanges,
}
