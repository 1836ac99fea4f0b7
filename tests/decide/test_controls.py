"""Which halt stands after all that people have said."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.controls import standing_halt
from skim_core.model.controls import Halt, Resolution, Resume

NOW = datetime(2026, 1, 5, 23, 0, tzinfo=UTC)


def halt(strategy=None, *, flatten=False, account="paper", why=""):
    return Halt(at=NOW, account=account, by="me", why=why, strategy=strategy, flatten=flatten)


def resume(strategy=None, account="paper"):
    return Resume(at=NOW, account=account, by="me", strategy=strategy)


def standing(*controls):
    return standing_halt(controls, "paper", "orb")


def test_nothing_stands_where_nobody_said_anything():
    assert standing() is None


def test_a_strategys_halt_is_its_own():
    assert standing(halt("orb", why="mine")).why == "mine"
    assert standing(halt("other")) is None
    assert standing(halt("orb"), resume("other")) is not None
    assert standing(halt("orb"), resume("orb")) is None


def test_an_accounts_halt_is_every_strategys():
    assert standing(halt()) is not None
    assert standing(halt(), resume("orb")) is not None, "one strategy can't leave it"
    assert standing(halt(), resume()) is None


def test_taking_the_accounts_halt_back_takes_every_strategys_back():
    assert standing(halt("orb"), halt(), resume()) is None
    assert standing(halt("orb"), resume()) is None
    assert standing(resume(), halt("orb")) is not None


def test_both_halts_stand_side_by_side():
    assert standing(halt(), halt("orb"), resume("orb")) is not None
    assert standing(halt(why="all"), halt("orb", flatten=True)).flatten
    assert standing(halt(flatten=True), halt("orb")).flatten
    assert standing(halt(why="all"), halt("orb", why="mine")).why == "all"


def test_another_accounts_controls_mean_nothing_here():
    assert standing(halt(account="other")) is None
    assert standing(halt(), resume(account="other")) is not None


def test_the_last_of_two_halts_stands():
    assert not standing(halt("orb", flatten=True), halt("orb")).flatten
    assert standing(halt("orb"), halt("orb", why="again")).why == "again"


def test_what_became_of_an_order_changes_no_halt():
    said = Resolution(
        at=NOW, account="paper", by="me", run_id="r", reference="a.P", outcome="absent"
    )
    assert standing(halt("orb"), said) is not None
    assert standing(said) is None


@given(
    st.lists(
        st.tuples(st.sampled_from([halt, resume]), st.sampled_from([None, "orb", "other"])),
        max_size=12,
    )
)
def test_a_halt_stands_exactly_while_nobody_who_may_has_taken_it_back(said):
    for_account = own = False
    for make, strategy in said:
        if strategy is None:
            for_account, own = make is halt, own and make is halt
        elif strategy == "orb":
            own = make is halt
    controls = [make(strategy) for make, strategy in said]
    assert (standing(*controls) is not None) is (for_account or own)
