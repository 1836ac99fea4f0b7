"""Each rule bites: a sound strategy with one planted fault breaks it."""

from __future__ import annotations

import re

import pytest

from skim_core.check.rules import RULES, Level
from skim_core.check.running import try_rules
from skim_core.check.subject import subject_of
from skim_core.check.trials import TRIALS

PLUGIN, CONFIG = "package/plugin.py", "package/config.py"
BUYING = "buying = rules.chosen("
ENTER = "await ctx.orders.enter(\n            Bracket(\n                symbol=symbol,"
MANAGE = "if ctx.now < ctx.session.close - ctx.config.exit_lead:"

WHOLE = """
@hooks.alert
def skim_alert(ctx: Context[Config]) -> list:
    assert all(one.filled in (0, one.order.quantity) for one in ctx.orders.all()), "in parts"
    return []


"""
"""A phase that takes it for granted that orders trade whole."""

TRIED = {
    "SK105": ([(CONFIG, 'frozen=True, extra="forbid"', 'extra="ignore"')], "is not frozen"),
    "SK105 ": ([(CONFIG, "        10, description=", "        1, description=")], "it comes|valid"),
    "SK106": (
        [
            (PLUGIN, '"close-30m")', '"close+5m")'),
            (PLUGIN, 'between=("open+10m"', 'between=("close+1m"'),
        ],
        "begins at the close",
    ),
    "SK107": ([(PLUGIN, "api_version = 1\n", "")], "has no api_version"),
    "SK201": ([(CONFIG, "Decimal(5),", "Decimal(500),")], "no order was entered"),
    "SK202": (
        [(PLUGIN, BUYING, "assert not ctx.session.half_day\n    buying = rules.chosen(")],
        "on a half day: the day is failed",
    ),
    "SK203": (
        [(CONFIG, "Decimal(3), description", "Decimal(90), description")],
        "which is no protection",
    ),
    "SK204": (
        [(PLUGIN, MANAGE, "if ctx.now < ctx.session.close:")],
        r"on a full day: the day ended with .+, for which no exit was sent",
    ),
    "SK205": (
        [
            (PLUGIN, "api_version = 1", "api_version = 1\nSEEN: set[str] = set()"),
            (PLUGIN, BUYING, "SEEN.update(ctx.orders.decided())\n    buying = rules.chosen("),
            (PLUGIN, "ctx.orders.decided(), config", "SEEN, config"),
            (PLUGIN, ENTER, ENTER + '\n                purpose=f"entry{len(SEEN)}{ctx.now:%H%M}",'),
        ],
        "killed after .* it entered|entered more than once",
    ),
    "SK206": (
        [
            (PLUGIN, "ctx.orders.decided(), config", "set(), config"),
            (PLUGIN, ENTER, ENTER + '\n                purpose=f"entry{ctx.now:%H%M}",'),
        ],
        "when .*: entered more than once",
    ),
    "SK207": (
        [
            (PLUGIN, 'Phase("manage"', 'Phase("alert", at="close-40m"),\n    Phase("manage"'),
            (PLUGIN, "@hooks.manage", f"{WHOLE}@hooks.manage"),
        ],
        "when orders trade in parts: the day is failed",
    ),
    "SK208": (
        [
            (PLUGIN, "import asyncio\n", "import asyncio\nfrom datetime import datetime as dt\n"),
            (PLUGIN, BUYING, "dt.now()\n    buying = rules.chosen("),
        ],
        r"plugin\.py:\d+ uses datetime\.datetime\.now",
    ),
    "SK209": (
        [(PLUGIN, BUYING, "ctx.market._inside\n    buying = rules.chosen(")],
        r"reaches into \._inside",
    ),
    "SK209 ": (
        [(PLUGIN, "import asyncio\n", "import asyncio\nimport skim_core.sim.broker\n")],
        "uses skim_core.sim.broker",
    ),
    "SK302": (
        [
            (PLUGIN, "api_version = 1", "api_version = 1\nMORE: list[int] = []"),
            (PLUGIN, BUYING, "MORE.append(1)\n    buying = rules.chosen("),
            (PLUGIN, "quantity=quantity,", "quantity=quantity + len(MORE),"),
        ],
        "with the data cut at|run again",
    ),
    "SK304": (
        [(CONFIG, 'description="Most positions that are entered in a day."', "")],
        "positions_maximum has no description",
    ),
    "SK304 ": ([(PLUGIN, '    """Find what gapped up."""\n', "")], "skim_scan has no docstring"),
}
"""By rule the fault that is planted, and what is said of it."""


@pytest.mark.parametrize("case", TRIED)
def test_a_planted_fault_breaks_the_rule_that_it_is_for(on_trial, case):
    number = case.strip()
    changes, words = TRIED[case]
    trial = on_trial(f"planted_{number.lower()}_{len(case)}", *changes)
    found = next(TRIALS[number](trial), "")
    assert found
    assert re.search(words, found), found


def verdicts(project, level=Level.BRONZE):
    with subject_of(str(project)) as subject:
        [name] = subject.strategies
        return {one.rule.number: one for one in try_rules(subject, name, level)}


BRONZE = {
    "SK101": ([("pyproject.toml", '"numpy>=2.2,<3"', '"numpy<1"')], r"needs numpy<1, but \S+ is"),
    "SK102": (
        [
            (
                PLUGIN,
                "api_version = 1",
                "api_version = 1\nprint('hello')\nimport logging, os, threading\nlogging.basicConfig()\nos.environ['SEEN'] = '1'\nthreading.Thread(target=print).start()",
            )
        ],
        r"changes the root logger.*prints 'hello",
    ),
    "SK103": (
        [(PLUGIN, "api_version = 1", "api_version = 1\n[sum(range(1000)) for _ in range(60000)]")],
        r"it takes \d+ ms, \d+\.\d times what skim",
    ),
    "SK104": (
        [(PLUGIN, "skim_trade(ctx: Context[Config])", "skim_trade(context: Context[Config])")],
        "takes an argument 'context', which it isn't given",
    ),
}


@pytest.mark.parametrize("number", BRONZE)
def test_what_is_seen_from_outside_is_told_too(planted, number):
    changes, words = BRONZE[number]
    found = verdicts(planted(f"outside_{number.lower()}", *changes))
    assert not found[number].kept
    assert re.search(words, " ".join(found[number].faults), re.DOTALL), found[number].faults
    if number in {"SK101", "SK104"}:
        assert not found["SK107"].tried


def test_a_day_that_hangs_on_hashes_is_not_determined(planted):
    project = planted(
        "hashed", (PLUGIN, "quantity=quantity,", "quantity=quantity + hash(symbol) % 7,")
    )
    with subject_of(str(project)) as subject:
        from skim_core.check.running import _Examination, _importable

        with _importable(subject):
            assert _Examination(subject, "hashed", Level.GOLD)._determined()


def test_what_a_strict_checker_finds_is_told(planted):
    project = planted(
        "untyped",
        (
            PLUGIN,
            "async def skim_manage(ctx: Context[Config]) -> None:",
            "async def skim_manage(ctx):",
        ),
    )
    with subject_of(str(project)) as subject:
        from skim_core.check.running import _Examination, _importable

        with _importable(subject):
            faults = _Examination(subject, "untyped", Level.GOLD)._typed()
    assert any("no-untyped-def" in fault for fault in faults), faults


def test_every_rule_is_planted_somewhere():
    tried = {case.strip() for case in TRIED} | set(BRONZE) | {"SK301", "SK303"}
    assert tried == {rule.number for rule in RULES}
