"""SIGKILL of ``skim`` while it trades over `ibkr`, the gateway in a process of its own that goes on.

It dies before, in or after an append to its journal: after the durable one that an order is about
to be sent and before that it was taken, after a fill and before it is known, and so on. What the
account's books say is asked by another client: of the dead one's positions, and in the end.

Both processes live by one time, which moves when neither has anything to do: a busy machine makes
the days slower and no other. SKIM_TEST_DEATHS=all dies at every append in every way.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product

import pytest

from skim_core.model import events as ev

from .killed.lab import MONITOR, START, Lab
from .killed.strategy import HELD, NEAR, SHARES

KILLED = -9
WORKERS = 2
"""How many days are lived at once."""

APPENDS = 54
"""How many appends the journal of a day has that nobody kills."""


@dataclass(frozen=True)
class Death:
    """Where the first process dies: before, at the commit of, or after which of its appends."""

    at: str
    nobody: int = 0
    """For how many seconds there is no process then."""
    again: tuple[str, ...] = ()
    """Where those die that go on with the day."""


CHOSEN = (
    Death("before:4", 20),
    Death("commit:6"),
    Death("after:6", 30),
    Death("before:7"),
    Death("before:9", 10, again=("after:4",)),
    Death("before:17", 45),
    Death("before:19"),
    Death("after:23", 20, again=("before:5", "after:9")),
    Death("before:30", 5),
    Death("after:34"),
    Death("before:36", 20),
    Death("after:39", 40),
    Death("after:48"),
    Death("before:49"),
    Death("commit:50", 15),
)
EVERY = tuple(
    Death(f"{moment}:{number}", 17 * number % 50)
    for number, moment in product(range(1, APPENDS + 1), ("before", "commit", "after"))
)
DEATHS = EVERY if os.environ.get("SKIM_TEST_DEATHS") == "all" else CHOSEN


@dataclass
class Day:
    """A day that was lived: its events, what was said, the books at each death and in the end."""

    bereft: list = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    books: object = None
    events: list = field(default_factory=list)
    said: str = ""


def lived(folder, death):
    """Live a day with its deaths, and go on with it to its end."""
    day = Day()
    with Lab(folder) as lab:
        for moment in (death.at, *death.again):
            day.codes.append(lab.run(*_command(lab), death=f"{moment}:SIGKILL"))
            day.bereft.append(lab.look())
            lab.let_pass(death.nobody)
            day.bereft.append(lab.look())
        day.codes.append(lab.run(*_command(lab)))
        day.books, day.events, day.said = lab.look(), lab.events(), lab.said
    return day


def _command(lab):
    # A day that died before its first event has not begun: cron starts it again.
    return MONITOR if lab.events() else START


@pytest.fixture(scope="module")
def appends(tmp_path_factory):
    """Give the kinds of the events of each append of a day that nobody kills."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with Lab(folder) as lab:
        assert lab.run(*START, death=f"count:{folder / 'lengths'}") == 0, lab.said
        events = lab.events()
    ends = [int(length) for length in (folder / "lengths").read_text().split()]
    return [
        {event.kind for event in events[begin:end]}
        for begin, end in zip([0, *ends], ends, strict=False)
    ]


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    folders = [tmp_path_factory.mktemp("killed") for _ in DEATHS]
    with ThreadPoolExecutor(WORKERS) as side_by_side:
        return dict(zip(DEATHS, side_by_side.map(lived, folders, DEATHS), strict=True))


@pytest.fixture(params=DEATHS, ids=lambda death: death.at)
def day(request, days):
    return days[request.param]


def test_deaths_strike_whatever_becomes_of_an_order(appends):
    assert len(appends) == APPENDS
    struck = set().union(*(appends[int(death.at.partition(":")[2]) - 1] for death in DEATHS))
    assert {
        "order_sending",
        "order_acknowledged",
        "order_filled",
        "position_opened",
        "order_modified",
        "order_cancelling",
        "order_cancelled",
        "position_closed",
    } <= struck


def test_between_them_they_bought_and_sold_what_there_was_to_trade(days):
    bought = {symbol for day in days.values() for symbol in day.books.bought}
    assert bought == {HELD, NEAR}
    held = [books for day in days.values() for books in day.bereft if books.held]
    assert len(held) > len(DEATHS)


def test_it_was_killed_and_the_day_came_to_its_end(day):
    *deaths, last = day.codes
    assert deaths == [KILLED] * len(deaths), day.said
    assert last == 0, day.said
    assert isinstance(day.events[-1], ev.DayFinished)


def test_no_order_was_sent_twice(day):
    twice = {ref: ids for ref, ids in day.books.orders_of.items() if len(ids) > 1}
    assert twice == {}, day.said
    # What was not sent when its sender died is not bought later, at another price.
    assert set(day.books.bought) <= {HELD, NEAR}, day.said
    assert set(day.books.bought.values()) <= {SHARES}, day.said


def test_what_a_dead_client_holds_has_its_stop(day):
    for books in day.bereft:
        for symbol, held in books.held.items():
            # The stop of an entry that is still being filled is that of all of it.
            assert books.stopped[symbol] == held + books.coming[symbol], day.said


def test_everything_is_sold_in_the_end_and_the_journal_knows_it(day):
    assert day.books.held == {}, day.said
    assert day.books.open_orders == 0
    assert day.books.sold == day.books.bought
    known = {}
    for event in day.events:
        if isinstance(event, ev.OrderFilled):
            known[event.fill.reference] = known.get(event.fill.reference, 0) + event.fill.quantity
    assert known == day.books.traded, day.said
