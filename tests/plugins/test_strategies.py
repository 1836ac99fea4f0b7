"""A strategy is ready to be run when it is loaded, or it is refused."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from textwrap import dedent
from typing import Any

import pytest

from skim_core import Candidate, Phase, PhaseGraph
from skim_core.errors import PluginError
from skim_core.plugins.strategies import load_strategy

HEAD = """
from pydantic import BaseModel
from skim_core import Phase, PhaseGraph, hookimpl, hooks, hookspec

@hooks.scan
def skim_scan(ctx):
    return ctx
"""
GRAPH = """
@hooks.phase_graph
def skim_phase_graph():
    return PhaseGraph(Phase("scan"))
"""


def graph(*more: str) -> str:
    """Return the hook of a graph with further phases."""
    phases = ", ".join(f"Phase({name!r})" for name in ("scan", *more))
    return GRAPH.replace('Phase("scan")', phases)


@pytest.fixture
def strategy(install):
    def load(code: str) -> Any:
        install("tried", HEAD + dedent(code))
        return load_strategy("tried")

    return load


def test_a_loaded_strategy_knows_its_graph_and_where_it_comes_from(install):
    install("orb", version="1.2")

    loaded = load_strategy("orb")

    assert loaded.name == "orb"
    assert str(loaded.info) == "strategy 'orb' (skim-strategy-orb 1.2)"
    assert loaded.graph == PhaseGraph(Phase("scan"))


def test_a_call_passes_only_what_the_hook_takes(strategy):
    loaded = strategy(
        graph("setup") + "@hooks.setup\ndef skim_setup():\n    return 'nothing taken'"
    )

    assert loaded.call("skim_scan", "the context") == "the context"
    assert loaded.call("skim_setup", "the context") == "nothing taken"


def test_an_async_hook_gives_something_to_await(strategy):
    loaded = strategy(
        graph("trade", "manage") + "@hooks.trade\nasync def skim_trade(ctx):\n    return ctx\n"
        "from collections.abc import Awaitable\n"
        "@hooks.manage\ndef skim_manage(ctx) -> Awaitable[None]:\n    return skim_trade(ctx)"
    )

    assert [loaded.is_async(hook) for hook in ("skim_scan", "skim_trade", "skim_manage")] == [
        False,
        True,
        True,
    ]
    waiting = loaded.call("skim_trade", "the context")
    assert inspect.isawaitable(waiting)
    assert asyncio.run(waiting) == "the context"


def test_what_a_hook_raises_passes_unchanged(strategy):
    loaded = strategy(
        graph("trade") + "@hooks.trade\ndef skim_trade(ctx):\n    raise KeyError('bhp')"
    )

    with pytest.raises(KeyError, match="bhp"):
        loaded.call("skim_trade", None)


def test_a_hook_that_is_not_implemented_is_never_passed_over(strategy):
    loaded = strategy(GRAPH)

    with pytest.raises(
        PluginError, match=r"no implementation of skim_scna \(did you mean 'skim_scan'\?\): add one"
    ):
        loaded.call("skim_scna", None)


def test_two_strategies_never_answer_for_each_other(install):
    for name in ("one", "two"):
        install(name, HEAD.replace("return ctx", f"return {name!r}") + GRAPH)

    one, two = load_strategy("one"), load_strategy("two")

    assert (one.call("skim_scan", None), two.call("skim_scan", None)) == ("one", "two")


def test_a_hooks_specified_return_is_known(strategy):
    own = """
        class Own:
            @hookspec(firstresult=True)
            def skim_enter(self, ctx) -> int: ...

            @hookspec(firstresult=True)
            def skim_leave(self, ctx): ...

        @hooks.hookspecs
        def skim_hookspecs():
            return [Own]
    """
    loaded = strategy(GRAPH + dedent(own))

    assert loaded.returns("skim_scan") == Sequence[Candidate]
    assert loaded.returns("skim_trade") is type(None)
    assert loaded.returns("skim_enter") is int
    assert loaded.returns("skim_leave") is Any


def test_a_strategy_without_a_configuration_takes_no_keys(install):
    install("orb")

    model = load_strategy("orb").config_model

    assert model().model_dump() == {}
    assert model.model_config["extra"] == "forbid"


def test_its_own_model_is_used(strategy):
    loaded = strategy(
        GRAPH + "class Config(BaseModel):\n    gap: int = 3\n"
        "@hooks.config_model\ndef skim_config_model() -> type[BaseModel]:\n    return Config"
    )

    assert loaded.config_model().model_dump() == {"gap": 3}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "it doesn't implement skim_phase_graph, which every strategy must: mark a function"),
        (GRAPH.replace("return ", ""), "skim_phase_graph returned None: return a PhaseGraph"),
        (
            GRAPH.replace("PhaseGraph(Phase(", "int(Phase("),
            "skim_phase_graph raised TypeError",
        ),
        (GRAPH.replace('Phase("scan")', ""), "GraphError: a phase graph needs at least one phase"),
        (
            GRAPH.replace('"scan"', '"trade"'),
            "phase 'trade' needs the hook skim_trade, which it doesn't implement: "
            "add a function marked with @hooks.trade. It implements skim_scan.",
        ),
        (
            GRAPH.replace('"scan"', '"scna"'),
            "phase 'scna' needs the hook skim_scna, which doesn't exist: "
            "correct the phase's 'hook' (did you mean 'skim_scan'?)",
        ),
        (
            GRAPH.replace('"scan"', '"enter"'),
            "phase 'enter' needs the hook skim_enter, which doesn't exist",
        ),
        (
            GRAPH.replace('"scan"', '"scan", hook="skim_phase_graph"'),
            "a phase's hook takes ctx alone, this one takes nothing",
        ),
        (
            GRAPH.replace('"scan"', '"scan", hook="skim_on_event"'),
            "a phase's hook takes ctx alone, this one takes event, day",
        ),
        (
            GRAPH
            + "@hooks.config_model\ndef skim_config_model():\n    return type('Config', (BaseModel,), {})()",
            "skim_config_model returned a Config: return a pydantic model, the class",
        ),
        (
            GRAPH + "@hooks.config_model\ndef skim_config_model():\n    return int",
            "skim_config_model returned a type: return a pydantic model",
        ),
        (
            GRAPH + "@hooks.config_model\ndef skim_config_model():\n    1 / 0",
            "skim_config_model raised ZeroDivisionError: division by zero (",
        ),
        (
            GRAPH + "class Config(BaseModel):\n    phases: int = 1\n"
            "@hooks.config_model\ndef skim_config_model():\n    return Config",
            "Config has a field 'phases', which is where a configuration overrides",
        ),
    ],
)
def test_a_strategy_that_can_not_be_run_is_refused(strategy, code, told):
    with pytest.raises(PluginError) as refused:
        strategy(code)

    assert told in str(refused.value)


def test_an_overridden_graph_can_be_checked_again(strategy):
    loaded = strategy(GRAPH)
    overridden = loaded.graph.override({"scan": {"hook": "skim_trade"}})

    loaded.check_hooks(loaded.graph)
    with pytest.raises(PluginError, match="phase 'scan' needs the hook skim_trade"):
        loaded.check_hooks(overridden)
