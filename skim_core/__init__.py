"""skim: a plugin framework for event-driven trading days.

What a strategy's or an extension's author needs: what is declared, and what a context and a setup lead
to. Names are imported when they are first used, so that ``import skim_core`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skim_core.faces import lazy

if TYPE_CHECKING:
    from skim_core.errors import SkimError as SkimError
    from skim_core.model.exchange import Exchange as Exchange
    from skim_core.model.graph import PhaseGraph as PhaseGraph
    from skim_core.model.market import Alert as Alert
    from skim_core.model.market import Candidate as Candidate
    from skim_core.model.market import OpeningRange as OpeningRange
    from skim_core.model.market import Quote as Quote
    from skim_core.model.orders import Bracket as Bracket
    from skim_core.model.orders import Fill as Fill
    from skim_core.model.orders import Order as Order
    from skim_core.model.orders import OrderStage as OrderStage
    from skim_core.model.orders import OrderState as OrderState
    from skim_core.model.orders import OrderStatus as OrderStatus
    from skim_core.model.orders import OrderType as OrderType
    from skim_core.model.orders import Position as Position
    from skim_core.model.orders import Side as Side
    from skim_core.model.orders import TimeInForce as TimeInForce
    from skim_core.model.phases import Phase as Phase
    from skim_core.model.phases import Retry as Retry
    from skim_core.model.phases import Shared as Shared
    from skim_core.model.session import Session as Session
    from skim_core.model.times import Duration as Duration
    from skim_core.model.times import PositiveDuration as PositiveDuration
    from skim_core.model.times import SessionTime as SessionTime
    from skim_core.model.trading_day import TradingDay as TradingDay
    from skim_core.ports import hooks as hooks
    from skim_core.ports.bars import MINUTE as MINUTE
    from skim_core.ports.bars import Bars as Bars
    from skim_core.ports.broker import Account as Account
    from skim_core.ports.broker import GapRow as GapRow
    from skim_core.ports.broker import GapScan as GapScan
    from skim_core.ports.clock import Clock as Clock
    from skim_core.ports.context import Context as Context
    from skim_core.ports.context import Day as Day
    from skim_core.ports.context import Market as Market
    from skim_core.ports.context import Orders as Orders
    from skim_core.ports.extension import ExtensionSetup as ExtensionSetup
    from skim_core.ports.extension import Observer as Observer
    from skim_core.ports.hooks import hookimpl as hookimpl
    from skim_core.ports.hookspecs import API_VERSION as API_VERSION
    from skim_core.ports.hookspecs import hookspec as hookspec
    from skim_core.ports.joining import CandidateFilter as CandidateFilter
    from skim_core.ports.joining import Joining as Joining
    from skim_core.ports.joining import ScanContext as ScanContext
    from skim_core.ports.joining import Scanner as Scanner

_HOMES = {
    "API_VERSION": "ports.hookspecs",
    "Account": "ports.broker",
    "Alert": "model.market",
    "Bars": "ports.bars",
    "Bracket": "model.orders",
    "Candidate": "model.market",
    "CandidateFilter": "ports.joining",
    "Clock": "ports.clock",
    "Context": "ports.context",
    "Day": "ports.context",
    "Duration": "model.times",
    "Exchange": "model.exchange",
    "ExtensionSetup": "ports.extension",
    "Fill": "model.orders",
    "GapRow": "ports.broker",
    "GapScan": "ports.broker",
    "Joining": "ports.joining",
    "MINUTE": "ports.bars",
    "Market": "ports.context",
    "Observer": "ports.extension",
    "OpeningRange": "model.market",
    "Order": "model.orders",
    "OrderStage": "model.orders",
    "OrderState": "model.orders",
    "OrderStatus": "model.orders",
    "OrderType": "model.orders",
    "Orders": "ports.context",
    "Phase": "model.phases",
    "PhaseGraph": "model.graph",
    "Position": "model.orders",
    "PositiveDuration": "model.times",
    "Quote": "model.market",
    "Retry": "model.phases",
    "ScanContext": "ports.joining",
    "Scanner": "ports.joining",
    "Session": "model.session",
    "SessionTime": "model.times",
    "Shared": "model.phases",
    "Side": "model.orders",
    "SkimError": "errors",
    "TimeInForce": "model.orders",
    "TradingDay": "model.trading_day",
    "hookimpl": "ports.hooks",
    "hooks": "ports.hooks",
    "hookspec": "ports.hookspecs",
}

__all__ = list(_HOMES)

__getattr__ = lazy(__name__, _HOMES)
