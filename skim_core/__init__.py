"""skim: a plugin framework for event-driven trading days.

What a strategy's or an extension's author needs, and all that skim promises to keep. Names are imported
when they are first used, so that ``import skim_core`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skim_core.errors import SkimError as SkimError
    from skim_core.model.graph import PhaseGraph as PhaseGraph
    from skim_core.model.market import Alert as Alert
    from skim_core.model.market import Candidate as Candidate
    from skim_core.model.market import OpeningRange as OpeningRange
    from skim_core.model.market import Quote as Quote
    from skim_core.model.orders import Bracket as Bracket
    from skim_core.model.orders import OrderStage as OrderStage
    from skim_core.model.orders import OrderState as OrderState
    from skim_core.model.orders import OrderType as OrderType
    from skim_core.model.orders import Position as Position
    from skim_core.model.orders import Side as Side
    from skim_core.model.orders import TimeInForce as TimeInForce
    from skim_core.model.phases import Phase as Phase
    from skim_core.model.phases import Retry as Retry
    from skim_core.model.phases import Shared as Shared
    from skim_core.model.session import Session as Session
    from skim_core.model.trading_day import TradingDay as TradingDay
    from skim_core.ports import hooks as hooks
    from skim_core.ports.bars import Bars as Bars
    from skim_core.ports.broker import GapRow as GapRow
    from skim_core.ports.broker import GapScan as GapScan
    from skim_core.ports.context import Context as Context
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
    "Alert": "model.market",
    "Bars": "ports.bars",
    "Bracket": "model.orders",
    "Candidate": "model.market",
    "CandidateFilter": "ports.joining",
    "Context": "ports.context",
    "ExtensionSetup": "ports.extension",
    "GapRow": "ports.broker",
    "GapScan": "ports.broker",
    "Joining": "ports.joining",
    "Observer": "ports.extension",
    "OpeningRange": "model.market",
    "OrderStage": "model.orders",
    "OrderState": "model.orders",
    "OrderType": "model.orders",
    "Phase": "model.phases",
    "PhaseGraph": "model.graph",
    "Position": "model.orders",
    "Quote": "model.market",
    "Retry": "model.phases",
    "ScanContext": "ports.joining",
    "Scanner": "ports.joining",
    "Session": "model.session",
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


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module = import_module(f"{__name__}.{_HOMES[name]}")
    return module if name == "hooks" else getattr(module, name)
