"""Commands that use no plugin import none, however many are installed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMANDS = [
    ["--help"],
    ["plugins"],
    ["start_monitoring"],
    ["doctor", "--help"],
    ["start_trading_day", "--help"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_of_fifty_installed_strategies_none_is_imported(install, site, home, tmp_path, command):
    mark = tmp_path / "imported"
    for number in range(50):
        install(f"many_{number}", f"open({str(mark)!r}, 'w')\nraise SystemExit('imported')")
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "skim_core", *command],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout
    assert not mark.exists()
