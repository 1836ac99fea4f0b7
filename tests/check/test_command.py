"""The command: what may be named, waivers with their reasons, levels, wheels."""

from __future__ import annotations

import zipfile

import pytest

from skim_core.check.subject import subject_of
from skim_core.errors import ConfigError, SkimError

BROKEN = ("package/plugin.py", "api_version = 1\n", "")
TOOL = '[tool.skim.check]\nlevel = "gold"'


def terms(text):
    return ("pyproject.toml", TOOL, f"[tool.skim.check]\n{text}")


def rules(answer):
    [strategy] = answer.json["strategies"]
    return strategy["reached"], {row["rule"]: row["verdict"] for row in strategy["rules"]}


def test_a_sound_folder_reaches_bronze_without_being_installed(skim_cli, planted):
    answer = skim_cli("check", str(planted("whole")), "--level", "bronze", "--json")
    assert answer.code == 0, answer.out
    level, found = rules(answer)
    assert level == "bronze"
    assert set(found.values()) == {"kept"}
    assert set(found) == {f"SK10{number}" for number in range(1, 8)}


def test_a_rule_that_is_broken_is_told_with_its_mend(skim_cli, planted):
    plain = skim_cli("check", str(planted("plain", BROKEN)), "--level", "bronze")
    assert plain.code == 1
    assert "SK107: write api_version = 1 in the module behind its entry point." in plain.out
    assert "plain reaches no level yet. 'skim check --explain SK107' tells more." in plain.out


def test_a_rule_is_explained_without_the_docs(skim_cli):
    told = skim_cli("check", "--explain", "sk205")
    assert told.code == 0
    head, why, mend, *waived = told.out.splitlines()
    assert head == "SK205, silver: killed at any boundary and taken over, it orders nothing twice"
    assert why.endswith("imports the strategy anew and knows the journal alone.")
    assert mend == "Decide from the context alone, and keep nothing in the module."
    assert waived[-1] == '  SK205 = "why this strategy may break it"'
    answer = skim_cli("check", "--explain", "SK205", "--json").json
    assert list(answer) == ["rule", "level", "words", "mend", "why"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--explain", "SK250"], "there is no rule 'SK250': there are SK101, SK102"),
        (["--explain", "SK205", "dip"], "leave 'dip' or --explain out"),
        ([], "there is nothing to check: name a strategy's package, its folder or a wheel"),
    ],
)
def test_what_can_not_be_explained_is_told(skim_cli, arguments, told):
    refused = skim_cli("check", *arguments)
    assert (refused.code, told in refused.err) == (2, True), refused.err


def test_a_waiver_with_its_reason_lets_a_rule_be_broken(skim_cli, planted):
    broken = BROKEN
    waived = planted(
        "waived", broken, terms('level = "bronze"\nwaive = { SK107 = "is generated" }')
    )
    answer = skim_cli("check", str(waived), "--json")
    level, found = rules(answer)
    assert (answer.code, level, found["SK107"]) == (0, "bronze", "waived")
    [rule] = [row for row in answer.json["strategies"][0]["rules"] if row["waived"]]
    assert (rule["rule"], rule["waived"]) == ("SK107", "is generated")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('waive = { SK999 = "x" }', "there is no rule 'SK999'"),
        ('waive = { SK107 = " " }', "SK107 needs a reason"),
        ('levle = "gold"', r"did you mean 'level'"),
    ],
)
def test_unsound_terms_are_refused(planted, text, words):
    project = planted("unsound", terms(text))
    with pytest.raises(ConfigError, match=words), subject_of(str(project)):
        pass


def test_a_misspelt_group_is_named(planted):
    project = planted("astray", ("pyproject.toml", "skim.strategies", "skim.strategy"))
    words = "declares no strategy, but 'skim.strategy', which skim doesn't look at: write"
    with pytest.raises(ConfigError, match=words), subject_of(str(project)):
        pass


def test_a_wheel_is_checked_without_being_installed(skim_cli, planted):
    project = planted("wheeled")
    wheel = skim_cli.folder / "skim_strategy_wheeled-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in (project / "skim_strategy_wheeled").iterdir():
            archive.write(file, f"skim_strategy_wheeled/{file.name}")
        info = "skim_strategy_wheeled-0.1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: skim-strategy-wheeled\nVersion: 0.1.0\n",
        )
        entry = "[skim.strategies]\nwheeled = skim_strategy_wheeled.plugin\n"
        archive.writestr(f"{info}/entry_points.txt", entry)
    answer = skim_cli("check", wheel.name, "--level", "bronze", "--json")
    assert (answer.code, answer.json["distribution"]) == (0, "skim-strategy-wheeled")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nonsuch", "'skim doctor nonsuch' looks for it"),
        ("nonsuch.whl", "there is no such file"),
        ("./nonsuch", "there is no such folder and no such wheel"),
        ("ideas/gap.py", "'skim new-strategy gap --from ideas/gap.py'"),
        (".", "has no pyproject.toml with a"),
    ],
)
def test_what_can_not_be_checked_is_told_with_what_to_do(tmp_path, monkeypatch, asked, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SkimError, match=words), subject_of(asked):
        pass


def test_an_unknown_level_gets_the_nearest(skim_cli):
    refused = skim_cli("check", "x", "--level", "sliver")
    assert (refused.code, "did you mean 'silver'?" in refused.err) == (2, True)


def test_where_days_fail_what_is_seen_on_days_is_not_tried(skim_cli, planted):
    forgotten = ("package/plugin.py", "                stop_price=stop,\n", "")
    answer = skim_cli("check", str(planted("stopless", forgotten)), "--level", "silver", "--json")
    level, found = rules(answer)
    assert (answer.code, level) == (1, "bronze")
    assert (found["SK202"], found["SK205"], found["SK208"]) == ("broken", "not tried", "kept")
    [failed] = [row for row in answer.json["strategies"][0]["rules"] if row["rule"] == "SK202"]
    assert "an entry without its stop is refused: name stop_price" in failed["faults"][0]
