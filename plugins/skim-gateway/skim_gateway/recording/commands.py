"""``skim-gateway record`` and ``skim-gateway diff``: what they do."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from skim_core.errors import BrokerError, ConfigError, ExitCode
from skim_gateway.recording.comparing import Difference, decoded, in_course, in_form, led_to
from skim_gateway.recording.files import GATEWAY, Entry, RecordingWriter, of, read_recording
from skim_gateway.recording.proxy import RecordingProxy
from skim_gateway.recording.replaying import names_of, replay, requests_of
from skim_gateway.running import Wanted, plan
from skim_gateway.wire.messages import Message


def record(upstream: str, host: str, port: int, out: Path, *, as_json: bool) -> int:
    """Record until a signal stops it; return the exit code.

    Raises ConfigError for an upstream that is none or a file that is there, BrokerError
    when it can't listen.
    """
    name, _, number = upstream.rpartition(":")
    if not name or not number.isdecimal():
        msg = f"--upstream is {upstream!r}: give a host and a port, as in 127.0.0.1:4001."
        raise ConfigError(msg)
    with RecordingWriter(out) as writer:
        begun = time.monotonic()
        proxy = RecordingProxy(
            (name, int(number)), writer, lambda: time.monotonic() - begun, host=host, port=port
        )
        asyncio.run(_record(proxy, out, as_json=as_json))
    return ExitCode.DONE


async def _record(proxy: RecordingProxy, out: Path, *, as_json: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await proxy.start()
    except OSError as error:
        msg = f"can't listen ({error.strerror or error}): give another --port."
        raise BrokerError(msg) from error
    host, port = proxy.address
    said = json.dumps({"host": host, "port": port, "out": str(out)})
    if not as_json:
        said = (
            f"Recording to {out}, account numbers masked: connect your program to {host}:{port}. "
            "Stop with Ctrl-C."
        )
    sys.stdout.write(said + "\n")
    sys.stdout.flush()
    try:
        await stopped.wait()
    finally:
        await proxy.close()


def compare(path: Path, wanted: Wanted) -> list[Difference]:
    """Return where a recording differs from the simulator: in form first, then in course.

    Raises DataError for a file that is no recording, and what `plan` raises.
    """
    entries = read_recording(path)
    differences = in_form(of(entries, GATEWAY))
    for connection in dict.fromkeys(entry.connection for entry in entries):
        own = [entry for entry in entries if entry.connection == connection]
        recorded = led_to(message for _, message in decoded(of(own, GATEWAY)))
        simulated = led_to(_simulated(own, wanted, connection))
        differences += in_course(names_of(requests_of(own)), recorded, simulated)
    return differences


def _simulated(own: list[Entry], wanted: Wanted, connection: int) -> list[Message]:
    with tempfile.TemporaryDirectory(prefix="skim-gateway-") as folder:
        planned = plan(wanted, Path(folder))
        sessions = [one for one in planned.setup.sessions if one.date <= planned.session.date]
        setup = replace(planned.setup, sessions=tuple(sessions), repeated=0.0)
        return asyncio.run(replay(own, setup, connection))


def diff(path: Path, wanted: Wanted, *, as_json: bool) -> int:
    """Print where a recording differs from the simulator; return 1 when it does, else 0."""
    differences = compare(path, wanted)
    if as_json:
        text = json.dumps([asdict(found) for found in differences], indent=2)
    else:
        text = "\n".join(map(_told, differences)) or "The simulator does the same."
    sys.stdout.write(text + "\n")
    return ExitCode.FAILED if differences else ExitCode.DONE


def _told(found: Difference) -> str:
    times = f" ({found.times} times)" if found.times > 1 else ""
    return f"{found.what}{times}\n  recorded:  {found.recorded}\n  simulated: {found.simulated}"
