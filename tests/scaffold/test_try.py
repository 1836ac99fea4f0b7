"""A strategy in one file is tried without a package, and nothing of it is left."""

from __future__ import annotations

import re

import pytest

TRIED = """
from decimal import Decimal
from skim_core import Bracket, Candidate, Context, Phase, PhaseGraph, GapScan, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("scan", at="open+10m"), Phase("trade", after="scan"))

@hooks.scan
async def skim_scan(ctx: Context[object]) -> list[Candidate]:
    rows = await ctx.market.scan(GapScan(minimum_percent=Decimal(3), limit=1))
    return [Candidate(symbol=row.symbol, reason="gap") for row in rows]

@hooks.trade
async def skim_trade(ctx: Context[object]) -> None:
    for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
        stop = ctx.exchange.round_down(quote.last * Decimal("0.9"))
        await ctx.orders.enter(Bracket(symbol=symbol, quantity=1, stop_price=stop))
"""
DAY = ("--session", "2026-11-24")


@pytest.fixture
def tried(skim_cli):
    """Write a file and try it: ``tried("gap.py", code)``."""

    def answer(name, code=TRIED, *arguments):
        (skim_cli.folder / name).write_text(code)
        return skim_cli("try", name, *DAY, *arguments)

    return answer


def test_its_day_is_run_and_told(tried, skim_cli):
    answer = tried("my-gap.py")
    assert (answer.code, answer.err) == (0, "")
    assert "my_gap" in answer.out
    assert "skim new-strategy my_gap --from my-gap.py" in answer.out
    assert [path.name for path in skim_cli.folder.iterdir()] == ["my-gap.py"]


def test_what_happened_can_be_kept_and_explained(tried, skim_cli, monkeypatch):
    answer = tried("gap.py", TRIED, "--keep", "kept")
    assert "SKIM_DIRECTORY=kept skim explain --strategy gap" in answer.out
    (skim_cli.folder / "skim.toml").write_text('directory = "kept"\n')
    assert (skim_cli.folder / "kept" / "journal.sqlite").exists()


def test_a_live_configuration_is_not_traded_on_and_nobody_is_told(tried, skim_cli):
    toml = 'broker = "ibkr"\ntrading_mode = "live"\naccount = "U1"\n[strategy.gap]\n'
    (skim_cli.folder / "skim.toml").write_text(toml)
    answer = tried("gap.py", TRIED, "--json")
    assert answer.code == 0, answer.err
    assert "gap/XASX/2026-11-24/paper" in answer.out
    assert "U1" not in answer.out


def test_a_module_beside_it_can_be_imported_and_one_of_pythons_is_not_hidden(tried, skim_cli):
    (skim_cli.folder / "numbers_of_mine.py").write_text("PERCENT = 3\n")
    code = TRIED.replace("Decimal(3)", "Decimal(PERCENT)")
    assert tried("random.py", f"from numbers_of_mine import PERCENT\n{code}").code == 0


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("gap.py", "def", "gap.py, line 1: invalid syntax: correct it there"),
        ("gap.py", "raise RuntimeError('no')", "gap.py:1). Mend it there."),
        ("gap.py", "import nonsuch_thing", "'pip install nonsuch_thing'"),
        ("gap.py", "x = 1", "(gap.py): it implements no hook: mark functions"),
        (
            "gap.py",
            TRIED.replace("hooks.trade", "hooks.hookimpl").replace("skim_trade", "skim_tarde"),
            "did you mean",
        ),
        ("2.py", TRIED, "begins with a letter: rename it"),
    ],
)
def test_a_wrong_turn_is_answered_with_what_to_do(tried, name, code, words):
    answer = tried(name, code)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_what_its_graph_lacks_is_told_without_module_names_and_versions(tried):
    answer = tried("gap.py", TRIED.replace('after="scan"', 'after="scann"'))
    assert answer.err.startswith(
        "skim[plugin]: strategy 'gap' (gap.py): skim_phase_graph raised GraphError: phase 'trade'"
    )
    told = r"the phases are scan, trade \(\S*gap\.py:\d+\)\. Mend it there\.\n$"
    assert re.search(told, answer.err), answer.err


def test_the_name_of_an_installed_strategy_is_refused_with_what_to_do(tried, skim_cli, monkeypatch):
    info = skim_cli.folder / "site" / "skim_strategy_gap-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: skim-strategy-gap\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[skim.strategies]\ngap = gap_of_a_package\n")
    monkeypatch.syspath_prepend(str(info.parent))
    refused = tried("gap.py")
    assert (refused.code, refused.out) == (2, "")
    assert "gap.py: skim-strategy-gap is installed and has a strategy 'gap': rename" in refused.err
    assert tried("other.py").code == 0


@pytest.mark.parametrize(("name", "words"), [("no.py", "no such file"), (".", "is a folder")])
def test_what_is_no_file_is_refused(skim_cli, name, words):
    answer = skim_cli("try", name)
    assert (answer.code, words in answer.err) == (2, True)


def test_a_phase_that_fails_is_told_and_the_exit_code_says_so(tried):
    code = TRIED.replace("rows = await", "raise ValueError('no rows')\n    rows = await")
    answer = tried("gap.py", code)
    assert "To make a package" not in answer.out
    assert (answer.code, "ValueError: no rows" in answer.out + answer.err) == (1, True)
