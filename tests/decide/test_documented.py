"""docs/properties.md tells all that is promised here, and no more."""

from __future__ import annotations

import re
from pathlib import Path

from skim_core.decide.sequencer import AFTERMATH, RULES
from skim_core.decide.transitions import TRANSITIONS

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "properties.md").read_text(encoding="utf-8")


def test_every_transition_is_documented():
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \| (\w+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (before.value, kind.model_fields["kind"].default, after.value)
        for (before, kind), after in TRANSITIONS.items()
    ]


def test_every_rule_is_documented_in_its_order():
    assert re.findall(r"^\d+\. (.+)$", PAGE, re.MULTILINE) == [rule for rule, _ in RULES]


def test_every_property_is_documented_and_tested():
    documented = re.findall(r"^- \*\*P(\d\d)\*\* ", PAGE, re.MULTILINE)
    tested = {
        number
        for path in HERE.glob("test_*.py")
        for number in re.findall(r"^def test_p(\d\d)_", path.read_text("utf-8"), re.MULTILINE)
    }
    assert documented == sorted(tested)


def test_the_wait_after_the_close_is_documented():
    assert f"{AFTERMATH.seconds // 60} minutes after the close" in " ".join(PAGE.split())
