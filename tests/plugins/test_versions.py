"""Which version of the contract a plugin was written for."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from skim_core.errors import PluginError
from skim_core.plugins.discovery import Group, PluginInfo
from skim_core.plugins.faults import Kind
from skim_core.plugins.loading import load
from skim_core.plugins.sources import module_file
from skim_core.plugins.versions import stated_version, version_in


def code(version):
    return f"""
        from skim_core import Phase, PhaseGraph, hooks

        {version}

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("scan"))
    """


@pytest.mark.parametrize("version", ["api_version = 1", "api_version: int = 1", ""])
def test_the_present_version_and_none_at_all_are_loaded(install, version):
    install("gap", code(version))
    assert load(Group.STRATEGIES, "gap").name == "gap"


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("api_version = 2", Kind.API_TOO_NEW),
        ("api_version = 1 + 1", Kind.API_TOO_NEW),
        ("api_version = 0", Kind.API_TOO_OLD),
        ("api_version = True", Kind.BREAKS_CONTRACT),
        ("api_version = '1'", Kind.BREAKS_CONTRACT),
    ],
)
def test_any_other_is_refused(install, version, kind):
    install("gap", code(version))
    with pytest.raises(PluginError) as refused:
        load(Group.STRATEGIES, "gap")
    assert refused.value.kind is kind


def test_a_plugin_for_a_newer_contract_is_refused_before_it_is_imported(install):
    install("gap", "from skim_core import WhatComesNext\napi_version = 2")
    with pytest.raises(PluginError, match=r"version 2 .*too new.*pip install --upgrade skim-core"):
        load(Group.STRATEGIES, "gap")
    assert "installed_gap" not in sys.modules


def test_a_class_states_its_own_before_its_modules():
    source = "api_version = 1\nclass Old:\n    api_version = 3\nclass Plain: ..."
    assert version_in(source, "Old") == 3
    assert version_in(source, "Plain") == version_in(source) == 1


def test_a_version_in_a_class_is_found_when_it_is_imported_too(install):
    install(
        "gap",
        """
        from skim_core import Phase, PhaseGraph, hooks

        class Strategy:
            api_version = int("7")

            @hooks.phase_graph
            def skim_phase_graph(self) -> PhaseGraph: ...
        """,
        value="installed_gap:Strategy",
    )
    with pytest.raises(PluginError, match="version 7"):
        load(Group.STRATEGIES, "gap")


def test_a_module_in_a_package_is_read_without_importing_the_package(tmp_path, monkeypatch):
    package = tmp_path / "installed_deep" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("raise SystemExit")
    (package / "plugin.py").write_text(dedent("api_version = 4\nraise SystemExit"))
    monkeypatch.syspath_prepend(tmp_path)
    info = PluginInfo(Group.STRATEGIES, "deep", "installed_deep.inner.plugin", "deep", "1")
    assert stated_version(info) == 4
    assert module_file("installed_deep.inner") == package / "__init__.py"
    assert module_file("installed_deep.outer.plugin") is None
    assert "installed_deep" not in sys.modules


@pytest.mark.parametrize("value", ["nowhere.plugin", "no such thing!", "json:loads", "math", ""])
def test_where_nothing_can_be_read_nothing_is_stated(value):
    assert stated_version(PluginInfo(Group.STRATEGIES, "x", value, "x", "1")) is None
