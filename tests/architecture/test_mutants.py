"""The planted bugs of ``mutants/`` can still be planted; ``tox -e mutants`` lets them be found."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import skim_core

BUGS = sorted((Path(__file__).parents[2] / "mutants").glob("*.toml"))


def test_there_are_as_many_planted_bugs_as_were_promised():
    assert len(BUGS) >= 20


@pytest.mark.parametrize("path", BUGS, ids=lambda path: path.stem)
def test_a_planted_bug_has_its_place_and_gives_a_program(path):
    bug = tomllib.loads(path.read_text(encoding="utf-8"))
    assert bug.keys() == {"what", "file", "before", "after"}
    text = (Path(skim_core.__file__).parent / bug["file"]).read_text(encoding="utf-8")
    assert text.count(bug["before"]) == 1
    compile(text.replace(bug["before"], bug["after"]), bug["file"], "exec", dont_inherit=True)
