"""What the first page of the docs says is done word for word, on a stranger's machine, offline."""

from __future__ import annotations

import re

from .stranger import ROOT, TOOLS, Stranger
from .tutor import follow

PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")


def test_all_that_the_first_page_shows_is_so(tmp_path):
    # The broker's client is what pip would fetch beside it.
    stranger = Stranger(tmp_path / "home", (*TOOLS, "ib_async"))
    typed = list(follow(PAGE, stranger))
    assert typed == re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
    assert len(typed) > 15
    page = (stranger.work / "day.html").read_text(encoding="utf-8")
    assert "orh_breakout" in page
