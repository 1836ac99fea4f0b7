"""A share's days as candles over their volumes: an SVG picture, alone or on a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

WIDTH, HEIGHT = 960, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 70, 48, 28
_VOLUME = 0.22
_GAP = 14
_LINES = 6
_RISE, _FALL = "#0a7f4f", "#c0392b"

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#444}.title{font-size:16px;font-weight:600}"
    ".grid{stroke:#ddd;stroke-width:1}.rise{fill:#fff;stroke:#0a7f4f}.fall{fill:#c0392b;"
    "stroke:#c0392b}.end{text-anchor:end}.middle{text-anchor:middle}"
)


@dataclass(frozen=True)
class Candle:
    """One day: prices in dollars, volume in shares."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float


def svg(symbol: str, candles: Sequence[Candle]) -> str:
    """Return the picture of at least one day. A day that rose is hollow, one that fell is filled."""
    first, last = candles[0].day, candles[-1].day
    change = (candles[-1].close / candles[0].close - 1) * 100
    title = f"{symbol}  {first} to {last}  {candles[-1].close:g} ({change:+.1f} %)"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="28">{escape(title)}</text>',
        *_price_lines(candles),
        *_months(candles),
        *_bars(candles),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def page(symbol: str, candles: Sequence[Candle]) -> str:
    """Return a page with the picture and nothing from anywhere else."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(symbol)}</title>"
        "<style>body{margin:2rem auto;max-width:960px}</style></head>\n"
        f"<body>\n{svg(symbol, candles)}</body></html>\n"
    )


def _price_area() -> tuple[float, float]:
    return _TOP, HEIGHT - _BOTTOM - _VOLUME * HEIGHT - _GAP


def _scale(low: float, high: float, top: float, bottom: float) -> Callable[[float], float]:
    span = high - low or max(abs(high), 1e-6)
    return lambda value: bottom - (value - low) / span * (bottom - top)


def _price_lines(candles: Sequence[Candle]) -> Iterator[str]:
    low, high = min(each.low for each in candles), max(each.high for each in candles)
    at = _scale(low, high, *_price_area())
    for number in range(_LINES):
        price = low + (high - low) * number / (_LINES - 1)
        y = at(price)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{WIDTH - _RIGHT + 8}" y="{y + 4:.1f}">{price:.4g}</text>'


def _months(candles: Sequence[Candle]) -> Iterator[str]:
    step = _step(candles)
    told = -_RIGHT * 1.0
    for number, each in enumerate(candles):
        new = number and each.day.month != candles[number - 1].day.month
        x = _LEFT + (number + 0.5) * step
        if new and x - told > _RIGHT:
            told = x
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
            yield f'<text class="middle" x="{x:.1f}" y="{HEIGHT - 8}">{each.day:%b %Y}</text>'


def _bars(candles: Sequence[Candle]) -> Iterator[str]:
    low, high = min(each.low for each in candles), max(each.high for each in candles)
    at = _scale(low, high, *_price_area())
    most = max(each.volume for each in candles) or 1.0
    volume_at = _scale(0.0, most, HEIGHT - _BOTTOM - _VOLUME * HEIGHT, HEIGHT - _BOTTOM)
    step = _step(candles)
    width = max(1.0, step * 0.7)
    for number, each in enumerate(candles):
        x = _LEFT + (number + 0.5) * step
        kind, colour = ("rise", _RISE) if each.close >= each.open else ("fall", _FALL)
        top, bottom = at(max(each.open, each.close)), at(min(each.open, each.close))
        tall = at(each.high)
        yield (
            f'<g class="{kind}"><title>{each.day}: {each.open:g} {each.high:g} {each.low:g} '
            f"{each.close:g}, {each.volume:,.0f}</title>"
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{tall:.1f}" y2="{at(each.low):.1f}"/>'
            f'<rect x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" '
            f'height="{max(1.0, bottom - top):.1f}"/>'
            f'<rect x="{x - width / 2:.1f}" y="{volume_at(each.volume):.1f}" width="{width:.1f}" '
            f'height="{HEIGHT - _BOTTOM - volume_at(each.volume):.1f}" stroke="none" '
            f'fill="{colour}" opacity="0.45" style="fill:{colour}"/></g>'
        )


def _step(candles: Sequence[Candle]) -> float:
    return (WIDTH - _LEFT - _RIGHT) / len(candles)
