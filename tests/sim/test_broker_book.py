"""The account's book: what a crash, a restart and a damaged file do to the broker `sim`."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import given

from skim_core.errors import BrokerError, ConfigError
from skim_core.model.orders import TimeInForce

GTC = TimeInForce.GTC


@pytest.fixture
def day(by_hand):
    bars = [(10, 10.1, 9.9, 10, 400), (10, 10.2, 9.9, 10.1, 600), (10.1, 10.1, 9.6, 9.7, 9000)]
    return by_hand.make_data({"BHP": [*bars, 9.8, 9.9]})


@pytest.fixture
def book(tmp_path):
    return tmp_path / "paper-XTST-2026-01-05.jsonl"


@pytest.fixture
def bracket(by_hand):
    stop = by_hand.sell("S", stop=9.8, parent="P", oca_group="G", time_in_force=GTC)
    return by_hand.buy("P", limit=10), stop


def test_nothing_is_written_without_an_order(by_hand, day, tmp_path):
    by_hand.Desk(tmp_path / "new", day)
    assert not (tmp_path / "new").exists()


def test_instruction_is_on_the_disk_before_it_is_answered(by_hand, day, tmp_path, book, bracket):
    desk = by_hand.Desk(tmp_path, day)
    desk.submit(*bracket)
    header, line = (json.loads(line) for line in book.read_text().splitlines())
    assert (header["kind"], header["account"], header["opening"]["cash"]) == (
        "account_book",
        "paper",
        "100000",
    )
    assert [order["reference"] for order in line["orders"]] == ["P", "S"]
    assert stat.S_IMODE(book.stat().st_mode) == 0o600


def test_new_broker_over_the_same_directory_knows_all(by_hand, day, tmp_path, bracket):
    desk = by_hand.Desk(tmp_path, day, participation=0.1)
    desk.submit(*bracket)
    desk.clock.advance(by_hand.at(1, 10))
    assert [fill.quantity for fill in desk.do(desk.broker.executions())] == [40, 60]
    again = by_hand.Desk(tmp_path, day, start=by_hand.at(1, 10), participation=0.1)
    assert again.truth() == desk.truth()
    assert again.heard == []
    for one in (desk, again):
        one.clock.advance(by_hand.at(4))
    assert again.truth() == desk.truth()
    assert again.status("S") == "filled"


def test_answer_to_a_fill_in_the_same_instant_stays_after_it(by_hand, day, tmp_path):
    """Replayed in another order, the cancel would have come before the fill."""
    desk = by_hand.Desk(tmp_path, day, start=by_hand.at(1))
    desk.submit(by_hand.buy("A"))
    desk.clock.advance(by_hand.at(1))
    desk.do(desk.broker.cancel("A"))
    desk.submit(by_hand.buy("B"))
    desk.clock.advance(by_hand.at(1))
    again = by_hand.Desk(tmp_path, day, start=by_hand.at(1))
    assert again.truth() == desk.truth()
    assert [fill.reference for fill in again.do(again.broker.executions())] == ["A", "B"]


def test_earlier_clock_meets_later_instructions_at_their_instants(by_hand, day, tmp_path, bracket):
    desk = by_hand.Desk(tmp_path, day)
    desk.submit(*bracket)
    desk.clock.advance(by_hand.at(2))
    desk.submit(by_hand.buy("B", 10))
    desk.clock.advance(by_hand.at(3))
    again = by_hand.Desk(tmp_path, day, start=by_hand.at(0, 30))
    assert again.status("B") == "working"
    again.submit(by_hand.buy("B", 10))
    again.clock.advance(by_hand.at(3))
    assert again.truth() == desk.truth()


def test_torn_last_line_is_dropped(by_hand, day, tmp_path, book, bracket):
    desk = by_hand.Desk(tmp_path, day)
    desk.submit(*bracket)
    with book.open("a") as file:
        file.write('{"at":"2026-01-05T10:00:00Z","kind":"canc')
    again = by_hand.Desk(tmp_path, day, start=by_hand.at(0))
    again.submit(by_hand.buy("B", 10))
    again.clock.advance(by_hand.at(3))
    assert again.status("P") == "filled"
    third = by_hand.Desk(tmp_path, day, start=by_hand.at(3))
    assert third.truth() == again.truth()


def test_book_torn_in_its_first_line_is_begun_again(by_hand, day, tmp_path, book):
    book.write_text('{"kind":"account_bo')
    desk = by_hand.Desk(tmp_path, day)
    desk.submit(by_hand.buy("A"))
    assert by_hand.Desk(tmp_path, day).status("A") == "working"


@pytest.mark.parametrize(
    ("number", "damage"),
    [(1, "not json"), (2, '{"kind":"bribe"}'), (2, ""), (3, '{"kind":"cancel"}')],
)
def test_other_damage_is_named_by_file_and_line(
    by_hand, day, tmp_path, *, book, bracket, number, damage
):
    desk = by_hand.Desk(tmp_path, day)
    desk.submit(*bracket)
    desk.do(desk.broker.cancel("P"))
    lines = book.read_text().splitlines()
    lines[number - 1] = damage
    book.write_text("\n".join(lines) + "\n")
    damaged = book.read_bytes()
    with pytest.raises(BrokerError, match=rf"{book.name}, line {number} is damaged"):
        by_hand.Desk(tmp_path, day)
    assert book.read_bytes() == damaged


def test_other_rules_for_a_session_that_has_begun_are_refused(by_hand, day, tmp_path, bracket):
    by_hand.Desk(tmp_path, day).submit(*bracket)
    with pytest.raises(ConfigError, match=r"participation is 0\.2, but .* began .* with None"):
        by_hand.Desk(tmp_path, day, participation=0.2)
    by_hand.Desk(tmp_path, day, cash=5)


def test_all_options_survive_in_the_book(by_hand, day, tmp_path, bracket):
    halt = {"symbol": "BHP", "from": "open+1m", "to": "close-1m"}
    options = {"halts": [halt], "latency": "250ms", "reject_rate": 0.25, "data": "somewhere"}
    desk = by_hand.Desk(tmp_path, day, **options)
    desk.submit(*bracket)
    assert by_hand.Desk(tmp_path, day, **options).truth() == desk.truth()


def test_second_writer_is_noticed(by_hand, day, tmp_path):
    one, two = by_hand.Desk(tmp_path, day), by_hand.Desk(tmp_path, day)
    one.submit(by_hand.buy("A"))
    two.submit(by_hand.buy("B"))
    with pytest.raises(BrokerError, match="another process trades on this account"):
        one.submit(by_hand.buy("C"))
    assert [report.reference for report in one.do(one.broker.orders())] == ["A"]


def test_book_that_cannot_be_written_is_told_and_nothing_is_sent(by_hand, day, tmp_path, book):
    desk = by_hand.Desk(tmp_path, day)
    book.mkdir()
    with pytest.raises(BrokerError, match=r"can't open the simulated account's book .*directory"):
        desk.submit(by_hand.buy("A"))
    assert desk.do(desk.broker.orders()) == []


def test_directory_that_is_none_is_told_at_once(by_hand, day, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BrokerError, match="can't read the simulated account's book"):
        by_hand.Desk(tmp_path / "file", day)


# From session to session


@pytest.fixture
def days(by_hand, day):
    return (
        day,
        by_hand.make_data({"BHP": [10, 10.1, 10.5]}, by_hand.make_session(3, day=1)),
        by_hand.make_data({"BHP": [10, 9.6, 9]}, by_hand.make_session(3, day=2)),
    )


def morning(day):
    return day.session.open - timedelta(hours=1)


def test_later_process_begins_with_what_the_last_session_ended_with(by_hand, days, tmp_path):
    """The first process ends at once: the rest of its session happens all the same."""
    first = by_hand.Desk(tmp_path, days[0])
    first.submit(by_hand.buy("P"), by_hand.sell("S", stop=9.5, parent="P", time_in_force=GTC))
    first.do(first.broker.close())
    third = by_hand.Desk(tmp_path, *days, sessions=[days[2].session], start=morning(days[2]))
    assert [position.quantity for position in third.do(third.broker.positions())] == [100]
    assert third.do(third.broker.account()).cash == 99_000
    third.clock.advance(days[2].session.close)
    (fill,) = third.do(third.broker.executions())
    assert (fill.reference, fill.price) == ("S", 9)


def test_session_without_instructions_that_orders_stood_in_has_happened(by_hand, days, tmp_path):
    sessions = [day.session for day in days]
    first = by_hand.Desk(tmp_path, *days, sessions=sessions[:1])
    first.submit(by_hand.sell("S", limit=10.4, time_in_force=GTC))
    second = by_hand.Desk(tmp_path, *days, sessions=sessions[1:2], start=morning(days[1]))
    second.do(second.broker.close())
    third = by_hand.Desk(tmp_path, *days, sessions=sessions[2:], start=morning(days[2]))
    assert third.do(third.broker.orders()) == []
    assert [position.quantity for position in third.do(third.broker.positions())] == [-100]


def test_one_process_and_three_come_to_the_same(by_hand, days, tmp_path):
    sessions = [day.session for day in days]
    orders = by_hand.buy("P"), by_hand.sell("S", stop=9.5, parent="P", time_in_force=GTC)
    whole = by_hand.Desk(tmp_path / "whole", *days)
    whole.submit(*orders)
    whole.clock.advance(sessions[2].close)
    for number, session in enumerate(sessions):
        part = by_hand.Desk(
            tmp_path / "parts", *days, sessions=[session], start=morning(days[number])
        )
        if not number:
            part.submit(*orders)
        part.clock.advance(session.close)
    assert part.do(part.broker.executions()) == whole.do(whole.broker.executions())
    assert part.do(part.broker.account()) == whole.do(whole.broker.account())


def test_stop_of_a_partial_entry_covers_in_the_next_session_what_was_bought(
    by_hand, days, tmp_path
):
    desk = by_hand.Desk(tmp_path, days[0], days[2], participation=0.1)
    stop = by_hand.sell("S", 500, stop=9.5, parent="P", time_in_force=GTC)
    desk.submit(by_hand.buy("P", 500, limit=9.9), stop)
    desk.clock.advance(by_hand.at(1, 59))
    desk.do(desk.broker.cancel("P"))
    desk.clock.advance(days[2].session.close)
    fills = desk.do(desk.broker.executions())
    assert [(fill.reference, fill.quantity) for fill in fills] == [("S", 100)]


def test_account_in_another_market_begins_anew(by_hand, days, tmp_path):
    first = by_hand.Desk(tmp_path, days[0])
    first.submit(by_hand.buy("P"))
    first.clock.advance(by_hand.at(4))
    other = by_hand.Desk(tmp_path, days[1], start=morning(days[1]), seed=2)
    assert other.do(other.broker.positions()) == ()
    assert other.do(other.broker.account()).cash == 100_000


# Crashes at any point

BARS = [(10, 10.1, 9.9, 10, 600), (10, 10.2, 9.9, 10.1, 600), (10.1, 10.1, 9.6, 9.7, 900)]
BARS += [None, (9.7, 10.3, 9.7, 10.2, 500), (10.2, 10.2, 9.8, 9.9, 700)]
seconds = st.integers(-1, 24).map(lambda quarter: 15 * quarter)
kinds = st.sampled_from(["market", "limit", "stop", "bracket"])
cents = st.integers(960, 1030).map(lambda price: price / 100)
steps = st.lists(
    st.tuples(seconds, kinds, st.sampled_from(["buy", "sell"]), cents, st.integers(0, 3)),
    min_size=1,
    max_size=6,
)
crashes = st.lists(st.tuples(seconds, st.integers(0, 90)), max_size=4)


def instruct(desk, by_hand, number, step):
    """Send order number `number`; some steps cancel or change the one before as well."""
    _, kind, side, price, extra = step
    send = by_hand.buy if side == "buy" else by_hand.sell
    back = by_hand.sell if side == "buy" else by_hand.buy
    name, prices = f"O{number}", {"limit": {"limit": price}, "stop": {"stop": price}}
    orders = [send(name, 70, **prices.get(kind, {}))]
    if kind == "bracket":
        orders.append(back(f"{name}.S", 70, stop=price, parent=name, oca_group=name))
    desk.submit(*orders)
    if extra == 1:
        desk.do(desk.broker.cancel(name))
    if extra == 2 and kind == "limit":
        desk.do(desk.broker.modify(send(name, 50, limit=10)))
    if extra == 3:
        # Its notices are told now, so what follows in this instant comes after its trade.
        desk.clock.advance(desk.clock.now())
        desk.do(desk.broker.cancel(name))


@given(steps=steps, crashes=crashes)
def test_broker_killed_at_any_point_goes_on_as_if_it_had_not(by_hand, steps, crashes):
    day = by_hand.make_data({"BHP": BARS})
    steps.sort(key=lambda step: step[0])
    options = {"participation": 0.1, "start": by_hand.at(-1)}
    with TemporaryDirectory() as folder:
        whole = by_hand.Desk(Path(folder, "whole"), day, **options)
        for number, step in enumerate(steps):
            whole.clock.advance(by_hand.at(0, step[0]))
            instruct(whole, by_hand, number, step)
        whole.clock.advance(by_hand.at(6))

        desk = by_hand.Desk(Path(folder, "torn"), day, **options)
        for moment, _ in sorted(crashes):
            for number, step in enumerate(steps):
                if desk.clock.now() <= by_hand.at(0, step[0]) < by_hand.at(0, moment):
                    desk.clock.advance(by_hand.at(0, step[0]))
                    instruct(desk, by_hand, number, step)
            desk.clock.advance(by_hand.at(0, moment) - timedelta(microseconds=1))
            before = desk.truth()
            options["start"] = desk.clock.now()
            desk = by_hand.Desk(Path(folder, "torn"), day, **options)
            assert desk.truth() == before
        for number, step in enumerate(steps):
            if desk.clock.now() <= by_hand.at(0, step[0]):
                desk.clock.advance(by_hand.at(0, step[0]))
                instruct(desk, by_hand, number, step)
        desk.clock.advance(by_hand.at(6))
        assert desk.truth() == whole.truth()


@given(steps=steps, back=st.integers(1, 300), redone=st.booleans())
def test_clock_set_back_after_a_crash_leads_to_the_same_day(by_hand, steps, back, redone):
    """Whether what was decided in the time that is lived again is decided again or not."""
    day = by_hand.make_data({"BHP": BARS})
    steps.sort(key=lambda step: step[0])
    options = {"participation": 0.1}
    with TemporaryDirectory() as folder:
        desk = by_hand.Desk(Path(folder), day, start=by_hand.at(-1), **options)
        for number, step in enumerate(steps):
            desk.clock.advance(by_hand.at(0, step[0]))
            instruct(desk, by_hand, number, step)
        start = max(by_hand.at(-1), desk.clock.now() - timedelta(seconds=back))
        desk.clock.advance(by_hand.at(6))
        again = by_hand.Desk(Path(folder), day, start=start, **options)
        for number, step in enumerate(steps):
            if redone and start < by_hand.at(0, step[0]):
                again.clock.advance(by_hand.at(0, step[0]))
                instruct(again, by_hand, number, step)
        again.clock.advance(by_hand.at(6))
        assert again.truth() == desk.truth()
