from __future__ import annotations

import io
from contextlib import redirect_stdout
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.cli.words.explained import write
from skim_core.decide.explanation import explain
from skim_core.model import events as ev
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.orders import Fill, Order, OrderState, OrderType, Side
from skim_core.testing import events as any_event
from skim_core.testing.days import Crash, drive_day
from skim_core.testing.graphs import scripted_days

RUN = "example/XASX/2026-01-06/paper"
KEY = "sk1-abcdefghijklmnop"


def bracket(session, key=KEY, symbol="BHP"):
    """Return the events of an entry that is filled in two parts, and of its stop."""
    at = session.open + timedelta(minutes=20)
    entry = Order(reference=f"{key}.P", symbol=symbol, side=Side.BUY, quantity=1200)
    stop = Order(
        reference=f"{key}.S",
        symbol=symbol,
        side=Side.SELL,
        quantity=1200,
        type=OrderType.STOP,
        stop_price=Decimal("44.90"),
        purpose="stop",
        parent=entry.reference,
        closes=True,
    )
    reading = RiskReading(
        last=Decimal("45.10"), quoted_at=at, value=Decimal(54120), position_value=Decimal(54120)
    )
    fills = [
        Fill(
            execution_id=f"{key}{number}",
            reference=entry.reference,
            symbol=symbol,
            side=Side.BUY,
            quantity=quantity,
            price=Decimal(price),
            commission=Decimal(6),
            at=at + timedelta(seconds=number),
        )
        for number, quantity, price in ((1, 1000, "45.12"), (2, 200, "45.10"))
    ]
    return [
        ev.OrderIntended(at=at, order=entry, reason="above its range", by="trade", reading=reading),
        ev.OrderIntended(at=at, order=stop, reason="above its range"),
        ev.OrderSending(at=at, reference=entry.reference),
        ev.OrderSending(at=at, reference=stop.reference),
        ev.OrderAcknowledged(at=at + timedelta(milliseconds=40), reference=entry.reference),
        ev.OrderFilled(at=fills[0].at, fill=fills[0], remaining=200),
        ev.PositionOpened(
            at=fills[0].at, symbol=symbol, side=Side.BUY, quantity=1000, price=fills[0].price
        ),
        ev.OrderFilled(at=fills[1].at, fill=fills[1], remaining=0),
        ev.OrderUnknown(
            at=at + timedelta(minutes=1), reference=stop.reference, finding="no trace of it"
        ),
    ]


@pytest.fixture
def traded(days, write, session):
    """Write an unfinished day with a bracket in it, limits set; return its id."""
    events = days.completed(session)
    limits = Limits(positions=3, position_value=60000)
    events[0] = events[0].model_copy(update={"limits": limits, "versions": {"skim-core": "1"}})
    until = [event.kind for event in events].index("order_intended")
    return write([*events[:until], *bracket(session)])


def flat(answer):
    """Return what was said, its lines joined."""
    return " ".join(answer.out.split())


def test_before_anything_ran_there_is_nothing_to_explain(skim, home):
    shown = skim("explain")
    assert (shown.code, "nothing to explain" in shown.out) == (0, True)
    assert skim("explain", "--json").json["days"] == []
    assert skim("explain", RUN).code == 2
    assert not home.exists()


def test_a_day_is_told_in_the_exchanges_time(skim, traded):
    shown = skim("explain")
    assert shown.code == 0
    told = flat(shown)
    for words in (
        "example on XASX Tue 2026-01-06, 10:00 to 16:00, account paper",
        "Limits: position value 60,000.00; positions 3.",
        "10:01:00 2 candidates: BHP (gaps), CSL (gaps).",
        "entry: buy 1,200 BHP at market (sk1-abcdefghijklmnop.P)",
        "Decided by trade: above its range.",
        "Last price 45.10, 0 ms old",
        "position value 54,120.00 of 60,000.00 AUD, 5,880.00 left; positions 1 of 3, 2 left",
        "10:20:00 Sent; the broker had it 40 ms later.",
        "10:20:01 Bought 1,000 at 45.12, 20.00 AUD worse than the last price (2 ticks a share)",
        "10:20:02 Bought 200 at 45.10, the last price exactly",
        "In all 1,200 at 45.1167 on average, 20.00 AUD worse",
        "stop: sell 1,200 BHP once 44.90 trades (sk1-abcdefghijklmnop.S)",
        "10:21:00 Nobody knows what became of it: no trace of it. 'skim resolve",
        "BHP 10:20:01 1,200 bought at 45.1167, still held.",
    ):
        assert words in told
    assert max(map(len, shown.out.splitlines())) <= 100


def test_no_internal_name_of_an_event_is_said(skim, traded):
    told = skim("explain").out
    assert not [
        kind for kind in (event.model_fields["kind"].default for event in ev.EVENTS) if kind in told
    ]


def test_numbers_are_shown_when_asked_for_and_lead_to_the_records(skim, traded, journal):
    sequence = next(
        record.sequence
        for record in journal.read(traded)
        if isinstance(record.event, ev.OrderUnknown)
    )
    assert f"[{sequence}]" in skim("explain", "--numbers").out
    assert f"[{sequence}]" not in skim("explain").out


def test_json_has_utc_times_exact_money_and_every_record_once(skim, traded, journal):
    [day] = skim("explain", RUN, "--json").json["days"]
    assert day["run_id"] == RUN
    entry, stop = day["decisions"]
    assert entry["steps"][0]["at"] == "2026-01-05T23:20:00Z"
    assert (entry["slippage"], entry["slippage_ticks"]) == ("20.00", "1.67")
    assert stop["stage"] == "unknown"

    def numbers(part):
        if isinstance(part, dict):
            for name, value in part.items():
                yield from value if name == "records" else numbers(value)
        elif isinstance(part, list):
            for value in part:
                yield from numbers(value)

    assert sorted(numbers(day)) == [record.sequence for record in journal.read(traded)]


def test_a_unique_beginning_names_a_day(skim, traded, days, write, session):
    assert flat(skim("explain", "example/XASX")).startswith("example on XASX")
    write(days.completed(session), account="paper2")
    refused = skim("explain", "example/XASX")
    assert refused.code == 2
    assert "example/XASX/2026-01-06/paper2" in refused.err
    assert "account paper\n" in skim("explain", RUN).out


def test_the_latest_day_of_a_strategy_or_those_of_a_session_are_told(
    skim, traded, days, write, session
):
    later = session.model_copy(
        update={
            "date": session.date + timedelta(days=1),
            "open": session.open + timedelta(days=1),
            "close": session.close + timedelta(days=1),
        }
    )
    write(drive_day(days.graph, later))
    assert "2026-01-07" in skim("explain", "--strategy", "example").out
    asked = skim("explain", "--strategy", "example", "--session", "2026-01-06")
    assert "2026-01-06" in asked.out
    assert "2026-01-07" not in asked.out
    assert "nothing to explain" in skim("explain", "--session", "2026-01-08").out


def test_the_shared_key_of_a_bracket_or_its_beginning_tells_all_its_orders(skim, traded):
    for what in (KEY, "sk1-abc", "abcdef"):
        told = skim("explain", what).out
        assert f"({KEY}.P)" in told
        assert f"({KEY}.S)" in told
        assert "Phases" not in told


def test_a_whole_reference_tells_that_order_alone(skim, traded):
    [day] = skim("explain", f"{KEY}.S", "--json").json["days"]
    assert [each["reference"] for each in day["decisions"]] == [f"{KEY}.S"]


def test_a_beginning_that_fits_two_brackets_names_them(skim, traded, journal, session):
    records = journal.read(traded)
    other = "sk1-abcdefgzzzzzzzzz"
    journal.append(traded, records[-1].sequence, bracket(session, other, "CSL"))
    refused = skim("explain", "abcdefg")
    assert refused.code == 2
    assert KEY in refused.err
    assert other in refused.err


def test_a_symbol_tells_what_was_done_in_it(skim, traded):
    [day] = skim("explain", "bhp", "--session", "2026-01-06", "--json").json["days"]
    assert len(day["decisions"]) == 2
    assert [each["symbol"] for each in day["positions"]] == ["BHP"]


def test_an_order_that_stood_overnight_is_told_in_each_of_its_days(
    skim, traded, days, write, session
):
    later = session.model_copy(
        update={
            "date": session.date + timedelta(days=1),
            "open": session.open + timedelta(days=1),
            "close": session.close + timedelta(days=1),
        }
    )
    started, *rest = drive_day(days.graph, later)
    stop = bracket(session)[1].order
    state = OrderState(order=stop, stage="acknowledged", sent_at=session.open)
    write([started, ev.OrderCarried(at=started.at, state=state), *rest])
    found = skim("explain", stop.reference, "--json").json["days"]
    assert [day["session"]["date"] for day in found] == ["2026-01-06", "2026-01-07"]
    assert "It stood from a day before" in flat(skim("explain", stop.reference))


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("example/XASY/2026-01-06", RUN),
        ("sk1-abcdefhh", KEY),
        ("BHB", "BHP"),
    ],
)
def test_what_the_journal_does_not_know_is_refused_with_the_nearest(skim, traded, what, meant):
    refused = skim("explain", what)
    assert refused.code == 2
    assert f"did you mean {meant}?" in refused.err


def test_a_takeover_and_a_phase_run_by_hand_are_told(skim, days, write, session):
    write(drive_day(days.graph, session, happenings=[Crash(6, timedelta(minutes=5))]))
    told = flat(skim("explain"))
    assert "another went on with the day" in told
    assert "nobody ran the day for at most as long" in told


def test_an_entry_over_a_limit_tells_by_how_much(skim, days, write, session):
    events = days.completed(session)
    limits = Limits(positions=3, before_close=timedelta(minutes=30))
    events[0] = events[0].model_copy(update={"limits": limits})
    refused = ev.OrderRefused(
        at=session.close - timedelta(hours=1),
        symbol="CSL",
        purpose="entry",
        limit="positions",
        reason="too many.",
        reading=RiskReading(value=Decimal(1), position_value=Decimal(1), positions=3),
    )
    write([*events[:-1], refused])
    told = flat(skim("explain", "CSL"))
    assert "CSL 15:00:00 entry refused, positions: too many. No price known" in told
    assert "the close 1 h away, at least 30 min; positions 4 of 3, 1 over." in told


def test_what_a_plugin_or_a_broker_says_can_not_steer_the_terminal(skim, days, write, session):
    halted = ev.EntriesHalted(at=session.open, why="\x1b[2Jnews", by="ann")
    write(days.completed(session, halted))
    assert "\x1b" not in skim("explain").out


def text_of(events):
    said = io.StringIO()
    with redirect_stdout(said):
        write(explain(enumerate(events, 1)), show_numbers=True, whole=True)
    return said.getvalue()


@given(scripted_days(crashing=True), st.floats(0, 1))
def test_any_prefix_of_a_day_has_a_text_that_fits(day, part):
    events = day.drive()
    told = text_of(events[: round(len(events) * part)])
    assert all(len(line) <= 100 for line in told.splitlines())


@settings(max_examples=30)
@given(st.lists(any_event.events(), max_size=8))
def test_a_damaged_journal_has_a_text_too(events):
    assert not events or text_of(events)
