"""Halts between days are told, by the command line, to the server; and no channel holds them up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from skim_notify.config import NotifyConfig
from skim_notify.plugin import skim_on_control

from skim_core import ExtensionSetup
from skim_core.broker import load_exchange
from skim_core.events import Halt

TOKEN = "aT0ken-that_nobody-may-see"


def halts(home):
    """Return the reasons in the journal's file."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as journal:
        found = journal.execute("SELECT body FROM controls ORDER BY number")
        return [json.loads(body)["why"] for (body,) in found]


def test_a_halt_and_its_end_are_told_while_no_day_runs(skim, discord, monkeypatch):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    said = skim("halt", "--why", "odd fills")
    assert (said.code, said.err) == (0, "")
    assert skim("resume", "--why", "they were mine").code == 0
    assert discord.titles == ["Entries Halted", "Entries Resumed"]
    halted, resumed = discord.embeds
    assert (
        "odd fills. Stops and exits go on. No running day has taken it up"
        in (halted["description"])
    )
    assert halted["footer"]["text"] == "all strategies · XASX · paper"
    assert resumed["description"].endswith("they were mine.")


def test_flatten_is_told(skim, discord, monkeypatch):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    assert skim("halt", "--flatten", "--why", "x").code == 0
    assert "All that is held is sold." in discord.embeds[0]["description"]


def test_what_a_running_day_has_taken_up_is_left_to_it(discord, day, tmp_path, monkeypatch):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    halt = Halt(at=day.session.open, account="paper", by="me", why="odd fills")
    setup = ExtensionSetup(NotifyConfig(), tmp_path, load_exchange("XASX"))
    skim_on_control(halt, [day], setup)
    assert discord.messages == []
    skim_on_control(halt, [], setup)
    assert discord.titles == ["Entries Halted"]


def test_a_channel_that_wants_no_halts_is_not_told(skim, discord, home, monkeypatch):
    monkeypatch.setenv("DESK", discord.url)
    (home / "skim.toml").write_text(
        '[extension.notify.channels.desk]\nurl_variable = "DESK"\nevents = ["trades"]\n'
    )
    assert skim("halt", "--why", "x").code == 0
    assert discord.messages == []


@pytest.mark.parametrize("answer", ["hang", "drip", 404, 500])
def test_a_channel_in_trouble_never_stops_or_outlives_a_halt(
    skim, discord, home, monkeypatch, answer
):
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    monkeypatch.setattr("skim_notify.sending.FLUSH", 0.5)
    discord.answers = [answer] * 99
    said = skim("halt", "--why", "odd fills", "--json")
    assert said.code == 0
    assert said.json["number"] == 1
    assert halts(home) == ["odd fills"]
    assert "was not told" in said.err
    assert TOKEN not in said.out + said.err


def test_a_halt_is_durable_before_a_channel_is_called(skim, discord, home, monkeypatch):
    seen = []
    take = discord.take

    def look(path, body):
        seen.extend(halts(home))
        return take(path, body)

    monkeypatch.setattr(discord, "take", look)
    monkeypatch.setenv("DISCORD_WEBHOOK_URL", discord.url)
    assert skim("halt", "--why", "odd fills").code == 0
    assert seen == ["odd fills"]


def test_a_channel_without_its_address_is_told_and_the_halt_stands(skim, home):
    (home / "skim.toml").write_text('[extension.notify.channels.desk]\nurl_variable = "NOT_SET"\n')
    said = skim("halt", "--why", "odd fills")
    assert said.code == 0
    assert "'notify' did not hear of this halt: channel 'desk': the variable NOT_SET" in said.err
    assert halts(home) == ["odd fills"]
