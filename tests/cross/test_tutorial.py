"""The tutorial is done word for word: on a stranger's machine, in new environments, offline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .stranger import ROOT, Stranger
from .tutor import NotAsWrittenError, edited, follow, shows

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture
def stranger(tmp_path) -> Stranger:
    return Stranger(tmp_path / "home")


def test_all_that_the_tutorial_shows_is_so(stranger):
    typed = list(follow(PAGE, stranger))
    assert typed == re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
    assert len(typed) > 20
    # What a stranger has then is what the page promised: a wheel, a report, two environments.
    made = {path.relative_to(stranger.work) for path in stranger.work.glob("*/*")}
    wanted = {"skim-strategy-dip/dist", "skim-strategy-dip/november", "live/bin", "trading/bin"}
    assert made >= set(map(Path, wanted))


def page(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```", ""])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (page("$ echo a b", "a c"), "The page shows:\na c\n\nThere is:\na b\n"),
        (page("$ echo a b"), "The page shows:\n\nThere is:\na b\n"),
        (page("$ true", "more"), "The page shows:\nmore\n"),
        (page("$ (exit 3)"), "fails with 3, of which the page says nothing"),
        (page("$ (exit 3)", "$ echo $?", "2"), "The page shows:\n2\n\nThere is:\n3\n"),
        (
            "```{code-block} diff\n:caption: a.py\n\n-b\n+c\n```\n",
            "0 places fit what the page edits",
        ),
    ],
)
def test_what_is_not_as_the_page_says_is_told(stranger, text, said):
    stranger.write("a.py", "a\n")
    with pytest.raises(NotAsWrittenError, match=re.escape(said)):
        list(follow(text, stranger))


def test_a_shell_keeps_where_it_is_and_what_it_found(stranger):
    text = page("$ mkdir a", "$ cd a", "$ pwd", f"{stranger.work}/a", "$ false", "$ echo $?", "1")
    assert len(list(follow(text, stranger))) == 5


@pytest.mark.parametrize(
    ("written", "told", "same"),
    [
        ("a …\n", "a 12 b\n", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a …\nc\n", "a\nb\nc\n", False),
        ("a.\n", "ab\n", False),
        ("", "a\n", False),
    ],
)
def test_only_what_is_marked_may_differ(written, told, same):
    assert shows(written, told) is same


def test_an_edit_changes_its_one_place():
    assert edited("a\nb\nc\n", " a\n-b\n+x\n+y\n") == "a\nx\ny\nc\n"
    with pytest.raises(NotAsWrittenError, match="2 places"):
        edited("b\nb\n", "-b\n+x\n")
