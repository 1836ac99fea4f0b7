from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from rich.console import Console

from skim_core.cli.views.live import LiveView
from skim_core.cli.views.plain import PlainView
from skim_core.cli.words.summary import summary
from skim_core.model import events as ev
from skim_core.model.trading_day import TradingDay
from skim_core.ports.engine import DayEnd, DayResult
from skim_core.testing.days import drive_day, raises

PIPED = """
import sys
from skim_core.cli.views.plain import PlainView
from skim_core.model.events import DayFinished, Outcome
from skim_core.model.trading_day import TradingDay
day = TradingDay.model_validate_json(sys.argv[1])
view = PlainView([day])
sys.stdin.readline()
for _ in range(3):
    view.hear(DayFinished(at=day.session.open, outcome=Outcome.COMPLETED), day)
print("the day went on", file=sys.stderr)
"""


LOGGING = """
import logging, sys
from skim_core.cli.views.live import LiveView
from skim_core.model.events import DayFinished, Outcome
from skim_core.model.trading_day import TradingDay
day = TradingDay.model_validate_json(sys.argv[1])
logging.basicConfig()
[handler] = logging.getLogger().handlers
with LiveView([day]) as view:
    assert handler.stream is not sys.__stderr__
    logging.warning("a phase says this")
    view.hear(DayFinished(at=day.session.open, outcome=Outcome.COMPLETED), day)
assert handler.stream is sys.stderr is sys.__stderr__
"""


@pytest.fixture
def day(session) -> TradingDay:
    return TradingDay(strategy="example", session=session, account="paper")


def screen(**options) -> Console:
    given = {"width": 100, "height": 40, "force_terminal": True, **options}
    return Console(file=io.StringIO(), record=True, highlight=False, **given)


def heard(console: Console, events, day, past=None) -> str:
    """Return all that a view of one day leaves on the screen."""
    with LiveView([day], console, past) as view:
        for event in events:
            view.hear(event, day)
    return console.export_text()


def words(shown: str) -> list[list[str]]:
    return [line.strip("│ ").split() for line in shown.splitlines()]


def test_the_story_and_how_the_day_ended_stay_on_the_screen(days, day, session):
    shown = heard(screen(), days.completed(session), day)
    assert "bought 100 BHP at 45.1" in shown
    assert ["✔", "scan", "10:01:00", "10:01:00", "2", "candidates"] in words(shown)
    assert ["✔", "trade", "15:00:00", "16:00:00", "5", "ticks"] in words(shown)
    assert "1 trade  +98.00" in shown
    assert shown.index("bought 100 BHP") < shown.rindex("╭─ example")
    assert shown.count("bought 100 BHP") == 1


def test_a_failure_is_shown_where_it_happened(days, day, session):
    events = drive_day(days.graph, session, {"scan": [raises("no data")]})
    shown = heard(screen(), events, day)
    assert ["✘", "scan", "10:01:00", "10:01:00", "no", "data"] in words(shown)
    assert ["–", "alert", "10:01:00", "scan", "failed"] in words(shown)  # noqa: RUF001


def test_a_terminal_without_unicode_gets_plain_marks(days, day, session):
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=file, force_terminal=True, width=100, height=40)
    with LiveView([day], console) as view:
        for event in days.completed(session):
            view.hear(event, day)
    file.flush()
    shown = file.buffer.getvalue().decode("ascii")
    assert re.search(r"\| +\+ +scan +10:01:00 ", re.sub(r"\x1b\[[\d;?]*\w", "", shown))


def test_a_day_that_goes_on_is_whole_with_its_past_and_not_told_twice(days, day, session):
    events = days.completed(session)
    half = [event.kind for event in events].index("position_closed") + 1
    shown = heard(screen(), events[half:], day, {day.run_id: events[:half]})
    assert "bought 100 BHP" not in shown
    assert "1 trade  +98.00" in shown
    assert ["✔", "scan", "10:01:00", "10:01:00", "2", "candidates"] in words(shown)


def test_events_that_were_lost_do_not_end_the_view(days, day, session):
    events = days.completed(session)
    shown = heard(screen(), [*events[:3], *events[9:]], day)
    assert "completed. 1 trade" in shown


def test_many_days_fit_on_a_small_screen(days, session):
    many = [TradingDay(strategy=f"s{n}", session=session, account="paper") for n in range(12)]
    console = screen(height=20)
    with LiveView(many, console) as view:
        for event in days.completed(session)[:9]:
            for day in many:
                view.hear(event, day)
        drawn = [console.render_lines(part) for part in view.standings(19)]
    assert sum(map(len, drawn)) == len(many)


def test_events_from_several_threads_are_all_told(days, session):
    several = [TradingDay(strategy=f"s{n}", session=session, account="paper") for n in range(4)]
    console = screen(width=140)
    events = days.completed(session)
    with LiveView(several, console) as view:

        def tell(day: TradingDay) -> None:
            for event in events:
                view.hear(event, day)

        threads = [threading.Thread(target=tell, args=(day,)) for day in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    shown = console.export_text()
    for day in several:
        assert len([line for line in shown.splitlines() if line.startswith(f"{day.strategy} ")]) > 5


def test_log_lines_stand_among_the_story_and_handlers_are_given_back(day):
    ours, theirs = pty.openpty()
    given = {"PATH": os.environ["PATH"], "TERM": "xterm-256color"}
    command = [sys.executable, "-c", LOGGING, day.model_dump_json()]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=given) as process:
        os.close(theirs)
        shown = b""
        # The end of a terminal without a writer is an error on Linux.
        with suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    assert shown.decode().index("a phase says this") < shown.decode().rindex("completed")


def test_plain_lines_count_the_past_without_telling_it(days, day, session, capsys):
    events = days.completed(session)
    half = [event.kind for event in events].index("position_closed") + 1
    with PlainView([day], {day.run_id: events[:half]}) as view:
        for event in events[half:]:
            view.hear(event, day)
    told = capsys.readouterr().out
    assert "bought" not in told
    assert told.endswith("completed. 1 trade, +98.00 after costs\n")


def test_a_day_goes_on_when_the_reader_of_its_lines_leaves(day):
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", PIPED, day.model_dump_json()],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(writing)
        os.close(reading)
        _, said = process.communicate("\n", timeout=10)
    assert (process.returncode, said) == (0, "the day went on\n")


def test_a_summary_tells_a_day_that_was_never_begun(day):
    told = summary(DayResult(day, DayEnd.ELSEWHERE, "another runs it"), [])
    assert (told["end"], told["phases"], told["trades"]) == ("elsewhere", [], [])


def test_a_summary_of_an_open_position_has_no_profit_yet(days, day, session):
    bought = days.bought(session)
    events = drive_day(days.graph, session, happenings=bought)
    stopped = [event for event in events if not isinstance(event, ev.DayFinished)]
    told = summary(DayResult(day, DayEnd.STOPPED, "told to stop"), stopped)
    assert [held["quantity"] for held in told["positions"]] == [100]
    assert told["profit"] == 0
    assert session.open + timedelta(minutes=30) == bought[1].at
