"""Parquet files are tried in a process apart, whatever becomes of that or of its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from skim_core.errors import DataError
from skim_core.sim import apart, read_parquet

PATIENCE = 20
TASKS = Path("/proc/self/task")

if not TASKS.is_dir():
    pytest.skip("needs /proc to see processes", allow_module_level=True)


@pytest.fixture
def sound(tmp_path):
    """Write a file that nobody has read yet."""
    numbers = iter(range(100))

    def written():
        path = tmp_path / f"{next(numbers)}.parquet"
        pl.DataFrame({"path": [str(path)]}).write_parquet(path)
        return path

    return written


def children():
    return {int(pid) for task in TASKS.iterdir() for pid in (task / "children").read_text().split()}


def gone(pid):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                threading.Event().wait(0.02)
                continue
        return True
    return False


@pytest.fixture
def tried(sound):
    """Let a file be tried; return the id of the process that did."""
    before = children()
    read_parquet(sound())
    after = children() - before or before
    [pid] = [pid for pid in after if b"skim_core.sim.trial" in cmdline(pid)]
    return pid


def cmdline(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_one_process_tries_all_files(tried, sound):
    for _ in range(3):
        read_parquet(sound())
    assert [pid for pid in children() if b"skim_core.sim.trial" in cmdline(pid)] == [tried]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_file_is_not_bad_because_somebody_ended_the_process(tried, sound, number):
    os.kill(tried, number)
    path = sound()
    assert read_parquet(path)["path"].to_list() == [str(path)]


def test_an_answer_that_nobody_waited_for_is_not_the_next_files(tried, sound):
    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    damaged = sound()
    damaged.write_bytes(damaged.read_bytes()[:-10])
    os.kill(tried, signal.SIGSTOP)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            read_parquet(damaged)
    finally:
        signal.signal(signal.SIGALRM, before)
        with suppress(ProcessLookupError):
            os.kill(tried, signal.SIGCONT)
    assert read_parquet(sound()).height == 1


def test_a_process_that_is_asked_nothing_is_ended(tried, sound, monkeypatch):
    monkeypatch.setattr(apart, "_IDLE", 0.05)
    read_parquet(sound())
    assert gone(tried)
    assert tried not in children()
    assert read_parquet(sound()).height == 1


def test_where_no_process_can_be_begun_the_file_is_not_read(tried, sound, monkeypatch):
    os.kill(tried, signal.SIGKILL)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    path = sound()
    with pytest.raises(DataError, match="none could be begun") as refused:
        read_parquet(path)
    assert f"{path} was not read" in str(refused.value)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DataError, match="none could be begun"):
        read_parquet(path)


OWNER = """
import os, sys, threading
from pathlib import Path
from skim_core.sim import read_parquet

def begun():
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]

first, second = map(Path, sys.argv[1:])
read_parquet(first)
"""


def owner(code, sound, **more):
    command = [sys.executable, "-W", "ignore", "-c", OWNER + code, *(sound() for _ in range(2))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)


def test_it_ends_with_the_one_that_began_it(sound):
    process = owner("print(*begun(), flush=True); threading.Event().wait(60)", sound)
    pid = int(process.stdout.readline())
    process.kill()
    process.communicate()
    assert gone(pid)


def test_a_process_that_is_forked_off_and_ends_leaves_it(sound):
    code = """
before = begun()
if (forked := os.fork()) == 0:
    sys.exit()
os.waitpid(forked, 0)
print(read_parquet(second).height, begun() == before)
"""
    said, _ = owner(code, sound).communicate(timeout=PATIENCE)
    assert said.split() == ["1", "True"]


ANEW = """
# As on a file system whose times are coarse.
sound_files._identity = lambda found: (found.st_ino, found.st_size)
frame = pl.DataFrame({"symbol": ["BHP"] * 5 + ["CSL"] * 5, "close": [1.5] * 10})
frame.write_parquet(first)
sound = first.read_bytes()
for _ in range(3):
    first.write_bytes(sound)
    read_parquet(first)
    first.write_bytes(bytes([*sound[:48], 1, *sound[49:]]))
    try:
        read_parquet(first)
    except DataError:
        print("told", flush=True)
"""


def test_a_file_that_is_written_anew_at_once_is_tried_anew(sound):
    imports = "from skim_core.errors import DataError; from skim_core.sim import sound_files"
    code = f"import polars as pl; {imports}{ANEW}"
    said, _ = owner(code, sound).communicate(timeout=PATIENCE)
    assert said.split() == ["told"] * 3


def test_what_is_remembered_is_for_its_user_alone_and_does_not_grow_for_ever(sound, tmp_path):
    remembered = tmp_path / "kept" / "sound_files"
    path = sound()
    read_parquet(path, remembered_in=remembered.parent)
    assert remembered.stat().st_mode & 0o777 == 0o600
    [line] = remembered.read_text().splitlines()
    other = tmp_path / "other" / "sound_files"
    other.parent.mkdir()
    other.write_bytes(b"\xff damaged\n" * 30_000 + line.encode() + b"\n")
    read_parquet(path, remembered_in=other.parent)
    assert len(other.read_text().splitlines()) == 10_000
    assert other.read_text().splitlines()[-1] == line


def test_a_folder_that_can_not_be_written_costs_time_alone(sound, tmp_path):
    (tmp_path / "file").write_text("")
    assert read_parquet(sound(), remembered_in=tmp_path / "file").height == 1


def test_columns_and_the_mend_are_as_asked_for(sound):
    path = sound()
    assert read_parquet(path, ["path"]).columns == ["path"]
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"\): ask for another\.$"):
        read_parquet(path, mend="ask for another")
