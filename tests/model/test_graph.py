"""A phase graph is refused with its fault named and the mend; overrides are validated like it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skim_core.errors import GraphError
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase, Retry
from skim_core.model.session import Session
from skim_core.testing.graphs import phase_graphs

OPEN = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)


def session(minutes=360, *, half_day=False):
    return Session(
        exchange="XASX",
        date=date(2026, 1, 6),
        open=OPEN,
        close=OPEN + timedelta(minutes=minutes),
        timezone="Australia/Sydney",
        half_day=half_day,
    )


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (PhaseGraph, "a phase graph needs at least one phase"),
        (lambda: PhaseGraph(Phase("a"), Phase("a")), "phase 'a' is declared 2 times"),
        (
            lambda: PhaseGraph(Phase("scan"), Phase("trade", after="scna")),
            r"'scna', which is not declared \(did you mean 'scan'\?\)",
        ),
        (
            lambda: PhaseGraph(Phase("a", after="c"), Phase("b", after="a"), Phase("c", after="b")),
            r"wait for one another: (a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c)",
        ),
        (lambda: Phase("a", after="a"), "it can't come after itself"),
        (lambda: Phase("a", at="opn"), "'opn' is not a session time: write"),
        (lambda: Phase("a", timeout="2x"), "'2x' is not a duration"),
        (lambda: Phase("a", timeout="0s"), "'0s' is not a duration of a millisecond or longer"),
        (lambda: Phase("a", evry="1m"), r"no policy field 'evry' \(did you mean 'every'\?\)"),
        (lambda: Phase("a", retry={"attempt": 2}), "retry.attempt"),
        (lambda: Phase("A"), "name"),
        (lambda: Phase("a", at="open+5m", deadline="open+2m"), "its window never opens"),
        (lambda: Phase("a", every="1m", between=("close", "close-5m")), "its window never opens"),
        (lambda: Phase("a", every="1m", at="open"), "use between="),
        (lambda: Phase("a", every="1m", deadline="close"), "use the end of 'between'"),
        (lambda: Phase("a", between=("open", "close")), "add every='1m'"),
        (lambda: Phase("a", every="1m", retry=Retry(attempts=2)), "use 'give_up_after'"),
        (lambda: Phase("a", give_up_after=2), "use retry=Retry"),
        (lambda: Phase("a", every="1m", shared="x"), "a shared phase runs once"),
        (lambda: Phase("a", protective=True), "give it every='1m'"),
        (
            lambda: Phase("a", protective=True, every="1m", after="b"),
            "must not wait for others",
        ),
    ],
)
def test_an_unsound_graph_is_refused_with_the_mend(declare, told):
    with pytest.raises(GraphError, match=told):
        declare()


def test_a_window_that_opens_in_no_full_session_is_refused_but_a_half_day_may_close_it():
    graph = PhaseGraph(Phase("late", every="1m", between=("open+5h", "close-30m")))
    graph.check_windows(session())
    graph.check_windows(session(250, half_day=True))
    with pytest.raises(GraphError, match="it would run from 15:00 to 13:40 in a session of 250"):
        graph.check_windows(session(250))


def test_an_override_replaces_single_fields_and_nested_ones():
    graph = PhaseGraph(Phase("scan", at="open+1m", retry=Retry(attempts=3, backoff="5s")))
    changed = graph.override({"scan": {"at": "open+2m", "retry": {"attempts": 5}}})["scan"]
    assert str(changed.at) == "open+2m"
    assert (changed.retry.attempts, changed.retry.backoff) == (5, timedelta(seconds=5))
    assert graph["scan"].retry.attempts == 3


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ({"scna": {}}, r"no phase 'scna' to override \(did you mean 'scan'\?\)"),
        ({"scan": {"att": "open"}}, "no policy field 'att'"),
        ({"scan": {"at": "noon"}}, "'noon' is not a session time"),
        ({"scan": {"after": "trade"}}, "wait for one another"),
        ({"scan": {"name": "other"}}, "can't be renamed"),
        ({"scan": {"self": 1}}, "no policy field 'self'"),
        ({"scan": {"enabeld": False}}, r"did you mean 'enabled'\?"),
        ({"scan": {"enabled": "no"}}, "must be true or false, found 'no'"),
        ({"scan": {"at": 5}}, "at: must be a moment of the session, such as .*, found 5"),
        ({"scan": {"after": 3}}, "after: must be a phase's name, or a list of names, found 3"),
        ({"scan": {"retry": 3}}, "retry: must be a table, such as .*, found 3"),
        ({"scan": {"retry": 0}}, "retry: must be a table, such as .*, found 0"),
        ({"scan": {"retry": {"attempt": 3}}}, r"retry.attempt: .* \(did you mean 'attempts'\?\)"),
        ({"scan": {"shared": {}}}, "shared.key: it is missing"),
        ({"trade": {"every": "1m", "between": ["open"]}}, "between: must be the window's start"),
        ({"news": {"at": "open"}}, "To add one, say which hook it runs: hook = 'skim_...'"),
        ({"news": {"hook": "skim_x", "after": "scna"}}, r"did you mean 'scan'\?"),
        (
            {"scan": {"enabled": False}, "trade": {"after": "scan"}},
            r"'trade' comes after 'scan', which is left out .* \(it waited for no other\)",
        ),
        (
            {"scan": {"enabled": False}, "trade": {"enabled": False}},
            "every phase is left out",
        ),
    ],
)
def test_an_unsound_override_is_refused_like_a_declared_graph(policies, told):
    graph = PhaseGraph(Phase("scan"), Phase("trade", after="scan"))
    with pytest.raises(GraphError, match=told):
        graph.override(policies)


def after_of(graph):
    return {phase.name: phase.after for phase in graph}


def chain():
    return PhaseGraph(
        Phase("setup"),
        Phase("scan", after="setup", at="open+1m"),
        Phase("rank", after="scan"),
        Phase("trade", after=("rank", "scan"), every="1m"),
        Phase("manage", every="1m", protective=True),
    )


@pytest.mark.parametrize(
    ("left_out", "trade"),
    [
        (["rank"], ("scan",)),
        (["rank", "scan"], ("setup",)),
        (["setup", "rank", "scan"], ()),
        (["scan"], ("rank", "setup")),
    ],
)
def test_what_came_after_a_phase_that_is_left_out_comes_after_what_that_came_after(left_out, trade):
    graph = chain().override({name: {"enabled": False} for name in left_out})
    assert not set(left_out) & set(after_of(graph))
    assert after_of(graph)["trade"] == trade


def test_enabled_leaves_a_phase_as_it_is_declared():
    assert chain().override({"scan": {"enabled": True}}) == chain()


def test_a_phase_is_added_with_its_hook_and_others_can_come_after_it():
    graph = chain().override(
        {"news": {"hook": "skim_scan", "after": "setup"}, "rank": {"after": ["scan", "news"]}}
    )
    assert after_of(graph)["news"] == ("setup",)
    assert after_of(graph)["rank"] == ("scan", "news")
    assert graph["news"].hook == "skim_scan"


def test_phases_can_be_put_in_another_order():
    graph = chain().override({"scan": {"after": "rank"}, "rank": {"after": "setup"}})
    assert (after_of(graph)["scan"], after_of(graph)["rank"]) == (("rank",), ("setup",))


def test_none_takes_a_time_away_so_that_a_phase_can_repeat():
    scan = chain().override({"scan": {"at": "none", "every": "5m"}})["scan"]
    assert (scan.at, scan.every) == (None, timedelta(minutes=5))


def test_a_protective_phase_is_left_out_only_by_who_says_twice_that_it_is_none():
    with pytest.raises(GraphError, match=r"'manage' is protective.* Write 'protective = false'"):
        chain().override({"manage": {"enabled": False}})
    graph = chain().override({"manage": {"enabled": False, "protective": False}})
    assert "manage" not in graph


@given(phase_graphs(), st.data())
def test_leaving_phases_out_of_any_graph_keeps_the_order_of_the_others(graph, data):
    names = data.draw(st.sets(st.sampled_from([phase.name for phase in graph])))
    assume(0 < len(names) < len(graph))
    policies = {name: {"enabled": False, "protective": False} for name in names}
    left = graph.override(policies)
    assert {phase.name for phase in left} == {phase.name for phase in graph} - names
    for phase in left:
        assert left.downstream(phase.name) == graph.downstream(phase.name) - names


def test_a_graph_is_the_same_after_a_trip_through_json():
    graph = PhaseGraph(
        Phase("scan", at="open+1m", retry=Retry(attempts=3), shared="gap_scan"),
        Phase("trade", after="scan", every="90s", between=("open+15m", "close-10m")),
        Phase("manage", every="1m", protective=True),
    )
    assert PhaseGraph.model_validate_json(graph.model_dump_json()) == graph


def test_downstream_is_everything_that_depends_on_a_phase():
    graph = PhaseGraph(Phase("a"), Phase("b", after="a"), Phase("c", after=("a", "b")), Phase("d"))
    assert graph.downstream("a") == {"b", "c"}
    assert graph.downstream("d") == set()
