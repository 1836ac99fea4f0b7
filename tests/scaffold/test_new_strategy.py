"""What `new-strategy` writes, and what it refuses to."""

from __future__ import annotations

import re
import tomllib

import pytest

from skim_core.errors import ConfigError
from skim_core.scaffold.rendering import NewStrategy, Template, render, strategy_name

SOUND = '''# A comment first
"""Buy what is cheap.

And more words.
"""
from skim_core import Phase, PhaseGraph, hooks

@hooks.phase_graph
def skim_phase_graph() -> PhaseGraph:
    return PhaseGraph(Phase("setup"))

@hooks.setup
def skim_setup(ctx) -> None:
    pass
'''


@pytest.mark.parametrize("template", Template)
def test_no_mark_is_left_and_the_package_is_named_throughout(template):
    files = render(NewStrategy("gap_up", template))
    assert not [path for path, text in files.items() if re.search(r"@[a-z_]+@", path + text)]
    project = tomllib.loads(files["pyproject.toml"])
    assert project["project"]["name"] == "skim-strategy-gap-up"
    entry = project["project"]["entry-points"]["skim.strategies"]
    assert entry == {"gap_up": "skim_strategy_gap_up.plugin"}
    assert "skim_strategy_gap_up/plugin.py" in files
    assert project["tool"]["skim"]["template"] == template.value
    assert {".gitignore", ".github/workflows/tests.yml", "README.md", "tox.ini"} <= set(files)


@pytest.mark.parametrize("template", Template)
def test_the_tests_need_of_skim_its_public_faces_alone(template):
    for path, text in render(NewStrategy("gap", template)).items():
        if path.endswith(".py"):
            imported = set(re.findall(r"^(?:from|import) (skim_core[\w.]*)", text, re.MULTILINE))
            allowed = {"skim_core"} | (
                {"skim_core.testing"} if path.startswith("tests/") else set()
            )
            assert imported <= allowed, path


@pytest.mark.parametrize(
    ("typed", "name"),
    [("gap", "gap"), ("Gap-Up", "gap_up"), ("skim-strategy-gap", "gap"), (" gap2 ", "gap2")],
)
def test_a_name_is_taken_as_it_was_meant(typed, name):
    assert strategy_name(typed) == name


@pytest.mark.parametrize("typed", ["", "2gap", "gap up", "gäp", "x" * 49, "../gap"])
def test_what_can_be_no_name_is_refused(typed):
    with pytest.raises(ConfigError, match="can't be a strategy's name: write lower-case"):
        strategy_name(typed)


def test_a_word_of_pythons_is_refused_as_that():
    with pytest.raises(ConfigError, match="'class' is a word of Python's"):
        strategy_name("class")


def test_a_template_and_a_file_are_not_both_taken(skim_cli):
    refused = skim_cli("new-strategy", "gap", "--from", "gap.py", "--template", "breakout")
    assert (refused.code, "choose one" in refused.err) == (2, True)
    assert list(skim_cli.folder.iterdir()) == []


def test_the_command_writes_the_files_and_says_what_is_next(skim_cli):
    made = skim_cli("new-strategy", "gap", "--out", "deep/er")
    assert made.code == 0
    folder = skim_cli.folder / "deep" / "er" / "skim-strategy-gap"
    for path, text in render(NewStrategy("gap")).items():
        assert (folder / path).read_text() == text
    assert re.search(r"^  cd deep/er/skim-strategy-gap$", made.out, re.MULTILINE)
    assert re.search(r"^  .*pip install .*-e '\.\[dev\]'$", made.out, re.MULTILINE)
    assert "skim start_trading_day --strategy gap" in made.out


def test_nothing_is_overwritten(skim_cli):
    assert skim_cli("new-strategy", "gap").code == 0
    again = skim_cli("new-strategy", "gap", "--template", "breakout")
    assert (again.code, "is there already, and nothing in it is overwritten" in again.err) == (
        2,
        True,
    )
    config = (skim_cli.folder / "skim-strategy-gap/skim_strategy_gap/config.py").read_text()
    assert "range_minutes" not in config


def test_an_unknown_template_gets_the_nearest(skim_cli):
    refused = skim_cli("new-strategy", "gap", "--template", "minimum")
    assert (refused.code, "did you mean 'minimal'?" in refused.err) == (2, True)
    assert not list(skim_cli.folder.iterdir())


def test_a_file_becomes_the_plugin_module_of_a_package(skim_cli):
    (skim_cli.folder / "cheap.py").write_text(SOUND)
    made = skim_cli("new-strategy", "bargain", "--from", "cheap.py", "--json")
    assert made.code == 0, made.err
    folder = skim_cli.folder / "skim-strategy-bargain"
    assert (folder / "skim_strategy_bargain" / "plugin.py").read_text() == SOUND
    assert "Buy what is cheap." in (folder / "README.md").read_text()
    assert 'STRATEGY = "bargain"' in (folder / "tests" / "test_day.py").read_text()


def test_a_file_that_is_no_strategy_makes_no_package(skim_cli):
    (skim_cli.folder / "cheap.py").write_text(SOUND.replace("def skim_setup", "def skim_set_up"))
    (skim_cli.folder / "none.py").write_text("x = 1\n")
    assert skim_cli("new-strategy", "a", "--from", "cheap.py").code == 0
    refused = skim_cli("new-strategy", "b", "--from", "none.py")
    assert (refused.code, "implements no hook" in refused.err) == (2, True)
    assert not (skim_cli.folder / "skim-strategy-b").exists()
