"""docs/migrating.md: each rule of the old bot has a home, and a test that is there to prove it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
# A bar inside a cell is written with a backslash before it.
ROW = re.compile(r"^\|((?:\\\||[^|\n])*)\|((?:\\\||[^|\n])*)\|((?:\\\||[^|\n])*)\|$", re.MULTILINE)
ROWS = [
    cells
    for cells in ([cell.strip() for cell in row] for row in ROW.findall(PAGE))
    if cells[0] not in {"the old bot", "---"}
]
GONE = [
    "or_poll_interval_seconds",
    "gap_fill_tolerance",
    "gap_threshold",
    "price_filter",
    "volume_filter",
    "or_duration_minutes",
    "or_breakout_buffer",
    "max_position_size",
    "max_positions",
]


def test_every_row_of_every_table_is_looked_at():
    assert len(ROWS) == len(re.findall(r"^\| ", PAGE, re.MULTILINE)) - 2 * PAGE.count("proven by |")
    assert len(ROWS) > 200


def test_every_rule_says_where_it_lives_and_what_proves_it():
    wanting = [old for old, now, proof in ROWS if not (old and now and proof)]
    assert wanting == []


@pytest.mark.parametrize("proof", sorted({proof for _, _, proof in ROWS}))
def test_the_test_that_proves_it_is_there(proof):
    file, _, function = proof.strip("`").partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {function}\(", text, re.MULTILINE)


@pytest.mark.parametrize(
    "asked",
    [
        *("run", "monitor", "execute", "scan_gaps", "scan_news", "manage_positions"),
        *("track_or_breakouts", "analyse info BHP", "analyse load", "analyse quit"),
    ],
)
def test_commands_that_are_gone_are_refused(skim_in, asked):
    code, said = skim_in().run(*asked.split())
    assert code == 2
    assert asked.replace("analyse ", "").split()[0].replace("_", "-") in said.replace("_", "-")


def test_settings_that_are_gone_are_refused(skim_in):
    skim = skim_in()
    keys = "".join(f"{key} = 1\n" for key in GONE)
    (skim.directory / "skim.toml").write_text(f"[strategy.orh_breakout]\n{keys}", "utf-8")
    code, said = skim.run("config", "check")
    assert code == 2
    assert [key for key in GONE if key not in said] == []
    for key in GONE:
        assert f"`{key}`" in PAGE


def test_the_settings_that_are_named_for_the_old_ones_exist(skim_in):
    table = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
    new = {
        key
        for old, now, _ in ROWS
        if f"| {old} |" in table and any(key in old for key in GONE)
        for key in re.findall(r"`(\w+)`", now)
    }
    skim = skim_in()
    text = "[strategy.orh_breakout]\n" + "".join(
        f"{key} = 1\n" for key in sorted(new - {"positions", "position_value"})
    )
    (skim.directory / "skim.toml").write_text(
        f"{text}[limits]\npositions = 5\nposition_value = 10000\n", "utf-8"
    )
    assert len(new) > 7
    code, said = skim.run("config", "check")
    assert code == 0, said


def packages():
    return [ROOT / "skim_core", *ROOT.glob("plugins/*/skim_*")]


def test_no_code_knows_that_it_is_tested():
    knowing = [
        str(path)
        for package in packages()
        for path in package.rglob("*.py")
        if "PYTEST_" in path.read_text(encoding="utf-8")
    ]
    assert knowing == []


def test_no_key_is_in_the_repository():
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if files.returncode:
        pytest.skip("not a checkout")
    listed = [ROOT / name for name in files.stdout.split("\0") if name]
    marks = [b"-----BEGIN " + kind for kind in (b"RSA", b"PRIVATE", b"EC", b"ENCRYPTED")]
    there = [path for path in listed if path.is_file()]
    assert len(there) > 100
    assert [path for path in there if any(mark in path.read_bytes() for mark in marks)] == []
    for project in [ROOT, *ROOT.glob("plugins/*/")]:
        wanted = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
        assert not any(
            re.match("(?i)(requests-oauthlib|pycryptodome|oauth)", one) for one in wanted
        )
