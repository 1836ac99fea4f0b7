"""The account over time: equity and drawdown, sessions, R multiples, exposure."""

from __future__ import annotations

from decimal import Decimal

from skim_core.report.curves import EDGE
from skim_core.report.model import Report
from skim_core.report.page.blocks import Section, amount, empty, figure, section
from skim_core.report.page.curves import (
    equity_picture,
    exposure_picture,
    multiples_picture,
    sessions_picture,
)
from skim_core.report.page.markup import Content, element
from skim_core.report.page.timeline import Sessions
from skim_core.report.page.words import Clock, count, money, percent, ratio


def equity_section(report: Report) -> Section | None:
    """Return the equity curve, its drawdown, and what each session made; nothing without a trade."""
    if not report.equity:
        return None
    sessions = Sessions(report.sessions, Clock(report.subject.timezone))
    pictures: list[Content] = [
        figure("Profit so far, counted after each trade", equity_picture(report, sessions))
    ]
    if len(report.sessions) > 1:
        pictures.append(figure("Profit by session", sessions_picture(report.sessions, sessions)))
    fall = report.figures["drawdown"]
    peak = max((point.profit for point in report.equity), default=Decimal(0))
    lead: list[Content] = [
        *(["At its peak the profit was ", amount(peak)] if peak > 0 else ["It never was a profit"]),
        f"; the deepest fall was {money(fall)}.",
    ]
    if report.subject.kind == "replay":
        lead.append(" Each session begins with the same capital: profits are not put to work.")
    return section("equity", "Equity", lead, *pictures)


def multiples_section(report: Report) -> Section | None:
    """Return the distribution of R multiples; nothing without a trade."""
    if not report.trades:
        return None
    having = [each.trade.r_multiple for each in report.trades if each.trade.r_multiple is not None]
    if not having:
        text = "No trade had a stop when it was entered, so none has an R multiple."
        return section("multiples", "R multiples", None, empty(text))
    average = sum(having, Decimal(0)) / len(having)
    lead = [
        "Profit in units of what would have been lost at the first stop: ",
        element("b", f"{ratio(average)} R"),
        f" on average of {count(len(having), 'trade')}, "
        f"{ratio(max(having))} R at best, {ratio(min(having))} R at worst.",
    ]
    without = len(report.trades) - len(having)
    if without:
        lead.append(f" {count(without, 'trade')} without a stop not counted.")
    if max(map(abs, having)) >= EDGE:
        lead.append(f" The outermost bars hold what is beyond {EDGE} R.")
    drawn = figure("Trades by R multiple", multiples_picture(report.multiples))
    return section("multiples", "R multiples", lead, drawn)


def exposure_section(report: Report) -> Section | None:
    """Return what was held over time; nothing when nothing was."""
    if not report.exposure:
        return None
    sessions = Sessions(report.sessions, Clock(report.subject.timezone))
    most = max(point.positions for point in report.exposure)
    of_capital = "as a part of the capital" if report.subject.capital else "in money"
    lead = (
        f"Something was held in {percent(report.figures['exposure'])} of the time, "
        f"at most {count(most, 'position')} at once."
    )
    drawn = figure(
        f"Positions at their entry prices, {of_capital}", exposure_picture(report, sessions)
    )
    return section("exposure", "Exposure", lead, drawn)
