from __future__ import annotations

import subprocess
import sys

LOGS = """
import logging
from skim_core.cli.logs import begin_logging
begin_logging("WARNING")
found = {"again.caused_by": "ConnectError('no route')", "again.wait_for": 0.5, "again.args": ()}
logging.getLogger("again").warning("scheduled", extra={**found, "elsewhere": 1})
"""


def test_what_a_library_logs_beside_its_message_is_told():
    done = subprocess.run(
        [sys.executable, "-c", LOGS], capture_output=True, text=True, check=True, timeout=60
    )
    assert (
        done.stderr
        == "WARNING again: scheduled (caused by ConnectError('no route'), wait for 0.5)\n"
    )
