"""Reports of real replays and days, through the command."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree

import pytest

from skim_core.errors import JournalError
from skim_core.journal.memory import MemoryJournal
from skim_core.journal.sqlite import SqliteJournal
from skim_core.report.page.document import render
from skim_core.report.reading import report_days
from skim_core.report.tables import TABLES, to_json

TROUBLED = Path(__file__).with_name("troubled.py").read_text(encoding="utf-8")
HOSTILE = (
    "</title></style><script>alert('a')</script><img src=http://x.test/y onerror=alert(1)> & \"q\""
)
LIMITS = "[strategy.troubled.limits]\npositions = 2\n"
QUIET = """
    from skim_core import Phase, PhaseGraph, hooks


    @hooks.phase_graph
    def skim_phase_graph():
        return PhaseGraph(Phase("setup"))


    @hooks.setup
    def skim_setup(ctx):
        pass
"""


class Page(HTMLParser):
    """The elements of a page, and its text outside of script and style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self._inside = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in {"script", "style"}:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside:
            self.text += data

    def count(self, tag, **attributes):
        return sum(
            tag == name and attributes.items() <= found.items() for name, found in self.elements
        )


@pytest.fixture
def reported(skim):
    """Report something as JSON: ``reported(folder)``."""

    def of(*arguments):
        result = skim("report", *arguments, "--json")
        assert result.code == 0, result.err
        return result.json

    return of


@pytest.fixture
def page(skim, tmp_path):
    """Report something as a page: ``page(folder)``."""

    def of(*arguments):
        place = tmp_path / "page.html"
        result = skim("report", *arguments, "--out", place)
        assert result.code == 0, result.err
        return Page(place.read_text(encoding="utf-8"))

    return of


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def troubled(kept, install, replay, home, tmp_path, tmp_path_factory):
    """Give the folder of a replay that had trouble; it is run once, reports need no strategy."""
    if not kept:
        (home / "skim.toml").write_text(LIMITS)
        dates = ("--from", "2025-01-07", "--to", "2025-01-10")
        run = replay(install("troubled", TROUBLED), *dates, code=1)
        aside = tmp_path_factory.mktemp("kept") / "troubled"
        kept["folder"] = replace(run, path=copytree(run.path, aside))
    folder = kept["folder"]
    return replace(folder, path=copytree(folder.path, tmp_path / "troubled"))


def test_a_replay_s_report_stands_beside_its_files_and_is_the_same_each_time(skim, days, replay):
    folder = replay(days)
    before = folder.content
    result = skim("report", folder.path)
    place = folder.path / "report.html"
    assert result.out == f"written to {place}\n"
    assert place.stat().st_mode & 0o777 == 0o600
    first = place.read_bytes()
    skim("report", folder.path)
    assert place.read_bytes() == first
    assert {**folder.content, "report.html": b""} == {**before, "report.html": b""}
    assert skim("replay", "--again", folder.path).code == 0


def test_the_report_tells_the_replay_s_own_trades_and_figures(days, replay, reported):
    folder = replay(days)
    report, summary = reported(folder.path), json.loads(folder.content["summary.json"])
    told = [each["trade"] for each in report["trades"]]
    own = json.loads(folder.content["trades.json"])
    assert sorted(told, key=str) == sorted(own, key=str)
    assert len(told) == 10
    assert report["figures"] == {name: summary[name] for name in report["figures"]}
    assert report["by_strategy"] == summary["by_strategy"]
    assert [each["profit"] for each in report["equity"]][-1] == summary["profit"]
    assert sum(Decimal(each["profit"]) for each in report["sessions"]) == Decimal(summary["profit"])


def test_each_trade_has_its_fills_its_reason_and_candles(days, replay, reported):
    report = reported(replay(days).path)
    for each, shown in zip(report["trades"], report["pictures"], strict=True):
        trade, fills = each["trade"], each["executions"]
        for side in ("buy", "sell"):
            shares = sum(fill["quantity"] for fill in fills if fill["side"] == side)
            assert shares == trade["quantity"]
        assert each["entry_reason"] == "it gaps"
        assert each["exit_detail"] == "enough"
        assert [level["price"] for level in each["stops"]] == [trade["stop"]]
        assert (shown["number"], shown["groups"]) == (each["number"], ["all"])
        candles = shown["candles"]
        assert candles["starts"][0] <= trade["entered_at"]
        lows = [low for low in candles["low"] if low is not None]
        assert min(lows) <= float(trade["entry_price"]) <= max(filter(None, candles["high"]))


def test_a_moved_stop_is_told_level_by_level(troubled, reported):
    modified = troubled.events("order_modified")
    told = [level for each in reported(troubled.path)["trades"] for level in each["stops"][1:]]
    assert len(told) == len(modified) > 3
    assert {level["price"] for level in told} == {f"{event.stop_price:f}" for event in modified}


def test_an_opening_range_goes_with_its_trade(troubled, reported):
    measured = {
        (event.at.date().isoformat(), found.symbol): f"{found.high:f}"
        for event in troubled.events("opening_ranges_tracked")
        for found in event.ranges
    }
    found = {
        (each["trade"]["entered_at"][:10], each["trade"]["symbol"]): each["opening_range"]
        for each in reported(troubled.path)["trades"]
    }
    told = {key: opening_range["high"] for key, opening_range in found.items() if opening_range}
    assert told == {key: high for key, high in measured.items() if key in found}
    assert len(told) > 1


def test_what_was_skipped_refused_and_failed_is_told_with_its_reason(troubled, reported):
    report = reported(troubled.path)
    told = {(each["kind"], each["what"]): each["why"] for each in report["incidents"]}
    assert (
        told["refused", "positions"] == "the number of positions would be 3, above the limit of 2"
    )
    assert told["phase_skipped", "alert"].startswith("late: could not start by")
    assert told["phase_skipped", "trade"] == "blocked: track_ranges skipped"
    place = r" \(replayed_troubled\.py:\d+\)"
    for key, why in (
        (("day", "failed"), f"scan failed: RuntimeError: {HOSTILE}"),
        (("phase_failed", "alert"), f"ValueError: {HOSTILE}"),
        (("attempt", "scan"), f"RuntimeError: {HOSTILE}"),
    ):
        assert re.fullmatch(re.escape(why) + place, told[key])
    totals = {each["phase"]: each for each in report["phases"]}
    assert (totals["scan"]["retries"], totals["scan"]["failed"]) == (5, 1)
    assert (totals["alert"]["skipped"], totals["alert"]["failed"]) == (3, 1)
    assert totals["manage"]["ticks"] == len(troubled.events("phase_ticked"))


def test_the_lanes_of_a_day_hold_its_attempts_and_its_ticks(troubled, reported):
    days = reported(troubled.path)["days"]
    assert [day["outcome"] for day in days] == ["completed", "completed", "failed", "completed"]
    lanes = {lane["phase"]: lane for lane in days[2]["lanes"]}
    assert [each["ending"] for each in lanes["scan"]["attempts"]] == ["failed"] * 3
    assert lanes["trade"]["status"] == "skipped"
    ticks = {lane["phase"]: lane for lane in days[0]["lanes"]}["manage"]["ticks"]
    assert [run["every"] for run in ticks] == ["30m"]


def test_what_a_plugin_writes_is_text_on_the_page(troubled, page):
    found = page(troubled.path)
    assert HOSTILE in found.text
    assert found.count("script") == 2
    assert found.count("img") == 0
    assert not [name for _, attributes in found.elements for name in attributes if name[:2] == "on"]


def test_the_page_names_nothing_outside_of_itself(troubled, page):
    for tag, attributes in page(troubled.path).elements:
        assert tag not in {"link", "iframe", "object", "image", "base"}
        for name in ("src", "href", "xlink:href", "action", "srcset", "style"):
            assert (attributes.get(name) or "#").startswith("#")


def test_the_page_has_every_picture_once(troubled, page, reported):
    found, report = page(troubled.path), reported(troubled.path)
    assert found.count("article") == len(report["pictures"]) > 0
    pictures = [a for tag, a in found.elements if tag == "svg" and "aria-labelledby" in a]
    names = [name for a in pictures for name in a["aria-labelledby"].split()]
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert set(names) <= set(ids)
    assert found.count("details", **{"class": "day"}) == 4
    rows = [a for tag, a in found.elements if tag == "tr"]
    assert len(rows) > len(report["trades"])


def test_the_tables_hold_what_the_json_holds(skim, troubled, reported):
    folder = troubled.path / "report_csv"
    assert skim("report", troubled.path, "--format", "csv").out == f"written to {folder}\n"
    assert {path.name for path in folder.iterdir()} == {f"{name}.csv" for name in TABLES}
    report = reported(troubled.path)

    def rows(name):
        with (folder / f"{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    for name in ("sessions", "trades", "equity", "exposure", "multiples", "days", "phases"):
        assert len(rows(name)) == len(report[name]), name
    assert [row["profit"] for row in rows("trades")] == [
        each["trade"]["profit"] for each in report["trades"]
    ]
    assert [row["why"] for row in rows("incidents")] == [
        each["why"] for each in report["incidents"]
    ]
    levels = sum(len(each["stops"]) for each in report["trades"])
    assert len(rows("stops")) == levels
    candles = sum(len(each["candles"]["starts"]) for each in report["pictures"])
    assert len(rows("candles")) == candles
    assert skim("report", troubled.path, "--format", "csv").code == 0


def test_no_text_becomes_a_formula(skim, install, replay, home):
    (home / "skim.toml").write_text(LIMITS)
    strategy = install("troubled", TROUBLED.replace("</title></style>", "=1+1|' /C calc'!A0"))
    folder = replay(strategy, "--from", "2025-01-07", "--to", "2025-01-08")
    skim("report", folder.path, "--format", "csv")
    with (folder.path / "report_csv" / "trades.csv").open(newline="") as file:
        reasons = [row["entry_reason"] for row in csv.DictReader(file)]
    assert reasons
    assert all(reason.startswith("'=1+1") for reason in reasons)


def test_the_best_the_worst_and_the_latest_are_pictured(days, replay, reported, page):
    folder = replay(days)
    report = reported(folder.path, "--pictures", "1")
    profits = [Decimal(each["trade"]["profit"]) for each in report["trades"]]
    groups = {name: each["number"] for each in report["pictures"] for name in each["groups"]}
    assert profits[groups["best"] - 1] == max(profits)
    assert profits[groups["worst"] - 1] == min(profits)
    assert groups["latest"] == len(profits)
    assert (
        "The 1 best, 1 worst and 1 latest of 10 trades" in page(folder.path, "--pictures", 1).text
    )
    assert page(folder.path, "--pictures", 0).count("article") == 0


def test_the_notes_of_a_replay_are_shown(days, replay, page, reported):
    folder = replay(days, "--from", "2025-01-06", "--to", "2025-01-06")
    path = folder.path / "summary.json"
    summary = json.loads(path.read_text())
    note = {"date": "2025-01-06", "symbol": "AAPL", "kind": "split", "text": "7 for <1>"}
    path.write_text(json.dumps({**summary, "notes": [note]}))
    assert reported(folder.path)["notes"] == [note]
    assert "7 for <1>" in page(folder.path).text


def test_a_replay_without_a_trade_says_so(install, replay, page, reported):
    folder = replay(install("quiet", QUIET), "--from", "2025-01-06", "--to", "2025-01-07")
    text = page(folder.path).text
    assert "No trade was closed in 2 sessions." in text
    assert "Nothing was skipped, refused or halted, and no day failed." in text
    assert reported(folder.path)["trades"] == []


@pytest.fixture
def day(skim, days):
    for date in ("2025-01-06", "2025-01-07"):
        assert skim("start_trading_day", "-s", days, "--session", date).code == 0
    return days


def test_without_a_run_the_latest_day_is_reported(skim, day, home, reported):
    place = home / "reports" / "days_XASX_2025-01-07_paper.html"
    assert skim("report").out == f"written to {place}\n"
    assert place.read_text(encoding="utf-8").startswith("<!doctype html>")
    report = reported()
    assert report["subject"]["kind"] == "day"
    assert len(report["trades"]) == len(report["pictures"]) == 2
    assert reported("days/XASX/2025-01-06")["subject"]["first"] == "2025-01-06"
    assert reported("--session", "2025-01-06")["subject"]["first"] == "2025-01-06"


def test_the_days_of_a_session_are_one_report(skim, install, reported, home):
    both = [install("days"), install("others", TROUBLED)]
    flags = [word for name in both for word in ("-s", name)]
    skim("start_trading_day", *flags, "--session", "2025-01-07")
    report = reported("--session", "2025-01-07")
    assert sorted(report["subject"]["strategies"]) == ["days", "others"]
    assert len(report["days"]) == 2
    assert {each["trade"]["strategy"] for each in report["trades"]} == set(both)
    assert reported("--session", "2025-01-07", "-s", "days")["subject"]["strategies"] == ["days"]
    skim("report", "--session", "2025-01-07")
    assert (home / "reports" / "XASX_2025-01-07_paper.html").is_file()


def test_a_position_of_the_day_before_has_its_beginning_its_stop_and_its_multiple(
    skim, nights, reported
):
    for date in ("2025-01-07", "2025-01-08"):
        skim("start_trading_day", "-s", nights, "--session", date)
    [each] = reported()["trades"]
    assert each["trade"]["held_overnight"]
    assert each["trade"]["r_multiple"] is not None
    assert each["executions"][0]["side"] == "buy"
    assert each["executions"][0]["at"] < "2025-01-07T06"
    [shown] = reported()["pictures"]
    assert len(shown["candles"]["sessions"]) == 2


@pytest.fixture
def lived(day, home):
    """Give the events of the latest day, in a journal that can be changed."""
    journal = SqliteJournal.open(home / "journal.sqlite")
    events = [record.event for record in journal.read("days/XASX/2025-01-07/paper")]
    journal.close()
    return events


def journal_of(events):
    journal = MemoryJournal()
    journal.append(events[0].run_id, 0, events)
    return journal


def test_a_day_at_a_broker_without_bars_is_pictured_by_its_own_fills(lived):
    begun = lived[0].model_copy(update={"broker": "ibkr", "broker_options": {}})
    report = report_days(journal_of([begun, *lived[1:]]), [begun], 12)
    assert [shown.candles for shown in report.pictures] == [None, None]
    text = Page(render(report)).text
    assert "Without bars (the broker ibkr keeps no bars): its own fills." in text
    assert report.subject.capital is None


def test_a_day_that_goes_on_is_told_as_far_as_it_got(lived):
    opened = next(i for i, event in enumerate(lived) if event.kind == "position_opened")
    report = report_days(journal_of(lived[: opened + 1]), [lived[0]], 12)
    assert report.trades == ()
    assert len(report.open) == 1
    assert [day.outcome for day in report.days] == ["unfinished"]
    assert "1 position still held, not counted." in Page(render(report)).text


def test_a_day_of_another_skim_s_exchange_is_reported_without_bars(lived):
    begun = lived[0].model_copy(update={"broker_options": {"weather": "fair"}})
    report = report_days(journal_of([begun, *lived[1:]]), [begun], 12)
    assert report.subject.market == "quotes of sim"
    assert all("has no option 'weather'" in shown.missing for shown in report.pictures)


def test_a_journal_that_does_not_fit_together_is_named(lived):
    torn = [event for event in lived if event.kind != "position_opened"]
    with pytest.raises(JournalError, match=r"days/XASX/2025-01-07/paper in the journal don't fit"):
        report_days(journal_of(torn), [lived[0]], 12)


def test_a_report_needs_no_recorded_bars_any_more(lived):
    options = {**lived[0].broker_options, "data": "/nowhere/at/all"}
    begun = lived[0].model_copy(update={"broker_options": options})
    report = report_days(journal_of([begun, *lived[1:]]), [begun], 12)
    assert all("/nowhere/at/all" in shown.missing for shown in report.pictures)
    json.loads(to_json(report))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "'nothing' can't be reported: it is no replay's folder, and there is no"),
        (["."], "is no replay's folder, it has no plan.json"),
        (["--format", "htm"], "--format 'htm' (did you mean 'html'?): choose one of html, json"),
        (["--pictures", "-1"], "--pictures -1: give a number from 0 on."),
        (["--json", "--format", "json"], "--json prints the report; to write it to a file"),
    ],
)
def test_what_can_t_be_reported_is_refused_with_what_to_do(skim, arguments, said):
    result = skim("report", *arguments)
    assert result.code == 2
    assert said in result.err


def test_an_empty_journal_has_nothing_to_report(skim):
    result = skim("report")
    assert (result.code, result.out[:27]) == (0, "skim: nothing to report: th")
    assert "reason" in skim("report", "--json").json


def test_an_unknown_day_is_refused_with_the_nearest(skim, day):
    result = skim("report", "dys/XASX/2025-01-07/paper")
    assert result.code == 2
    assert "did you mean 'days/XASX/2025-01-07/paper'?" in result.err
    result = skim("report", "days/XASX/2025-01-0")
    assert "fits several: days/XASX/2025-01-07/paper, days/XASX/2025-01-06/paper" in result.err


def test_nothing_but_a_report_is_written_over(skim, days, replay):
    folder = replay(days, "--from", "2025-01-06", "--to", "2025-01-06").path
    plan = (folder / "plan.json").read_bytes()
    for form, place in (("json", "plan.json"), ("html", "trades.csv"), ("csv", "."), ("html", "")):
        result = skim("report", folder, "--format", form, "--out", folder / place)
        assert result.code == 2
        assert "holds something else than a report of this form" in result.err
    assert (folder / "plan.json").read_bytes() == plan
    for _ in range(2):
        assert skim("report", folder, "--format", "json").code == 0
    assert {path.name for path in folder.iterdir() if path.name.startswith(".")} == set()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("summary.json", b"{", "summary.json is no summary of a replay"),
        ("summary.json", b'{"notes": [{"date": "soon"}]}', "is no summary of a replay"),
        ("journal.sqlite", None, "has no journal.sqlite, of which a report is made: replay anew"),
    ],
)
def test_a_damaged_folder_is_named(skim, days, replay, name, content, said):
    folder = replay(days, "--from", "2025-01-06", "--to", "2025-01-06").path
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    result = skim("report", folder)
    assert result.code == 2
    assert said in result.err
    assert not (folder / "report.html").exists()


def test_a_place_that_can_t_be_written_is_named(skim, days, replay):
    folder = replay(days, "--from", "2025-01-06", "--to", "2025-01-06").path
    result = skim("report", folder, "--out", "/dev/null/report.html")
    assert result.code == 2
    assert "can't be" in result.err
