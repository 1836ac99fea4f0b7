"""Two installed strategies that want one symbol, of which the account may hold so much once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from skim_core.journal.sqlite import SqliteJournal

SESSION = "2026-01-28"
PLAIN = """
    @hooks.trade
    def skim_trade(ctx: Context[Config]) -> None:
        symbol = next(iter(ctx.candidates))
        quotes = ctx.wait(ctx.market.quotes([symbol]))
        stop = quotes[symbol].last * Decimal("0.5")
        ctx.wait(ctx.orders.enter(Bracket(symbol=symbol, quantity=100, stop_price=stop)))
"""
LIMITED = """
[limits]
position_value = {value}
[strategy.one]
priority = {one}
[strategy.one.phases.trade]
at = "{at}"
[strategy.two]
priority = {two}
[strategy.two.phases.trade]
at = "{at}"
"""


@pytest.fixture
def both(skim, install, tiny, home):
    """Install two strategies that want the same, one of them plain; run them, give the events."""
    before, _, rest = tiny.partition("@hooks.trade")
    after = rest[rest.index("@hooks.manage") :]
    install("one")
    install("two", before + dedent(PLAIN) + "\n\n" + after)

    def run(*names):
        words = [word for name in names for word in ("--strategy", name)]
        told = skim("start_trading_day", *words, "--session", SESSION)
        assert told.code == 0, told.err
        journal = SqliteJournal.open(home / "journal.sqlite")
        try:
            return {
                name: [each.event for each in journal.read(f"{name}/XASX/{SESSION}/paper")]
                for name in names
            }
        finally:
            journal.close()

    return run


def value_of(events):
    [order] = [e.order for e in events if e.kind == "order_intended" and e.order.purpose == "entry"]
    [first, *_] = [each.fill for each in events if each.kind == "order_filled"]
    return order.quantity * first.price


# The market wakes both days at each minute; between two of them virtual time wakes one by one.
@pytest.mark.parametrize("at", ["open+6m", "open+6m30s"])
@pytest.mark.parametrize("named", [("one", "two"), ("two", "one")])
@pytest.mark.parametrize(("one", "two"), [(1, 2), (2, 1)])
def test_the_lowest_priority_gets_the_symbol_whatever_the_order_they_are_named_in(
    both, skim, tiny, home, named, one, two, at
):
    skim("start_trading_day", "--strategy", "tiny", "--session", SESSION)
    journal = SqliteJournal.open(home / "journal.sqlite")
    alone = [each.event for each in journal.read(f"tiny/XASX/{SESSION}/paper")]
    journal.close()
    # Room for one of them, not for two.
    value = value_of(alone) * 3 / 2
    Path("skim.toml").write_text(LIMITED.format(value=value, one=one, two=two, at=at))
    events = both(*named)
    winner, other = ("one", "two") if one < two else ("two", "one")
    assert [each for each in events[winner] if each.kind == "position_opened"]
    assert not [each for each in events[winner] if each.kind == "order_refused"]
    [refused] = [each for each in events[other] if each.kind == "order_refused"]
    assert refused.limit == "position_value"
    assert refused.reason.startswith("the account: ")
    assert not [each for each in events[other] if each.kind == "position_opened"]


@pytest.mark.parametrize("written", ["'first'", "1.5", "true"])
def test_a_priority_is_a_whole_number(skim, tiny, written):
    Path("skim.toml").write_text(f"[strategy.tiny]\npriority = {written}\n")
    told = skim("start_trading_day", "--strategy", "tiny", "--session", SESSION)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "line 2: strategy.tiny.priority must be a whole number (the lowest is first)" in told.err
