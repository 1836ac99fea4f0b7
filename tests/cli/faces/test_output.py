from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from skim_core.cli.app import app
from skim_core.cli.output import Toned, print_json, table

ROWS = """
from skim_core.cli.output import Toned, echo, table
echo("heading", "error")
table(("phase", "runs"), [(Toned("scan", "done"), 12), ("alert [red]", None)])
"""


def commands(group, *path: str):
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


def unexplained(helped: str) -> list[str]:
    """Return the lines of a help that name types of Python, or bounds as Python has them."""
    return [line for line in helped.splitlines() if re.search(r"\s<|\{|\[\[|x[<>]=", line)]


COMMANDS = dict(commands(typer.main.get_command(app)))


def on_terminal(program: str = ROWS, **environment: str) -> str:
    """Return what a program that prints a table writes to a terminal."""
    ours, theirs = pty.openpty()
    given = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", **environment}
    with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=given) as process:
        assert process.wait(timeout=10) == 0
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        return screen.read(65536).decode()


def test_json_has_exact_numbers_and_utc(capsys):
    sydney = timezone(timedelta(hours=11))
    print_json(
        {
            "at": datetime(2026, 1, 6, 10, tzinfo=sydney),
            "date": date(2026, 1, 6),
            "price": Decimal("1E+2"),
            "wait": timedelta(minutes=90),
            "file": Path("a/b"),
            "first": (1, None, True),
        }
    )
    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-01-05T23:00:00Z",
        "date": "2026-01-06",
        "price": "100",
        "wait": "1h30m",
        "file": "a/b",
        "first": [1, None, True],
    }


def test_json_refuses_what_has_no_form():
    for value in (object(), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            print_json({"value": value})


def test_a_plain_table_is_aligned_with_numbers_to_the_right(capsys):
    table(
        ("name", "runs", "error"), [(Toned("scan", "error"), 7, None), ("a\nb", 1_200, "no data")]
    )
    assert capsys.readouterr().out == ("name  runs  error\nscan     7\na b   1200  no data\n")


def test_a_terminal_gets_a_drawn_table_in_colours_and_text_as_it_is():
    shown = on_terminal()
    assert "─" in shown
    assert "\x1b[1;31mheading" in shown
    assert "\x1b[32mscan" in shown
    assert "alert [red]" in shown


WIDE = """
from skim_core.cli.output import table
row = ("track_ranges", "every minute from open+10m to close-30m", "until 15:30", "the day fails")
table(("phase", "when", "until", "if it fails"), [row, ("scan", "once", "10:10", "a warning")])
"""


@pytest.mark.parametrize("columns", [40, 50, 60, 80, 90])
def test_a_narrow_terminal_gets_whole_words_as_long_as_there_is_room(columns):
    shown = on_terminal(WIDE, NO_COLOR="1", COLUMNS=str(columns))
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line).rstrip() for line in shown.splitlines()]
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    assert {"track_ranges", "open+10m", "close-30m", "warning", "minute"} <= set(words)
    assert len([line for line in lines if "scan" in line]) == 1


def test_no_color_is_honoured():
    shown = on_terminal(NO_COLOR="1")
    assert "heading" in shown
    assert "\x1b[1;31m" not in shown
    assert "\x1b[32m" not in shown


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_json_and_debug_and_explains_itself(path, skim):
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}
    assert {"--json", "--debug"} <= options
    helped = skim(*(part.replace("_", "-") for part in path), "--help")
    assert helped.code == 0
    assert (COMMANDS[path].help or "").split(".")[0].split()[0] in helped.out
    assert unexplained(helped.out) == []


@pytest.mark.parametrize("phase", ["scan", "track-ranges"])
def test_the_help_of_a_phase_does_not_ask_for_its_name(skim, phase):
    helped = skim(phase, "--help").out
    # What stands before is the program's name, here that of the test run.
    assert helped.splitlines()[0].endswith(f"skim {phase} [OPTIONS]")
    assert ("PHASE" in helped, "Arguments:" in helped) == (False, False)
    assert "run_phase [OPTIONS] PHASE" in skim("run_phase", "--help").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("try", "gap.py", "--seed", "x"),
            "Invalid value for '--seed': it must be a whole number\n",
        ),
        (("replay", "--jobs", "1.5"), "Invalid value for '--jobs': it must be a whole number\n"),
    ],
)
def test_a_value_that_an_option_can_not_take_is_told_in_words(skim, arguments, told):
    refused = skim(*arguments)
    assert (refused.code, told in refused.err) == (2, True), refused.err


def test_what_is_missing_is_named_as_the_help_names_it(skim):
    assert "Missing argument 'FILE.py'" in skim("try").err


def test_the_help_says_what_each_command_is_for_in_a_line_of_a_terminal(skim):
    shown = skim("--help").out
    listed = [line for line in shown.partition("Commands:\n")[2].splitlines() if line]
    assert len(listed) > 20
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_a_table_without_headers_begins_with_its_first_row_on_a_terminal_too():
    program = "from skim_core.cli.output import table; table(('', ''), [('port', 'open')])"
    shown = re.sub("\x1b\\[[0-9;]*m", "", on_terminal(program, NO_COLOR="1"))
    assert [line.split() for line in shown.splitlines()] == [["port", "open"]]


def test_a_table_without_headers_has_no_line_for_them(capsys):
    table(("", ""), [("port", "open"), ("clock", Toned("slow", "error"))])
    assert capsys.readouterr().out == "port   open\nclock  slow\n"
