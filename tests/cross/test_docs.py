"""What the docs and the README show runs as written, and their tables tell what the code does."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from skim_core import Joining
from skim_core.check.rules import RULES
from skim_core.cli.main import run
from skim_core.decide.orders import KEEPS, RESOLVED, STAGES
from skim_core.decide.risk import CHECKS
from skim_core.doctor.findings import WORDS
from skim_core.model.orders import OrderStage
from skim_core.plugins.discovery import Group
from skim_core.ports.engine import DayEnd
from skim_core.simulation.fault_shapes import SHAPES, Party
from skim_core.simulation.outcome import SENTENCES
from skim_core.testing import Share, pytest_plugin
from skim_core.testing.simulate import session_of, simulate_day

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in ROOT.glob("docs/*.md"))


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def flat(text):
    return " ".join(text.split())


def kind_of(event):
    return event.model_fields["kind"].default


def section(text, title):
    """Return what stands below a heading, up to the next one."""
    return re.split(rf"^#+ {re.escape(title)}$", text, flags=re.MULTILINE)[1].split("\n#")[0]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make a strategy of a module's text, as its package would."""

    def make(name, code):
        (tmp_path / f"{name}.py").write_text(code)
        metadata = tmp_path / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[skim.strategies]\n{name} = {name}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return make


@pytest.mark.parametrize("name", ["README.md", "docs/write-a-strategy.md"])
def test_the_strategy_on_the_page_runs_a_day_and_trades(name, tmp_path, install):
    code = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)[0]
    module = "page_" + re.sub(r"\W", "_", name.lower())
    install(module, code)
    day = simulate_day(module, session_of("XASX", "2026-11-24", tmp_path), tmp_path / "broker")
    assert day.result.end is DayEnd.COMPLETED
    assert day.trades
    assert not day.book.positions


def test_the_test_on_the_page_lives_days_with_the_strategy_on_the_other(install):
    strategy, test = (
        re.findall(r"```python\n(.*?)```", page(name), re.DOTALL)[0]
        for name in ("write-a-strategy", "simulation")
    )
    install("page_gap", strategy)
    # The page's two hundred days take a while; a dozen show that it runs.
    assert "range(1, 201)" in test
    shorter = test.replace("range(1, 201)", "range(1, 13)").replace('"gap"', '"page_gap"')
    names = {}
    exec(compile(ast.parse(shorter), "page", "exec"), names)
    names["test_my_strategy_survives_whatever_happens"]()


def test_the_scanners_and_filters_on_the_page_have_their_say(install, tmp_path):
    strategy = re.findall(r"```python\n(.*?)```", page("write-a-strategy"), re.DOTALL)[0]
    install("page_joined", strategy)
    text = section(page("hooks"), "Scanners and filters")
    names = {}
    exec(compile(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], "page", "exec"), names)
    joining = Joining(
        {each.name: each for each in names["skim_make_scanners"](None)},
        {each.name: each for each in names["skim_make_filters"](None)},
    )
    policy = tomllib.loads(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0])
    scan = policy["strategy"]["orh_breakout"]["phases"]["scan"]
    session = session_of("XASX", "2026-11-24", tmp_path)
    for changes, found, dropped in (
        ({"match": "any", "filters": []}, True, False),
        ({"match": "any"}, False, True),
        ({}, False, False),
    ):
        day = simulate_day(
            "page_joined",
            session,
            tmp_path / "broker",
            phases={"scan": scan | changes},
            joining=joining,
        )
        assert ("SEA" in day.book.candidates) is found
        assert ("SEA" in day.of("candidates_joined")[0].dropped) is dropped


def test_the_listener_on_the_page_hears_of_a_halt(tmp_path, monkeypatch, capsys):
    text = section(page("hooks"), "What people say")
    (tmp_path / "page_ear.py").write_text(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0])
    metadata = tmp_path / "page_ear-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: page-ear\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[skim.extensions]\npage_ear = page_ear\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SKIM_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("SKIM_EXTENSIONS", "page_ear")
    monkeypatch.setattr(sys, "argv", ["skim", "halt", "--why", "a look"])
    with pytest.raises(SystemExit) as left:
        run()
    assert not left.value.code
    said = capsys.readouterr().out
    assert "each that is started begins halted.\npaper is halted: a look\n" in said.replace(
        "skim: No day is running: ", ""
    )


def test_every_test_that_the_page_on_security_is_proven_by_is_there():
    proofs = re.findall(r"^\|.*\| `([^`|]+)` \|$", page("security"), re.MULTILINE)
    assert len(proofs) > 35
    for proof in proofs:
        file, _, function = proof.partition("::")
        text = (ROOT / file).read_text()
        assert re.search(rf"^(async )?def {function}\(", text, re.MULTILINE), proof


def test_the_first_test_of_the_testing_page_holds_for_the_first_strategy(install, skim_play):
    strategy, test = (
        re.findall(r"```python\n(.*?)```", page(name), re.DOTALL)[0]
        for name in ("write-a-strategy", "test-a-strategy")
    )
    install("gap", strategy)
    names = {}
    exec(compile(ast.parse(test), "page", "exec"), names)
    names["test_a_breakout_is_bought_and_stopped_out"](skim_play)


def test_every_fixture_and_step_is_documented():
    text = page("test-a-strategy")
    fixtures = [name for name in vars(pytest_plugin) if name.startswith("skim_")]
    steps = [name for name, made in vars(Share).items() if callable(made) and name[0] != "_"]
    assert len(fixtures) > 8
    assert all(f"`{name}" in text for name in {*fixtures, *steps} - {"skim_calendars", "prices"})


def test_every_page_is_in_the_index_once():
    trees = re.findall(r"```{toctree}\n:caption: (\w+)\n.*?\n\n(.*?)```", page("index"), re.DOTALL)
    assert [caption for caption, _ in trees] == ["Start", "Write", "Trade", "Reference"]
    listed = [name for _, names in trees for name in names.split()]
    assert sorted(listed) == [name for name in PAGES if name != "index"]


def test_every_step_of_an_orders_life_is_documented():
    rows = re.findall(r"^\| (\w+) \| `(\w+)` \| (\w+) \|$", page("orders"), re.MULTILINE)
    assert rows == [
        (before.value, kind_of(event), after.value) for (before, event), after in STAGES.items()
    ]


def test_what_a_person_may_say_of_an_order_is_documented():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|$", page("orders"), re.MULTILINE)
    assert rows == [(outcome, stage.value) for outcome, stage in RESOLVED.items()]


def test_every_stage_and_every_event_that_changes_none_is_named():
    text = section(page("orders"), "Stages")
    assert all(re.search(rf"\b{stage}\b", text) for stage in OrderStage)
    assert all(f"`{kind_of(event)}`" in text for event in KEEPS)


def test_the_limits_are_documented_in_the_order_in_which_they_are_tested():
    text = flat(section(page("orders"), "Limits and halts"))
    assert ", ".join(f"`{name}`" for name, _ in CHECKS) in text


def test_every_cause_that_the_doctor_knows_is_documented_with_its_words():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page("doctor"), re.MULTILINE)
    assert rows == [(cause.value, words) for cause, words in WORDS.items()]


def test_the_answer_that_the_doctors_page_shows_names_every_group():
    shown = flat(page("doctor").split("wrong group\n")[1].split("\n\n")[0])
    assert f"the groups are {', '.join(group.value for group in Group)}. Correct" in shown


def test_every_rule_of_the_check_has_its_page_with_its_words_and_how_to_waive_it():
    asked = {rule.number: f"{rule.words[0].upper()}{rule.words[1:]}." for rule in RULES}
    rows = re.findall(r"^\| \[(SK\d+)\]\(rules/\1\.md\) \| (.+) \|$", page("check"), re.MULTILINE)
    assert dict(rows) == asked
    assert {path.stem for path in ROOT.glob("docs/rules/*.md")} == set(asked)
    for number, words in asked.items():
        told = page(f"rules/{number}")
        assert told.startswith(f"# {number}\n\n**")
        assert f"**{words}** " in flat(told)
        why = next(rule.why for rule in RULES if rule.number == number)
        assert why in flat(told).replace("`", ""), number
        # Why and how to mend it: more than its words.
        assert len(flat(told.split("## To waive it")[0])) > len(words) + 80
        waived = tomllib.loads(re.findall(r"```toml\n(.*?)```", told, re.DOTALL)[-1])
        assert list(waived["tool"]["skim"]["check"]["waive"]) == [number]


@pytest.mark.parametrize(
    ("party", "before"),
    [
        (Party.BROKER, "At the broker and on the line to it:"),
        (Party.MARKET, "In the market:"),
        (Party.WORLD, "To machines, disks, plugins, and by people:"),
    ],
)
def test_every_fault_is_documented_with_its_own_words(party, before):
    table = page("simulation").split(f"\n{before}\n\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(kind, shape.words) for kind, shape in SHAPES.items() if shape.party is party]


def test_every_invariant_is_documented_with_its_sentence():
    text = section(page("simulation"), "The invariants")
    found = re.findall(r"^- \*\*(\w+)\*\* (.+?)(?=\n- |\Z)", text.strip(), re.DOTALL | re.MULTILINE)
    assert [(name, flat(sentence)) for name, sentence in found] == list(SENTENCES.items())
