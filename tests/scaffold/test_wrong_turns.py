"""The wrong turns of somebody's first day: each says what was found, what was expected, the mend."""

from __future__ import annotations

import re

import pytest

SOUND = """
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

api_version = 1


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    gap: Decimal = Decimal(3)


@hooks.config_model
def skim_config_model() -> type[Config]:
    return Config


@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(
        Phase("scan", at="open+10m"),
        Phase("trade", after="scan", at="open+11m"),
        Phase("manage", every="30m", between=("open", "close"), protective=True),
    )


@hooks.scan
async def skim_scan(ctx: Context[Config]) -> list[Candidate]:
    rows = await ctx.market.scan(GapScan(minimum_percent=ctx.config.gap, limit=1))
    return [Candidate(symbol=row.symbol, reason="gap") for row in rows]


@hooks.trade
async def skim_trade(ctx: Context[Config]) -> None:
    for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
        stop = quote.last * Decimal("0.97")
        await ctx.orders.enter(Bracket(symbol=symbol, quantity=10, stop_price=stop))


@hooks.manage
async def skim_manage(ctx: Context[Config]) -> None:
    if ctx.now >= ctx.session.close - timedelta(minutes=30):
        for symbol in list(ctx.positions):
            await ctx.orders.exit(symbol)
"""
ROWS = "rows = await ctx.market.scan(GapScan(minimum_percent=ctx.config.gap, limit=1))"
QUOTED = "        stop = quote.last"


@pytest.fixture
def turned(skim_cli):
    """Try the sound strategy with one thing written otherwise."""

    def answer(*edits):
        code = SOUND
        for right, wrong in edits:
            assert code.count(right) == 1, right
            code = code.replace(right, wrong)
        (skim_cli.folder / "x.py").write_text(code)
        return skim_cli("try", "x.py", "--session", "2026-11-24")

    return answer


def test_without_one_it_trades(turned):
    answer = turned()
    assert (answer.code, answer.err) == (0, "")
    assert "1 trade," in answer.out


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([("hooks.scan", "hooks.scann")], "no hook 'scann' to mark (did you mean 'scan'?)"),
        (
            [("hooks.manage", "hooks.hookimpl"), ("def skim_manage", "def skim_manag")],
            "implements the hook 'skim_manag', which doesn't exist (did you mean 'skim_manage'?)",
        ),
        (
            [("skim_scan(ctx:", "skim_scan(context:")],
            "takes an argument 'context', which it isn't given (did you mean 'ctx'?)",
        ),
        (
            [("-> list[Candidate]", "-> dict[str, Candidate]")],
            "returns dict[str, skim_core.model.market.Candidate], but must return Sequence[Candidat",
        ),
        (
            [('Phase("scan", at', 'Phase("rank", at')],
            "phase 'trade' comes after 'scan', which is not declared",
        ),
        (
            [('Phase("scan",', 'Phase("scan", after="trade",')],
            "the phases wait for one another: scan -> trade -> scan. Remove one 'after'",
        ),
        ([('after="scan"', 'after="scna"')], "not declared (did you mean 'scan'?)"),
        (
            [
                (
                    '        Phase("manage", every="30m", between=("open", "close"), protective=True),\n',
                    "",
                )
            ],
            "it implements skim_manage, but no phase of its graph has that hook, so it would never "
            "be called: add Phase('manage') to the graph, or remove it.",
        ),
        (
            [('"scan", at="open+10m"', '"scan", at="10:10"')],
            "'10:10' is not a session time: write 'open'",
        ),
        (
            [('at="open+10m"),\n        Phase("trade"', 'att="open"),\n        Phase("trade"')],
            "phase 'scan' has no policy field 'att' (did you mean 'at'?)",
        ),
        (
            [("    return Config\n", "    return Config()\n")],
            "return a pydantic model, the class and not",
        ),
        ([("api_version = 1", "api_version = 9")], "version 9 of the plugin contract, too new"),
        ([("async def skim_scan", "def skim_scan")], "'await' outside async function"),
    ],
)
def test_what_is_seen_before_the_day_is_refused(turned, edits, said):
    answer = turned(*edits)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


NOT_AWAITED = (
    "write 'await' before it in an 'async def' hook, and ctx.wait(...) around it in a plain one"
)


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([(ROWS, f"{{}}['BHP']\n    {ROWS}")], r"failed: KeyError: 'BHP' \(x\.py:\d+\)"),
        ([('return [Candidate(symbol=row.symbol, reason="gap") for', "return [row.symbol for")], "must return a sequence of Candidate, found"),
        ([(ROWS, ROWS.replace("await ", ""))], f"never awaited scan(...): {NOT_AWAITED}"),
        (
            [(ROWS, ROWS.replace("await ", "")), ("async def skim_scan", "def skim_scan")],
            f"never awaited scan(...): {NOT_AWAITED}",
        ),
        (
            [("await ctx.orders.enter", "ctx.orders.enter")],
            "skim_trade returned, but what it asked for was not done; it never awaited enter(...): "
            + NOT_AWAITED,
        ),
        (
            [(ROWS, "rows = ctx.wait(ctx.market.scan(GapScan(minimum_percent=ctx.config.gap)))")],
            "ctx.wait is for plain hooks: write 'await' in an 'async def' one",
        ),
        ([("ctx.market.scan", "ctx.market.gaps")], "has no 'gaps' here: it has account, bars, quotes, scan"),
        ([("quantity=10", "quantity=0")], r"Bracket: quantity should be greater than 0, found 0 \(x\.py:\d+\)"),
        ([("stop_price=stop", "stop_price=-stop")], "Bracket: stop_price should be greater than 0, found "),
        (
            [("stop_price=stop", "stop=stop")],
            "an entry without its stop is refused: name stop_price, the price at which the position "
            "is given up; it has no field 'stop'",
        ),
        (
            [("stop_price=stop", "stop_price=stop, limit_price=stop / 2")],
            "a buy needs stop_price < limit_price < target_price, found stop_price ",
        ),
        ([("symbol=symbol, quantity", "symbol=symbol, qty=3, quantity")], "Bracket: it has no field 'qty'"),
        (
            [(QUOTED, "        for _ in await ctx.market.bars([symbol]): pass\n" + QUOTED)],
            "Bars can't be looped over: its columns open, high, low, close and volume are arrays",
        ),
        (
            [(QUOTED, "        (await ctx.market.bars([symbol]))['BHP']\n" + QUOTED)],
            "Bars can't be indexed with 'BHP': its columns",
        ),
        (
            [(QUOTED, "        (await ctx.market.bars([symbol])).iterrows()\n" + QUOTED)],
            "Bars has no 'iterrows': its columns",
        ),
    ],
)  # fmt: skip
def test_what_a_phase_does_wrong_fails_the_day_in_a_sentence_with_its_place(turned, edits, said):
    answer = turned(*edits)
    assert answer.code == 1
    assert said in answer.out or re.search(said, answer.out)
    assert re.search(r"\(x\.py:\d+\)|skim_\w+ must return|skim_\w+ returned", answer.out)
    assert not re.search("Traceback|RuntimeWarning|errors.pydantic.dev", answer.out + answer.err)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ("0.97", "1.03"),
            r"refused by stop: its stop at [\d.]+ is not below the last price, [\d.]+,",
        ),
        (
            ("stop_price=stop)", "stop_price=stop, target_price=quote.last * Decimal('0.98'))"),
            r"refused by target: its target at [\d.]+ is not above the last price, [\d.]+,",
        ),
    ],
)
def test_an_entry_that_would_be_over_at_once_is_refused_by_name(turned, edit, said):
    answer = turned(edit)
    assert re.search(said, answer.out)
    assert "No trades" in answer.out
