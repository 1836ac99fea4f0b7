"""One plugin is imported, and whatever is wrong with it is told by name with its mend."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from skim_core.errors import PluginError
from skim_core.plugins.discovery import Group
from skim_core.plugins.loading import load
from skim_core.plugins.strategies import load_strategy


def _refusal(name: str) -> str:
    with pytest.raises(PluginError) as refused:
        load(Group.STRATEGIES, name)
    message = str(refused.value)
    assert f"strategy {name!r} (skim-strategy-{name} 1.0): " in message
    assert "\n" not in message
    return message


def test_only_the_named_plugin_is_imported(install):
    install("wanted")
    install("other")

    load(Group.STRATEGIES, "wanted")

    assert "installed_wanted" in sys.modules
    assert "installed_other" not in sys.modules


@pytest.mark.parametrize("value", ["installed_{}:Strategy", "installed_{}:strategy"])
def test_an_entry_point_may_be_a_class_or_an_object(install, value):
    code = """
        from skim_core import Phase, PhaseGraph, hooks

        class Strategy:
            def __init__(self):
                self.calls = []

            @hooks.phase_graph
            def skim_phase_graph(self) -> PhaseGraph:
                return PhaseGraph(Phase("setup"))

            @hooks.setup
            def skim_setup(self, ctx) -> None:
                self.calls.append(ctx)

        strategy = Strategy()
    """
    install("formed", code, value=value.format("formed"))

    plugin = load_strategy("formed")
    plugin.call("skim_setup", "the context")

    assert plugin.plugin.target.calls == ["the context"]


@pytest.mark.parametrize(
    ("code", "told", "line"),
    [
        ("1 / 0", "importing it raised ZeroDivisionError: division by zero", 1),
        ("\nimport sys\nsys.exit(3)", "importing it raised SystemExit: 3", 3),
        ("class Rude(BaseException): ...\nraise Rude('no')", "Rude: no", 2),
        ("def f(:", "importing it raised SyntaxError: invalid syntax", 1),
        ("x = 1\nimport json\njson.loads('{')", "JSONDecodeError: Expecting property name", 3),
        (
            "from skim_core import Phase, PhaseGraph\nPhaseGraph(Phase('a', after='b'))",
            "GraphError: phase 'a' comes after 'b', which is not declared",
            2,
        ),
        ("raise ValueError('two\\nlines')", "ValueError: two lines", 1),
    ],
)
def test_an_import_that_raises_is_told_with_its_place_in_the_plugin(install, code, told, line):
    file = install("broken", code)

    message = _refusal("broken")

    assert told in message
    assert f"({file}:{line})" in message
    assert "pip install --upgrade skim-strategy-broken" in message


def test_an_interrupt_during_an_import_passes(install):
    install("slow", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        load(Group.STRATEGIES, "slow")


def test_a_missing_dependency_is_told_as_such(install):
    install("needy", "import a_module_nobody_has.part")

    message = _refusal("needy")

    assert "it imports 'a_module_nobody_has', which is not installed" in message
    assert "'pip install a_module_nobody_has'" in message
    assert "have skim-strategy-needy declare it" in message


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            "installed_astray_elsewhere",
            "there is no 'installed_astray_elsewhere': correct what is misspelt, the entry point",
        ),
        ("installed_astray:plugn", "names 'plugn', which module 'installed_astray' doesn't have"),
        ("installed_astray:plugn", "did you mean 'plugin'?"),
        ("not a module!", "its entry point is 'not a module!': write 'package.module'"),
        ("installed_astray:function", "implements no hook"),
        ("installed_astray:text", "implements no hook"),
        ("installed_astray:Demanding", "making a Demanding() without arguments raised TypeError"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_told(install, value, told):
    code = """
        plugin = None
        text = "text"
        def function(): ...
        class Demanding:
            def __init__(self, key): ...
    """
    install("astray", code, value=value)

    assert told in _refusal("astray")


def test_a_broken_plugin_hurts_no_other(install):
    install("broken", "1 / 0")
    install("sound")

    _refusal("broken")

    assert load_strategy("sound").name == "sound"
    _refusal("broken")


def test_a_plugin_that_is_mended_loads(install):
    file = install("mended", "1 / 0  # a line that is longer than it will be")
    _refusal("mended")
    Path(file).write_text(Path(install("pattern")).read_text())

    assert load_strategy("mended").name == "mended"
