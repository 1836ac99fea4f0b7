"""The gallery shows every strategy under plugins/ as it is: its phases, settings, and what to copy."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from skim_core.plugins.strategies import load_strategy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
NAMES = sorted(
    path.name.removeprefix("skim-strategy-").replace("-", "_")
    for path in (ROOT / "plugins").glob("skim-strategy-*")
)


def test_every_strategy_is_in_it():
    assert sorted(SECTIONS) == NAMES
    assert [row for row in NAMES if f"| [{row}](#{row}) |" in PAGE] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_its_graph(name, skim_cli):
    drawn = skim_cli("graph", name, "--svg").out
    picture = ROOT / "docs" / "gallery" / f"{name}.svg"
    mend = f"run: skim graph {name} --svg > docs/gallery/{name}.svg"
    assert picture.read_text(encoding="utf-8") == drawn, mend
    assert f"](gallery/{name}.svg)" in SECTIONS[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_are_its_models(name):
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", SECTIONS[name], re.MULTILINE)
    fields = load_strategy(name).config_model.model_fields
    assert rows == [
        (key, str(field.default), f"{(field.description or '').split('. ')[0].rstrip('.')}.")
        for key, field in fields.items()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_to_be_copied_is_there(name):
    places = re.findall(r"`(\w+)/(\w+\.py)::(\w+)`", SECTIONS[name])
    assert len(places) > 2
    for package, file, function in places:
        text = (ROOT / "plugins" / package.replace("_", "-") / package / file).read_text()
        defined = {getattr(node, "name", None) for node in ast.parse(text).body}
        assert function in defined, f"{package}/{file} has no {function}"
