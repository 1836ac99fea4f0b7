"""What a sweep came to: a row for each combination, which is best, and how much of it is luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from skim_core.errors import ConfigError, nearest
from skim_core.replay.comparison import FIGURES
from skim_core.replay.sharpe import SESSIONS_A_YEAR, deflated, luck, moments
from skim_core.sweep.plan import SweepPlan

LOWER_IS_BETTER = frozenset({"drawdown", "commission", "exposure"})
"""Figures of which the lowest is the best."""

NEUTRAL: Mapping[str, Decimal] = MappingProxyType(
    {
        "profit": Decimal(0),
        "average_r": Decimal(0),
        "sharpe": Decimal(0),
        "profit_factor": Decimal(1),
    }
)
"""Where a figure is neither good nor bad."""

CONFIDENT = Decimal("0.95")
"""The deflated Sharpe ratio from which on a result is commonly believed to be no luck."""

_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the replay of one combination came to.

    `profits` are those of the sessions, in order, 0 where nothing was closed; `failed` counts
    the days that weren't completed.
    """

    figures: Mapping[str, Decimal | None]
    profits: Sequence[Decimal]
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A combination with its figures, none when it was refused; `refused` says why it was.

    `deflated_sharpe` is how sure it is, from 0 to 1, that its Sharpe ratio is more than the
    luck of choosing the best of all tries.
    """

    number: int
    values: Mapping[str, str]
    figures: Mapping[str, Decimal | None]
    deflated_sharpe: Decimal | None
    failed: int
    refused: str


@dataclass(frozen=True, slots=True)
class Results:
    """All rows in the order of their numbers.

    `tries` counts those with a Sharpe ratio; `luck` is the highest annual one to be expected
    of so many without any edge.
    """

    rows: tuple[Row, ...]
    tries: int
    luck: Decimal


def collect(plan: SweepPlan, outcomes: Mapping[int, Outcome]) -> Results:
    """Return a sweep's results from what each combination that was run came to."""
    forms = {number: moments(outcome.profits) for number, outcome in outcomes.items()}
    sharpes = [form.sharpe for form in forms.values() if form is not None]
    threshold = luck(sharpes)
    rows: list[Row] = []
    for combination in plan.combinations:
        outcome, form = outcomes.get(combination.number), forms.get(combination.number)
        sure = None if form is None else deflated(form, threshold)
        rows.append(
            Row(
                number=combination.number,
                values=combination.values,
                figures=outcome.figures if outcome else dict.fromkeys(FIGURES),
                deflated_sharpe=None if sure is None else _rounded(sure),
                failed=outcome.failed if outcome else 0,
                refused=combination.refused,
            )
        )
    return Results(tuple(rows), len(sharpes), _rounded(threshold * math.sqrt(SESSIONS_A_YEAR)))


def check_figure(by: str) -> None:
    """Raise ConfigError when rows can't be sorted by a figure of that name."""
    if by not in FIGURES:
        msg = f"--by {by!r}{nearest(by, FIGURES)}: the figures are {', '.join(FIGURES)}."
        raise ConfigError(msg)


def ranked(rows: Sequence[Row], by: str) -> list[Row]:
    """Return the rows, best first; those without the figure last, in their order."""
    sign = 1 if by in LOWER_IS_BETTER else -1

    def key(row: Row) -> tuple[bool, bool, Decimal, int]:
        value = row.figures[by]
        return bool(row.refused), value is None, sign * (value or Decimal(0)), row.number

    return sorted(rows, key=key)


def best(rows: Sequence[Row], by: str) -> Row | None:
    """Return the best row, None when none has the figure."""
    first = ranked(rows, by)[0]
    return first if first.figures[by] is not None else None


def document(
    plan: SweepPlan, results: Results, rows: Sequence[Row] | None = None
) -> dict[str, Any]:
    """Return a sweep with its results for ``results.json``; `rows` are all in another order."""
    return {
        "strategy": plan.strategy,
        "exchange": plan.exchange,
        "first": plan.first,
        "last": plan.last,
        "sessions": plan.sessions,
        "capital": plan.capital,
        "parameters": {parameter.key: parameter.values for parameter in plan.parameters},
        "tries": results.tries,
        "luck": results.luck,
        "combinations": [
            {
                "number": row.number,
                "run": plan.run_name(row.number),
                "values": row.values,
                **row.figures,
                "deflated_sharpe": row.deflated_sharpe,
                "failed_days": row.failed,
                "refused": row.refused or None,
            }
            for row in (results.rows if rows is None else rows)
        ],
    }


def _rounded(value: float) -> Decimal:
    return Decimal(value).quantize(_PLACES)
