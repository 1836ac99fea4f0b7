"""A broker that can't be reached: one line, exit code 3, and nothing begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal

DOWN = """
from skim_core.errors import BrokerError
from skim_core.ports import hooks
from skim_core.ports.broker import BrokerSetup
from skim_core.sim.broker import SimBroker
from skim_core.sim.generated import GeneratedFeed
from skim_core.sim.options import SimOptions


class Down(SimBroker):
    async def connect(self) -> None:
        raise BrokerError("nobody answers at localhost:4002: start the gateway.")


@hooks.make_broker
def skim_make_broker(setup: BrokerSetup):
    return Down(setup, SimOptions(), GeneratedFeed(seed=1))
"""


@pytest.fixture
def down(tiny, tmp_path: Path, monkeypatch) -> None:
    """Install a broker that can't be reached, and configure it."""
    site = tmp_path / "site"
    (site / "installed_down.py").write_text(DOWN)
    metadata = site / "skim_broker_down-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: skim-broker-down\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[skim.brokers]\ndown = installed_down\n")
    monkeypatch.setenv("SKIM_BROKER", "down")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "JSON"])
def test_a_broker_that_can_not_be_reached_is_told_in_one_line(
    skim, down, on_now: str, home: Path, form: list[str]
):
    told = skim("start_trading_day", "--strategy", "tiny", *form)
    assert told.code == 3
    assert told.err == "skim[broker]: nobody answers at localhost:4002: start the gateway.\n"
    journal = SqliteJournal.open(home / "journal.sqlite")
    assert not journal.runs()
    journal.close()
