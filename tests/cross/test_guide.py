"""The author's guide: every block of code in it is run, and every word that it quotes is said."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from skim_core import Context
from skim_core.plugins.discovery import Group
from skim_core.plugins.strategies import load_strategy
from skim_core.testing.simulate import session_of, simulate_day

ROOT = Path(__file__).parents[2]
WRITE, TEST = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("write-a-strategy", "test-a-strategy")
)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


STRATEGY, OWN_PHASES = blocks(WRITE, "python")
FIRST_TEST, CONFORMANCE = blocks(TEST, "python")
PACKAGE, SETTINGS = blocks(WRITE, "toml")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make a strategy of a module's text, as the package on the page would."""

    def made(name, code):
        site = tmp_path / "site"
        metadata = site / f"{name}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (site / f"skim_strategy_{name}.py").write_text(code)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = f"[skim.strategies]\n{name} = skim_strategy_{name}\n"
        (metadata / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(site)

    return made


def test_no_block_of_code_is_left_out():
    fences = re.findall(r"^```(\w*)", WRITE + TEST, re.MULTILINE)
    assert sorted(filter(None, fences)) == ["python"] * 4 + ["toml"] * 2


def test_the_package_on_the_page_has_an_entry_point_that_skim_looks_at():
    project = tomllib.loads(PACKAGE)["project"]
    assert project["entry-points"] == {Group.STRATEGIES.value: {"gap": "skim_strategy_gap"}}
    core = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [needed] = map(Requirement, project["dependencies"])
    assert (needed.name, core["version"] in needed.specifier) == (core["name"], True)


def test_the_settings_on_the_page_are_those_of_the_strategy_on_it(install, skim_cli):
    install("gap", STRATEGY)
    (skim_cli.folder / "skim.toml").write_text(SETTINGS)
    answer = skim_cli("config", "check")
    assert (answer.code, answer.err) == (0, "")
    shown = skim_cli("graph", "gap", "--session", "2026-11-24").out
    assert "10:12:00 to 10:30:00" in shown
    assert "3 attempts, 5s apart" in shown


def test_phases_of_its_own_run_as_written(install, tmp_path):
    head = STRATEGY.split("@hooks.phase_graph")[0]
    rest = STRATEGY.split("@hooks.trade", 1)[1]
    install("lively", f"{head}\n{OWN_PHASES}\n\n@hooks.trade{rest}")
    day = simulate_day("lively", session_of("XASX", "2026-11-24", tmp_path), tmp_path / "broker")
    assert len(day.book.candidates) == 3
    assert [event.phase for event in day.of("candidates_scanned")] == ["rank"]
    assert day.fills


def test_the_conformance_class_on_the_page_holds_for_the_strategy_on_the_other(
    install, skim_play, skim_full_day
):
    install("gap", STRATEGY)
    names = {}
    exec(compile(ast.parse(CONFORMANCE), "page", "exec"), names)
    made = names["TestConformance"]()
    day = made.played(skim_play, session=skim_full_day)
    made.holds(day)
    assert {fill.symbol for fill in day.fills} == {"BHP", "CSL"}
    made.test_the_same_day_twice_is_the_same(skim_play)


def test_the_table_has_all_of_the_context_and_nothing_else():
    table = WRITE.split("| `ctx.` |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    public = {name for name in dir(Context) if name[0] != "_"}
    assert told == {field.name for field in fields(Context)} | public


WRONG = {
    "there is no hook 'scann' to mark": ("@hooks.scan\n", "@hooks.scann\n"),
    "which doesn't exist (did you mean 'skim_manage'?)": (
        "@hooks.manage\nasync def skim_manage",
        "@hooks.hookimpl\nasync def skim_manag",
    ),
    "takes an argument 'context'": ("skim_scan(ctx:", "skim_scan(context:"),
    "no phase of its graph has that hook": ('Phase("manage"', 'Phase("trade2", hook="skim_trade"'),
    "the phases wait for one another": ('Phase("scan", ', 'Phase("scan", after="trade", '),
    "is not a session time": ('"scan", at="open+10m"', '"scan", at="10:10"'),
    "an entry without its stop": ("stop_price=stop", "stop=stop"),
    "would trade at once": ("0.97", "1.03"),
    "it never awaited enter(...)": ("await ctx.orders.enter", "ctx.orders.enter"),
    "Bars can't be looped over": (
        "        stop = quote",
        "        list(await ctx.market.bars([symbol]))\n        stop = quote",
    ),
    "held up everything for more than": (
        'deadline="open+30m"),',
        'deadline="open+30m", timeout="1s"),',
    ),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_turn_on_the_page_is_answered_as_it_says(skim_cli, words):
    [quoted] = [
        quote for quote in re.findall(r"^\| `(.+?)` \|", WRITE, re.MULTILINE) if words in quote
    ]
    right, wrong = WRONG[words]
    assert STRATEGY.count(right) == 1
    code = STRATEGY.replace(right, wrong)
    if "held up" in words:
        code = code.replace("    rows = await", "    import time; time.sleep(3)\n    rows = await")
    (skim_cli.folder / "gap.py").write_text(code)
    answer = skim_cli("try", "gap.py", "--session", "2026-11-24")
    assert quoted in answer.out + answer.err


def test_every_wrong_turn_on_the_page_is_tried(skim_cli):
    table = WRITE.split("| what you see |")[1]
    rows = re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)
    tried = [row for row in rows if any(words in row for words in WRONG)]
    [left] = set(rows) - set(tried)
    answer = skim_cli("start_trading_day", "--strategy", "gap")
    assert (answer.code, left in answer.err, "'skim doctor gap'" in answer.err) == (2, True, True)


def test_the_example_of_a_failure_is_one(skim_cli):
    [example] = re.findall(r"`failed: (Bracket: .+) \(gap\.py:\d+\)`", WRITE)
    (skim_cli.folder / "gap.py").write_text(STRATEGY.replace("ctx.config.shares", "0"))
    answer = skim_cli("try", "gap.py", "--session", "2026-11-24")
    assert re.search(rf"failed: {re.escape(example)} \(gap\.py:\d+\)", answer.out)


def test_bars_are_read_as_the_page_says(install, skim_play):
    assert '`bars.close[bars.row["BHP"], -1]`' in WRITE
    look = (
        "        bars = await ctx.market.bars([symbol])\n"
        "        assert abs(bars.close[bars.row[symbol], -1] - float(quote.last)) < 1e-6\n"
        "        assert bars.high.max(axis=1).shape == (1,)\n"
        "        stop = quote"
    )
    install("looks", STRATEGY.replace("        stop = quote", look))
    names = {}
    exec(compile(ast.parse(FIRST_TEST), "page", "exec"), names)
    day = skim_play("looks", names["Tape"].of(names["BHP"]))
    assert day.fills
    assert load_strategy("looks").name == "looks"
