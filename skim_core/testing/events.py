"""Hypothesis strategies for events: any that a journal may be given.

Needs hypothesis, which skim-core itself does not install. What they draw survives the
trip through JSON: free fields hold JSON values, instants are whole microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from skim_core.model import events as ev
from skim_core.model.controls import Control, Halt, Resolution, Resume
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.market import Alert, Candidate, OpeningRange
from skim_core.model.orders import (
    Fill,
    Order,
    OrderStage,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from skim_core.model.phases import Phase, Shared
from skim_core.testing.graphs import phase_graphs, sessions

DrawnT = TypeVar("DrawnT")

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
_DIGITS = "0123456789"
_LARGEST = 2**63 - 1


def events(*kinds: type[ev.Event]) -> SearchStrategy[ev.Event]:
    """Return a strategy for valid events of these types; of every type when none is named."""
    return st.one_of(*(_events_of(kind) for kind in kinds or ev.EVENTS))


def instants() -> SearchStrategy[datetime]:
    """Return a strategy for instants in UTC, to the microsecond."""
    return st.datetimes(
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001  hypothesis wants the bounds naive
        max_value=datetime(2199, 12, 31),  # noqa: DTZ001
        timezones=st.just(UTC),
    )


def names() -> SearchStrategy[str]:
    """Return a strategy for names of strategies and phases."""
    rest = st.text(_LOWER + _DIGITS + "_", max_size=47)
    return st.builds("{}{}".format, st.sampled_from(_LOWER), rest)


def symbols() -> SearchStrategy[str]:
    """Return a strategy for tickers."""
    rest = st.text(_UPPER + _DIGITS + ".-", max_size=11)
    return st.builds("{}{}".format, st.sampled_from(_UPPER + _DIGITS), rest)


def prices() -> SearchStrategy[Decimal]:
    """Return a strategy for prices in quote currency, from the smallest to the largest."""
    return st.integers(1, 10**16 - 1).map(lambda units: Decimal(units).scaleb(-6))


def candidates() -> SearchStrategy[Candidate]:
    """Return a strategy for candidates."""
    return st.builds(
        Candidate,
        symbol=symbols(),
        reason=_texts(),
        gap_percent=_maybe(_decimals()),
        open=_maybe(prices()),
        previous_close=_maybe(prices()),
        volume=_maybe(_counts()),
        headline=_maybe(_texts()),
    )


def opening_ranges() -> SearchStrategy[OpeningRange]:
    """Return a strategy for opening ranges."""
    return st.builds(
        lambda bounds, **fields: OpeningRange(low=min(bounds), high=max(bounds), **fields),
        bounds=st.tuples(prices(), prices()),
        symbol=symbols(),
        start=instants(),
        end=instants(),
        bars=_counts(1),
    )


def orders() -> SearchStrategy[Order]:
    """Return a strategy for orders of every type."""

    def of_type(order_type: OrderType) -> SearchStrategy[Order]:
        limited = order_type in {OrderType.LIMIT, OrderType.STOP_LIMIT}
        stopped = order_type in {OrderType.STOP, OrderType.STOP_LIMIT}
        return st.builds(
            Order,
            reference=_references(),
            symbol=symbols(),
            side=st.sampled_from(Side),
            quantity=_counts(1),
            type=st.just(order_type),
            limit_price=prices() if limited else st.none(),
            stop_price=prices() if stopped else st.none(),
            time_in_force=st.sampled_from(TimeInForce),
            purpose=names(),
            parent=_maybe(_references()),
            oca_group=_maybe(_references()),
        )

    return st.sampled_from(OrderType).flatmap(of_type)


def fills() -> SearchStrategy[Fill]:
    """Return a strategy for fills."""
    return st.builds(
        Fill,
        execution_id=_texts(1),
        reference=_references(),
        symbol=symbols(),
        side=st.sampled_from(Side),
        quantity=_counts(1),
        price=prices(),
        commission=_money(),
        at=instants(),
    )


def order_states() -> SearchStrategy[OrderState]:
    """Return a strategy for orders as a journal knows them."""
    return st.builds(
        OrderState,
        order=orders(),
        stage=st.sampled_from(OrderStage),
        filled=_counts(),
        taken=_counts(),
        average_price=_maybe(_decimals()),
        reason=_texts(),
        sent_at=_maybe(instants()),
        changed_at=_maybe(instants()),
        cancelling=st.booleans(),
        resendable=st.booleans(),
        broker_id=_texts(),
    )


def controls() -> SearchStrategy[Control]:
    """Return a strategy for what people tell running days."""
    common = {"at": instants(), "account": _references(), "by": _texts(), "why": _texts()}
    strategy = _maybe(names())
    outcomes = st.sampled_from(["filled", "cancelled", "absent", "working"])
    resolution = st.builds(
        Resolution,
        run_id=_texts(1),
        reference=_references(),
        outcome=outcomes,
        quantity=_maybe(_counts(1)),
        price=_maybe(prices()),
        **common,
    )
    halt = st.builds(Halt, strategy=strategy, flatten=st.booleans(), **common)
    return halt | st.builds(Resume, strategy=strategy, **common) | resolution


def _limits() -> SearchStrategy[Limits]:
    return st.builds(
        Limits,
        position_value=_maybe(prices()),
        positions=_maybe(_counts()),
        symbols=_maybe(_several(symbols())),
        before_close=_maybe(_durations()),
        gateway_restart=_maybe(st.times()),
        restart_margin=_durations(),
        delayed_data=st.booleans(),
    )


def _readings() -> SearchStrategy[RiskReading]:
    return st.builds(
        RiskReading,
        last=_maybe(prices()),
        quoted_at=_maybe(instants()),
        value=_money(),
        position_value=_money(),
        positions=_counts(),
        realised=_money(),
        unrealised=_maybe(_money()),
    )


def _durations() -> SearchStrategy[timedelta]:
    # Written in milliseconds: the shortest unit that a duration has.
    return st.integers(1, 10**8).map(lambda count: timedelta(milliseconds=count))


def _money() -> SearchStrategy[Decimal]:
    return st.integers(-(10**20) + 1, 10**20 - 1).map(lambda units: Decimal(units).scaleb(-8))


def _decimals() -> SearchStrategy[Decimal]:
    return st.decimals(allow_nan=False, allow_infinity=False)


def _texts(shortest: int = 0) -> SearchStrategy[str]:
    # A lone surrogate is not text: pydantic refuses it.
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=shortest, max_size=40)


def _counts(smallest: int = 0) -> SearchStrategy[int]:
    return st.integers(smallest, _LARGEST)


def _references() -> SearchStrategy[str]:
    return st.text(_UPPER + _LOWER + _DIGITS + "._-", min_size=1, max_size=40)


def _maybe(strategy: SearchStrategy[DrawnT]) -> SearchStrategy[DrawnT | None]:
    return st.none() | strategy


def _several(strategy: SearchStrategy[DrawnT]) -> SearchStrategy[tuple[DrawnT, ...]]:
    return st.lists(strategy, max_size=4).map(tuple)


def _json_values() -> SearchStrategy[Any]:
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-_LARGEST, _LARGEST)
        | st.floats(allow_nan=False, allow_infinity=False)
        | _texts(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts(), inner, max_size=3),
        max_leaves=6,
    )


_SHARED_GRAPH = PhaseGraph(
    Phase(
        "scan",
        hook="skim_find",
        shared=Shared(key="gap_scan", settings=("minimum_percent",)),
        scanners=["news"],
        filters=["liquid"],
        match="all",
    )
)


@cache
def _events_of(kind: type[ev.Event]) -> SearchStrategy[ev.Event]:
    fields = {
        name: _OWN_FIELDS[kind, name] if (kind, name) in _OWN_FIELDS else _FIELDS[name]
        for name in kind.model_fields
        if name != "kind"
    }
    return st.builds(kind, **fields)


# A field's name has one meaning in all events.
_FIELDS: dict[str, SearchStrategy[Any]] = {
    "account": _references(),
    "alerts": _several(st.builds(Alert, symbol=symbols(), text=_texts())),
    "at": instants(),
    "attempt": _counts(1),
    "average_price": _decimals(),
    "broker": names(),
    "broker_id": _texts(),
    "broker_options": st.dictionaries(_texts(), _json_values(), max_size=3),
    "by": _texts(),
    "candidates": _several(candidates()),
    "certain": st.booleans(),
    "commission": _money(),
    "config": st.dictionaries(_texts(), _json_values(), max_size=3),
    "data_lost": st.booleans(),
    "detail": _texts(),
    "differences": _several(_texts()),
    "due": instants(),
    "entry_price": _decimals(),
    "error": _texts(),
    "executions": _several(_texts(1)),
    "exit_price": _decimals(),
    "fill": fills(),
    "fill_price": prices(),
    "finding": _texts(),
    "flatten": st.booleans(),
    "foreign_orders": _several(_texts()),
    "foreign_positions": st.dictionaries(_texts(), st.integers(-_LARGEST, _LARGEST), max_size=3),
    "graph": phase_graphs() | st.just(_SHARED_GRAPH),
    "interrupted": _several(names()),
    "limit": names(),
    "limit_price": _maybe(prices()),
    "limits": _limits(),
    "missed": st.booleans(),
    "disabled": st.booleans(),
    "only": st.none() | names(),
    "opened_at": _maybe(instants()),
    "order": orders(),
    "pace": _texts(),
    "outcome": st.sampled_from(ev.Outcome),
    "owner": _texts(1),
    "passes": _counts(1),
    "phase": names(),
    "price": prices(),
    "profit": _money(),
    "purpose": names(),
    "quantity": _counts(1),
    "ranges": _several(opening_ranges()),
    "reading": _maybe(_readings()),
    "realised": _money(),
    "reason": _texts(),
    "reference": _references(),
    "remaining": _counts(),
    "result": _json_values(),
    "retry_at": instants(),
    "run_id": _texts(1),
    "session": sessions(),
    "shared_from": _maybe(_texts(1)),
    "side": st.sampled_from(Side),
    "since": instants(),
    "state": order_states(),
    "stop_price": _maybe(prices()),
    "strategy": names(),
    "symbol": symbols(),
    "symbols": _maybe(_several(symbols())),
    "up": st.booleans(),
    "versions": st.dictionaries(_texts(), _texts(), max_size=3),
    "why": _texts(),
}

_OWN_FIELDS: dict[tuple[type[ev.Event], str], SearchStrategy[Any]] = {
    (ev.CandidatesJoined, "found"): st.dictionaries(names(), _counts(), max_size=3),
    (ev.CandidatesJoined, "failed"): st.dictionaries(names(), _texts(), max_size=3),
    (ev.CandidatesJoined, "dropped"): st.dictionaries(symbols(), _texts(), max_size=3),
    (ev.OrderResolved, "outcome"): st.sampled_from(["filled", "cancelled", "absent", "working"]),
    (ev.PositionCarried, "opened_at"): instants(),
    (ev.PhaseSkipped, "reason"): st.sampled_from(ev.SkipReason),
    (ev.StopHit, "stop_price"): prices(),
}
