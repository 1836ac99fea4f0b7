"""A day explained from its journal alone: what was decided, on what, and what came of it.

`explain` folds the records into an `Explanation`; every record is told in exactly one place of
it, and what fits nowhere is listed under `other`. It never fails on a journal, not even on
a damaged one: then too it says all that is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Any, ClassVar

from skim_core.decide.explained import (
    Comparison,
    Conditions,
    End,
    Explanation,
    Finding,
    HaltAccount,
    Lapse,
    Other,
    Outage,
    Purge,
    Takeover,
    between,
)
from skim_core.decide.explained_orders import OrdersTeller
from skim_core.decide.explained_phases import PhasesTeller
from skim_core.decide.explained_positions import PositionsTeller
from skim_core.model import events as ev
from skim_core.model.exchange import Exchange

_UNTRAPPED = Context(prec=28, traps=[])
"""What can't be computed, from a damaged journal, is told as NaN."""


def explain(
    records: Iterable[tuple[int, ev.Event]], exchange: Exchange | None = None
) -> Explanation:
    """Return the explanation of a day, or of what there is of it so far.

    `records` are its events with their sequence numbers, in order. `exchange`: the rules of
    its exchange, for ticks and currency; without them slippage is told in money only.
    """
    teller = _DayTeller(exchange)
    with localcontext(_UNTRAPPED):
        for number, event in records:
            teller.take(number, event)
        return teller.told()


def about(
    explanation: Explanation, references: Iterable[str], symbols: Iterable[str]
) -> Explanation:
    """Return of a day's explanation what is about these orders and these symbols.

    The orders named by `references`; refusals, positions and protection of `symbols`. What the
    day began with and who took it over stays.
    """
    wanted, named = frozenset(references), frozenset(symbols)
    return replace(
        explanation,
        phases=[],
        findings=[],
        purges=[],
        decisions=[each for each in explanation.decisions if each.reference in wanted],
        refusals=[each for each in explanation.refusals if each.symbol in named],
        positions=[each for each in explanation.positions if each.symbol in named],
        protection=[each for each in explanation.protection if each.symbol in named],
        halts=[],
        connection=[],
        reconciliations=[],
        other=[],
    )


class _DayTeller:
    def __init__(self, exchange: Exchange | None) -> None:
        self._told = Explanation(currency=exchange.currency if exchange else None)
        self._phases = PhasesTeller()
        self._orders = OrdersTeller(exchange)
        self._positions = PositionsTeller()
        self._last_at: datetime | None = None
        self._halt: HaltAccount | None = None
        self._outage: Outage | None = None
        self._lapses: dict[str, Lapse] = {}

    def take(self, number: int, event: ev.Event) -> None:
        teller = self._tellers.get(type(event))
        understood = (
            self._orders.take(number, event)
            or self._phases.take(number, event)
            or self._positions.take(number, event)
            or (teller is not None and teller(self, number, event))
        )
        if isinstance(event, ev.OrderFilled):
            self._positions.fill(event.fill)
        if not understood:
            self._told.other.append(
                Other(records=[number], at=event.at, kind=event.kind, event=event)
            )
        self._last_at = event.at

    def told(self) -> Explanation:
        self._told.last_at = self._last_at
        self._told.phases = list(self._phases.phases.values())
        self._told.decisions = self._orders.decisions
        self._told.refusals = self._orders.refusals
        self._told.positions = self._positions.told()
        profits = (position.profit for position in self._told.positions)
        self._told.profit = sum((profit for profit in profits if profit is not None), Decimal(0))
        return self._told

    def _begin(self, number: int, event: ev.DayStarted) -> bool:
        if self._told.conditions is not None:
            return False
        told = self._told
        told.run_id, told.strategy, told.account = event.run_id, event.strategy, event.account
        told.session = event.session
        told.conditions = Conditions(
            records=[number],
            at=event.at,
            broker=event.broker,
            pace=event.pace,
            versions=dict(event.versions),
            config_digest=_digest(event.config),
            limits=event.limits,
            only=event.only,
            missed=event.missed,
            disabled=event.disabled,
        )
        self._phases.begin(event)
        self._orders.begin(event)
        return True

    def _take_over(self, number: int, event: ev.DayResumed) -> bool:
        last_at = self._last_at or event.at
        self._phases.interrupt(event.at)
        self._told.takeovers.append(
            Takeover(
                records=[number],
                at=event.at,
                owner=event.owner,
                only=event.only,
                interrupted=event.interrupted,
                last_at=last_at,
                away=between(last_at, event.at),
            )
        )
        return True

    def _finish(self, number: int, event: ev.DayFinished) -> bool:
        if self._told.end is not None:
            return False
        self._told.end = End(
            records=[number], at=event.at, outcome=event.outcome, reason=event.reason
        )
        return True

    def _find(self, number: int, event: Any) -> bool:
        finding = Finding(records=[number], at=event.at, phase=event.phase)
        for name in ("candidates", "ranges", "alerts"):
            setattr(finding, name, getattr(event, name, ()))
        self._told.findings.append(finding)
        return True

    def _join(self, number: int, event: ev.CandidatesJoined) -> bool:
        finding = Finding(records=[number], at=event.at, phase=event.phase, joined=event)
        self._told.findings.append(finding)
        return True

    def _purge(self, number: int, event: ev.CandidatesPurged) -> bool:
        self._told.purges.append(Purge(records=[number], at=event.at, symbols=event.symbols))
        return True

    def _stop_entries(self, number: int, event: ev.EntriesHalted) -> bool:
        if self._halt is not None:
            self._halt.until = event.at
        self._halt = HaltAccount(
            records=[number], at=event.at, by=event.by, why=event.why, flatten=event.flatten
        )
        self._told.halts.append(self._halt)
        return True

    def _allow_entries(self, number: int, event: ev.EntriesResumed) -> bool:
        halt, self._halt = self._halt, None
        if halt is None:
            return False
        halt.records.append(number)
        halt.until, halt.resumed_by, halt.resumed_why = event.at, event.by, event.why
        return True

    def _connect(self, number: int, event: ev.ConnectionChanged) -> bool:
        outage = self._outage
        if outage is None:
            outage = Outage(records=[], at=event.at, reason=event.reason)
            self._told.connection.append(outage)
        outage.records.append(number)
        outage.data_lost = outage.data_lost or event.data_lost
        self._outage = None if event.up else outage
        if event.up:
            outage.until, outage.lasted = event.at, between(outage.at, event.at)
        return True

    def _lapse(self, number: int, event: ev.ProtectionLapsed) -> bool:
        lapse = Lapse(
            records=[number],
            at=event.at,
            symbol=event.symbol,
            since=event.since,
            reason=event.reason,
        )
        self._lapses[event.symbol] = lapse
        self._told.protection.append(lapse)
        return True

    def _restore(self, number: int, event: ev.ProtectionRestored) -> bool:
        lapse = self._lapses.pop(event.symbol, None)
        if lapse is None:
            return False
        lapse.records.append(number)
        lapse.until, lapse.lasted = event.at, between(lapse.since, event.at)
        return True

    def _compare(self, number: int, event: ev.Reconciled) -> bool:
        self._told.reconciliations.append(
            Comparison(
                records=[number],
                at=event.at,
                reason=event.reason,
                passes=event.passes,
                foreign_orders=event.foreign_orders,
                foreign_positions=dict(event.foreign_positions),
                differences=event.differences,
                in_doubt=self._orders.in_doubt,
            )
        )
        return True

    _tellers: ClassVar[dict[type[ev.Event], Callable[[_DayTeller, int, Any], bool]]] = {
        ev.DayStarted: _begin,
        ev.DayResumed: _take_over,
        ev.DayFinished: _finish,
        ev.CandidatesJoined: _join,
        ev.CandidatesScanned: _find,
        ev.OpeningRangesTracked: _find,
        ev.CandidatesAlerted: _find,
        ev.CandidatesPurged: _purge,
        ev.EntriesHalted: _stop_entries,
        ev.EntriesResumed: _allow_entries,
        ev.ConnectionChanged: _connect,
        ev.ProtectionLapsed: _lapse,
        ev.ProtectionRestored: _restore,
        ev.Reconciled: _compare,
    }


def _digest(config: dict[str, Any]) -> str:
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
