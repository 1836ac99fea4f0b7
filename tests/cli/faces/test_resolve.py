"""An order that is unknown: shown until a person says what became of it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from skim_core.cli.days.owner import this_owner
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model import events as ev
from skim_core.model.controls import Resolution
from skim_core.model.orders import Fill, Order, OrderType, Side
from skim_core.testing.days import drive_day

REFERENCE = "sk1-aaaaaaaaaaaaaaaa.P"
STATUS = ("status", "--session", "2026-01-06")
WHY = ("--why", "seen in TWS")


@pytest.fixture
def happened(session) -> list[ev.Event]:
    """Return what leaves an order of 100 BHP unknown, 40 of it filled."""
    at = session.open + timedelta(minutes=30)
    order = Order(
        reference=REFERENCE,
        symbol="BHP",
        side=Side.BUY,
        quantity=100,
        type=OrderType.LIMIT,
        limit_price=Decimal("45.10"),
    )
    fill = Fill(
        execution_id="x.1",
        reference=REFERENCE,
        symbol="BHP",
        side=Side.BUY,
        quantity=40,
        price=Decimal("45.05"),
        at=at,
    )
    return [
        ev.OrderIntended(at=at, order=order),
        ev.OrderSending(at=at, reference=REFERENCE),
        ev.OrderAcknowledged(at=at, reference=REFERENCE),
        ev.OrderFilled(at=at, fill=fill, remaining=60),
        ev.OrderUnknown(at=at, reference=REFERENCE, finding="the broker holds 70 BHP"),
    ]


@pytest.fixture
def run(days, session, write, happened) -> str:
    """Return the id of an unfinished day with an unknown order."""
    return write(drive_day(days.graph, session, happenings=happened), until="day_finished")


def resolutions(journal: SqliteJournal) -> list[Resolution]:
    return [record.control for record in journal.controls()]


def lease(journal: SqliteJournal, run_id: str, owner: str) -> None:
    now = datetime.now(UTC)  # noqa: TID251  a lease is of the wall
    assert journal.acquire(run_id, owner, now, timedelta(hours=1))


def test_status_shows_an_unknown_order_with_what_to_type_and_fails(skim, journal, run):
    lease(journal, run, this_owner())
    shown = skim(*STATUS)
    assert shown.code == 1
    assert "UNKNOWN what became of buy 100 BHP limit 45.10" in shown.out
    assert "the broker holds 70 BHP" in shown.out
    assert f"skim resolve {REFERENCE} --as filled|cancelled|absent|working" in shown.out
    [day] = skim(*STATUS, "--json").json["days"]
    assert (day["state"], day["needs_a_person"]) == ("running", True)
    [unknown] = day["unknown_orders"]
    assert (unknown["reference"], unknown["finding"]) == (REFERENCE, "the broker holds 70 BHP")


def test_what_a_person_says_is_journaled_and_who_acts_on_it_is_told(skim, journal, run):
    told = skim("resolve", REFERENCE, "--as", "filled", "--quantity", "70", "--price", "45.1", *WHY)
    assert told.code == 0
    assert f"{REFERENCE} (buy 100 BHP limit 45.10) is filled." in told.out
    assert f"No process runs {run}: 'skim start_monitoring' goes on with it" in told.out
    [said] = resolutions(journal)
    assert (said.run_id, said.reference, said.outcome) == (run, REFERENCE, "filled")
    assert (said.quantity, said.price, said.why) == (70, Decimal("45.1"), "seen in TWS")
    assert said.by


def test_what_was_said_once_is_not_said_again_before_it_was_taken_up(skim, journal, run):
    assert skim("resolve", REFERENCE, "--as", "cancelled", *WHY).code == 0
    again = skim("resolve", REFERENCE, "--as", "absent", *WHY)
    assert again.code == 0
    assert "was resolved already, as cancelled by " in again.out
    assert len(resolutions(journal)) == 1


EAR = """
    from skim_core import TradingDay, hooks
    from skim_core.events import Control

    @hooks.on_control
    def skim_on_control(control: Control) -> None:
        print(f"heard {control.outcome} of {control.reference}")
"""


def test_extensions_hear_what_was_said_and_not_what_was_said_already(skim, run, install):
    install("ear", EAR, group="skim.extensions")
    heard = f"heard cancelled of {REFERENCE}"
    assert heard in skim("resolve", REFERENCE, "--as", "cancelled", *WHY).out
    assert "heard" not in skim("resolve", REFERENCE, "--as", "absent", *WHY).out


def test_a_process_that_takes_it_up_is_waited_for(skim, journal, run, home, session):
    lease(journal, run, "elsewhere:1:1")

    def take_up() -> None:
        elsewhere = SqliteJournal.open(home / "journal.sqlite")
        while not (controls := elsewhere.controls()):
            pass
        said = controls[0].control
        event = ev.OrderResolved(
            at=session.close,
            reference=said.reference,
            outcome=said.outcome,
            why=said.why,
            by=said.by,
        )
        elsewhere.append(run, len(elsewhere.read(run)), [event])
        elsewhere.close()

    process = threading.Thread(target=take_up)
    process.start()
    told = skim("resolve", REFERENCE, "--as", "working", *WHY, "--json")
    process.join()
    assert told.code == 0
    [day] = told.json["days"]
    assert day == {"run_id": run, "owner": "elsewhere:1:1", "effective": True}


def test_a_process_that_does_not_take_it_up_is_told(skim, journal, run):
    lease(journal, run, "elsewhere:1:1")
    told = skim("resolve", REFERENCE, "--as", "absent", *WHY)
    assert told.code == 1
    assert "elsewhere:1:1, which has not taken it up within 2 s" in told.out


def test_an_order_of_a_day_that_is_over_can_not_be_resolved_any_more(
    skim, journal, days, session, write, happened
):
    write(drive_day(days.graph, session, happenings=happened))
    told = skim("resolve", REFERENCE, "--as", "absent", *WHY)
    assert told.code == 1
    assert "is over: nobody acts on it any more" in told.out
    assert not resolutions(journal)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["sk1-aaaaaaaaaaaaaaab.P", "--as", "absent"], f"(did you mean '{REFERENCE}'?): unknown"),
        ([REFERENCE, "--as", "filled"], "--as filled needs --quantity and --price"),
        ([REFERENCE, "--as", "filled", "--quantity", "70"], "needs --quantity and --price"),
        ([REFERENCE, "--as", "absent", "--quantity", "70"], "go with --as filled, not with"),
        ([REFERENCE, "--as", "filled", "--quantity", "101", "--price", "45"], "for 100 shares"),
        ([REFERENCE, "--as", "filled", "--quantity", "39", "--price", "45"], "40 are known to be"),
        ([REFERENCE, "--as", "filled", "--quantity", "70", "--price", "-1"], "'-1' is no price"),
        ([REFERENCE, "--as", "filled", "--quantity", "70", "--price", "x"], "'x' is no price"),
        ([REFERENCE, "--as", "gone"], "gone"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_journaled(skim, journal, run, options, said):
    told = skim("resolve", *options, *WHY)
    assert told.code == 2
    assert said in told.err
    assert not resolutions(journal)


def test_an_order_that_is_not_unknown_is_said_to_be_what_it_is(
    skim, days, session, write, happened
):
    write(drive_day(days.graph, session, happenings=happened[:-1]), until="day_finished")
    told = skim("resolve", REFERENCE, "--as", "absent", *WHY)
    assert told.code == 2
    assert "is not unknown but partly filled, 40 of it filled at 45.05" in told.err


def test_before_anything_ran_there_is_no_order(skim, home):
    told = skim("resolve", REFERENCE, "--as", "absent", *WHY)
    assert told.code == 2
    assert "nothing was run yet" in told.err
    assert not (home / "journal.sqlite").exists()
