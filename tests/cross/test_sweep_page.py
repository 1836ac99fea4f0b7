"""The page of a sweep, looked at in a real browser."""

from __future__ import annotations

from decimal import Decimal

import pytest

from skim_core.cli.views.sweep_page import page
from skim_core.replay.comparison import FIGURES
from skim_core.sweep.grid import combinations, read_grid
from skim_core.sweep.heat import heat_map
from skim_core.sweep.plan import Combination, SweepPlan
from skim_core.sweep.results import Outcome, collect

DESKTOP, PHONE = 1280, 360

COLOURS = """(() => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = colour => { context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const back = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)') return rgb(c); } };
  return [...document.querySelectorAll('h1, h2, p, th, td')].filter(e => e.textContent.trim())
    .map(e => { const ground = back(e);
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground)];
      return { text: e.textContent, ground, cell: !!e.closest('.map td'),
               contrast: (Math.max(a, b) + .05) / (Math.min(a, b) + .05) }; });
})()"""
"""Every text with the colour behind it, and their contrast as WCAG 2.2 has it (1.4.3)."""


def swept(tmp_path, *parameters):
    """Write the page of a sweep that gains, loses and is refused, and return its path."""
    read = read_grid(parameters)
    plan = SweepPlan(
        strategy="orb",
        exchange="XASX",
        first="2025-01-01",
        last="2025-06-30",
        sessions=100,
        capital=Decimal(100_000),
        parameters=read,
        combinations=tuple(
            Combination(
                number=number,
                values=values,
                digest=None if number == 5 else "0",
                refused="<b>too</b> much" if number == 5 else "",
            )
            for number, values in enumerate(combinations(read), start=1)
        ),
    )
    outcomes = {
        combination.number: Outcome(
            dict.fromkeys(FIGURES, Decimal(400 * (combination.number % 4) - 500)),
            [Decimal(session * combination.number % 37 - 15) for session in range(100)],
        )
        for combination in plan.combinations
        if not combination.refused
    }
    results = collect(plan, outcomes)
    path = tmp_path / "map.html"
    path.write_text(page(plan, results, heat_map(results.rows, read, "profit")))
    return path


@pytest.fixture
def heat(tmp_path):
    return swept(tmp_path, "range_minutes=5..30/5", "phases.scan.at=open+1m,open+2m,open+5m")


@pytest.fixture
def bars(tmp_path):
    return swept(tmp_path, "range_minutes=5..30/5")


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(browser, heat, dark):
    browser.open(heat, dark=dark)
    assert [each for each in browser.evaluate(COLOURS) if each["contrast"] < 4.5] == []


@pytest.mark.parametrize("dark", [False, True])
def test_gains_and_losses_have_colours_of_their_own(browser, heat, dark):
    browser.open(heat, dark=dark)
    cells = [each for each in browser.evaluate(COLOURS) if each["cell"]]
    assert len(cells) == 18
    for cell in cells:
        red, green, _ = cell["ground"]
        if cell["text"] == "refused":
            assert abs(red - green) < 8
        else:
            assert (green > red) == (float(cell["text"].replace(",", "")) > 0), cell
    assert len({tuple(each["ground"]) for each in cells}) == 5


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("shown", ["heat", "bars"])
def test_nothing_is_wider_than_the_window_but_what_scrolls(browser, shown, width, request):
    browser.open(request.getfixturevalue(shown), width=width)
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width


def test_nothing_is_asked_for_and_nothing_is_wrong(browser, heat):
    browser.open(heat)
    asked = [each["request"]["url"] for each in browser.told("Network.requestWillBeSent")]
    assert asked == [heat.as_uri()]
    assert browser.told("Log.entryAdded") == browser.told("Runtime.exceptionThrown") == []
    assert browser.evaluate("document.querySelectorAll('td b').length") == 0


def test_bars_grow_from_one_zero(browser, bars):
    browser.open(bars)
    drawn = browser.evaluate("""[...document.querySelectorAll('.bars tr')].map(row => {
        const box = row.querySelector('span').getBoundingClientRect();
        return [row.querySelectorAll('td')[0].textContent, box.left, box.right]; })""")
    values = [
        (float(text.replace(",", "")), left, right) for text, left, right in drawn if text[0] != "r"
    ]
    zeros = [right if value < 0 else left for value, left, right in values]
    assert max(zeros) - min(zeros) < 1
    lengths = {round((right - left) / abs(value), 2) for value, left, right in values}
    assert len(lengths) == 1
