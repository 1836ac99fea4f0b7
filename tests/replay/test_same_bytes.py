"""The same replay gives the same bytes, however it is run."""

from __future__ import annotations

import json

TWO_WEEKS = ("--from", "2025-01-06", "--to", "2025-01-17")


def test_a_replay_twice_gives_the_same_bytes_of_every_file(replay, days):
    first, second = replay(days), replay(days)
    assert set(first.content) >= {"plan.json", "journal.sqlite", "trades.csv", "summary.json"}
    assert first.trades
    assert first.content == second.content


def test_two_processes_give_the_same_bytes_as_one_whatever_is_held_overnight(replay, nights):
    alone = replay(nights, *TWO_WEEKS)
    assert {trade["held_overnight"] for trade in alone.trades} == {"true"}
    assert alone.content == replay(nights, "--jobs", 2, *TWO_WEEKS).content


def test_two_strategies_give_the_same_bytes_each_time(replay, days, nights):
    first, second = replay(days, "-s", nights), replay(days, "-s", nights)
    assert {trade["strategy"] for trade in first.trades} == {days, nights}
    assert first.content == second.content


def test_plain_hooks_of_one_instant_are_journaled_in_one_order(replay, install):
    code = """
        from skim_core import Alert, Context, Phase, PhaseGraph, hooks, hookimpl
        import time, random

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("alert", at="open"), Phase("setup", at="open"))

        @hooks.setup
        def skim_setup(ctx: Context) -> None:
            ctx.wait(ctx.purge_candidates())
            time.sleep(random.random() / 50)

        @hooks.alert
        def skim_alert(ctx: Context) -> list[Alert]:
            time.sleep(random.random() / 50)
            return []
    """
    name = install("plain", code)
    contents = [replay(name).content["journal.sqlite"] for _ in range(2)]
    assert contents[0] == contents[1]


def test_again_repeats_a_replay_to_the_last_byte(replay, skim, days):
    folder = replay(days, "--seed", 7, "--set", "shares=30", "--capital", "20000")
    before = folder.content
    again = skim("replay", "--again", folder.path, "--json")
    assert (again.code, again.json["same"]) == (0, True)
    assert folder.content == before


def test_again_names_the_files_that_are_not_the_same(replay, skim, days):
    folder = replay(days)
    (folder.path / "trades.csv").write_text("another\n")
    again = skim("replay", "--again", folder.path)
    assert again.code == 1
    assert "not the same: trades.csv" in again.out


def test_again_names_the_versions_that_changed(replay, skim, days):
    folder = replay(days)
    plan = folder.plan
    plan["versions"]["skim-strategy-days"] = "0.9"
    (folder.path / "plan.json").write_text(json.dumps(plan))
    again = skim("replay", "--again", folder.path)
    assert again.code == 1
    assert "skim-strategy-days was 0.9 and is 1.0" in again.out


def test_again_uses_the_secrets_that_are_configured_now(replay, skim, install, monkeypatch):
    code = """
        from pydantic import BaseModel, SecretStr
        from skim_core import Context, Phase, PhaseGraph, hooks

        class Config(BaseModel):
            token: SecretStr

        @hooks.config_model
        def skim_config_model() -> type[Config]:
            return Config

        @hooks.phase_graph
        def skim_phase_graph() -> PhaseGraph:
            return PhaseGraph(Phase("setup"))

        @hooks.setup
        async def skim_setup(ctx: Context[Config]) -> None:
            assert ctx.config.token.get_secret_value() == "opensesame"
    """
    name = install("secretive", code)
    monkeypatch.setenv("SKIM_STRATEGY__SECRETIVE__TOKEN", "opensesame")
    folder = replay(name)
    assert not [file for file, content in folder.content.items() if b"opensesame" in content]
    assert skim("replay", "--again", folder.path).code == 0
