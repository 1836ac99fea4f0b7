"""Imports one plugin in a process of its own, and tells what came of it.

Whatever the plugin does there (raise, exit, hang, crash, print) is seen from outside; what
that process does stands in `probed`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from skim_core.doctor.findings import Cause, Finding
from skim_core.model.text import one_line
from skim_core.plugins.discovery import PluginInfo
from skim_core.plugins.sources import reinstall_command

_PROBED = "skim_core.doctor.probed"

PATIENCE = 60.0
"""Seconds of wall time that a plugin's import may take."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of importing a plugin.

    `milliseconds` is what its modules took to import, beyond skim's own; None when that failed.
    """

    plugin: PluginInfo
    finding: Finding | None
    milliseconds: int | None = None


def probe_all(plugins: Sequence[PluginInfo], config: Path | None = None) -> list[Probed]:
    """Import each plugin in a process of its own, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda plugin: probe(plugin, config), plugins))


def probe(plugin: PluginInfo, config: Path | None = None, patience: float = PATIENCE) -> Probed:
    """Import a plugin in a process of its own.

    The process has this one's import path. `config` is the configuration that a strategy's
    section is checked in.
    """
    with tempfile.TemporaryDirectory(prefix="skim-doctor-") as folder:
        answer = Path(folder) / "answer.json"
        question = {"plugin": asdict(plugin), "config": str(config) if config else None}
        command = [sys.executable, "-P", "-m", _PROBED, str(answer), json.dumps(question)]
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        environment = {**os.environ, "PYTHONPATH": path, "PYDANTIC_DISABLE_PLUGINS": "1"}
        try:
            done = subprocess.run(  # noqa: S603  this interpreter and this module
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience,
                check=False,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            return Probed(plugin, _hung(plugin, patience))
        try:
            told = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Probed(plugin, _died(plugin, done.returncode, done.stderr))
    if told["cause"] is None:
        return Probed(plugin, None, told["milliseconds"])
    return Probed(plugin, Finding(Cause(told["cause"]), told["fault"]), told["milliseconds"])


def _hung(plugin: PluginInfo, patience: float) -> Finding:
    fault = (
        f"{plugin}: importing it did not end within {patience:g} s: do nothing at import but "
        f"define things (python -X importtime -c 'import {plugin.module}' shows where it waits), "
        f"then run '{reinstall_command(plugin.distribution)}'."
    )
    return Finding(Cause.HUNG, fault)


def _died(plugin: PluginInfo, code: int, said: bytes) -> Finding:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    last = one_line((said.decode(errors="replace").strip().splitlines() or [""])[-1], 200)
    quoted = f"; its last words: {last}" if last else ""
    fault = (
        f"{plugin}: the process that imports it died ({how}){quoted}. It takes every command that "
        f"uses it along: see python -X faulthandler -c 'import {plugin.module}', or run "
        f"'pip uninstall {plugin.distribution}'."
    )
    return Finding(Cause.DIED, fault)
