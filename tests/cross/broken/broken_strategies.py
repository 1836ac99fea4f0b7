"""Strategies that break in every way that one process can outlive."""

# ruff: noqa: ASYNC222, ASYNC240, ASYNC251, TID251  they are broken on purpose
from __future__ import annotations

import asyncio
import atexit
import ctypes
import decimal
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from skim_core import Bracket, Candidate, Phase, PhaseGraph, hooks

FOREVER = 1_000_000.0


def found(symbol="OLL", reason="is watched"):
    return Candidate(symbol=symbol, reason=reason)


class Broken:
    """One phase, five minutes after the open, with time enough beside all the others."""

    timeout = "20s"

    @hooks.phase_graph
    def skim_phase_graph(self):
        return PhaseGraph(Phase("scan", at="open+5m", timeout=self.timeout))


def plain(name, body, timeout="20s"):
    """Make a strategy whose scan is `body`, a plain function of the context."""

    class Made(Broken):
        @hooks.scan
        def skim_scan(self, ctx):
            return body(ctx)

    Made.timeout = timeout
    Made.__name__ = name
    return Made


def awaiting(name, body, timeout="20s"):
    """Make a strategy whose scan is `body`, a coroutine function of the context."""

    class Made(Broken):
        @hooks.scan
        async def skim_scan(self, ctx):
            return await body(ctx)

    Made.timeout = timeout
    Made.__name__ = name
    return Made


def raising(error):
    def body(_ctx):
        raise error()

    return body


def raising_async(error):
    async def body(_ctx):
        raise error()

    return body


class OwnBaseError(BaseException):
    """Not an Exception."""


class Mute(Exception):
    """Has no text."""

    def __str__(self):
        raise ZeroDivisionError


def raise_long():
    return RuntimeError("long " * 2_000_000)


def raise_steering():
    return RuntimeError("gone\x1b[2J\x1b]0;owned\x07\r\nday completed \ud800")


# Hanging


def hang(_ctx):
    time.sleep(FOREVER)


def spin(_ctx):
    while True:
        pass


async def never(_ctx):
    await asyncio.Event().wait()


async def stubborn(_ctx):
    while True:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            continue


async def block(_ctx):
    time.sleep(FOREVER)


async def block_in_task(ctx):
    await asyncio.create_task(block(ctx))


async def spin_async(_ctx):
    while True:
        pass


# Returning nonsense


class Unshowable:
    def __repr__(self):
        raise ZeroDivisionError

    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = None


class Endless(Sequence):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return found()


def returning(value):
    return lambda _ctx: value()


def recursive():
    knot = []
    knot.append(knot)
    return knot


def many():
    return [found(reason="is one of very many " * 5)] * 40_000


# Ending the process, or leaving things behind


async def exit_in_task(_ctx):
    async def leave():
        sys.exit(7)

    task = asyncio.create_task(leave())
    await asyncio.sleep(0.05)
    return [found(reason=type(task.exception()).__name__)]


async def stop_loop(_ctx):
    asyncio.get_running_loop().stop()
    return [found()]


def leave_threads(_ctx):
    threading.Thread(target=time.sleep, args=(FOREVER,)).start()
    return [found()]


async def fill_executor(_ctx):
    loop = asyncio.get_running_loop()
    for _ in range(40):
        loop.run_in_executor(None, time.sleep, FOREVER)
    return [found()]


def die_in_thread(_ctx):
    threading.Thread(target=raising(ValueError), args=(None,)).start()
    return [found()]


# Forking


def fork(_ctx):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return [found()]


def fork_and_act(ctx):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return [found()]
    ctx.wait(ctx.purge_candidates())
    Path("child acted").touch()
    return []


async def fork_async(ctx):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return [found()]
    await asyncio.sleep(0.2)
    Path("child acted").touch()
    return []


async def fork_and_trade(ctx):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return [found()]
    await ctx.orders.enter(Bracket(symbol="OLL", quantity=1, stop_price=Decimal("0.01")))
    Path("child acted").touch()
    return []


def square(number):
    return number * number


def use_processes(_ctx):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(square, [2, 3]) == [4, 9]
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return [found()]


# Changing what others compute with


def change_surroundings(_ctx):
    decimal.getcontext().prec = 2
    decimal.DefaultContext.prec = 2
    os.environ.clear()
    os.chdir("/")
    return [found()]


async def change_surroundings_async(ctx):
    decimal.getcontext().prec = 2
    decimal.getcontext().rounding = decimal.ROUND_UP
    for number in (signal.SIGUSR1, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    await ctx.market.account()
    await ctx.clock.sleep_until(ctx.session.close)
    return [found()]


async def overwrite_bars(ctx):
    bars = await ctx.market.bars(await every_symbol(ctx))
    bars.close[:] = 0.01
    return [found()]


async def every_symbol(ctx):
    return await ctx.market._inside.broker.symbols()


# Taking all memory


def leak(_ctx):
    kept = []
    while True:
        kept.append(bytearray(20_000_000))


# Taking the process along, the first time


def once(die):
    async def body(_ctx):
        mark = Path("died once")
        if not mark.exists():
            mark.touch()
            die()
        return [found()]

    return body


def null_dereference():
    ctypes.string_at(0)


def exit_at_once():
    os._exit(5)


def hang_at_exit(_ctx):
    atexit.register(time.sleep, FOREVER)
    return [found()]


STRATEGIES = {
    "raises": plain("Raises", raising(lambda: RuntimeError("no news"))),
    "raises_async": awaiting("RaisesAsync", raising_async(lambda: RuntimeError("no news"))),
    "base": plain("Base", raising(lambda: OwnBaseError("mine"))),
    "base_async": awaiting("BaseAsync", raising_async(lambda: OwnBaseError("mine"))),
    "keyboard": plain("Keyboard", raising(KeyboardInterrupt)),
    "keyboard_async": awaiting("KeyboardAsync", raising_async(KeyboardInterrupt)),
    "exits": plain("Exits", raising(lambda: SystemExit(9))),
    "exits_async": awaiting("ExitsAsync", raising_async(lambda: SystemExit(9))),
    "stop_iteration": plain("Stop", raising(StopIteration)),
    "stop_iteration_async": awaiting("StopAsync", raising_async(StopIteration)),
    "cancelled": plain("Cancelled", raising(asyncio.CancelledError)),
    "cancelled_async": awaiting("CancelledAsync", raising_async(asyncio.CancelledError)),
    "generator_exit_async": awaiting("GeneratorExitAsync", raising_async(GeneratorExit)),
    "mute": plain("MuteStrategy", raising(Mute)),
    "long": plain("Long", raising(raise_long)),
    "steers": plain("Steers", raising(raise_steering)),
    "hangs": plain("Hangs", hang, timeout="500ms"),
    "spins": plain("Spins", spin, timeout="500ms"),
    "never": awaiting("Never", never, timeout="500ms"),
    "stubborn": awaiting("Stubborn", stubborn, timeout="500ms"),
    "blocks": awaiting("Blocks", block, timeout="500ms"),
    "blocks_in_task": awaiting("BlocksInTask", block_in_task, timeout="3s"),
    "spins_async": awaiting("SpinsAsync", spin_async, timeout="500ms"),
    "wrong_type": plain("WrongType", returning(lambda: {"OLL": 1})),
    "wrong_items": plain("WrongItems", returning(lambda: [1, 2])),
    "unshowable": plain("UnshowableStrategy", returning(Unshowable)),
    "unsound": plain(
        "Unsound", returning(lambda: [Candidate.model_construct(symbol=7, reason=None)])
    ),
    "not_a_number": plain(
        "NotANumber",
        returning(
            lambda: [
                Candidate.model_construct(symbol="OLL", reason="x", gap_percent=Decimal("NaN"))
            ]
        ),
    ),
    "recursive": plain("Recursive", returning(recursive)),
    "endless": plain("EndlessStrategy", returning(Endless), timeout="500ms"),
    "many": plain("Many", returning(many), timeout="1m"),
    "bars": awaiting("OverwriteBars", overwrite_bars),
    # These end well: what they do would hurt others, not themselves.
    "exits_in_task": awaiting("ExitsInTask", exit_in_task),
    "stops_loop": awaiting("StopsLoop", stop_loop),
    "threads": plain("Threads", leave_threads),
    "executor": awaiting("Executor", fill_executor),
    "dying_thread": plain("DyingThread", die_in_thread),
    "forks": plain("Forks", fork),
    "forks_and_acts": plain("ForksAndActs", fork_and_act),
    "forks_async": awaiting("ForksAsync", fork_async),
    "forks_and_trades": awaiting("ForksAndTrades", fork_and_trade),
    "processes": plain("Processes", use_processes),
    "surroundings": plain("Surroundings", change_surroundings),
    "surroundings_async": awaiting("SurroundingsAsync", change_surroundings_async, "8h"),
}
STRATEGIES |= {
    "leaks": plain("Leaks", leak, timeout="1m"),
    "dereferences_null": awaiting("DereferencesNull", once(null_dereference)),
    "exits_at_once": awaiting("ExitsAtOnce", once(exit_at_once)),
    "hangs_at_exit": plain("HangsAtExit", hang_at_exit),
}
globals().update({f"strategy_{name}": kind for name, kind in STRATEGIES.items()})
