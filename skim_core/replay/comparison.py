"""What is different between two replays: trades, figures, and what they were made of."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from skim_core.replay.plan import Plan
from skim_core.replay.reading import Replay
from skim_core.replay.trades import COLUMNS, Trade

FIGURES = (
    "trades",
    "wins",
    "win_rate",
    "profit",
    "profit_factor",
    "average_r",
    "sharpe",
    "drawdown",
    "exposure",
    "commission",
)
"""The figures that are compared, by their names in the summary."""

_APART = frozenset({"kind", "format", "strategies", "sessions", "left_out"})
"""Parts of a plan that are not compared key by key."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something by its name, as it is in A and in B; None where it is not there."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of both replays; `difference` is B - A, None where one of them has none."""

    name: str
    a: Decimal | None
    b: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """How much B has more than A."""
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True, slots=True)
class Pair:
    """A trade as it is in A and in B; at least one of them is there."""

    a: Trade | None
    b: Trade | None

    @property
    def trade(self) -> Trade:
        """The trade, of A where it is in both."""
        trade = self.a or self.b
        assert trade is not None
        return trade

    @property
    def profit(self) -> Decimal:
        """How much more B made of it than A, in the exchange's currency."""
        made = [trade.profit if trade else Decimal(0) for trade in (self.a, self.b)]
        return made[1] - made[0]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The columns in which both differ; none for a trade of only one of them."""
        if self.a is None or self.b is None:
            return ()
        rows = self.a.row(), self.b.row()
        return tuple(
            Difference(column, *(row[column] for row in rows))
            for column in COLUMNS
            if rows[0][column] != rows[1][column]
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two replays, A and B, and all in which they differ; trades in the order of their exits.

    `plans` names what the replays were made of, `sessions_only_a` and `sessions_only_b` the
    dates that only one of them replayed.
    """

    only_a: tuple[Trade, ...]
    only_b: tuple[Trade, ...]
    changed: tuple[Pair, ...]
    unchanged: int
    figures: tuple[Figure, ...]
    plans: tuple[Difference, ...]
    sessions_only_a: tuple[dt.date, ...]
    sessions_only_b: tuple[dt.date, ...]

    @property
    def same_trades(self) -> bool:
        """Whether every trade is the same in both."""
        return not (self.only_a or self.only_b or self.changed)


def compare(a: Replay, b: Replay) -> Comparison:
    """Return what is different from `a` to `b`."""
    pairs = sorted(paired(a.trades, b.trades), key=lambda pair: _when(pair.trade))
    both = [pair for pair in pairs if pair.a and pair.b]
    changed = tuple(pair for pair in both if pair.differences)
    dates = [{session.date for session in replay.plan.sessions} for replay in (a, b)]
    return Comparison(
        only_a=tuple(pair.a for pair in pairs if pair.a and not pair.b),
        only_b=tuple(pair.b for pair in pairs if pair.b and not pair.a),
        changed=changed,
        unchanged=len(both) - len(changed),
        figures=tuple(
            Figure(name, _amount(a.summary.get(name)), _amount(b.summary.get(name)))
            for name in FIGURES
        ),
        plans=tuple(plan_differences(a.plan, b.plan)),
        sessions_only_a=tuple(sorted(dates[0] - dates[1])),
        sessions_only_b=tuple(sorted(dates[1] - dates[0])),
    )


def paired(a: Sequence[Trade], b: Sequence[Trade]) -> list[Pair]:
    """Return every trade once, those of `a` and `b` that are the same decision together.

    They are, when strategy, symbol and side are the same and either the entry was at the same
    instant, or both are the n-th such trade, of those left over, that a session closed.
    """
    pairs: list[Pair] = []
    rest = list(a), list(b)
    for key in (_entry, _exit_session):
        found, rest = _matched(rest[0], rest[1], key)
        pairs += found
    return (
        pairs + [Pair(trade, None) for trade in rest[0]] + [Pair(None, trade) for trade in rest[1]]
    )


def plan_differences(a: Plan, b: Plan) -> list[Difference]:
    """Return in what two plans differ, by dotted names; which sessions they have aside."""
    leaves = _leaves(a), _leaves(b)
    hours = _hours(a), _hours(b)
    for date in sorted(hours[0].keys() & hours[1].keys()):
        for which in (0, 1):
            leaves[which][f"sessions.{date}"] = hours[which][date]
    return [
        Difference(name, leaves[0].get(name), leaves[1].get(name))
        for name in dict.fromkeys((*leaves[0], *leaves[1]))
        if leaves[0].get(name) != leaves[1].get(name)
    ]


def _matched(
    a: Iterable[Trade], b: Iterable[Trade], key: Callable[[Trade], Hashable]
) -> tuple[list[Pair], tuple[list[Trade], list[Trade]]]:
    groups: dict[Hashable, tuple[list[Trade], list[Trade]]] = defaultdict(lambda: ([], []))
    for which, trades in enumerate((a, b)):
        for trade in sorted(trades, key=_when):
            groups[key(trade)][which].append(trade)
    pairs: list[Pair] = []
    left: tuple[list[Trade], list[Trade]] = ([], [])
    for group in groups.values():
        pairs += [Pair(*pair) for pair in zip(*group, strict=False)]
        for which, trades in enumerate(group):
            left[which].extend(trades[min(map(len, group)) :])
    return pairs, left


def _entry(trade: Trade) -> Hashable:
    return trade.strategy, trade.symbol, trade.side, trade.entered_at


def _exit_session(trade: Trade) -> Hashable:
    return trade.strategy, trade.symbol, trade.side, trade.session


def _when(trade: Trade) -> tuple[Any, ...]:
    return trade.exited_at, trade.entered_at, trade.strategy, trade.symbol


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _leaves(plan: Plan) -> dict[str, Any]:
    content = plan.model_dump(mode="json")
    leaves: dict[str, Any] = {}
    for strategy in content["strategies"]:
        phases = {phase["name"]: phase for phase in strategy["graph"]["phases"]}
        table = {**strategy["config"], "phases": phases, "limits": strategy["limits"]}
        leaves |= _flat(f"strategy.{strategy['name']}", table)
    for name, part in content.items():
        if name not in _APART:
            leaves |= _flat(name, part)
    return leaves


def _hours(plan: Plan) -> dict[dt.date, str]:
    return {session.date: f"{session.open} to {session.close}" for session in plan.sessions}


def _flat(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {name: value}
    return {
        path: leaf
        for key, part in value.items()
        for path, leaf in _flat(f"{name}.{key}", part).items()
    }
