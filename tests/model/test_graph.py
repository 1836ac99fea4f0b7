"""A phase graph is refused with its fault named and the mend; overrides are validated like it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from skim_core.errors import GraphError
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase, Retry
from skim_core.model.session import Session

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
    ],
)
def test_an_unsound_override_is_refused_like_a_declared_graph(policies, told):
    graph = PhaseGraph(Phase("scan"), Phase("trade", after="scan"))
    with pytest.raises(GraphError, match=told):
        graph.override(policies)


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
