"""The bus tells every event to everyone who listens, and nobody can hold up anybody."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import timeit
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.errors import PluginError
from skim_core.model.events import (
    EVENTS,
    DayFinished,
    Event,
    Outcome,
    PhaseCompleted,
    PhaseStarted,
)
from skim_core.model.session import Session
from skim_core.model.trading_day import TradingDay
from skim_core.ports.bus import SIGNALS, Bus

NOW = datetime(2026, 1, 5, tzinfo=UTC)
SESSION = Session(
    exchange="XASX",
    date=NOW.date(),
    open=NOW,
    close=NOW + timedelta(hours=6),
    timezone="Australia/Sydney",
)
DAY = TradingDay(strategy="orb", session=SESSION, account="paper")
SCAN = PhaseStarted(at=NOW, phase="scan", attempt=1)
DONE = PhaseCompleted(at=NOW, phase="scan")
END = DayFinished(at=NOW, outcome=Outcome.COMPLETED)
SOON = 5.0
"""Seconds that nothing here takes."""


@pytest.fixture
def bus():
    made = Bus(patience=0.05, capacity=1000)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO, "skim.bus")


def _run(bus: Bus, *events: Event, within: float = SOON) -> list[str]:
    async def publish() -> list[str]:
        for event in events:
            bus.publish(event, DAY)
        return await bus.drain(within)

    return asyncio.run(publish())


def _ticks(count: int) -> list[PhaseStarted]:
    return [PhaseStarted(at=NOW, phase="scan", attempt=number) for number in range(1, count + 1)]


def _listener(kind: str, act: Any) -> Any:
    """Return a plain or an async receiver that does `act(event, day)`."""

    def plain(event: Event, day: TradingDay) -> None:
        act(event, day)

    async def asynchronous(event: Event, day: TradingDay) -> None:
        act(event, day)

    return plain if kind == "plain" else asynchronous


def _until(condition: Callable[[], bool]) -> None:
    """Block until `condition` holds; fail when it doesn't soon."""
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(SOON / 1000)
    pytest.fail("it never came true")


both = pytest.mark.parametrize("kind", ["plain", "async"])


# Signals


def test_there_is_one_documented_signal_for_each_event():
    assert list(SIGNALS) == [event.model_fields["kind"].default for event in EVENTS]
    assert SIGNALS["order_filled"].startswith("A (part of an) order traded;")
    assert all(SIGNALS.values())


def test_a_signal_bears_its_documentation(bus):
    assert bus.signal("stop_hit").name == "stop_hit"
    assert bus.signal("stop_hit").__doc__ == "A protective stop traded."


def test_an_unknown_signal_is_refused_with_the_nearest_name(bus):
    with pytest.raises(PluginError, match=r"no event 'order_fild' to listen to \(did you mean 'or"):
        bus.signal("order_fild")
    with pytest.raises(PluginError, match="did you mean 'stop_hit'"):
        bus.listen("x", print, kinds=["stop_hitt"])


def test_a_receiver_may_be_connected_to_a_signal_itself(bus):
    heard = []

    def receiver(strategy: str, *, event: Event, day: TradingDay) -> None:
        heard.append((strategy, event, day))

    bus.signal("phase_started").connect(receiver)
    _run(bus, SCAN, DONE)

    assert heard == [("orb", SCAN, DAY)]


def test_a_receiver_may_be_connected_for_one_strategy(bus):
    heard = []

    def receiver(strategy: str, **_: object) -> None:
        heard.append(strategy)

    bus.signal("phase_started").connect(receiver, sender="gap_fade")
    bus.publish(SCAN, DAY)
    bus.publish(SCAN, TradingDay(strategy="gap_fade", session=SESSION, account="paper"))

    assert heard == ["gap_fade"]


def test_connected_receivers_that_raise_are_named_and_stop_nobody(bus, caplog):
    heard = []

    def good(strategy: str, **_: object) -> None:
        heard.append(strategy)

    def bad(strategy: str, **_: object) -> None:
        raise SystemExit(strategy)

    def worse(strategy: str, **_: object) -> None:
        raise ValueError(strategy)

    for receiver in (bad, good, worse):
        bus.signal("phase_started").connect(receiver)
    bus.listen("listener", lambda event, day: heard.append("listener"))
    _run(bus, SCAN)

    assert sorted(heard) == ["listener", "orb"]
    assert "bad raised on phase_started and goes on: SystemExit: orb" in caplog.text
    assert "worse raised on phase_started and goes on: ValueError: orb" in caplog.text


def test_a_connected_receiver_that_is_slow_or_async_is_named(bus, caplog):
    async def asynchronous(strategy: str, **_: object) -> None: ...

    def slow(strategy: str, **_: object) -> None:
        threading.Event().wait(0.06)

    bus.signal("phase_started").connect(asynchronous)
    bus.signal("phase_started").connect(slow)
    _run(bus, SCAN)

    assert (
        "asynchronous raised on phase_started and goes on: TypeError: it returned a" in caplog.text
    )
    assert "slow held up everything for more than 0.05 s on phase_started" in caplog.text


# Listeners


@both
def test_a_listener_hears_every_event_and_its_day_in_order(bus, kind):
    heard = []
    bus.listen("all", _listener(kind, lambda *told: heard.append(told)))

    assert _run(bus, SCAN, DONE, END) == []

    assert heard == [(SCAN, DAY), (DONE, DAY), (END, DAY)]


@both
def test_a_listener_may_hear_some_kinds_alone(bus, kind):
    heard = []
    listener = _listener(kind, lambda event, day: heard.append(event))
    bus.listen("some", listener, kinds=["day_finished", "phase_started"])

    _run(bus, SCAN, DONE, END)

    assert heard == [SCAN, END]


@both
def test_a_listener_is_never_lost_to_a_weak_reference(bus, kind):
    heard = []

    class Temporary:
        def hear(self, event: Event, day: TradingDay) -> None:
            heard.append(event)

        async def hear_async(self, event: Event, day: TradingDay) -> None:
            heard.append(event)

    bus.listen("temporary", Temporary().hear if kind == "plain" else Temporary().hear_async)
    gc.collect()
    _run(bus, SCAN)

    assert heard == [SCAN]


def test_a_callable_object_may_listen(bus):
    heard = []

    class Plain:
        def __call__(self, event: Event, day: TradingDay) -> None:
            heard.append("plain")

    class Asynchronous:
        async def __call__(self, event: Event, day: TradingDay) -> None:
            heard.append("async")

    bus.listen("plain", Plain())
    bus.listen("async", Asynchronous())
    _run(bus, SCAN)

    assert sorted(heard) == ["async", "plain"]


def test_a_plain_listener_runs_outside_the_loops_thread_and_an_async_one_inside(bus):
    threads = {}
    for kind in ("plain", "async"):
        bus.listen(
            kind,
            _listener(
                kind, lambda *_, kind=kind: threads.update({kind: threading.current_thread()})
            ),
        )

    _run(bus, SCAN)

    assert threads["async"] is threading.current_thread()
    assert threads["plain"] is not threading.current_thread()
    assert threads["plain"].daemon


@both
@pytest.mark.parametrize(
    "error", [ValueError("no"), SystemExit("no"), asyncio.CancelledError("no")]
)
def test_a_listener_that_raises_is_named_with_the_kind_and_hears_the_next_event(
    bus, caplog, kind, error
):
    heard, others = [], []

    def fail_at_first(event: Event, day: TradingDay) -> None:
        heard.append(event)
        if event is SCAN:
            raise error

    bus.listen("fragile", _listener(kind, fail_at_first))
    bus.listen("other", lambda event, day: others.append(event))
    late = _run(bus, SCAN, DONE)

    assert late == []
    assert heard == others == [SCAN, DONE]
    assert "listener 'fragile' raised on phase_started and goes on" in caplog.text
    assert f"{type(error).__name__}: no" in caplog.text


def test_a_plain_listener_that_returns_a_coroutine_is_told_to_be_async(bus, caplog):
    async def work() -> None: ...

    bus.listen("mistaken", lambda event, day: work())
    _run(bus, SCAN)

    assert (
        "TypeError: it returned a coroutine: make the receiver itself an 'async def'" in caplog.text
    )


@both
def test_a_listener_that_hangs_is_named_once_per_hang_and_delays_nobody(bus, caplog, kind):
    released = threading.Event()
    waiting = asyncio.Event()
    others = []

    def hang(event: Event, day: TradingDay) -> None:
        released.wait(SOON)

    async def hang_async(event: Event, day: TradingDay) -> None:
        await waiting.wait()

    bus.listen("stuck", hang if kind == "plain" else hang_async)
    bus.listen("other", lambda event, day: others.append(event))
    bus.listen("other async", _listener("async", lambda event, day: others.append(event)))

    async def run() -> tuple[float, list[str], list[str]]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        bus.publish(SCAN, DAY)
        bus.publish(DONE, DAY)
        published = loop.time() - started
        late = await bus.drain(0.5)
        once = caplog.text.count("listener 'stuck' has been busy")
        released.set()
        waiting.set()
        return published, late, [str(once), *await bus.drain(SOON)]

    published, late, after = asyncio.run(run())

    assert published < 1
    assert sorted(map(str, others)) == sorted(map(str, [SCAN, SCAN, DONE, DONE]))
    assert late == ["stuck"]
    assert after == ["1"]
    assert "'stuck' has been busy with one phase_started for more than 0.05 s" in caplog.text


def test_each_hang_is_named(bus, caplog):
    def until_named(event: Event, day: TradingDay) -> None:
        _until(lambda: f"busy with one {event.kind}" in caplog.text)

    bus.listen("slow", until_named)

    _run(bus, SCAN, DONE)

    told = [record.getMessage() for record in caplog.records if "busy" in record.getMessage()]
    assert [kind for message in told for kind in SIGNALS if kind in message] == [
        SCAN.kind,
        DONE.kind,
    ]


def test_an_async_listener_that_blocks_the_loop_is_named_while_it_does(bus, caplog):
    def block(event: Event, day: TradingDay) -> None:
        _until(lambda: "listener 'blocking' has been busy" in caplog.text)

    bus.listen("blocking", _listener("async", block))
    _run(bus, SCAN)

    assert "raised" not in caplog.text


def test_an_async_listener_that_never_awaits_lets_the_loop_go_on(bus):
    order = []
    bus.listen("busy", _listener("async", lambda event, day: order.append("event")))

    async def run() -> None:
        for event in _ticks(100):
            bus.publish(event, DAY)
        asyncio.get_running_loop().call_soon(order.append, "loop")
        await bus.drain(SOON)

    asyncio.run(run())

    assert len(order) == 101
    assert order.index("loop") < 10


@both
def test_what_a_full_listener_misses_is_counted_and_named_once(caplog, kind):
    bus = Bus(capacity=3)
    released, heard = threading.Event(), []
    if kind == "plain":
        bus.listen("slow", lambda event, day: (released.wait(SOON), heard.append(event.attempt)))
    else:
        bus.listen("slow", _listener("async", lambda event, day: heard.append(event.attempt)))

    async def run() -> list[str]:
        for event in _ticks(10):
            bus.publish(event, DAY)
        released.set()
        return await bus.drain(SOON)

    assert asyncio.run(run()) == []
    bus.close()

    # The thread may have taken one event before the third came, and made room for another.
    assert heard[:3] == [1, 2, 3]
    assert len(heard) <= 4
    assert bus.dropped == {"slow": 10 - len(heard)}
    assert caplog.text.count("listener 'slow' is too slow: 3 events wait for it") == 1
    assert f"0 events unheard and {10 - len(heard)} dropped" in caplog.text


def test_a_listener_that_lost_nothing_has_no_count(bus):
    bus.listen("quick", lambda event, day: None)
    _run(bus, SCAN)

    assert bus.dropped == {}


# Drain and close


def test_a_bus_without_listeners_is_drained_at_once(bus):
    assert _run(bus, SCAN) == []


def test_after_the_end_nobody_hears_anything(bus, caplog):
    heard = []
    bus.listen("plain", lambda event, day: heard.append(event))
    bus.listen(
        "async", _listener("async", lambda event, day: heard.append(event)), ["day_finished"]
    )
    _run(bus, SCAN)
    bus.close()
    _run(bus, SCAN, END)

    assert heard == [SCAN]
    assert caplog.text == ""


def test_what_is_unheard_at_the_end_is_told(caplog):
    bus = Bus()
    released = threading.Event()
    bus.listen("stuck", lambda event, day: released.wait(SOON))

    late = _run(bus, *_ticks(3), within=0.05)
    bus.close()
    released.set()

    assert late == ["stuck"]
    assert "not done in time with the events so far: stuck" in caplog.text
    assert "listener 'stuck' ends with 2 events unheard and 0 dropped" in caplog.text


def test_the_threads_end_with_the_bus():
    before = set(threading.enumerate())
    bus = Bus(patience=0.02)
    bus.listen("plain", lambda event, day: None)
    _run(bus, SCAN)
    bus.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(SOON)

    assert set(threading.enumerate()) <= before


def test_a_loop_that_ends_leaves_an_async_listener_ready_for_the_next(bus):
    heard = []

    async def forever_at_first(event: Event, day: TradingDay) -> None:
        heard.append(event)
        if event is SCAN:
            await asyncio.Event().wait()

    bus.listen("async", forever_at_first)
    _run(bus, SCAN, within=0.02)

    assert _run(bus, DONE) == []
    assert heard == [SCAN, DONE]


def test_telling_nobody_costs_next_to_nothing(bus):
    seconds = min(timeit.repeat(lambda: bus.publish(SCAN, DAY), number=2000, repeat=5))

    # Measured 0.12 us; a bound that only a wrong way of doing it breaks.
    assert seconds / 2000 < 10e-6


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([SCAN, DONE, END]), max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from(["plain", "async"]),
            st.sets(st.sampled_from(["phase_started", "phase_completed", "day_finished"])),
            st.sampled_from([None, "phase_started", "day_finished"]),
        ),
        max_size=4,
    ),
)
def test_each_listener_hears_exactly_its_kinds_in_order_whatever_the_others_do(events, listeners):
    bus = Bus()
    heard: list[list[Event]] = [[] for _ in listeners]

    def act(own: list[Event], fails_on: str | None, event: Event) -> None:
        own.append(event)
        if event.kind == fails_on:
            raise ValueError

    for number, (kind, kinds, fails_on) in enumerate(listeners):
        own = heard[number]
        act_on = lambda event, day, own=own, fails_on=fails_on: act(own, fails_on, event)  # noqa: E731
        bus.listen(str(number), _listener(kind, act_on), kinds)

    late = _run(bus, *events)
    bus.close()

    assert late == []
    assert heard == [
        [event for event in events if event.kind in kinds] for _, kinds, _ in listeners
    ]
