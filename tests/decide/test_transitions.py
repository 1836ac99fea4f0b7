"""The fold accepts what `TRANSITIONS` allows and refuses all else."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.sequencer import plan
from skim_core.decide.state import PhaseStatus
from skim_core.decide.transitions import TRANSITIONS, evolve
from skim_core.errors import SequenceError
from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.orders import Fill, Order, Side
from skim_core.model.phases import Phase
from skim_core.testing.days import drive_day, fold
from skim_core.testing.graphs import SESSIONS, closed, opened

SESSION = SESSIONS[0]
GRAPH = PhaseGraph(Phase("scan"), Phase("trade", after="scan", every="1m"))
STARTED = drive_day(GRAPH, SESSION)[0]
NAMES = st.sampled_from(("scan", "trade"))
MINUTES = st.integers(0, 300)
PHASE_EVENTS = (
    ev.PhaseRequested,
    ev.PhaseStarted,
    ev.PhaseTicked,
    ev.PhaseRetried,
    ev.PhaseCompleted,
    ev.PhaseFailed,
    ev.PhaseSkipped,
)


def made(kind, phase, minute):
    """Return an event of this kind; every kind ignores what it has no field for."""
    at = SESSION.open + timedelta(minutes=minute)
    everything = {
        "at": at,
        "phase": phase,
        "attempt": 1,
        "due": at,
        "error": "it broke",
        "retry_at": at,
        "reason": ev.SkipReason.LATE if kind is ev.PhaseSkipped else "done",
    }
    return kind(**{name: everything[name] for name in kind.model_fields if name in everything})


@given(st.lists(st.tuples(st.sampled_from(PHASE_EVENTS), NAMES, MINUTES), max_size=30))
def test_p35_what_the_transitions_do_not_allow_is_refused_and_changes_nothing(happened):
    state = evolve(None, STARTED)
    for kind, name, minute in happened:
        before = state.phases[name]
        status = TRANSITIONS.get((before.status, kind))
        # A tick is the end of one run of a repeating phase: another has none.
        allowed = status is not None and (kind is not ev.PhaseTicked or GRAPH[name].repeats)
        if allowed:
            others = {n: told for n, told in state.phases.items() if n != name}
            state = evolve(state, made(kind, name, minute))
            assert state.phases[name].status is status
            assert {n: told for n, told in state.phases.items() if n != name} == others
        else:
            with pytest.raises(SequenceError, match=f"{name!r}.* damaged"):
                evolve(state, made(kind, name, minute))
            assert state.phases[name] == before


def test_p35_a_day_begins_with_its_start_and_has_one():
    with pytest.raises(SequenceError, match="begins with day_started"):
        evolve(None, made(ev.PhaseStarted, "scan", 0))
    with pytest.raises(SequenceError, match="started twice"):
        fold([STARTED, STARTED])


def test_p35_a_phase_that_the_graph_does_not_have_is_refused():
    with pytest.raises(SequenceError, match=r"'exit' of .* unknown"):
        fold([STARTED, made(ev.PhaseRequested, "exit", 0)])


@pytest.mark.parametrize("kind", PHASE_EVENTS)
def test_p35_nothing_happens_to_a_phase_after_the_day(kind):
    events = drive_day(GRAPH, SESSION)
    with pytest.raises(SequenceError, match="can't follow the end"):
        fold([*events, made(kind, "scan", 0)])


def test_the_day_cannot_be_resumed_or_finished_after_its_end():
    *events, finished = drive_day(GRAPH, SESSION)
    for event in (finished, ev.DayResumed(at=finished.at, owner="another")):
        with pytest.raises(SequenceError, match="can't follow the end"):
            fold([*events, finished, event])


def test_events_about_neither_phases_nor_exposure_leave_the_state_alone():
    state = evolve(None, STARTED)
    purged = ev.CandidatesPurged(at=SESSION.open)
    found = ev.CandidatesScanned(at=SESSION.open, phase="scan", candidates=())
    assert evolve(evolve(state, purged), found) is state


def test_exposure_is_what_is_open_at_the_broker():
    held = fold([STARTED, opened("BHP", SESSION.open), opened("CBA", SESSION.open)])
    assert held.exposure == {"BHP", "CBA"}
    assert evolve(held, closed("BHP", SESSION.open)).exposure == {"CBA"}


ORDER = Order(reference="sk1-a.P", symbol="BHP", side=Side.BUY, quantity=100)


def filled(remaining):
    fill = Fill(
        execution_id="1",
        reference=ORDER.reference,
        symbol="BHP",
        side=Side.BUY,
        quantity=100 - remaining,
        price=Decimal("45.10"),
        at=SESSION.open,
    )
    return ev.OrderFilled(at=SESSION.open, fill=fill, remaining=remaining)


@pytest.mark.parametrize(
    ("event", "still_open"),
    [
        (ev.OrderAcknowledged(at=SESSION.open, reference=ORDER.reference), True),
        (filled(remaining=40), True),
        (filled(remaining=0), False),
        (ev.OrderCancelled(at=SESSION.open, reference=ORDER.reference), False),
        (ev.OrderRejected(at=SESSION.open, reference=ORDER.reference, reason="no"), False),
        (ev.OrderAbsent(at=SESSION.open, reference=ORDER.reference), False),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_an_order_is_exposure_until_nothing_more_of_it_can_trade(event, still_open):
    submitted = fold([STARTED, ev.OrderIntended(at=SESSION.open, order=ORDER)])
    assert submitted.exposure == {ORDER.reference}
    assert bool(evolve(submitted, event).exposure) is still_open


def test_a_damaged_journal_is_not_folded_past_its_damage():
    """An end whose begin is missing is found at once, and the message says what to look at."""
    events = [
        event for event in drive_day(GRAPH, SESSION) if not isinstance(event, ev.PhaseRequested)
    ]
    with pytest.raises(SequenceError, match=r"phase_started.*'scan'.*which is pending"):
        fold(events)


def test_every_phase_event_but_the_first_needs_a_status_that_allows_it():
    assert {kind for _, kind in TRANSITIONS} == set(PHASE_EVENTS)
    assert not {status for status, _ in TRANSITIONS if status.ended}
    assert {status for status in TRANSITIONS.values() if status.ended} == {
        PhaseStatus.COMPLETED,
        PhaseStatus.FAILED,
        PhaseStatus.SKIPPED,
    }


def test_a_finished_day_needs_nothing_more():
    state = fold(drive_day(GRAPH, SESSION))
    assert plan(state, SESSION.close + dt.timedelta(days=1)).commands == ()
