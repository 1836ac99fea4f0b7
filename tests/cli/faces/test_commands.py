"""Commands that packages bring: found by metadata, imported when they are called."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "hooks.md"
TWO = """
    import typer

    app = typer.Typer()

    @app.command()
    def high(by: int = 1) -> None:
        typer.echo(f"high by {by}")

    @app.command()
    def low() -> None:
        from skim_core.errors import BrokerError
        raise BrokerError("no water: wait for the tide.")
"""


@pytest.fixture
def bring(site):
    """Install a package that brings a command: ``bring("tide", code)``."""

    def brought(name, code, value=None, distribution=None):
        module, package = f"installed_{name.replace('-', '_')}", distribution or f"skim-{name}"
        (site / f"{module}.py").write_text(dedent(code))
        directory = site / f"{package.replace('-', '_')}-1.0.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        entry = f"[skim.commands]\n{name} = {value or module + ':app'}\n"
        (directory / "entry_points.txt").write_text(entry)

    yield brought
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]


def test_the_command_on_the_page_runs_as_written(skim, bring):
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        if "typer.Typer" in block
    )
    bring("tide", code)
    assert skim("tide").out == "It turns at noon.\n"
    assert skim("tide", "--json").json == {"exchange": "XASX", "turns": "at noon"}


def test_several_commands_of_one_package_stand_below_its_name(skim, bring):
    bring("tide", TWO)
    assert skim("tide", "high", "--by", "2").out == "high by 2\n"
    assert "high" in skim("tide", "--help").out


def test_the_errors_of_skim_are_told_as_those_of_its_own_commands(skim, bring):
    bring("tide", TWO)
    refused = skim("tide", "low")
    assert (refused.code, refused.err) == (3, "skim[broker]: no water: wait for the tide.\n")


def test_usage_names_the_command_and_offers_no_completion(skim, bring):
    bring("tide", TWO)
    said = skim("tide", "--help").out
    assert "skim tide" in said
    assert "completion" not in said


def test_a_hyphen_is_taken_for_an_underscore_on_both_sides(skim, bring):
    bring("high-tide", "import typer\napp = typer.Typer()\napp.command()(lambda: typer.echo('hi'))")
    assert [skim(name).out for name in ("high-tide", "high_tide")] == ["hi\n", "hi\n"]


def test_help_and_the_list_of_plugins_import_no_command(skim, bring):
    bring("broken", "raise SystemExit('imported')")
    listed = skim("--help")
    assert ["broken", "Brought", "by", "skim-broken", "1.0."] in listed.words
    assert ["command", "broken", "skim-broken", "1.0"] in [w[:4] for w in skim("plugins").words]
    assert "installed_broken" not in sys.modules


def test_a_broken_package_is_told_by_name_and_hurts_no_other_command(skim, bring):
    bring("broken", "1 / 0")
    bring("tide", TWO)
    refused = skim("broken")
    assert refused.code == 2
    assert refused.err.startswith(
        "skim[plugin]: command 'broken' (skim-broken 1.0): importing it raised"
    )
    assert skim("tide", "high").code == 0


@pytest.mark.parametrize(
    ("code", "value", "told"),
    [
        (TWO, "installed_tide", "its entry point names a module: name a typer.Typer"),
        ("import typer\napp = typer.Typer()", None, "has no command: add one with @app.command()"),
        (TWO, "installed_tide:ap", "names 'ap', which module 'installed_tide' doesn't have"),
    ],
)
def test_what_is_no_command_is_refused_with_the_mend(skim, bring, code, value, told):
    bring("tide", code, value)
    refused = skim("tide")
    assert (refused.code, told in refused.err) == (2, True)


def test_two_packages_with_one_command_are_both_named(skim, bring):
    bring("tide", TWO)
    bring("tide", TWO, distribution="other")
    assert "comes from 2 packages" in skim("tide").err


@pytest.mark.parametrize("name", ["status", "scan", "purge-candidates"])
def test_skims_own_command_wins_and_the_list_says_so(skim, bring, name):
    bring(name, "raise SystemExit('imported')")
    skim(name)
    assert "imported" not in skim(name, "--help").out
    rows = skim("plugins", "--json").json["plugins"]
    assert [row["status"] for row in rows if row["name"] == name] == ["hidden"]
    assert f"Brought by skim-{name} " not in skim("--help").out


def test_an_unknown_command_is_wrong_usage_still(skim):
    refused = skim("tidy")
    assert (refused.code, "No such command 'tidy'" in refused.err) == (2, True)
