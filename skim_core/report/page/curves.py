"""Pictures of an account over time: equity, drawdown, exposure, profit by session."""

from __future__ import annotations

from collections.abc import Sequence

from skim_core.report.curves import EDGE, thinned
from skim_core.report.model import Bin, EquityPoint, Report, SessionResult
from skim_core.report.page.markup import Markup, element, number
from skim_core.report.page.plot import (
    WIDTH,
    Label,
    edge_labels,
    layer,
    percent,
    picture,
    steps_path,
    value_lines,
)
from skim_core.report.page.scale import Scale, stretched
from skim_core.report.page.timeline import Sessions
from skim_core.report.page.words import count, money, short_date, signed

_POINTS = 1200
_MANY_BINS = 12
"""More have no room for their counts on a phone."""

_EQUITY, _FALL, _GAP = 240.0, 84.0, 26.0
_EXPOSURE, _SESSIONS, _BINS = 130.0, 130.0, 190.0


def equity_picture(report: Report, sessions: Sessions) -> Markup:
    """Return the profit so far, and beneath it how far that is below its peak."""
    points = _thinned(report.equity)
    places = [sessions.place(point.at) * WIDTH for point in points]
    profits = [float(point.profit) for point in points]
    falls = [-float(point.drawdown) for point in points]
    low, high = stretched(min(0.0, *profits), max(0.0, *profits))
    scale = Scale(low, high, _EQUITY, 0)
    deepest = min(falls)
    fall = Scale(deepest * 1.08 if deepest else -1.0, 0, _FALL, 0)
    line = steps_path([(0, scale(0)), *zip(places, map(scale, profits), strict=True)], WIDTH)
    fallen = steps_path([(0, 0), *zip(places, map(fall, falls), strict=True)], WIDTH)
    final = report.equity[-1]
    top = _EQUITY + _GAP
    return picture(
        "equity",
        (
            "Profit so far, and the fall from its peak",
            f"{money(final.profit, sign=True)} after {count(len(report.equity), 'trade')}; "
            f"the deepest fall was {money(max(point.drawdown for point in report.equity))}.",
        ),
        top + _FALL + 24,
        value_lines(scale),
        layer(
            _EQUITY,
            element("path", d=f"{line}V{number(scale(0))}H0Z", class_="area"),
            element("path", d=line, class_="line"),
        ),
        element(
            "svg",
            value_lines(fall, 2),
            layer(
                _FALL,
                element("path", d=f"{fallen}V0H0Z", class_="fall"),
                element("path", d=fallen, class_="fall-line"),
            ),
            y=top,
            overflow="visible",
        ),
        element("text", "below the peak", x="0", y=top - 7, class_="caption"),
        edge_labels(sessions.labels(), top + _FALL + 18),
    )


def sessions_picture(results: Sequence[SessionResult], sessions: Sessions) -> Markup:
    """Return a bar for what each session made."""
    profits = [float(result.profit) for result in results]
    low, high = stretched(min(0.0, *profits), max(0.0, *profits))
    scale = Scale(low, high, _SESSIONS, 0)
    width = WIDTH / len(results)
    bars = [
        element(
            "path",
            element("title", f"{short_date(result.date)}: {money(result.profit, sign=True)}"),
            d=_bar(index * width + width * 0.14, width * 0.72, scale(0), scale(profit)),
            class_="up" if profit >= 0 else "down",
        )
        for index, (result, profit) in enumerate(zip(results, profits, strict=True))
        if result.trades
    ]
    gained = sum(profit > 0 for profit in profits)
    return picture(
        "sessions",
        (
            "Profit by session",
            f"{gained} of {count(len(results), 'session')} made a profit.",
        ),
        _SESSIONS + 24,
        value_lines(scale, 4),
        layer(_SESSIONS, *bars, class_="bars"),
        edge_labels(sessions.labels(), _SESSIONS + 18),
    )


def exposure_picture(report: Report, sessions: Sessions) -> Markup:
    """Return what was held over time: as a part of the capital where that is known."""
    capital = report.subject.capital
    whole = float(capital) / 100 if capital else 1.0
    values = [float(point.value) / whole for point in report.exposure]
    kept = list(thinned(values, _POINTS))
    scale = Scale(0, max([*values, 0.0]) * 1.08 or 1.0, _EXPOSURE, 0)
    line = steps_path(
        [
            (0, _EXPOSURE),
            *((sessions.place(report.exposure[i].at) * WIDTH, scale(values[i])) for i in kept),
        ],
        WIDTH,
    )
    most = max((point.positions for point in report.exposure), default=0)
    return picture(
        "exposure",
        (
            "Held over time",
            f"At most {count(most, 'position')} at once, "
            f"{signed(max(values, default=0.0), 1)}{' % of the capital' if capital else ''}.",
        ),
        _EXPOSURE + 24,
        value_lines(scale, 4, ending=" %" if capital else ""),
        layer(
            _EXPOSURE,
            element("path", d=f"{line}V{number(_EXPOSURE)}H0Z", class_="area"),
            element("path", d=line, class_="line"),
        ),
        edge_labels(sessions.labels(), _EXPOSURE + 18),
    )


def multiples_picture(bins: Sequence[Bin]) -> Markup:
    """Return how many trades had which R multiple."""
    most = max(each.trades for each in bins)
    scale = Scale(0, most * 1.12, _BINS, 14)
    width = WIDTH / len(bins)
    bars = [
        element(
            "path",
            element("title", f"{each.start} to {each.end} R: {count(each.trades, 'trade')}"),
            d=_bar(index * width + width * 0.08, width * 0.84, _BINS, scale(each.trades)),
            class_="up" if each.start >= 0 else "down",
        )
        for index, each in enumerate(bins)
        if each.trades
    ]
    counts = [
        element(
            "text",
            f"{each.trades:,}",
            x=percent((index + 0.5) / len(bins)),
            y=scale(each.trades) - 5,
            class_="edge minor" if len(bins) > _MANY_BINS else "edge",
        )
        for index, each in enumerate(bins)
        if each.trades
    ]
    edges = [
        Label(index / len(bins), f"{signed(each.start, 0, sign=True)} R", bool(each.start % 2))
        for index, each in enumerate(bins)
        if each.start % 1 == 0
    ]
    if bins[-1].end == EDGE:
        edges = [*(edge for edge in edges if edge.place < 0.8), Label(1.0, f"+{EDGE} R")]  # noqa: PLR2004  the room it needs
    losing = sum(each.trades for each in bins if each.start < 0)
    told = (
        f"{count(losing, 'trade')} below 0 R, {sum(b.trades for b in bins) - losing} from 0 R on."
    )
    return picture(
        "multiples",
        ("Distribution of R multiples", told),
        _BINS + 24,
        element("line", x1="0", x2="100%", y1=_BINS, y2=_BINS, class_="grid zero"),
        layer(_BINS, *bars, class_="bars"),
        element("g", *counts, aria_hidden="true"),
        edge_labels(edges, _BINS + 18),
    )


def _thinned(points: Sequence[EquityPoint]) -> list[EquityPoint]:
    return [points[index] for index in thinned([float(point.profit) for point in points], _POINTS)]


def _bar(x: float, width: float, base: float, top: float) -> str:
    # A bar of nothing is still seen.
    height = top - base if abs(top - base) >= 1 else -1.0
    return f"M{number(x)} {number(base)}h{number(width)}v{number(height)}h{number(-width)}z"
