"""How far a day reaches: what it asks of the world outside of its process, seen by Python's own audit."""

from __future__ import annotations

import os
import subprocess
import sys

REACHES = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "subprocess.Popen",
    "urllib.Request",
}
"""Events of https://docs.python.org/3/library/audit_events.html that lead out of the process."""

WATCHED = f"""
import sys

reached = []
sys.addaudithook(lambda event, args: reached.append(event) if event in {REACHES!r} else None)
from skim_core.cli.main import run
sys.argv[0] = "skim"
if "--reach" in sys.argv:
    sys.argv.remove("--reach")
    import socket
    socket.create_server(("127.0.0.1", 0)).close()
try:
    run()
except SystemExit as ended:
    print("ended", ended.code or 0, *sorted(set(reached)))
"""

DAY = ("start_trading_day", "-s", "orh_breakout", "-s", "gap_fade", "--session", "2026-11-24")


def ended(folder, *arguments):
    """Run a command under audit; return its exit code and what it reached for."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SKIM_") and "DISCORD" not in name
    }
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=folder,
        env={**kept, "SKIM_DIRECTORY": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    _, code, *reached = done.stdout.splitlines()[-1].split()
    return int(code), reached


def test_a_simulated_day_reaches_nothing_outside_of_its_process(tmp_path):
    assert ended(tmp_path, *DAY) == (0, [])
    assert ended(tmp_path, "start_monitoring") == (0, [])
    assert ended(tmp_path, "status", "--session", "2026-11-24") == (0, [])
    assert ended(tmp_path, "halt", "--why", "a look") == (0, [])


def test_what_reaches_out_is_seen(tmp_path):
    assert ended(tmp_path, "status", "--reach")[1] == ["socket.bind"]
