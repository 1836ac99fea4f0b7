"""The site, built once as its readers get it: a warning is an error."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Give the text of a page by its name, as a reader sees it."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"),
            *(str(ROOT / "docs"), str(built)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    def text(page):
        article = (built / f"{page}.html").read_text(encoding="utf-8").partition("<article")[2]
        bare = re.sub(r"<[^>]+>", "", article.partition("</article>")[0])
        return " ".join(html.unescape(bare).split())

    return text
