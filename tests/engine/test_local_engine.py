"""Days in the local engine: order, failures, isolation, limits, resuming."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

from skim_core.model import events as ev
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Candidate
from skim_core.model.phases import Phase, Retry
from skim_core.ports.engine import DayEnd
from skim_core.testing.scripted import DayLab, ScriptedStrategy

BHP = Candidate(symbol="BHP", reason="test")


def nothing(ctx):
    return None


async def nothing_async(ctx):
    return None


def run(lab, *assignments, **more):
    return asyncio.run(asyncio.wait_for(lab.run(*assignments, **more), 20))


def kinds(lab, strategy, phase=None):
    return [
        event.kind
        for event in lab.events(strategy)
        if phase is None or getattr(event, "phase", None) == phase
    ]


def chain(*names, **policies):
    return PhaseGraph(
        *(
            Phase(name, after=names[index - 1] if index else (), **policies.get(name, {}))
            for index, name in enumerate(names)
        )
    )


def test_phases_run_in_order_and_the_day_completes():
    lab, seen = DayLab(), []
    strategy = ScriptedStrategy(
        "plain", {name: lambda ctx: seen.append(ctx.phase) for name in ("setup", "scan", "alert")}
    )
    [result] = run(lab, lab.assignment(strategy, chain("setup", "scan", "alert")))
    assert result.end is DayEnd.COMPLETED
    assert seen == ["setup", "scan", "alert"]
    assert kinds(lab, "plain")[0] == "day_started"
    assert kinds(lab, "plain")[-1] == "day_finished"
    assert kinds(lab, "plain", "scan") == ["phase_requested", "phase_started", "phase_completed"]


def test_what_a_scan_returns_is_recorded_and_seen_by_the_phases_after_it():
    lab, seen = DayLab(), []

    async def scan(ctx):
        return [BHP]

    async def trade(ctx):
        seen.extend(ctx.candidates)

    strategy = ScriptedStrategy(
        "scanner", {"scan": scan, "trade": trade}, {"scan": Sequence[Candidate]}
    )
    run(lab, lab.assignment(strategy, chain("scan", "trade")))
    assert seen == ["BHP"]
    [scanned] = [e for e in lab.events("scanner") if isinstance(e, ev.CandidatesScanned)]
    assert scanned.candidates == (BHP,)


def test_an_empty_scan_is_recorded_as_such():
    lab = DayLab()
    strategy = ScriptedStrategy("empty", {"scan": lambda ctx: []}, {"scan": Sequence[Candidate]})
    run(lab, lab.assignment(strategy, chain("scan")))
    [scanned] = [e for e in lab.events("empty") if isinstance(e, ev.CandidatesScanned)]
    assert scanned.candidates == ()


def test_a_phase_that_returns_nonsense_fails_by_name():
    lab = DayLab()
    strategy = ScriptedStrategy(
        "nonsense", {"scan": lambda ctx: "BHP"}, {"scan": Sequence[Candidate]}
    )
    [result] = run(lab, lab.assignment(strategy, chain("scan")))
    assert result.end is DayEnd.FAILED
    assert "skim_scan must return a sequence of Candidate, found 'BHP'" in result.reason


def test_independent_phases_run_at_the_same_time():
    lab = DayLab()
    met = asyncio.Event

    async def main():
        first, second = met(), met()

        async def one(ctx):
            first.set()
            await asyncio.wait_for(second.wait(), 5)

        async def two(ctx):
            second.set()
            await asyncio.wait_for(first.wait(), 5)

        strategy = ScriptedStrategy("pair", {"one": one, "two": two})
        graph = PhaseGraph(Phase("one"), Phase("two"))
        return await lab.run(lab.assignment(strategy, graph))

    [result] = asyncio.run(main())
    assert result.end is DayEnd.COMPLETED


def test_a_failing_phase_is_retried_and_then_stops_what_follows():
    lab = DayLab()

    def scan(ctx):
        msg = f"attempt {ctx.attempt}"
        raise ValueError(msg)

    strategy = ScriptedStrategy("failing", {"setup": nothing, "scan": scan, "trade": nothing})
    graph = chain("setup", "scan", "trade", scan={"retry": Retry(attempts=3, backoff="5s")})
    [result] = run(lab, lab.assignment(strategy, graph))
    assert result.end is DayEnd.FAILED
    assert "scan failed: ValueError: attempt 3" in result.reason
    assert kinds(lab, "failing", "scan").count("phase_retried") == 2
    assert kinds(lab, "failing", "trade") == ["phase_skipped"]


def test_one_strategys_failure_is_not_seen_by_another():
    lab = DayLab()

    def bad(ctx):
        msg = "no"
        raise RuntimeError(msg)

    results = run(
        lab,
        lab.assignment(ScriptedStrategy("bad", {"scan": bad}), chain("scan")),
        lab.assignment(ScriptedStrategy("good", {"scan": nothing_async}), chain("scan")),
    )
    assert [result.end for result in results] == [DayEnd.FAILED, DayEnd.COMPLETED]


def test_sys_exit_in_a_hook_fails_its_own_phase_and_nothing_else():
    lab = DayLab()

    async def leave_async(ctx):
        sys.exit(3)

    results = run(
        lab,
        lab.assignment(ScriptedStrategy("a", {"scan": lambda ctx: sys.exit(3)}), chain("scan")),
        lab.assignment(ScriptedStrategy("b", {"scan": leave_async}), chain("scan")),
        lab.assignment(ScriptedStrategy("c", {"scan": nothing}), chain("scan")),
    )
    assert [result.end for result in results] == [DayEnd.FAILED, DayEnd.FAILED, DayEnd.COMPLETED]
    assert "SystemExit: 3" in results[0].reason


def test_an_async_phase_that_hangs_is_cancelled_at_its_timeout():
    lab = DayLab()

    async def hang(ctx):
        await asyncio.Event().wait()

    graph = chain("scan", scan={"timeout": "200ms"})
    [result] = run(lab, lab.assignment(ScriptedStrategy("hang", {"scan": hang}), graph))
    assert result.end is DayEnd.FAILED
    assert "timed out after 200ms" in result.reason


def test_a_phase_that_sleeps_in_the_clock_past_its_timeout_is_cancelled_in_the_days_own_time():
    lab = DayLab()

    async def sleep(ctx):
        await ctx.clock.sleep_until(ctx.now + timedelta(hours=1))

    graph = chain("scan", scan={"timeout": "30m"})
    run(lab, lab.assignment(ScriptedStrategy("sleeper", {"scan": sleep}), graph))
    [failed] = [e for e in lab.events("sleeper") if isinstance(e, ev.PhaseFailed)]
    assert failed.error == "timed out after 30m"
    assert failed.at == lab.session.open + timedelta(minutes=15)


def test_a_thread_that_blocks_past_its_timeout_is_reported_and_left_behind(caplog):
    lab, release = DayLab(), threading.Event()
    refused: list[str] = []

    def block(ctx):
        release.wait(10)
        try:
            ctx.wait(ctx.orders.exit("BHP"))
        except Exception as error:  # noqa: BLE001
            refused.append(str(error))

    graph = PhaseGraph(
        Phase("scan", timeout="100ms", on_failure="continue"), Phase("trade", after="scan")
    )
    strategy = ScriptedStrategy("block", {"scan": block, "trade": nothing_async})

    async def main():
        results = await lab.run(lab.assignment(strategy, graph))
        release.set()
        await asyncio.sleep(0.2)
        return results

    with caplog.at_level(logging.WARNING):
        [result] = asyncio.run(main())
    assert result.end is DayEnd.COMPLETED
    assert kinds(lab, "block", "scan")[-1] == "phase_failed"
    assert refused == ["attempt 1 of phase 'scan' is over: what it still asks for is not done."]
    assert "still blocks a thread" in caplog.text


def test_a_repeating_phase_runs_at_every_tick_of_its_window():
    lab, seen = DayLab(), []
    graph = PhaseGraph(Phase("manage", every="5m", give_up_after=3))
    strategy = ScriptedStrategy("ticks", {"manage": lambda ctx: seen.append(ctx.now)})
    run(lab, lab.assignment(strategy, graph))
    assert seen == graph["manage"].ticks(lab.session)
    assert len(seen) == 72


def test_a_finished_day_is_not_run_again():
    lab, seen = DayLab(), []
    strategy = ScriptedStrategy("once", {"scan": lambda ctx: seen.append(1)})
    run(lab, lab.assignment(strategy, chain("scan")))
    before = lab.events("once")
    [again] = run(lab, lab.assignment(strategy, chain("scan")))
    assert again.end is DayEnd.ALREADY
    assert seen == [1]
    assert lab.events("once") == before


def test_a_stopped_day_is_resumed_where_it_was_left_and_ends_as_if_undisturbed():
    lab, seen = DayLab(), []

    async def trade(ctx):
        seen.append(ctx.now)
        if len(seen) == 100:
            lab.engine.stop()
            await asyncio.Event().wait()

    graph = PhaseGraph(Phase("scan"), Phase("trade", after="scan", every="1m"))
    strategy = ScriptedStrategy("stopped", {"scan": nothing_async, "trade": trade})
    [stopped] = run(lab, lab.assignment(strategy, graph))
    assert stopped.end is DayEnd.STOPPED
    left_at = lab.events("stopped")[-1].at
    [resumed] = run(lab, lab.assignment(strategy, graph))
    assert resumed.end is DayEnd.COMPLETED
    assert lab.events("stopped")[-1].kind == "day_finished"
    assert kinds(lab, "stopped", "scan").count("phase_requested") == 1
    assert seen.count(left_at) == 2, "the interrupted tick runs again"
    assert sorted(set(seen)) == graph["trade"].ticks(lab.session)
    assert [e.interrupted for e in lab.events("stopped") if isinstance(e, ev.DayResumed)] == [
        ("trade",)
    ]


def test_a_day_that_another_process_runs_is_left_alone():
    lab = DayLab()
    strategy = ScriptedStrategy("elsewhere", {"scan": nothing})
    assignment = lab.assignment(strategy, chain("scan"))
    from skim_core.clock.wall import WallClock

    lab.journal.acquire(assignment.day.run_id, "other:1:1", WallClock().now(), timedelta(minutes=1))
    [result] = run(lab, assignment)
    assert result.end is DayEnd.ELSEWHERE
    assert "other:1:1" in result.reason
    assert lab.events("elsewhere") == []


def shared_graph():
    return PhaseGraph(Phase("scan", shared="gap_scan"), Phase("trade", after="scan"))


def test_a_shared_phase_runs_once_and_each_strategy_gets_its_result():
    lab, calls, seen = DayLab(), [], {}

    async def scan(ctx):
        calls.append(ctx.strategy)
        await ctx.clock.sleep_until(ctx.now + timedelta(seconds=30))
        return [BHP]

    async def trade(ctx):
        seen[ctx.strategy] = list(ctx.candidates)

    assignments = [
        lab.assignment(
            ScriptedStrategy(name, {"scan": scan, "trade": trade}, {"scan": Sequence[Candidate]}),
            shared_graph(),
        )
        for name in ("a", "b", "c")
    ]
    results = run(lab, *assignments)
    assert {result.end for result in results} == {DayEnd.COMPLETED}
    assert calls == ["a"]
    assert seen == {"a": ["BHP"], "b": ["BHP"], "c": ["BHP"]}
    [completed] = [
        e for e in lab.events("b") if isinstance(e, ev.PhaseCompleted) and e.phase == "scan"
    ]
    assert completed.shared_from == assignments[0].day.run_id


def test_a_shared_result_is_taken_from_an_earlier_run_of_the_session():
    lab, calls = DayLab(), []

    def scan(ctx):
        calls.append(ctx.strategy)
        return [BHP]

    for name in ("early", "late"):
        strategy = ScriptedStrategy(
            name, {"scan": scan, "trade": nothing}, {"scan": Sequence[Candidate]}
        )
        run(lab, lab.assignment(strategy, shared_graph()))
    assert calls == ["early"]
    [scanned] = [e for e in lab.events("late") if isinstance(e, ev.CandidatesScanned)]
    assert scanned.candidates == (BHP,)


def test_the_failure_of_a_shared_phase_means_for_each_what_its_own_policy_says():
    lab = DayLab()

    async def scan(ctx):
        await ctx.clock.sleep_until(ctx.now + timedelta(seconds=30))
        msg = "no data"
        raise RuntimeError(msg)

    def day(name, on_failure):
        graph = PhaseGraph(
            Phase("scan", shared="gap_scan", on_failure=on_failure), Phase("trade", after="scan")
        )
        return lab.assignment(ScriptedStrategy(name, {"scan": scan, "trade": nothing}), graph)

    results = run(lab, day("strict", "stop"), day("easy", "continue"))
    assert [result.end for result in results] == [DayEnd.FAILED, DayEnd.COMPLETED]
    assert kinds(lab, "easy", "trade")[-1] == "phase_completed"
