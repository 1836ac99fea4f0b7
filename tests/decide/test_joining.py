"""Candidates of several scanners made one list."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from skim_core.decide.joining import joined
from skim_core.model.market import Candidate
from skim_core.model.phases import Match

GAP = Candidate(symbol="BHP", reason="gaps +4.0 %", gap_percent=Decimal(4), volume=100)
NEWS = Candidate(symbol="BHP", reason="news", headline="A new mine", volume=7)

FINDINGS = st.lists(
    st.lists(
        st.builds(
            Candidate,
            symbol=st.sampled_from(["BHP", "CBA", "CSL", "WES"]),
            reason=st.sampled_from(["gap", "news", "volume"]),
            headline=st.none() | st.sampled_from(["A", "B"]),
            volume=st.none() | st.integers(0, 3),
        ),
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


def test_reasons_stand_after_one_another_and_the_first_that_knows_a_field_counts():
    assert joined([[GAP], [NEWS]], Match.ANY) == (
        Candidate(
            symbol="BHP",
            reason="gaps +4.0 %; news",
            gap_percent=Decimal(4),
            volume=100,
            headline="A new mine",
        ),
    )


def test_a_reason_is_told_once():
    assert [found.reason for found in joined([[NEWS], [NEWS], [GAP]], Match.ANY)] == [
        "news; gaps +4.0 %"
    ]


@given(FINDINGS)
def test_any_is_the_union_and_all_the_intersection_in_the_order_of_the_findings(findings):
    sets = [{found.symbol for found in finding} for finding in findings]
    order = list(dict.fromkeys(found.symbol for finding in findings for found in finding))
    union = [found.symbol for found in joined(findings, Match.ANY)]
    both = [found.symbol for found in joined(findings, Match.ALL)]
    assert union == order
    assert both == [symbol for symbol in order if all(symbol in each for each in sets)]


@given(FINDINGS)
def test_joining_twice_changes_nothing_and_no_field_is_lost(findings):
    once = joined(findings, Match.ANY)
    assert joined([once, *findings], Match.ANY) == once
    for found in once:
        same = [each for finding in findings for each in finding if each.symbol == found.symbol]
        for name in ("headline", "volume"):
            known = [getattr(each, name) for each in same if getattr(each, name) is not None]
            assert getattr(found, name) == (known[0] if known else None)
        assert set(found.reason.split("; ")) == {each.reason for each in same}
