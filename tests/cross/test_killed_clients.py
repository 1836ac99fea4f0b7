"""SIGKILL of ``skim`` while it trades over `ibkr`, the gateway in a process of its own that goes on.

It dies before, in or after an append to its journal: after the durable one that an order is about
to be sent and before that it was taken, after a fill and before it is known, and so on. What the
account's books say is asked by another client: of the dead one's positions, and in the end.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from skim_core.model import events as ev

from .killed.lab import MONITOR, START, Lab
from .killed.strategy import HELD, NEAR, SHARES

KILLED = -9
DEATHS = (
    ("before:4", ()),
    ("after:6", ()),
    ("commit:9", ()),
    ("after:12", ("after:4",)),
    ("before:17", ()),
    ("after:21", ()),
    ("before:27", ("before:5", "after:9")),
    ("after:33", ()),
    ("commit:39", ()),
    ("after:45", ()),
)
"""When the first process dies, and when those that go on with its day do."""


@dataclass
class Killed:
    """A day that was killed: the books at each death, and in the end; its events; what was said."""

    at_deaths: list = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    books: object = None
    events: list = field(default_factory=list)
    said: str = ""


def lived(folder, death, again):
    """Live the day with its deaths, and go on with it to its end."""
    found = Killed()
    with Lab(folder) as lab:
        for command, moment in zip((START, *[MONITOR] * len(again)), (death, *again), strict=True):
            found.codes.append(lab.run(*command, death=f"{moment}:SIGKILL"))
            found.at_deaths.append(lab.look())
        begun = bool(lab.events())
        found.codes.append(lab.run(*(MONITOR if begun else START)))
        found.books, found.events, found.said = lab.look(), lab.events(), lab.said
    return found


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """Live them side by side: they wait for their walls most of the time."""
    folders = [tmp_path_factory.mktemp("killed") for _ in DEATHS]
    with ThreadPoolExecutor(len(DEATHS)) as side_by_side:
        living = [
            side_by_side.submit(lived, folder, *deaths)
            for folder, deaths in zip(folders, DEATHS, strict=True)
        ]
        return {death: day.result() for (death, _), day in zip(DEATHS, living, strict=True)}


@pytest.fixture(params=[death for death, _ in DEATHS])
def day(request, days):
    return days[request.param]


def test_between_them_they_bought_and_sold_what_there_was_to_trade(days):
    bought = {symbol for day in days.values() for symbol in day.books.bought}
    assert bought == {HELD, NEAR}
    held = [books for day in days.values() for books in day.at_deaths if books.held]
    assert len(held) > 2


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
    for books in day.at_deaths:
        assert books.held == {symbol: books.stopped[symbol] for symbol in books.held}, day.said


def test_everything_is_sold_in_the_end_and_the_journal_knows_it(day):
    assert day.books.held == {}, day.said
    assert day.books.open_orders == 0
    assert day.books.sold == day.books.bought
    known = {}
    for event in day.events:
        if isinstance(event, ev.OrderFilled):
            known[event.fill.reference] = known.get(event.fill.reference, 0) + event.fill.quantity
    assert known == day.books.traded, day.said
