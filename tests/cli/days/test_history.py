"""What the journal holds, listed: candidates, positions, orders, trades."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

DATES = ["2026-01-06", "2026-01-07"]


@pytest.fixture
def lived(skim, tiny) -> None:
    """Two days, each with a trade."""
    for date in DATES:
        assert skim("start_trading_day", "-s", "tiny", "--session", date).code == 0


def rows_of(result):
    return list(csv.DictReader(io.StringIO(result.out)))


@pytest.mark.usefixtures("lived")
def test_trades_of_all_days_are_listed_with_what_they_cost(skim):
    shown = skim("trades", "--json").json["trades"]
    assert [trade["session"] for trade in shown] == DATES
    for trade in shown:
        assert (trade["strategy"], trade["quantity"]) == ("tiny", 100)
        assert trade["exit_reason"] == "exit"
        made = (Decimal(trade["exit_price"]) - Decimal(trade["entry_price"])) * 100
        assert Decimal(trade["profit"]) == made - Decimal(trade["commission"])
        assert Decimal(trade["commission"]) > 0
        assert Decimal(trade["r_multiple"]) != 0
        assert trade["slippage"] is not None


@pytest.mark.usefixtures("lived")
def test_a_span_of_dates_bounds_the_trades_on_both_sides(skim):
    def listed(*options):
        return [trade["session"] for trade in skim("trades", *options, "--json").json["trades"]]

    assert listed("--from", DATES[1]) == DATES[1:]
    assert listed("--to", DATES[0]) == DATES[:1]
    assert listed("--from", DATES[0], "--to", DATES[1]) == DATES
    assert listed("--from", "2026-01-08") == []
    assert listed("--strategy", "another") == []


@pytest.mark.usefixtures("lived")
def test_the_table_of_trades_ends_with_their_sum(skim):
    trades = skim("trades", "--json").json["trades"]
    profit = sum(Decimal(trade["profit"]) for trade in trades)
    fees = sum(Decimal(trade["commission"]) for trade in trades)
    *_, last = skim("trades").lines
    assert last == f"2 trades, profit {profit:+,.2f} after {fees:,.2f} of fees"


@pytest.mark.parametrize("command", ["candidates", "orders", "trades"])
@pytest.mark.usefixtures("lived")
def test_csv_has_the_same_rows_as_json(skim, command):
    options = () if command == "trades" else ("--session", DATES[0])
    shown = skim(command, *options, "--json").json[command]
    rows = rows_of(skim(command, *options, "--csv"))
    assert len(rows) == len(shown) >= 2
    for row, told in zip(rows, shown, strict=True):
        for column, text in row.items():
            value = told[column]
            shown_as = "" if value is None else value
            assert text == (str(shown_as).lower() if isinstance(value, bool) else str(shown_as))


@pytest.mark.usefixtures("lived")
def test_the_orders_of_a_session_are_listed_as_they_ended(skim):
    shown = skim("orders", "--session", DATES[0], "--json").json["orders"]
    assert [(order["purpose"], order["stage"]) for order in shown] == [
        ("entry", "filled"),
        ("stop", "cancelled"),
        ("exit", "filled"),
    ]
    assert all(order["session"] == DATES[0] for order in shown)


@pytest.mark.usefixtures("lived")
def test_a_table_has_the_exchange_s_time_and_json_and_csv_have_utc(skim):
    head, first, *_, last = skim("orders", "--session", DATES[0]).lines
    [entry, *_] = skim("orders", "--session", DATES[0], "--json").json["orders"]
    sent = datetime.fromisoformat(entry["sent_at"])
    assert (sent.utcoffset(), head.split()[0]) == (timedelta(0), "sent")
    assert first.split()[0] == f"{sent.astimezone(ZoneInfo('Australia/Sydney')):%H:%M:%S}"
    assert last == "XASX; times in Australia/Sydney."
    [row, *_] = rows_of(skim("orders", "--session", DATES[0], "--csv"))
    assert row["sent_at"] == entry["sent_at"]


@pytest.mark.usefixtures("lived")
def test_an_order_is_listed_as_it_is_said(skim):
    _head, *rows, _last = skim("orders", "--session", DATES[0]).lines
    [entry, stop, exit_] = skim("orders", "--session", DATES[0], "--json").json["orders"]
    for row, order in zip(rows, (entry, stop, exit_), strict=True):
        asked = f"stop {order['stop_price']}" if order is stop else "at market"
        assert f"  {order['side']} {order['quantity']} {order['symbol']} {asked}  " in row
        assert row.endswith(order["reference"])
    assert f"  filled     {entry['filled']} at " in rows[0]
    assert " at " not in rows[1].partition("cancelled")[2]


@pytest.mark.usefixtures("tiny")
def test_what_is_held_is_listed_with_its_stop(skim):
    for phase in ("setup", "scan", "trade", "manage"):
        assert skim(phase, "-s", "tiny", "--session", DATES[0]).code == 0
    [held] = skim("positions", "--session", DATES[0], "--json").json["positions"]
    assert (held["quantity"], held["protected"]) == (100, True)
    head, first, last = skim("positions", "--session", DATES[0]).lines
    opened = datetime.fromisoformat(held["opened_at"]).astimezone(ZoneInfo("Australia/Sydney"))
    assert f"  {opened:%H:%M:%S}  " in first
    assert (" opened " in head, last) == (True, "XASX; times in Australia/Sydney.")
    assert Decimal(held["stop"]) < Decimal(held["average_price"])
    assert "yes" in skim("positions", "--session", DATES[0]).out
    [entry, stop] = skim("orders", "--session", DATES[0], "--json").json["orders"]
    assert (entry["stage"], stop["stage"]) == ("filled", "acknowledged")


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("command", ["candidates", "positions", "orders"])
def test_of_another_session_nothing_is_listed_and_the_session_is_named(skim, command):
    assert skim("start_trading_day", "-s", "tiny", "--session", DATES[0]).code == 0
    assert f"skim: no {command} of XASX Friday 2026-11-20.\n" == (
        skim(command, "--session", "2026-11-20").out
    )
    assert f"no {command} of XASX 2026-11-21, a day off." in (
        skim(command, "--session", "2026-11-21").out
    )
    assert "; --session DATE shows another's." in skim(command).out


@pytest.mark.parametrize("command", ["candidates", "positions", "orders", "trades"])
def test_without_a_journal_nothing_is_listed_and_none_is_made(skim, home, command):
    shown = skim(command)
    assert (shown.code, shown.out) == (0, f"skim: no {command} in the journal.\n")
    assert skim(command, "--json").json == {command: []}
    assert not (home / "journal.sqlite").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--from", "yesterday"), "--from"),
        (("--from", "2026-01-07", "--to", "2026-01-06"), "put the earlier date first"),
        (("--json", "--csv"), "choose one"),
    ],
)
def test_what_can_not_be_listed_is_told(skim, options, told):
    refused = skim("trades", *options)
    assert (refused.code, refused.out) == (2, "")
    assert told in refused.err
