"""A replay that breaks off, whatever the reason: nothing is half there, and it goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydantic import BaseModel, field_serializer

from skim_core.cli.stopping import stopped_by_signals

resource = pytest.importorskip("resource", reason="limits on files are POSIX's")

TWO_WEEKS = ("--from", "2025-01-06", "--to", "2025-01-17")
PATIENCE = 60.0

SKIM = """
import signal
from skim_core.cli.main import run
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
"""
"""As from a terminal: whoever runs the tests may have Ctrl-C ignored."""


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # noqa: TID251  a real process is waited for


def lives(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Broken:
    """A replay in a process of its own that has finished six sessions and stands still."""

    def __init__(self, strategy, out, *arguments):
        self.out = out
        self.aside = out.parent / f".{out.name}.running"
        mark = out.with_name("mark")
        command = ["replay", "-s", strategy, *TWO_WEEKS, "--out", out, *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SKIM, *map(str, command)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "STAND_STILL": str(mark)},
        )
        try:
            wait_until(lambda: mark.exists() and mark.read_text() and self.finished >= 6)
        except BaseException:
            self.process.kill()
            raise
        self.standing = int(mark.read_text())
        mark.unlink()

    @property
    def finished(self):
        lines = self.aside / "progress.jsonl"
        return lines.read_bytes().count(b"\n") - 1 if lines.exists() else 0

    def end(self, number):
        self.process.send_signal(number)
        said = self.process.communicate(timeout=PATIENCE)[1]
        wait_until(lambda: not lives(self.standing))
        return self.process.returncode, said


@pytest.fixture
def whole(replay, standing):
    return replay(standing, *TWO_WEEKS).content


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out" / "replay"
    folder.parent.mkdir()
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("number", "jobs", "code"),
    [
        (signal.SIGKILL, 1, -9),
        (signal.SIGKILL, 2, -9),
        (signal.SIGTERM, 1, 143),
        (signal.SIGTERM, 2, 143),
        (signal.SIGINT, 1, 130),
    ],
)
def test_a_replay_that_was_stopped_goes_on_to_the_same_bytes(
    skim, standing, whole, out, number, jobs, code
):
    broken = Broken(standing, out, "--jobs", jobs)
    finished = broken.finished
    ended, said = broken.end(number)
    assert ended == code
    assert not out.exists()
    if number != signal.SIGKILL:
        assert f"stopped with {finished} of 10 sessions finished: the same command" in said
        assert "Traceback" not in said
        assert sorted(path.name for path in broken.aside.iterdir()) == ["lock", "progress.jsonl"]
    result = skim("replay", "-s", standing, *TWO_WEEKS, "--out", out)
    assert f"going on where it broke off: {finished} of 10 sessions are finished" in result.err
    assert content(out) == whole
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_two_processes_go_on_with_what_was_held(skim, standing, whole, out):
    Broken(standing, out).end(signal.SIGKILL)
    result = skim("replay", "-s", standing, *TWO_WEEKS, "--out", out, "--jobs", 2)
    assert "7 of 10 sessions are finished" in result.err
    assert content(out) == whole


@pytest.mark.parametrize("missing", [1, 20])
def test_a_session_that_was_half_written_is_run_again(skim, standing, whole, out, missing):
    broken = Broken(standing, out)
    broken.end(signal.SIGKILL)
    lines = broken.aside / "progress.jsonl"
    lines.write_bytes(lines.read_bytes()[:-missing])
    result = skim("replay", "-s", standing, *TWO_WEEKS, "--out", out)
    assert "6 of 10 sessions are finished" in result.err
    assert content(out) == whole


def test_what_another_plan_or_other_code_has_finished_is_not_used(
    skim, replay, standing, out, tmp_path
):
    Broken(standing, out).end(signal.SIGKILL)
    another = replay(standing, *TWO_WEEKS, "--seed", 9).content
    result = skim("replay", "-s", standing, *TWO_WEEKS, "--seed", 9, "--out", out)
    assert "going on" not in result.err
    assert content(out) == another
    Broken(standing, out.with_name("second")).end(signal.SIGKILL)
    module = tmp_path / "site" / f"replayed_{standing}.py"
    module.write_text(module.read_text() + "# another thought\n")
    out = out.with_name("second")
    assert "going on" not in skim("replay", "-s", standing, *TWO_WEEKS, "--out", out).err
    assert out.exists()


def test_a_replay_that_another_process_writes_is_left_to_it(skim, standing, out):
    broken = Broken(standing, out)
    try:
        result = skim("replay", "-s", standing, *TWO_WEEKS, "--out", out)
        assert result.code == 2
        assert "another process is writing this replay" in result.err
        assert broken.finished == 7
    finally:
        broken.end(signal.SIGKILL)


def test_what_was_left_behind_long_ago_is_removed(skim, days, out):
    weeks_ago = time.time() - 15 * 24 * 3600  # noqa: TID251  of real files
    for name, age in ((".old.running", weeks_ago), (".new.running", None), (".mine.running", None)):
        folder = out.parent / name
        (folder / "files").mkdir(parents=True)
        if "mine" not in name:
            (folder / "progress.jsonl").write_text("{}\n")
        (folder / "lock").touch()
        if age:
            os.utime(folder / "lock", (age, age))
    dates = ("--from", "2025-01-06", "--to", "2025-01-06")
    assert skim("replay", "-s", days, *dates, "--out", out).code == 0
    names = sorted(path.name for path in out.parent.iterdir())
    assert names == [".mine.running", ".new.running", "replay"]


@contextmanager
def files_up_to(size):
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 10, 300, 30_000, 70_000, 100_000])
def test_a_full_disk_is_told_and_with_room_the_replay_goes_on(skim, days, replay, out, size):
    whole = replay(days).content
    assert max(map(len, whole.values())) > 100_000
    dates = ("--from", "2025-01-06", "--to", "2025-01-10")
    with files_up_to(size):
        result = skim("replay", "-s", days, *dates, "--out", out)
    assert result.code in {1, 2}
    assert "room" in result.err
    assert "internal error" not in result.err
    assert not out.exists()
    result = skim("replay", "-s", days, *dates, "--out", out)
    assert result.code == 0
    assert ("going on" in result.err) == (size >= 70_000)
    assert content(out) == whole


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_is_no_folder_is_refused(skim, days, tmp_path, place):
    (tmp_path / "file").write_text("a thesis")
    dates = ("--from", "2025-01-06", "--to", "2025-01-06")
    result = skim("replay", "-s", days, *dates, "--out", tmp_path / place)
    assert result.code == 2
    assert "is a file, or lies in one: give a folder with --out" in result.err
    assert (tmp_path / "file").read_text() == "a thesis"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_is_refused(skim, days, out):
    out.parent.chmod(0o500)
    dates = ("--from", "2025-01-06", "--to", "2025-01-06")
    result = skim("replay", "-s", days, *dates, "--out", out)
    out.parent.chmod(0o700)
    assert result.code == 2
    assert "give this user the right to write there" in result.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_strikes_a_serializer_stops_the_command_all_the_same(number):
    class Struck(BaseModel):
        at: int = 0

        @field_serializer("at")
        def strike(self, at: int) -> int:
            signal.raise_signal(number)
            return at

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    told = []
    try:
        with (
            pytest.raises(SystemExit) as end,
            stopped_by_signals(lambda: told.append("what was done is kept")),
        ):
            Struck().model_dump_json()
    finally:
        signal.signal(signal.SIGINT, before)
    assert (end.value.code, told) == (128 + number, ["what was done is kept"])


def test_an_error_without_a_signal_is_the_commands_own():
    told = []
    with pytest.raises(ValueError, match="its own"), stopped_by_signals(lambda: told.append(1)):
        int("its own")
    assert told == []
