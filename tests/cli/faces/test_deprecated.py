"""What a package uses that will go one day is told to its author, and stops nothing."""

from __future__ import annotations

import logging
import sys
from textwrap import dedent

import pytest

from skim_core.plugins.discovery import Group
from skim_core.plugins.loading import load
from skim_core.ports import deprecation
from skim_core.ports.deprecation import Deprecated
from skim_core.testing import assert_completed, simulate_day

USES = """
    import skim_core
    from skim_core import Candidate, Context, Phase, PhaseGraph, hooks
    from skim_core.errors import DataError

    api_version = 1

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("scan"))

    @hooks.scan
    def find_gaps(ctx: Context[object]) -> list[Candidate]:
        assert skim_core.Retry
        return []
"""
OLD_NAME = Deprecated("skim_core.errors.DataError", 2, "skim_core.errors.BrokerError")
READ_NAME = Deprecated("skim_core.Retry", 2, "the phase's own fields")
OLD_ARGUMENT = Deprecated("skim_scan.ctx", 3, "'day'")
UNUSED = Deprecated("skim_core.errors.GraphError", 2, "skim_core.errors.ConfigError")


@pytest.fixture
def package(site, monkeypatch):
    """Install a package, skim-strategy-gaps 1.2, that uses what is deprecated there."""

    def installed(*rows, code=USES):
        monkeypatch.setattr(deprecation, "DEPRECATED", rows)
        folder = site / "skim_strategy_gaps"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "plugin.py").write_text(dedent(code).lstrip())
        info = site / "skim_strategy_gaps-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: skim-strategy-gaps\nVersion: 1.2\n"
        )
        entry = "[skim.strategies]\ngaps = skim_strategy_gaps.plugin\n"
        (info / "entry_points.txt").write_text(entry)

    yield installed
    for module in [name for name in sys.modules if name.startswith("skim_strategy_gaps")]:
        del sys.modules[module]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            OLD_NAME,
            "skim-strategy-gaps 1.2 uses skim_core.errors.DataError "
            "(skim_strategy_gaps/plugin.py:3), deprecated since version 2 of the plugin "
            "contract: use skim_core.errors.BrokerError instead.",
        ),
        (
            READ_NAME,
            "skim-strategy-gaps 1.2 uses skim_core.Retry (skim_strategy_gaps/plugin.py:13), "
            "deprecated since version 2 of the plugin contract: use the phase's own fields "
            "instead.",
        ),
        (
            OLD_ARGUMENT,
            "skim-strategy-gaps 1.2 uses skim_scan.ctx (skim_strategy_gaps/plugin.py:12), "
            "deprecated since version 3 of the plugin contract: use 'day' instead.",
        ),
    ],
    ids=["imported", "read from a module", "argument"],
)
def test_loading_a_package_tells_what_it_uses(package, caplog, row, told):
    package(UNUSED, row)
    load(Group.STRATEGIES, "gaps")
    assert [record.getMessage() for record in caplog.records] == [told]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_day_runs_as_ever(package, skim_full_day, tmp_path, caplog):
    package(OLD_NAME, OLD_ARGUMENT)
    day = simulate_day("gaps", skim_full_day, tmp_path / "day")
    assert_completed(day)
    assert "skim-strategy-gaps 1.2 uses skim_scan.ctx" in caplog.text


def test_the_doctor_tells_it_and_finds_nothing_wrong(package, skim):
    package(OLD_NAME)
    answer = skim("doctor", "gaps")
    assert answer.code == 0
    assert "skim-strategy-gaps 1.2 uses skim_core.errors.DataError" in answer.out
    assert "1 plugin works." in answer.out
    (row,) = skim("doctor", "gaps", "--json").json["plugins"]
    assert row["status"] == "works"
    assert [told.partition(" (")[0] for told in row["deprecated"]] == [
        "skim-strategy-gaps 1.2 uses skim_core.errors.DataError"
    ]


def test_the_check_tells_it_and_breaks_no_rule(package, skim):
    package(OLD_NAME)
    answer = skim("check", "gaps", "--level", "bronze", "--json")
    (told,) = answer.json["deprecated"]
    assert told.startswith("skim-strategy-gaps 1.2 uses skim_core.errors.DataError")
    verdicts = {rule["verdict"] for rule in answer.json["strategies"][0]["rules"]}
    assert answer.code == 0, answer.out
    assert verdicts == {"kept"}
    assert told in skim("check", "gaps", "--level", "bronze").out


def test_many_places_are_counted(package, caplog):
    package(OLD_NAME, code=USES + "    from skim_core.errors import DataError\n" * 4)
    load(Group.STRATEGIES, "gaps")
    assert "(skim_strategy_gaps/plugin.py:3, " in caplog.text
    assert " and 2 more), deprecated" in caplog.text


def test_nothing_is_told_of_what_is_not_deprecated(package, caplog):
    package()
    load(Group.STRATEGIES, "gaps")
    assert not caplog.records
