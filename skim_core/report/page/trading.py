"""The trades: pictures of some, a table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from skim_core.report.model import Picture, Report, TradeAccount
from skim_core.report.page.blocks import Column, Section, amount, empty, section, table
from skim_core.report.page.candles import trade_picture
from skim_core.report.page.markup import Content, Markup, element
from skim_core.report.page.words import (
    NONE,
    Clock,
    count,
    duration,
    money,
    multiple,
    price,
)

_GROUPS = {"best": "Best", "worst": "Worst", "latest": "Latest"}
_FILTERED = 20
"""Rows from which on a table can be searched."""

_ROWS = 300
"""Rows that a script shows at first (as in style.css): thousands take seconds to be laid out."""


def pictures_section(report: Report) -> Section | None:
    """Return a picture of each chosen trade, and why those; nothing when none is pictured."""
    if not report.pictures:
        return None
    clock = Clock(report.subject.timezone)
    by_number = {account.number: account for account in report.trades}
    ranks = _ranks(report)
    cards = [
        _card(by_number[shown.number], shown, report, clock, ranks.get(shown.number, {}))
        for shown in report.pictures
    ]
    grouped = any("all" not in shown.groups for shown in report.pictures)
    each = max(
        (sum(name in shown.groups for shown in report.pictures) for name in _GROUPS), default=0
    )
    lead = (
        f"The {each} best, {each} worst and {each} latest of {count(len(report.trades), 'trade')}; "
        "the table has them all."
        if grouped
        else f"{count(len(report.trades), 'trade')}, in the order of the exits."
    )
    return section(
        "pictures",
        "Trade by trade",
        lead,
        _legend(),
        _choice() if grouped else None,
        element("div", *cards, class_="trades"),
    )


def table_section(report: Report) -> Section:
    """Return the table of all trades."""
    if not report.trades:
        text = "No trade was closed: there is no curve, no picture and no table."
        return section("trades", "Trades", None, empty(text))
    several = len(report.subject.strategies) > 1
    columns = [
        Column("#", numeric=True),
        Column("Symbol"),
        *([Column("Strategy")] if several else []),
        Column("Profit", numeric=True),
        Column("R", numeric=True),
        Column("Side"),
        Column("Shares", numeric=True),
        Column("In"),
        Column("Price", numeric=True),
        Column("Out"),
        Column("Price", numeric=True),
        Column("Stop", numeric=True),
        Column("Cost", numeric=True),
        Column("Slippage", numeric=True),
        Column("Left by"),
    ]
    pictured = {shown.number for shown in report.pictures}
    clock = Clock(report.subject.timezone)
    rows = (
        _row(account, clock, pictured=account.number in pictured, several=several)
        for account in report.trades
    )
    search = element(
        "input",
        type="search",
        id="search",
        placeholder="Search symbol, strategy, date, exit…",
        aria_label="Search the trades",
    )
    return section(
        "trades",
        "All trades",
        f"Times of {report.subject.timezone}. A heading sorts; a number leads to its picture.",
        search if len(report.trades) >= _FILTERED else None,
        table("All trades", columns, rows, class_="sortable", id="all-trades"),
        _all_rows(len(report.trades)) if len(report.trades) > _ROWS else None,
    )


def _all_rows(trades: int) -> Markup:
    return element(
        "button", f"Show all {trades:,}, not only the first {_ROWS}", type="button", id="all-rows"
    )


def _row(account: TradeAccount, clock: Clock, *, pictured: bool, several: bool) -> list[Content]:
    trade = account.trade
    number: Content = str(account.number)
    if pictured:
        number = element("a", number, href=f"#t{account.number}")
    return [
        number,
        element("b", trade.symbol),
        *([trade.strategy] if several else []),
        amount(trade.profit),
        multiple(trade.r_multiple).removesuffix(" R"),
        "long" if trade.side == "buy" else "short",
        f"{trade.quantity:,}",
        clock.full(trade.entered_at),
        price(trade.entry_price),
        _left_at(account, clock),
        price(trade.exit_price),
        price(trade.stop),
        money(trade.commission),
        NONE if account.slippage is None else money(account.slippage),
        trade.exit_reason,
    ]


def _left_at(account: TradeAccount, clock: Clock) -> Content:
    """Return when a trade was left: without its date where that is the entry's."""
    entered, left = (clock.local(at) for at in (account.trade.entered_at, account.trade.exited_at))
    if entered.date() != left.date():
        return clock.full(left)
    return element("time", clock.second(left), datetime=f"{left:%Y-%m-%d %H:%M:%S}")


def _ranks(report: Report) -> dict[int, dict[str, int]]:
    """Return the place of each picture's trade within each of its groups."""
    made = {account.number: account.trade.profit for account in report.trades}
    orders: dict[str, Callable[[int], Decimal | int]] = {
        "best": lambda number: -made[number],
        "worst": lambda number: made[number],
        "latest": lambda number: -number,
    }
    ranks: dict[int, dict[str, int]] = {}
    for name, key in orders.items():
        members = [shown.number for shown in report.pictures if name in shown.groups]
        for rank, number in enumerate(sorted(members, key=key), start=1):
            ranks.setdefault(number, {})[name] = rank
    return ranks


def _card(
    account: TradeAccount, shown: Picture, report: Report, clock: Clock, ranks: Mapping[str, int]
) -> Markup:
    trade = account.trade
    profit = element(
        "p",
        amount(trade.profit, class_="made"),
        element("span", multiple(trade.r_multiple)) if trade.r_multiple is not None else None,
        class_="outcome",
    )
    what = f"{'bought' if trade.side == 'buy' else 'sold short'} {trade.quantity:,}"
    strategy = f", {trade.strategy}" if len(report.subject.strategies) > 1 else ""
    where = element(
        "p", f"#{account.number}, {clock.local(trade.entered_at):%a %d %b %Y}{strategy}, {what}"
    )
    lacking = f"Without bars ({shown.missing}): its own fills." if shown.missing else None
    return element(
        "article",
        element(
            "header",
            element("div", element("h3", trade.symbol), where),
            profit,
        ),
        trade_picture(account, shown, clock),
        element("p", lacking, class_="aside") if lacking else None,
        element("dl", *_facts(account, shown, clock), class_="facts"),
        element("p", account.entry_reason, class_="why") if account.entry_reason else None,
        id=f"t{account.number}",
        class_="card",
        **{f"data_{name}": str(rank) for name, rank in ranks.items()},
    )


def _facts(account: TradeAccount, shown: Picture, clock: Clock) -> list[Markup]:
    trade, found = account.trade, account.opening_range
    left_by = f"{clock.second(trade.exited_at)}, {trade.exit_reason}"
    if account.exit_detail:
        left_by += f": {account.exit_detail}"
    facts = [
        ("In", price(trade.entry_price), clock.second(trade.entered_at)),
        ("Out", price(trade.exit_price), left_by),
        ("Stop", _stops(account), ""),
    ]
    if found is not None:
        facts.append(("Range", f"{price(found.low)} {NONE} {price(found.high)}", ""))
    facts.append(("Held", duration(trade.exited_at - trade.entered_at), ""))
    if shown.candles is not None:
        facts.append(("Candles", f"{shown.candles.minutes} min", ""))
    return [
        element(
            "div",
            element("dt", name),
            element("dd", value, element("small", aside) if aside else None),
        )
        for name, value, aside in facts
    ]


def _stops(account: TradeAccount) -> str:
    levels: Sequence[str] = [price(level.price) for level in account.stops]
    if not levels:
        return "none"
    if len(levels) > 3:  # noqa: PLR2004  what fits on a card
        return f"{levels[0]} \N{RIGHTWARDS ARROW} {levels[-1]}, moved {len(levels) - 1} times"
    return " \N{RIGHTWARDS ARROW} ".join(levels)


def _choice() -> Markup:
    """Return the buttons that show one group of pictures; without script all are shown."""
    buttons = [
        element("button", title, type="button", data_group=name, aria_pressed="false")
        for name, title in _GROUPS.items()
    ]
    return element(
        "div", *buttons, class_="choice", id="groups", role="group", aria_label="Which trades"
    )


def _legend() -> Markup:
    signs = (
        ("candle-up", "hollow: rose"),
        ("candle-down", "filled: fell"),
        ("range", "opening range"),
        ("stop", "stop"),
        ("marks", "in and out"),
    )
    return element(
        "ul",
        *(
            element("li", element("i", class_=f"key {sign}", aria_hidden="true"), text)
            for sign, text in signs
        ),
        class_="legend",
    )
