"""Scanners beside a phase, and filters after it, in whole days."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from skim_core import Candidate, Joining, Phase, Shared
from skim_core.engine import joining as engine_joining
from skim_core.engine.shared import identity
from skim_core.model import events as ev
from skim_core.testing.simulate import session_of, simulate_day

STRATEGY = """
from skim_core import Candidate, Context, Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("scan", at="open+1m", retry={"attempts": 2}))

@hooks.scan
HOW skim_scan(ctx: Context[None]) -> list[Candidate]:
    return [Candidate(symbol=name, reason="own") for name in ("BHP", "CBA")]
"""


class Scanner:
    def __init__(self, name, *symbols, priority=0, error=None):
        self.name, self.priority = name, priority
        self.symbols, self.error = symbols, error
        self.asked = []

    async def scan(self, ctx):
        self.asked.append((ctx.session.date.isoformat(), ctx.now - ctx.session.open))
        if self.error is not None:
            raise self.error
        return [Candidate(symbol=symbol, reason=self.name) for symbol in self.symbols]


class Hanging(Scanner):
    async def scan(self, ctx):
        await asyncio.Event().wait()


class Filter:
    def __init__(self, name, drops, error=None):
        self.name, self.drops, self.error = name, drops, error
        self.seen = []

    async def drop(self, ctx, candidates):
        self.seen.append([found.symbol for found in candidates])
        if self.error is not None:
            raise self.error
        return self.drops


@pytest.fixture(params=["async def", "def"])
def live(request, tmp_path, monkeypatch):
    """Live a day whose scan is joined: ``live(scanners, filters, match="all")``."""
    name = "joined_" + request.param.replace(" ", "_")
    (tmp_path / f"{name}.py").write_text(STRATEGY.replace("HOW", request.param))
    info = tmp_path / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = {name}\n")
    monkeypatch.syspath_prepend(tmp_path)
    session = session_of("XASX", "2026-11-24", tmp_path)

    def lived(scanners=(), filters=(), **policy):
        names = {"scanners": [s.name for s in scanners], "filters": [f.name for f in filters]}
        there = Joining(
            {each.name: each for each in scanners}, {each.name: each for each in filters}
        )
        phases = {"scan": {**names, **policy}}
        return simulate_day(name, session, tmp_path / "broker", phases=phases, joining=there)

    return lived


def candidates(day):
    [scanned] = day.of("candidates_scanned")
    return {found.symbol: found.reason for found in scanned.candidates}


def test_scanners_join_by_their_priority(live):
    day = live([Scanner("late", "CBA", "NEW", priority=9), Scanner("early", "NEW", priority=-1)])
    assert candidates(day) == {"NEW": "early; late", "BHP": "own", "CBA": "own; late"}
    assert list(candidates(day)) == ["NEW", "BHP", "CBA"]
    [joined] = day.of("candidates_joined")
    assert joined.found == {"late": 2, "early": 1}


def test_they_are_asked_when_the_phases_own_hook_is_done_and_know_the_session(live):
    scanner = Scanner("news")
    live([scanner])
    assert scanner.asked == [("2026-11-24", timedelta(minutes=1))]


def test_one_that_raises_is_named_and_stops_no_other(live, caplog):
    day = live([Scanner("broken", error=ValueError("no table")), Scanner("sound", "NEW")])
    assert set(candidates(day)) == {"BHP", "CBA", "NEW"}
    [joined] = day.of("candidates_joined")
    assert joined.failed == {"broken": "ValueError: no table"}
    assert joined.found == {"sound": 1}
    assert "scanner 'broken' has nothing to say: ValueError: no table" in caplog.text


def test_one_that_hangs_costs_the_others_nothing(live, monkeypatch):
    monkeypatch.setattr(engine_joining, "LONGEST", timedelta(milliseconds=50))
    day = live([Hanging("hangs"), Scanner("sound", "NEW")])
    assert "NEW" in candidates(day)
    assert day.of("candidates_joined")[0].failed == {"hangs": "no answer within 50ms"}


def test_only_what_all_found_counts_when_all_must_agree(live):
    day = live([Scanner("one", "BHP", "NEW"), Scanner("two", "BHP", "CBA")], match="all")
    assert candidates(day) == {"BHP": "own; one; two"}


def test_when_all_must_agree_one_that_fails_fails_the_attempt_by_name(live):
    day = live([Scanner("broken", error=ValueError("no table"))], match="all")
    [failed] = day.of("phase_failed")
    assert "can't: broken: ValueError: no table" in failed.error
    assert len(day.of("phase_retried")) == 1


def test_filters_drop_one_after_the_other_and_say_why(live):
    first, second = Filter("thin", {"BHP": "too thin", "XYZ": "-"}), Filter("dear", {"CBA": "dear"})
    day = live(filters=[first, second])
    assert candidates(day) == {}
    assert (first.seen, second.seen) == ([["BHP", "CBA"]], [["CBA"]])
    assert day.of("candidates_joined")[0].dropped == {"BHP": "thin: too thin", "CBA": "dear: dear"}


def test_a_filter_that_fails_lets_nothing_through(live):
    day = live(filters=[Filter("thin", {}, error=OSError("no store"))])
    assert not day.of("candidates_scanned")
    [failed] = day.of("phase_failed")
    assert "filter 'thin' can't say what may be traded: OSError: no store" in failed.error


def test_what_is_no_candidate_is_told_as_the_scanners_fault(live):
    scanner = Scanner("odd")

    async def scan(ctx):
        return ["BHP"]

    scanner.scan = scan
    day = live([scanner])
    assert day.of("candidates_joined")[0].failed == {
        "odd": "it returned what is no Candidate: mend its scan"
    }


def test_without_scanners_and_filters_nothing_is_joined(live):
    day = live()
    assert not day.of("candidates_joined")
    assert not [event for event in day.events if isinstance(event, ev.CandidatesJoined)]


def test_a_shared_phase_with_other_scanners_is_other_work():
    shared = Shared(key="gap_scan", settings=("gap",))

    def work(gap=3, **policy):
        return identity(shared, Phase("scan", shared=shared, **policy), {"gap": gap})

    assert work() == work()
    others = [work(gap=4), work(scanners=["news"]), work(filters=["news"])]
    others.append(work(scanners=["news"], match="all"))
    assert len({work(), *others}) == 5
