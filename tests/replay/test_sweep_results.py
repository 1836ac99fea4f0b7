"""Rows of a sweep, their order, and the map over two parameters; without a replay."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.cli.words.sweep import verdict
from skim_core.errors import ConfigError
from skim_core.replay.comparison import FIGURES
from skim_core.replay.sharpe import annual_sharpe
from skim_core.sweep.grid import Parameter, combinations
from skim_core.sweep.heat import bars, heat_map, read_axes
from skim_core.sweep.plan import Combination, SweepPlan
from skim_core.sweep.results import LOWER_IS_BETTER, Outcome, best, check_figure, collect, ranked

PARAMETERS = (
    Parameter(key="a", values=("1", "2", "3")),
    Parameter(key="b", values=("1", "2")),
    Parameter(key="c", values=("1", "2")),
)
PLAN = SweepPlan(
    strategy="orb",
    exchange="XASX",
    first="2025-01-01",
    last="2025-06-30",
    sessions=100,
    capital=Decimal(1000),
    parameters=PARAMETERS,
    combinations=tuple(
        Combination(
            number=number,
            values=values,
            digest="0" if number != 7 else None,
            refused="" if number != 7 else "too much",
        )
        for number, values in enumerate(combinations(PARAMETERS), start=1)
    ),
)
"""Twelve combinations, of which the seventh is refused."""

NUMBERS = [combination.number for combination in PLAN.combinations if not combination.refused]
VALUES = st.none() | st.decimals(-100, 100, places=2)
SWEPT = st.fixed_dictionaries(dict.fromkeys(NUMBERS, VALUES))


def outcome(value, profits=()):
    return Outcome(dict.fromkeys(FIGURES, value), profits)


def rows_of(swept):
    return collect(PLAN, {number: outcome(value) for number, value in swept.items()}).rows


@given(SWEPT, st.sampled_from(FIGURES))
def test_the_best_is_first_and_what_has_no_figure_last(swept, by):
    rows = ranked(rows_of(swept), by)
    assert sorted(row.number for row in rows) == list(range(1, 13))
    assert rows[-1].refused
    found = [row.figures[by] for row in rows]
    known = [value for value in found if value is not None]
    assert found == sorted(known, reverse=by not in LOWER_IS_BETTER) + [None] * (12 - len(known))


@given(SWEPT, st.sampled_from(FIGURES), st.sampled_from(["a,b", "c,a", "b", None]))
def test_the_map_shows_the_rows_around_the_best(swept, by, axes):
    rows = rows_of(swept)
    found = heat_map(rows, PARAMETERS, by, read_axes(axes, PARAMETERS))
    top = best(rows, by)
    for (x, y), row in found.cells.items():
        at = dict(found.held) | {found.x.key: x} | ({found.y.key: y} if found.y else {})
        assert row.values == at
        assert found.value(x, y) == row.figures[by]
    assert len(found.cells) == len(found.x.values) * len(found.lines)
    assert top is None or top in found.cells.values()


@given(SWEPT, st.sampled_from(FIGURES))
def test_a_better_figure_has_no_worse_a_shade(swept, by):
    found = heat_map(rows_of(swept), PARAMETERS, by)
    shades = [
        (found.value(x, y), found.shade(x, y))
        for x, y in found.cells
        if found.value(x, y) is not None
    ]
    sign = -1 if by in LOWER_IS_BETTER else 1
    in_order = [shade for _, shade in sorted(shades, key=lambda pair: sign * pair[0])]
    assert in_order == sorted(in_order)
    assert all(-1 <= shade <= 1 for shade in in_order)


def test_a_loss_and_a_gain_have_shades_of_two_signs():
    found = heat_map(
        rows_of(dict.fromkeys(NUMBERS, Decimal(-5)) | {1: Decimal(10)}), PARAMETERS, "profit"
    )
    assert found.shade("1", "1") == 1
    assert found.shade("2", "1") == -0.5
    assert found.shade("1", "2") == -0.5


@given(SWEPT)
def test_bars_start_or_end_at_one_zero_and_stay_within_the_width(swept):
    found = heat_map(rows_of(swept), PARAMETERS, "profit", ("a",))
    zeros = set()
    for x, bar in bars(found).items():
        value = found.value(x) or 0
        assert bar.negative == (value < 0)
        assert -1e-9 <= bar.start <= bar.start + bar.length <= 1 + 1e-9
        zeros.add(round(bar.start + (bar.length if bar.negative else 0), 9))
    assert len(zeros) == 1


def test_the_first_two_parameters_that_vary_make_the_map():
    parameters = (Parameter(key="z", values=("9",)), *PARAMETERS)
    rows = [dataclasses.replace(row, values={"z": "9", **row.values}) for row in rows_of({})]
    found = heat_map(rows, parameters, "profit")
    assert (found.x.key, found.y.key, dict(found.held)) == ("a", "b", {"z": "9", "c": "1"})


@pytest.mark.parametrize(
    ("axes", "told"),
    [("d", "the parameters are a, b, c"), ("a,b,c", "one parameter or two"), ("a,a", "different")],
)
def test_other_maps_are_refused(axes, told):
    with pytest.raises(ConfigError, match=told):
        read_axes(axes, PARAMETERS)


def test_an_unknown_figure_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'profit'"):
        check_figure("profits")


def luck_of(edge):
    """Return results of a hundred sessions for each combination, the first with an edge."""
    swept = {}
    for place, number in enumerate(NUMBERS):
        profits = [
            Decimal((session * (7 + place)) % 41 - 20 + (edge if place == 0 else 0))
            for session in range(100)
        ]
        figures = dict.fromkeys(FIGURES, Decimal(1)) | {"sharpe": annual_sharpe(profits)}
        swept[number] = Outcome(figures, profits)
    return collect(PLAN, swept)


def test_the_best_of_many_is_held_against_their_luck():
    results = luck_of(edge=0)
    assert (results.tries, results.luck > 0) == (11, True)
    top = best(results.rows, "sharpe")
    assert top.deflated_sharpe < Decimal("0.95")
    told = verdict(PLAN, results, top, "sharpe")
    assert "11 combinations" in told
    assert "take it for luck" in told


def test_a_plain_edge_is_believed():
    results = luck_of(edge=9)
    top = best(results.rows, "sharpe")
    assert (top.number, top.deflated_sharpe > Decimal("0.95")) == (1, True)
    assert "sessions that it was not chosen on" in verdict(PLAN, results, top, "sharpe")
    few = PLAN.model_copy(update={"sessions": 20})
    assert "20 sessions are few" in verdict(few, results, top, "sharpe")


def test_a_best_that_loses_is_not_recommended():
    swept = {1: Outcome(dict.fromkeys(FIGURES, Decimal(-1)), [Decimal(-1), Decimal(-2)])}
    results = collect(PLAN, swept)
    assert "choose none" in verdict(PLAN, results, best(results.rows, "sharpe"), "sharpe")


def test_without_trades_there_is_nothing_to_choose():
    results = collect(PLAN, {1: outcome(None, [Decimal(0)] * 9)})
    assert results.tries == 0
    assert "nothing to choose" in verdict(PLAN, results, None, "sharpe")
