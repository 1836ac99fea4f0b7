from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given

from skim_core.cli.graph import as_mermaid, in_order
from skim_core.cli.views.graph_picture import as_svg, placed
from skim_core.model.graph import PhaseGraph
from skim_core.model.phases import Phase
from skim_core.testing.graphs import phase_graphs

SVG = "{http://www.w3.org/2000/svg}"


def test_phases_come_after_those_they_wait_for_whatever_the_declaration(skim, example):
    shown = skim("graph", "example")
    assert shown.code == 0
    names = [words[0] for words in shown.words[2:6]]
    assert names == ["scan", "alert", "trade", "manage"]


@given(phase_graphs())
def test_any_graph_is_put_in_an_order_that_it_could_run_in(graph):
    ordered = [phase.name for phase in in_order(graph)]
    assert sorted(ordered) == sorted(phase.name for phase in graph)
    for phase in graph:
        assert all(ordered.index(name) < ordered.index(phase.name) for name in phase.after)


def test_policies_and_overrides_are_shown(skim, example):
    Path("skim.toml").write_text('[strategy.example.phases.scan]\ntimeout = "3m"\n')
    shown = skim("graph", "example").out
    [scan] = [line for line in shown.splitlines() if line.startswith("scan")]
    assert "at open+1m, by open+30m" in scan
    assert "10:01:00 to 10:30:00" in scan
    assert "  3m  " in scan
    assert "3 attempts, 1s apart at first" in scan
    assert scan.startswith("scan *")
    assert "* By the configuration scan's timeout is 3m, declared 2m." in shown
    [manage] = [line for line in shown.splitlines() if line.startswith("manage")]
    assert "every 30m from open to close" in manage
    assert "protective" in manage


def test_the_times_are_those_of_the_session_that_is_asked_for(skim, example):
    shown = skim("graph", "example", "--session", "2026-12-24").out
    assert "Thu 2026-12-24" in shown
    assert "10:00:00 to 14:10:00" in shown
    assert "a half day" in shown


def test_a_day_off_has_no_times(skim, example):
    refused = skim("graph", "example", "--session", "2026-01-26")
    assert (refused.code, refused.out) == (2, "")
    assert "Monday 2026-01-26 is a day off at XASX: give the date of a session" in refused.err


def test_an_unsound_override_is_refused(skim, example):
    Path("skim.toml").write_text('[strategy.example.phases.scna]\ntimeout = "3m"\n')
    refused = skim("graph", "example")
    assert (refused.code, "did you mean 'scan'?" in refused.err) == (2, True)


CHANGED = """
[strategy.example.phases.scan]
at = "open+2m"
deadline = "none"
[strategy.example.phases.alert]
enabled = false
[strategy.example.phases.second_scan]
hook = "skim_scan"
after = "scan"
"""


def test_what_the_configuration_makes_of_the_graph_is_marked_in_every_form(skim, example):
    Path("skim.toml").write_text(CHANGED)
    shown = skim("graph", "example").out
    marked = [line.split("  ")[0] for line in shown.splitlines()[2:6]]
    assert marked == ["scan *", "trade *", "manage", "second_scan +"]
    assert shown.splitlines()[-5:] == [
        "* By the configuration scan's at is open+2m, declared open+1m.",
        "* By the configuration scan's deadline is none, declared open+30m.",
        "* By the configuration trade's after is scan, declared alert.",
        "+ The configuration adds second_scan.",
        "- The configuration leaves out alert.",
    ]
    mermaid = skim("graph", "example", "--mermaid").out.splitlines()
    assert mermaid[1] == "    %% the configuration leaves out alert"
    assert "<br/>configured: at, deadline" in mermaid[2]
    picture = skim("graph", "example", "--svg").out
    assert ("added by the configuration" in picture, "configured: after" in picture) == (True, True)
    told = skim("graph", "example", "--json").json["configured"]
    assert (told["added"], told["left_out"]) == (["second_scan"], ["alert"])
    assert told["fields"]["scan"]["at"] == {"declared": "open+1m", "now": "open+2m"}


def test_json_is_the_graph_itself(skim, example):
    shown = skim("graph", "example", "--json").json
    graph = PhaseGraph(*(Phase(**phase) for phase in shown["phases"]))
    assert [phase.name for phase in graph] == ["trade", "alert", "scan", "manage"]


def test_the_picture_has_each_phase_with_its_policy_and_an_arrow_for_each_dependency(skim, example):
    picture = ET.fromstring(skim("graph", "example", "--svg").out)
    titles = [title.text for title in picture.iter(f"{SVG}title")]
    assert titles == ["scan", "manage", "alert", "trade"]
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "at open+1m, by open+30m" in texts
    arrows = [path for path in picture.iter(f"{SVG}path") if "marker-end" in path.attrib]
    assert [arrow.get("class") for arrow in arrows] == [None, "on"]
    frames = [frame.get("class") for frame in picture.iter(f"{SVG}rect")]
    assert frames == [None, "protective", None, None]


@given(phase_graphs())
def test_no_two_phases_of_any_graph_overlap_and_arrows_lead_to_the_right(graph):
    boxes = placed(in_order(graph), lambda phase: ["a <policy>"] * (len(phase.after) + 1))
    assert sorted(box.phase.name for box in boxes) == sorted(phase.name for phase in graph)
    for one, other in combinations(boxes, 2):
        beside = one.x + one.width < other.x or other.x + other.width < one.x
        below = one.y + one.height < other.y or other.y + other.height < one.y
        assert beside or below
    where = {box.phase.name: box for box in boxes}
    for box in boxes:
        assert all(where[name].x + where[name].width < box.x for name in box.phase.after)
    ET.fromstring(as_svg(in_order(graph), lambda _phase: ["a <policy> & more"]))


def test_two_forms_at_once_are_refused(skim, example):
    assert skim("graph", "example", "--svg", "--mermaid").code == 2
    assert skim("graph", "example", "--json", "--mermaid").code == 2


def test_mermaid_shows_policies_and_what_a_failure_means(skim, example):
    lines = skim("graph", "example", "--mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    assert (
        '    phase_scan["scan<br/>at open+1m, by open+30m<br/>timeout 2m<br/>3 attempts, '
        in (lines[1].replace("1s apart", "|").partition("|")[0])
    )
    assert "    phase_scan --> phase_alert" in lines
    assert '    phase_alert -. "even if it fails" .-> phase_trade' in lines
    assert any(line.startswith("    phase_manage{{") for line in lines)


@given(phase_graphs())
def test_mermaid_is_nodes_and_arrows_that_need_no_escaping(graph):
    node = r'    phase_\w+(\["[^"]+"\]|\{\{"[^"]+"\}\})'
    arrow = r'    phase_\w+ (-->|-\. "even if it fails" \.->) phase_\w+'
    for line in as_mermaid(graph).splitlines()[1:]:
        assert re.fullmatch(f"{node}|{arrow}", line), line
