"""The site, built once as its readers get it: a warning is an error."""

from __future__ import annotations

import base64
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Build the site; give its folder."""
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

    return built


@pytest.fixture(scope="session")
def site(built):
    """Give the text of a page by its name, as a reader sees it."""

    def text(page):
        article = (built / f"{page}.html").read_text(encoding="utf-8").partition("<article")[2]
        bare = re.sub(r"<[^>]+>", "", article.partition("</article>")[0])
        return " ".join(html.unescape(bare).split())

    return text


@pytest.fixture(scope="session")
def pictures_of(built):
    """Give the pictures that were drawn into a page, by its name."""

    def drawn(page):
        text = (built / f"{page}.html").read_text(encoding="utf-8")
        return [
            base64.b64decode(data).decode()
            for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
        ]

    return drawn
