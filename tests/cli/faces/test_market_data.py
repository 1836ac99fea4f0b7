"""What symbols trade at, asked for on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

DAY = "2026-01-28"


@pytest.fixture
def symbols(skim):
    """Give two symbols of the generated market."""
    told = skim("market_data", "NOSUCH", "--session", DAY).err
    return told.split("it has ")[1].split(" and others")[0].split(", ")[:2]


def test_a_symbols_session_is_shown(skim, symbols, home):
    shown = skim("market_data", symbols[0].lower(), symbols[1], "--session", DAY)
    assert shown.code == 0
    heads, first, second = shown.words[:3]
    assert " ".join(heads) == ("symbol last bid ask prev close gap open high low volume at")
    assert [first[0], second[0]] == symbols
    assert first[-1] == "16:00:00"
    assert not (home / "journal.sqlite").exists()
    assert not (home / "brokers").exists()


def test_it_is_the_market_that_a_day_would_see(skim, symbols):
    [row] = skim("fetch-market-data", symbols[0], "--session", DAY, "--json").json["rows"]
    bid, last, ask, low, high = (float(row[name]) for name in ("bid", "last", "ask", "low", "high"))
    assert bid < last < ask
    assert low <= min(last, float(row["open"])) <= max(last, float(row["open"])) <= high
    assert row["volume"] > 0
    # Another seed is another market.
    other = skim("market_data", symbols[0], "--session", DAY, "--seed", "7", "--json")
    assert other.code or other.json["rows"] != [row]


def test_the_gap_is_of_the_open_against_the_close_before(skim, symbols):
    rows = skim("market_data", *symbols, "--session", DAY, "--json").json["rows"]
    gaps = [100 * (float(row["open"]) / float(row["previous_close"]) - 1) for row in rows]
    assert any(gaps)
    told = [float(row["gap_percent"]) for row in rows]
    assert told == pytest.approx(gaps, abs=0.006)


def test_an_unknown_symbol_is_named_with_those_that_there_are(skim):
    refused = skim("market_data", "BOZO", "--session", DAY)
    assert refused.code == 2
    assert "broker sim has no symbol 'BOZO'" in refused.err
    assert " and others." in refused.err


def test_a_day_off_has_no_market(skim):
    refused = skim("market_data", "BHP", "--session", "2026-01-26")
    assert (refused.code, "is a day off at XASX" in refused.err) == (2, True)


def test_what_trades_now_is_no_other_session(skim, symbols):
    refused = skim("market_data", symbols[0], "--session", "2027-01-12", "--pace", "real")
    assert refused.code == 2
    assert "broker sim tells what trades now" in refused.err
    assert "Leave --session away" in refused.err


def test_a_broker_that_is_not_installed_is_named(skim):
    refused = skim("market_data", "BHP", "--broker", "simm")
    assert refused.code == 2
    assert "broker 'simm' is not installed" in refused.err


def test_a_halted_symbol_is_marked(skim, symbols):
    Path("skim.toml").write_text(
        f'[[brokers.sim.halts]]\nsymbol = "{symbols[0]}"\nfrom = "open+5h"\nto = "close+1h"\n',
        encoding="utf-8",
    )
    shown = skim("market_data", symbols[0], "--session", DAY)
    assert shown.words[1][-1] == "halted"
