"""What is installed is told from metadata, and one broken package hurts no other."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys

import pytest

from skim_core.errors import PluginError
from skim_core.plugins.discovery import Group, PluginInfo, available, find


def _names(group: Group) -> list[str]:
    return [plugin.name for plugin in available(group)]


def test_an_installed_plugin_is_listed_with_its_distribution(install):
    install("orb", distribution="skim-strategy-orb", version="1.2.3")

    plugin = find(Group.STRATEGIES, "orb")

    assert plugin == PluginInfo(
        Group.STRATEGIES, "orb", "installed_orb", "skim-strategy-orb", "1.2.3"
    )
    assert str(plugin) == "strategy 'orb' (skim-strategy-orb 1.2.3)"


def test_plugins_are_listed_by_name_and_by_group(install):
    install("zebra")
    install("ant")
    install("paper", group="skim.brokers")

    names = _names(Group.STRATEGIES)

    assert [name for name in names if name in {"zebra", "ant", "paper"}] == ["ant", "zebra"]
    assert "paper" in _names(Group.BROKERS)


def test_listing_imports_nothing(install):
    install("explosive", "raise SystemExit")

    assert "explosive" in _names(Group.STRATEGIES)
    assert "installed_explosive" not in sys.modules


def test_the_core_brings_the_simulated_broker_and_the_local_engine():
    assert "sim" in _names(Group.BROKERS)
    assert "local" in _names(Group.ENGINES)


def test_entry_points_of_other_groups_are_not_plugins(install):
    install("tool", group="console_scripts")
    install("spaceship", group="skim.spaceships")

    assert not {"tool", "spaceship"} & {name for group in Group for name in _names(group)}


def test_two_distributions_with_one_name_are_listed_as_a_conflict(install):
    install("orb", distribution="skim-strategy-orb")
    install("orb", distribution="other-orb", version="2.0")

    conflicts = {
        plugin.distribution: plugin.conflict
        for plugin in available(Group.STRATEGIES)
        if plugin.name == "orb"
    }

    assert conflicts == {
        "skim-strategy-orb": ("other-orb",),
        "other-orb": ("skim-strategy-orb",),
    }


def test_a_conflict_is_refused_naming_both_and_how_to_uninstall_either(install):
    install("orb", distribution="skim-strategy-orb")
    install("orb", distribution="other-orb", version="2.0")

    with pytest.raises(PluginError) as refused:
        find(Group.STRATEGIES, "orb")

    message = str(refused.value)
    assert "other-orb 2.0 and skim-strategy-orb 1.0" in message
    assert "'pip uninstall other-orb' or 'pip uninstall skim-strategy-orb'" in message


def test_one_name_in_two_groups_is_no_conflict(install):
    install("twin", distribution="skim-strategy-twin")
    install("twin", group="skim.brokers", distribution="skim-broker-twin")

    assert find(Group.STRATEGIES, "twin").distribution == "skim-strategy-twin"
    assert find(Group.BROKERS, "twin").distribution == "skim-broker-twin"


def test_of_a_distribution_found_twice_the_first_on_the_path_wins(install, tmp_path, monkeypatch):
    install("orb", version="1.0")
    shutil.copytree(tmp_path / "site", tmp_path / "later")
    old = tmp_path / "later" / "skim_strategy_orb-1.0.dist-info"
    (old / "METADATA").write_text("Metadata-Version: 2.1\nName: Skim_Strategy.orb\nVersion: 0.1\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])

    listed = [plugin for plugin in available(Group.STRATEGIES) if plugin.name == "orb"]

    assert [(plugin.version, plugin.conflict) for plugin in listed] == [("1.0", ())]


def test_a_later_copy_of_a_distribution_gives_no_plugin_that_the_first_lacks(
    install, tmp_path, monkeypatch
):
    install("orb")
    shutil.copytree(tmp_path / "site", tmp_path / "later")
    (tmp_path / "site" / "skim_strategy_orb-1.0.dist-info" / "entry_points.txt").write_text("")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "later")])

    assert "orb" not in _names(Group.STRATEGIES)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("entry_points.txt", b"[skim.strategies]\nno equals sign\n"),
        ("entry_points.txt", b"[skim.strategies]\n\xff\xfe = broken\n"),
        ("METADATA", b""),
    ],
)
def test_unsound_metadata_is_named_in_the_log_and_hurts_no_other(
    install, tmp_path, caplog, file, content
):
    install("broken")
    install("sound")
    (tmp_path / "site" / "skim_strategy_broken-1.0.dist-info" / file).write_bytes(content)

    with caplog.at_level(logging.WARNING, "skim.plugins"):
        names = _names(Group.STRATEGIES)

    assert "sound" in names
    assert "broken" not in names
    assert str(tmp_path / "site") in caplog.text
    assert "reinstall" in caplog.text


def test_an_unknown_name_gets_the_nearest_one(install):
    install("orh_breakout")

    with pytest.raises(PluginError) as refused:
        find(Group.STRATEGIES, "orh_brekout")

    assert str(refused.value) == (
        "strategy 'orh_brekout' is not installed (did you mean 'orh_breakout'?); "
        f"installed: {', '.join(_names(Group.STRATEGIES))}. "
        "Correct the name, or run 'pip install skim-strategy-orh-brekout'; "
        "'skim doctor orh_brekout' looks for it."
    )


def test_a_name_of_another_group_is_told_as_such():
    with pytest.raises(PluginError, match="there is the broker 'sim', which is no strategy"):
        find(Group.STRATEGIES, "sim")


def test_a_name_that_no_package_can_have_gets_no_command_to_run():
    with pytest.raises(PluginError) as refused:
        find(Group.STRATEGIES, "x; rm -rf /")

    assert "pip install" not in str(refused.value)


def test_discovery_is_cheap_to_import():
    code = (
        "import sys, skim_core.plugins.discovery\n"
        "heavy = {'pydantic', 'numpy', 'rich', 'pluggy', 'asyncio', 'typer'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )

    assert result.stdout.strip() == "[]", result.stderr
