"""The cached tables of sessions: what they save, and that nothing in them can hurt."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

from skim_core.calendar import tables
from skim_core.calendar.sessions import SessionCalendar
from skim_core.calendar.year import CalendarYear, build_year

# Comes with no bundled table.
MIC, FILE = "XNZE", "XNZE-2026.json"
DAY = date(2026, 7, 1)

BUNDLED = sorted(Path(tables.__file__).parent.glob("*.json"))
OTHER_VERSION = "the bundled tables are of another exchange_calendars: skim doesn't use them"

ASK = """
import sys
from datetime import date
from pathlib import Path
from skim_core.calendar.sessions import SessionCalendar
print(SessionCalendar(sys.argv[1], Path(sys.argv[2])).session(date(2026, 7, 1)).date)
print(sorted({"pandas", "numpy", "exchange_calendars"} & sys.modules.keys()))
"""


def made_for_the_installed_version(file: Path) -> bool:
    return json.loads(file.read_text())["version"] == version("exchange_calendars")


def ask(mic: str, cache: Path) -> list[str]:
    """Ask for a session in a process of its own, where a warning is an error."""
    command = [sys.executable, "-W", "error", "-c", ASK, mic, str(cache)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.stderr == ""
    return run.stdout.splitlines()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    cache = tmp_path_factory.mktemp("filled") / "skim" / "sessions"
    assert SessionCalendar(MIC, cache).session(DAY)
    return cache


@pytest.fixture
def cache(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "cache")


def test_a_process_with_a_fresh_table_needs_no_pandas(cache):
    assert ask(MIC, cache) == ["2026-07-01", "[]"]


def test_the_commonest_exchanges_need_no_pandas_at_all(tmp_path):
    if not all(made_for_the_installed_version(file) for file in BUNDLED):
        pytest.skip(OTHER_VERSION)

    assert ask("XASX", tmp_path / "cache") == ["2026-07-01", "[]"]
    assert not (tmp_path / "cache").exists()


def test_a_table_is_one_small_private_file_for_each_year(filled):
    (file,) = filled.iterdir()

    assert file.name == FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(filled.stat().st_mode) == 0o700
    assert file.stat().st_size < 25_000
    content = json.loads(file.read_text())
    assert content["version"] == version("exchange_calendars")
    assert content["timezone"] == "Pacific/Auckland"
    assert content["rows"][0][0] == "2026-01-05"


def test_a_fresh_table_is_believed(cache):
    content = json.loads((cache / FILE).read_text())
    content["rows"] = [row for row in content["rows"] if row[0] != DAY.isoformat()]
    (cache / FILE).write_text(json.dumps(content))

    assert SessionCalendar(MIC, cache).session(DAY) is None


def spoil(**changes):
    return lambda content: json.dumps(content | changes)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda content: "",
        lambda content: "not JSON",
        lambda content: json.dumps(content)[:-100],
        lambda content: json.dumps([content]),
        lambda content: b"\xff\xfe\x00",
        spoil(version="0.1"),
        spoil(exchange="XASX"),
        spoil(year=2025),
        spoil(timezone="Pacific/Atlantis"),
        spoil(timezone="../../etc/passwd"),
        spoil(rows=[]),
        spoil(rows=[["2026-07-01", "2026-07-01T05:00:00Z", "2026-06-30T22:00:00Z", False]]),
        spoil(rows=[["2026-07-01", "2026-06-30T22:00:00", "2026-07-01T05:00:00", False]]),
        lambda content: json.dumps(content | {"rows": content["rows"][::-1]}),
        spoil(surprise=1),
    ],
)
def test_a_damaged_or_foreign_table_is_replaced_in_silence(cache, spoilt):
    sound = (cache / FILE).read_bytes()
    content = spoilt(json.loads(sound))
    (cache / FILE).write_bytes(content if isinstance(content, bytes) else content.encode())

    calendar = SessionCalendar(MIC, cache)

    assert calendar.session(DAY).minutes == 405
    assert len(calendar.sessions(date(2026, 1, 1), date(2026, 12, 31))) > 245
    assert (cache / FILE).read_bytes() == sound
    assert [file.name for file in cache.iterdir()] == [FILE]


def test_where_nothing_can_be_kept_the_sessions_are_known_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")

    assert SessionCalendar(MIC, tmp_path / "file" / "cache").session(DAY)
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_in_the_table_s_place_is_left_alone(tmp_path):
    (tmp_path / FILE).mkdir()

    assert SessionCalendar(MIC, tmp_path).session(DAY)
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_tables_of_the_asx_and_the_nyse_come_with_skim():
    names = {file.name for file in BUNDLED}
    assert names == {f"{mic}-{y}.json" for mic in ("XASX", "XNYS") for y in range(2024, 2028)}


@pytest.mark.parametrize("file", BUNDLED, ids=lambda file: file.stem)
def test_a_bundled_table_says_what_exchange_calendars_says(file):
    if not made_for_the_installed_version(file):
        pytest.skip(OTHER_VERSION)

    bundled = CalendarYear.model_validate_json(file.read_bytes())
    assert bundled == build_year(bundled.exchange, bundled.year)
    assert file.stem == f"{bundled.exchange}-{bundled.year}"
