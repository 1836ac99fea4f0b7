"""Reports of the strategies' replays and days, looked at in a real browser.

No browser: skipped, but where CI is set a failure. `browser.py` says how one is found.
"""

from __future__ import annotations

import json
import struct
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from shutil import copy

import pytest

from skim_core.journal.sqlite import SqliteJournal
from skim_core.report.page.document import render
from skim_core.report.reading import report_days, report_replay
from skim_core.report.tables import to_json

TROUBLED = Path(__file__).parents[1] / "replay" / "report" / "troubled.py"
LIMITS = "[strategy.troubled.limits]\npositions = 2\n"
DATES = ("--from", "2025-01-06", "--to", "2025-01-13")
NAMES = ("many", "troubled", "failed", "single")
DESKTOP, PHONE = 1280, 360


@dataclass(frozen=True)
class Made:
    """A report as it was written, and the same as JSON."""

    page: Path
    data: dict


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    copy(TROUBLED, site)
    metadata = site / "skim_strategy_troubled-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: skim-strategy-troubled\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[skim.strategies]\ntroubled = troubled\n")
    return site


@pytest.fixture(scope="module")
def reports(skim_in, site):
    """Make reports of many trades, of days with trouble, of one that failed, of a single day."""
    skim = skim_in(site)
    (skim.directory / "skim.toml").write_text(LIMITS)
    found = {}

    def run(*arguments):
        code, said = skim.run(*arguments)
        assert code in {0, 1}, said
        return said

    def report(name, made, *arguments):
        page = skim.directory / f"{name}.html"
        run("report", *arguments, "--out", str(page))
        found[name] = Made(page, json.loads(to_json(made)))

    def day(run_id):
        with closing(SqliteJournal.open(skim.directory / "journal.sqlite")) as journal:
            return report_days(journal, [journal.read(run_id)[0].event], 12)

    strategies = [word for s in ("orh_breakout", "gap_fade", "overnight") for word in ("-s", s)]
    run("replay", *strategies, *DATES, "--out", "many")
    report("many", report_replay(skim.directory / "many", 5), "many", "--pictures", "5")
    run("replay", "-s", "troubled", "--from", "2025-01-07", "--to", "2025-01-10", "--out", "bad")
    report("troubled", report_replay(skim.directory / "bad", 12), "bad")
    run("start_trading_day", "-s", "troubled", "--session", "2025-01-09")
    report("failed", day("troubled/XASX/2025-01-09/paper"))
    run("start_trading_day", "-s", "orh_breakout", "--session", "2025-01-09")
    report("single", day("orh_breakout/XASX/2025-01-09/paper"), "orh_breakout")
    return found


@pytest.fixture(params=NAMES)
def made(request, reports):
    return reports[request.param]


def displayed(browser, selector):
    """Return how many elements of that kind take up room."""
    script = f"[...document.querySelectorAll({selector!r})].filter(e => e.getClientRects().length)"
    return browser.evaluate(f"{script}.length")


@pytest.mark.parametrize(("width", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_the_page_is_quiet_asks_for_nothing_and_fits(browser, made, width, dark):
    browser.open(made.page, width=width, dark=dark)
    assert browser.told("Runtime.exceptionThrown") == []
    assert browser.told("Runtime.consoleAPICalled") == []
    assert browser.told("Log.entryAdded") == []
    assert browser.told("Page.javascriptDialogOpening") == []
    asked = {each["request"]["url"] for each in browser.told("Network.requestWillBeSent")}
    assert asked == {made.page.as_uri()}
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    beyond = """[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll')
        && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 0.5
        && !e.closest('.plot')).length"""
    assert browser.evaluate(beyond) == 0


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_label_lies_on_another_or_leaves_the_page(browser, made, width):
    browser.open(made.page, width=width)
    browser.evaluate(
        "document.querySelectorAll('.card').forEach("
        "e => { e.hidden = false; e.style.contentVisibility = 'visible'; })"
    )
    found = browser.evaluate("""[...document.querySelectorAll('.plot')].map(svg =>
        ['.edge', '.value'].map(kind => [...svg.querySelectorAll(kind)]
            .filter(e => e.closest('svg.plot') === svg && getComputedStyle(e).display !== 'none')
            .map(e => e.getBoundingClientRect()).filter(r => r.width)
            .map(r => [r.left, r.right, r.top, r.bottom])))""")
    labels = [box for picture in found for kind in picture for box in kind]
    assert labels or made.data["trades"] == []
    for left, right, _, _ in labels:
        assert left >= 0
        assert right <= width
    for picture in found:
        for boxes in picture:
            for index, (left, right, top, bottom) in enumerate(boxes):
                for left2, right2, top2, bottom2 in boxes[:index]:
                    apart = left >= right2 or left2 >= right or top >= bottom2 or top2 >= bottom
                    assert apart, (picture, width)


CONTRAST = """(() => {
  const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const back = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } };
  return [...document.querySelectorAll('h1, h2, h3, p, td, th, dt, dd, li, a, span, b, small, figcaption')]
    .filter(e => e.getClientRects().length && e.textContent.trim())
    .map(e => { const [a, b] = [light(parse(getComputedStyle(e).color)), light(back(e))];
                return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.outerHTML.slice(0, 90)]; })
    .filter(([ratio]) => ratio < 4.5);
})()"""
"""Texts with less contrast than WCAG 2.2's level AA asks for (success criterion 1.4.3)."""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(browser, made, dark):
    browser.open(made.page, dark=dark)
    assert browser.evaluate(CONTRAST) == []


def test_dark_and_light_are_other_colours_and_the_button_changes_them(browser, reports):
    background = "getComputedStyle(document.body).backgroundColor"
    browser.open(reports["single"].page, dark=False)
    light = browser.evaluate(background)
    browser.dark(wanted=True)
    dark = browser.evaluate(background)
    assert dark != light
    browser.evaluate("document.getElementById('theme').click()")
    assert browser.evaluate(background) == light
    browser.dark(wanted=False)
    browser.evaluate("document.getElementById('theme').click()")
    assert browser.evaluate(background) == dark
    browser.evaluate("localStorage.clear()")


def test_every_picture_is_there_with_all_that_it_shows(browser, made):
    browser.open(made.page)
    pictures = made.data["pictures"]
    drawn = browser.evaluate("""[...document.querySelectorAll('.card')].map(card => [
        card.id, [...card.querySelectorAll('.candle')].map(p => p.getAttribute('d')).join(''),
        card.querySelectorAll('.stop').length, card.querySelectorAll('.range').length,
        card.querySelectorAll('.mark.in').length, card.querySelectorAll('.mark.out').length,
        card.querySelector('title').textContent, card.querySelector('desc').textContent])""")
    assert len(drawn) == len(pictures)
    trades = {each["number"]: each for each in made.data["trades"]}
    for shown, (name, path, stops, ranges, ins, outs, title, description) in zip(
        pictures, drawn, strict=True
    ):
        each = trades[shown["number"]]
        assert name == f"t{shown['number']}"
        traded = sum(price is not None for price in shown["candles"]["close"])
        assert path.count("M") == 3 * traded > 0
        assert stops == bool(each["stops"])
        assert ranges == bool(each["opening_range"])
        assert ins >= 1
        assert outs >= 1
        assert each["trade"]["symbol"] in title
        assert each["trade"]["exit_reason"] in description


def test_every_link_of_the_page_leads_somewhere(browser, made):
    browser.open(made.page)
    lost = browser.evaluate("""[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))
        .filter(to => !to.startsWith('#') || !document.getElementById(to.slice(1)))""")
    assert lost == []
    assert displayed(browser, "nav a") == displayed(browser, "main > section:not(#result)")


def test_the_curves_and_bars_are_there(browser, made):
    browser.open(made.page)
    trades, bins = made.data["trades"], made.data["multiples"]
    figures = {
        name: browser.evaluate(
            f"[...document.querySelectorAll('#{name} .plot')].map("
            "p => [p.querySelectorAll('.line').length, p.querySelectorAll('.bars path').length,"
            " p.getBoundingClientRect().height > 100])"
        )
        for name in ("equity", "multiples", "exposure")
    }
    several = len(made.data["sessions"]) > 1
    if not trades:
        assert figures == {"equity": [], "multiples": [], "exposure": []}
        assert displayed(browser, "#trades .empty") == 1
        return
    days = sum(each["trades"] > 0 for each in made.data["sessions"])
    assert figures["equity"] == [[1, 0, True], *([[0, days, True]] if several else [])]
    assert figures["multiples"] == [[0, sum(each["trades"] > 0 for each in bins), True]]
    assert figures["exposure"] == [[1, 0, True]]


def test_one_day_of_phases_is_shown_and_another_can_be_chosen(browser, made):
    browser.open(made.page)
    dates = sorted({day["date"] for day in made.data["days"]})
    assert displayed(browser, ".day") == 1
    shown = "document.querySelector('.day:not([hidden])').dataset.date"
    first = browser.evaluate(shown)

    def lanes(date):
        return sum(len(day["lanes"]) for day in made.data["days"] if day["date"] == date)

    assert displayed(browser, ".lane:not(.axis)") == lanes(first)
    failed = [day["date"] for day in made.data["days"] if day["outcome"] != "completed"]
    assert not failed or first in failed
    if len(dates) > 1:
        step = "earlier" if first == dates[-1] else "later"
        browser.evaluate(f"document.getElementById('{step}').click()")
        second = browser.evaluate(shown)
        assert abs(dates.index(second) - dates.index(first)) == 1
        assert displayed(browser, ".lane:not(.axis)") == lanes(second)


def test_failed_attempts_skips_and_ticks_are_in_the_lanes(browser, reports):
    browser.open(reports["failed"].page)
    [day] = reports["failed"].data["days"]
    failed = sum(each["ending"] == "failed" for lane in day["lanes"] for each in lane["attempts"])
    assert failed >= 3
    assert displayed(browser, ".lane .cross") == failed
    text = browser.evaluate("document.querySelector('.gantt').innerText")
    assert "skipped a phase before it failed or was skipped" in text
    runs = sum(len(lane["ticks"]) for lane in day["lanes"])
    assert displayed(browser, ".lane .ticks, .lane .tick") == runs >= 1


def column(browser, title):
    """Return the texts of a column of the table of trades, of the rows that are shown."""
    return browser.evaluate(f"""(() => {{
        const table = document.getElementById('all-trades');
        const index = [...table.tHead.rows[0].cells].findIndex(c => c.textContent === {title!r});
        return [...table.tBodies[0].rows].filter(r => !r.hidden)
            .map(r => r.cells[index].textContent); }})()""")


def test_the_table_sorts_both_ways(browser, reports):
    report = reports["many"]
    browser.open(report.page)
    profits = sorted(float(each["trade"]["profit"]) for each in report.data["trades"])

    def click(title):
        browser.evaluate(f"""[...document.querySelectorAll('#all-trades th')]
            .find(c => c.textContent === {title!r}).querySelector('button').click()""")
        return browser.evaluate(f"""[...document.querySelectorAll('#all-trades th')]
            .find(c => c.textContent === {title!r}).ariaSort""")

    def numbers():
        return [float(t.replace("\u2212", "-").replace(",", "")) for t in column(browser, "Profit")]

    assert click("Profit") == "descending"
    assert numbers() == pytest.approx(profits[::-1], abs=0.006)
    assert click("Profit") == "ascending"
    assert numbers() == pytest.approx(profits, abs=0.006)
    assert click("Symbol") == "ascending"
    symbols = column(browser, "Symbol")
    assert symbols == sorted(each["trade"]["symbol"] for each in report.data["trades"])


def test_the_table_can_be_searched(browser, reports):
    browser.open(reports["many"].page)
    browser.evaluate("""(s => { s.value = 'OVERNIGHT'; s.dispatchEvent(new Event('input')); })(
        document.getElementById('search'))""")
    told = [each["trade"]["strategy"] for each in reports["many"].data["trades"]]
    assert len(column(browser, "Strategy")) == told.count("overnight") < len(told)
    assert set(column(browser, "Strategy")) == {"overnight"}


def test_one_group_of_pictures_is_shown_and_a_link_brings_out_another(browser, reports):
    browser.open(reports["many"].page)
    pictures = reports["many"].data["pictures"]
    for group in ("best", "worst", "latest"):
        browser.evaluate(f"document.querySelector('[data-group={group}]').click()")
        assert displayed(browser, ".card") == sum(group in each["groups"] for each in pictures)
    hidden = browser.evaluate("document.querySelector('.card[hidden]').id")
    browser.evaluate(f"location.hash = '#{hidden}'; new Promise(requestAnimationFrame)")
    assert displayed(browser, f"#{hidden}") == 1


def test_without_script_everything_is_there(browser, reports):
    browser.without_script(wanted=True)
    try:
        browser.open(reports["many"].page)
        data = reports["many"].data
        assert displayed(browser, ".card") == len(data["pictures"])
        assert displayed(browser, ".day") == len({day["date"] for day in data["days"]})
        assert displayed(browser, "#all-trades tbody tr") == len(data["trades"])
        assert displayed(browser, "#theme, .choice, .picker, #search") == 0
    finally:
        browser.without_script(wanted=False)


def test_it_prints_and_is_as_before(browser, reports):
    browser.open(reports["many"].page)
    before = displayed(browser, ".card")
    assert browser.printed().startswith(b"%PDF-")
    assert displayed(browser, ".card") == before


@pytest.fixture(scope="module")
def thousands(reports, tmp_path_factory):
    """Make the page of a report with the same trades many times over, each at another profit."""
    report = report_replay(reports["many"].page.parent / "many", 12)
    most = max(account.trade.profit for account in report.trades)
    made = [
        replace(account, number=number, trade=replace(account.trade, profit=most + number))
        for number, account in enumerate(islice(cycle(report.trades), 2000), start=1)
    ]
    page = tmp_path_factory.mktemp("thousands") / "report.html"
    page.write_text(render(replace(report, trades=tuple(made))), encoding="utf-8")
    return page, f"+{most + 2000:,.2f}"


def test_thousands_of_trades_are_sorted_and_searched_though_not_all_are_shown(browser, thousands):
    page, highest = thousands
    assert page.stat().st_size < 2_000_000
    browser.open(page)
    rows = "#all-trades tbody tr"
    assert displayed(browser, rows) == 300
    browser.evaluate("""[...document.querySelectorAll('#all-trades th button')]
        .find(c => c.textContent === 'Profit').click()""")
    assert column(browser, "Profit")[0] == highest
    browser.evaluate("""(s => { s.value = 'overnight'; s.dispatchEvent(new Event('input')); })(
        document.getElementById('search'))""")
    assert displayed(browser, rows) == len(column(browser, "Strategy")) > 300
    browser.evaluate("""(s => { s.value = ''; s.dispatchEvent(new Event('input')); })(
        document.getElementById('search'))""")
    assert displayed(browser, rows) == 300
    browser.evaluate("document.getElementById('all-rows').click()")
    assert displayed(browser, rows) == 2000


def lines_of(png):
    """Return the picture's lines, as they are packed in the file."""
    width, height = struct.unpack(">II", png[16:24])
    packed, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    raw = zlib.decompress(packed)
    size = len(raw) // height
    return width, [raw[row * size : (row + 1) * size] for row in range(height)]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_is_seen_is_not_blank_and_other_in_the_dark(browser, made, width):
    seen = []
    for dark in (False, True):
        browser.open(made.page, width=width, dark=dark)
        wide, lines = lines_of(browser.screenshot())
        assert wide == width
        assert len(set(lines)) > 150
        seen.append(lines)
    assert sum(one != other for one, other in zip(*seen, strict=True)) > 150
