"""What a hook or a listener does to its surroundings reaches nobody else."""

from __future__ import annotations

import asyncio
import decimal
import logging
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from skim_core.engine.doors import Door
from skim_core.engine.loop import Interrupted, run_to_end
from skim_core.errors import JournalError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import DayStarted, PhaseStarted
from skim_core.model.graph import PhaseGraph
from skim_core.model.market import Candidate
from skim_core.model.phases import Phase
from skim_core.model.session import Session
from skim_core.model.text import one_line, printable
from skim_core.model.trading_day import TradingDay
from skim_core.ports.boundary import described
from skim_core.ports.bus import Bus
from skim_core.ports.engine import DayEnd
from skim_core.testing.scripted import DayLab, ScriptedStrategy

NOW = datetime(2026, 1, 5, tzinfo=UTC)
EXACT = Decimal("0.3333333333333333333333333333")


def day_of(strategy):
    session = Session(
        exchange="XASX",
        date=date(2026, 1, 5),
        open=NOW,
        close=NOW + timedelta(hours=6),
        timezone="Australia/Sydney",
    )
    return TradingDay(strategy=strategy, account="paper", session=session)


def coarse():
    decimal.getcontext().prec = 2


def third():
    return Decimal(1) / Decimal(3)


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_hooks_decimal_context_is_its_own(kind):
    lab, seen = DayLab(), {}

    def change(ctx):
        coarse()
        seen["changed"] = third()

    async def change_async(ctx):
        change(ctx)
        await ctx.clock.sleep_until(ctx.now + timedelta(minutes=5))

    async def look(ctx):
        ctx.clock.call_at(ctx.now + timedelta(minutes=3), note)
        await ctx.clock.sleep_until(ctx.now + timedelta(minutes=6))
        seen["other"] = third()

    def note():
        seen["engine"] = third()

    async def main():
        changing = ScriptedStrategy(
            "changing", {"scan": change if kind == "plain" else change_async}
        )
        # It ends after the call above is due.
        looking = ScriptedStrategy("looking", {"scan": look})
        graph = PhaseGraph(Phase("scan", at="open", timeout="10m"))
        await lab.run(lab.assignment(changing, graph), lab.assignment(looking, graph))

    run_to_end(main())
    assert seen == {"changed": Decimal("0.33"), "other": EXACT, "engine": EXACT}


def test_the_engine_computes_exactly_whatever_a_plugin_did_at_its_import():
    async def main():
        return third()

    with decimal.localcontext() as context:
        context.prec = 2
        assert run_to_end(main()) == EXACT
        assert third() == Decimal("0.33")


def test_a_signal_that_strikes_as_the_loops_work_has_ended_blames_no_plugin(caplog):
    def strike():
        raise Interrupted

    async def main():
        # It runs after this has ended, and before the loop is told.
        asyncio.get_running_loop().call_soon(strike)

    with pytest.raises(Interrupted):
        run_to_end(main())
    assert not caplog.messages


def test_a_plugins_exit_as_the_loops_work_ends_takes_no_result_away():
    async def main():
        asyncio.get_running_loop().call_soon(sys.exit, 3)
        return EXACT

    assert run_to_end(main()) == EXACT


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_a_listeners_decimal_context_is_its_own(kind):
    heard = []

    def change(event, day):
        coarse()
        heard.append(third())

    async def change_async(event, day):
        change(event, day)

    async def main():
        bus = Bus()
        bus.listen("changing", change if kind == "plain" else change_async)
        bus.signal("phase_started").connect(connected := lambda *_, **__: coarse(), weak=False)
        bus.publish(PhaseStarted(at=NOW, phase="scan", attempt=1), day_of("orb"))
        await bus.drain(5)
        bus.close()
        del connected
        return third()

    assert run_to_end(main()) == EXACT
    assert heard == [Decimal("0.33")]


def test_what_a_listener_changes_in_an_event_no_other_listener_sees():
    heard = []

    def empty(event, day):
        if isinstance(event, DayStarted):
            event.versions.clear()
            event.config["more"] = 1

    async def main():
        bus = Bus()
        event = DayStarted(
            at=NOW,
            run_id="orb/XASX/2026-01-05/paper",
            strategy="orb",
            account="paper",
            session=day_of("orb").session,
            graph=PhaseGraph(Phase("scan")),
            broker="sim",
            config={"size": 1},
            versions={"skim-core": "1"},
        )
        bus.listen("first", empty)
        bus.listen("second", lambda event, day: heard.append((event.config, event.versions)))
        bus.publish(event, day_of("orb"))
        await bus.drain(5)
        bus.close()
        return event

    event = run_to_end(main())
    assert heard == [({"size": 1}, {"skim-core": "1"})]
    assert event.config == {"size": 1}


def test_a_day_that_floods_a_slow_listener_costs_another_day_no_event():
    heard, go = [], threading.Event()

    def slow(event, day):
        go.wait(5)
        heard.append(day.strategy)

    async def main():
        bus = Bus(capacity=10)
        bus.listen("slow", slow)
        for number in range(1, 1001):
            bus.publish(PhaseStarted(at=NOW, phase="scan", attempt=number), day_of("loud"))
        for number in range(1, 6):
            bus.publish(PhaseStarted(at=NOW, phase="scan", attempt=number), day_of("quiet"))
        go.set()
        await bus.drain(5)
        bus.close()
        return bus.dropped

    dropped = run_to_end(main())
    assert heard.count("quiet") == 5
    assert 10 <= heard.count("loud") <= 11
    assert dropped == {"slow": 1000 - heard.count("loud")}


def test_a_blocking_async_hook_is_named_and_cut_short_while_another_day_goes_on():
    async def block(ctx):
        threading.Event().wait(60)

    lab = DayLab()
    graph = PhaseGraph(Phase("scan", at="open", timeout="300ms"))
    blocking = ScriptedStrategy("blocking", {"scan": block})
    sound = ScriptedStrategy("sound", {"scan": lambda ctx: None})

    async def main():
        return await lab.run(lab.assignment(blocking, graph), lab.assignment(sound, graph))

    results = run_to_end(main())
    assert [result.end for result in results] == [DayEnd.FAILED, DayEnd.COMPLETED]
    assert "held up everything for more than 0.3 s (" in results[0].reason


def test_a_thread_that_spins_is_ended_after_its_timeout():
    seen = []

    def spin(ctx):
        seen.append(threading.current_thread())
        while True:
            pass

    async def main():
        lab = DayLab()
        graph = PhaseGraph(Phase("scan", at="open", timeout="100ms"))
        [result] = await lab.run(lab.assignment(ScriptedStrategy("spins", {"scan": spin}), graph))
        await asyncio.sleep(0.3)
        return result

    assert run_to_end(main()).end is DayEnd.FAILED
    seen[0].join(5)
    assert not seen[0].is_alive()


def test_a_task_that_is_dropped_with_an_error_is_told_in_one_line(caplog):
    text = "dropped\x1b[2J"

    async def fail():
        raise ValueError(text)

    async def main():
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task

    with caplog.at_level(logging.ERROR):
        run_to_end(main())
    [record] = caplog.records
    assert record.getMessage().endswith(r"ValueError: dropped\x1b[2J")
    assert record.exc_info is None


def test_a_real_ctrl_c_ends_the_loop():
    async def main():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_to_end(main())


def test_a_result_that_cannot_be_journaled_fails_its_phase_and_not_the_day():
    lab = DayLab()
    unsound = Candidate.model_construct(symbol=7, reason=None)
    strategy = ScriptedStrategy(
        "unsound",
        {"scan": lambda ctx: [unsound], "manage": lambda ctx: None},
        {"scan": Sequence[Candidate]},
    )
    graph = PhaseGraph(Phase("scan", on_failure="continue"), Phase("manage", after="scan"))

    async def main():
        return await lab.run(lab.assignment(strategy, graph))

    [result] = run_to_end(main())
    assert result.end is DayEnd.COMPLETED
    [failed] = [event for event in lab.events("unsound") if event.kind == "phase_failed"]
    assert failed.error.startswith("skim_scan returned what can't be kept")


def test_a_forked_child_is_refused_by_the_journal_its_parent_opened(tmp_path):
    journal = SqliteJournal.open(tmp_path / "journal.sqlite")
    child = os.fork()
    if child == 0:
        try:
            journal.runs()
        except JournalError as error:
            os._exit(42 if "forked off" in str(error) else 43)
        finally:
            os._exit(44)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 42
    assert journal.runs() == []
    journal.close()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b2J\u202e", r"\x9b2J\u202e"),
        ("\ud800", r"\ud800"),
    ],
)
def test_text_that_could_steer_a_terminal_is_written_out(text, shown):
    assert printable(text) == shown


def test_a_message_of_any_length_becomes_one_line():
    assert one_line("a\nb  c") == "a b c"
    assert len(one_line("x" * 10_000_000)) == 500
    assert one_line("x" * 501).endswith("xx ...")


def test_what_an_error_says_is_told_even_when_it_refuses():
    class Refusing(Exception):
        def __str__(self):
            raise KeyboardInterrupt

    assert described(Refusing()) == "Refusing: its text can't be had, KeyboardInterrupt was raised"


def test_the_engine_computes_exactly_for_a_hook_that_computes_coarsely():
    class Inside:
        def now(self):
            return third()

        async def later(self):
            await asyncio.sleep(0)
            return third()

    async def main():
        door = Door(Inside(), frozenset({"now", "later"}))
        coarse()
        return door.now(), await door.later(), third()

    assert run_to_end(main()) == (EXACT, EXACT, Decimal("0.33"))
