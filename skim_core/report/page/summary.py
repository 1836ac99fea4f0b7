"""The head of the page: what was run, what it made, the figures of each strategy."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from skim_core.report.model import Report
from skim_core.report.page.blocks import Column, Section, amount, section, table
from skim_core.report.page.markup import Content, Markup, element
from skim_core.report.page.words import (
    NONE,
    count,
    money,
    multiple,
    percent,
    ratio,
    short_date,
    span,
)


def head(report: Report) -> Markup:
    """Return the title and what was run."""
    subject = report.subject
    sessions = count(len(report.sessions), "session")
    parts = [subject.exchange, span(subject.first, subject.last)]
    if subject.kind == "replay":
        parts.append(sessions)
    if subject.capital is not None:
        each = " a session" if subject.kind == "replay" else ""
        parts.append(f"{money(subject.capital)} {subject.currency or ''}".strip() + each)
    parts.append(subject.market)
    toggle = element(
        "button", "Theme", type="button", id="theme", aria_label="Change between light and dark"
    )
    return element(
        "header",
        element(
            "p",
            element("span", "skim", class_="brand"),
            element("span", f"{subject.kind} report", class_="kind"),
            toggle,
            class_="bar",
        ),
        element("h1", " + ".join(subject.strategies)),
        element("ul", *(element("li", part) for part in parts), class_="what"),
    )


def hero(report: Report) -> Markup:
    """Return what was made, in large, and the figures beside it."""
    figures, subject = report.figures, report.subject
    profit: Decimal = figures["profit"]
    arrow = "\N{BLACK UP-POINTING TRIANGLE}" if profit > 0 else "\N{BLACK DOWN-POINTING TRIANGLE}"
    big = element(
        "p",
        element("span", arrow, class_="arrow", aria_hidden="true") if profit else None,
        money(profit, sign=True),
        element("small", subject.currency) if subject.currency else None,
        class_=f"big {'gain' if profit > 0 else 'loss' if profit < 0 else ''}".strip(),
    )
    return element(
        "section",
        element(
            "div",
            element("h2", "Profit after costs", id="result-heading"),
            big,
            element("p", _in_words(report), class_="lead"),
            *_warnings(report),
        ),
        element("dl", *(_figure(*each) for each in _figures(report)), class_="figures"),
        id="result",
        class_="hero",
        aria_labelledby="result-heading",
    )


def strategies(report: Report) -> Section | None:
    """Return the figures of each strategy; nothing for a single one."""
    if len(report.by_strategy) < 2:  # noqa: PLR2004  a comparison needs two
        return None
    columns = (
        Column("Strategy"),
        *(
            Column(title, numeric=True)
            for title in (
                "Trades",
                "Won",
                "Profit",
                "Factor",
                "Avg R",
                "Sharpe",
                "Drawdown",
                "Exposed",
            )
        ),
    )
    best = max(report.by_strategy, key=lambda name: report.by_strategy[name]["profit"])
    made = report.by_strategy[best]["profit"]
    rows = [_row(name, figures) for name, figures in report.by_strategy.items()]
    return section(
        "strategies",
        "Strategies",
        [element("b", best), " made the most, ", amount(made), "."],
        table("Figures of each strategy", columns, [*rows, _row("all", report.figures)]),
    )


def _row(name: str, figures: Mapping[str, Any]) -> list[Content]:
    return [
        name,
        f"{figures['trades']:,}",
        percent(figures["win_rate"]),
        amount(figures["profit"]),
        ratio(figures["profit_factor"]),
        ratio(figures["average_r"]),
        ratio(figures["sharpe"]),
        money(figures["drawdown"]),
        percent(figures["exposure"]),
    ]


def _in_words(report: Report) -> str:
    figures, sessions = report.figures, len(report.sessions)
    if not figures["trades"]:
        return f"No trade was closed in {count(sessions, 'session')}."
    said = f"{count(figures['trades'], 'trade')} in {count(sessions, 'session')}"
    won = f"{figures['wins']:,} of them won" if figures["wins"] else "none of them won"
    capital = report.subject.capital
    made = f" made {percent(figures['profit'] / capital, 2)} of the capital" if capital else ""
    return f"{said}{made}; {won}. Commissions of {money(figures['commission'])} are taken off."


def _warnings(report: Report) -> list[Markup]:
    """Return what must not be overlooked: days that went wrong, and what is still held."""
    said: list[list[Content]] = []
    see = element("a", "what was skipped and why", href="#skipped")
    wrong = {(each.date, each.strategy) for each in report.incidents if each.kind == "day"}
    if wrong:
        days = count(len(wrong), "day")
        said.append([f"{days} failed or did not end: see ", see, "."])
    if any(each.kind == "halt" for each in report.incidents):
        said.append(["Entries were halted: see ", see, "."])
    if report.open:
        held = count(len(report.open), "position")
        said.append([f"{held} ", element("a", "still held", href="#held"), ", not counted."])
    return [element("p", *text, class_="warning") for text in said]


def _figures(report: Report) -> list[tuple[str, Content, str]]:
    figures = report.figures
    best, worst = figures["best_day"], figures["worst_day"]
    several = len(report.sessions) > 1
    shown: list[tuple[str, Content, str]] = [
        ("Trades", f"{figures['trades']:,}", ""),
        ("Won", percent(figures["win_rate"]), ""),
        ("Profit factor", ratio(figures["profit_factor"]), "made / lost"),
        ("Average R", multiple(figures["average_r"]), ""),
        ("Drawdown", money(figures["drawdown"]), "deepest fall"),
    ]
    if several and best and worst:
        shown += [
            ("Sharpe", ratio(figures["sharpe"]), "annual"),
            ("Best day", amount(best["profit"]), short_date(best["date"])),
            ("Worst day", amount(worst["profit"]), short_date(worst["date"])),
        ]
    else:
        biggest = [account.trade.profit for account in report.trades]
        shown += [
            ("Exposed", percent(figures["exposure"]), "of the time"),
            ("Best trade", amount(max(biggest)) if biggest else NONE, ""),
            ("Commission", money(figures["commission"]), ""),
        ]
    return shown


def _figure(name: str, value: Content, aside: str) -> Markup:
    small = element("small", aside) if aside else None
    return element("div", element("dt", name), element("dd", value, small))
