"""The reference names whatever skim has: a thing that is undocumented, or left out, ends the build."""

from __future__ import annotations

import inspect
import re
from typing import Annotated

import pytest
import typer
from generators import events, packages, pictures, reference
from pydantic import BaseModel, Field

import skim_core.errors
from skim_core.cli.app import app
from skim_core.cli.error_reference import explained
from skim_core.errors import SkimError
from skim_core.exits import ExitCode
from skim_core.model.events import EVENTS
from skim_core.plugins.commands import load_command
from skim_core.plugins.discovery import Group
from skim_core.plugins.strategies import load_strategy
from skim_core.ports import hookspecs
from skim_core.settings import describe


def test_every_hook_is_there_with_what_it_is_for(site):
    hooks = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction)]
    hooks = [name for name in hooks if name.startswith("skim_")]
    assert len(hooks) > 12
    for name in hooks:
        told = (inspect.getdoc(getattr(hookspecs, name)) or "").splitlines()[:1]
        assert told, f"{name} is undocumented"
        assert name in site("hooks")
        assert " ".join(told[0].replace("`", "").split()) in site("hooks"), name


def test_every_event_is_there_with_what_it_says_and_each_of_its_fields(site):
    shown = site("events")
    for event in EVENTS:
        kind = event.model_fields["kind"].default
        told = " ".join((inspect.getdoc(event) or "").replace("`", "").split())
        assert told, f"{kind} is undocumented"
        _, found, after = shown.partition(f"{kind}¶ {told} field of {event.__name__} ")
        assert found, kind
        fields = after.partition("¶")[0]
        assert [name for name in event.model_fields if f" {name} " not in f" {fields}"] == ["kind"]


def test_every_setting_is_there(site):
    keys = [row.key for row in describe()]
    assert len(keys) > 30
    assert [key for key in keys if key not in site("configuration")] == []


def test_every_setting_of_every_package_is_there(site):
    shown = site("configuration")
    titles = [title for title, _, _ in packages.models()]
    for kind, table in packages.TABLES.items():
        for name in packages.entry_points(kind):
            assert f"{table}.{name}" in titles
    for title, _, model in packages.models():
        section = shown.partition(f" {title}¶ ")[2].partition("¶")[0]
        keys = [key for key, _ in packages.keys(model)]
        assert keys
        assert [key for key in keys if f" {key} " not in section] == []


def test_every_command_and_each_of_its_options_is_there(site):
    group = typer.main.get_command(app)
    shown = site("commands")
    for name, command in group.commands.items():
        if command.hidden:
            assert f" {name}¶" not in shown
            continue
        for below, one in getattr(command, "commands", {"": command}).items():
            assert f"{name} {below}".strip() + "¶" in shown
            options = [option for given in one.params for option in given.opts if "--" in option]
            assert [option for option in options if option not in shown] == []


def test_every_command_that_a_package_brings_is_there(site):
    shown = site("commands")
    names = packages.entry_points(Group.COMMANDS)
    assert len(names) > 5
    for name, package in names.items():
        below = getattr(load_command(name), "commands", {"": None})
        for inner in below:
            assert f"{name} {inner}".strip() + f"¶ Comes with {package}." in shown


def test_every_error_has_a_page_under_its_code(site):
    found = list(explained())
    assert len({error.code for error in found}) == len(found)
    # One that stands elsewhere has the code of the one that it is made from.
    assert {error.error_code for error in reference.every_error_anywhere()} == {
        error.code for error in found
    }
    for error in found:
        words = " ".join(error.text.replace("`", "").split())
        whole = f"skim[{error.code}]¶ skim_core.errors.{error.name}, exit code {error.exit_code}. {words}"
        assert whole in site(f"errors/{error.code}")
        assert f"{error.code} {' '.join(error.summary.replace('`', '').split())}" in site("errors")


def test_every_exit_code_is_there_with_its_meaning(site):
    for code in ExitCode:
        assert f"{code.value} {code.name} {code.meaning}" in site("exit-codes")
    assert {error.exit_code for error in explained()} <= set(ExitCode)


def test_the_pictures_are_drawn_from_what_they_show(pictures_of):
    graphs = pictures_of("concepts")
    for name in ("orh_breakout", "gap_fade", "overnight"):
        phases = {phase.name for phase in load_strategy(name).graph}
        assert any(phases <= set(re.findall(r"<title>(\w+)</title>", svg)) for svg in graphs)
    assert any("candidates_scanned" in svg and "order_filled" in svg for svg in graphs)
    [layers] = pictures_of("architecture")
    for name in ("cli", "engine", "decide", "model"):
        assert f'class="name">{name}<' in layers
    assert layers.index('class="name">cli<') < layers.index('class="name">model<')


def test_every_strategy_has_a_day_with_orders_to_show():
    assert len(pictures.strategies()) > 2
    for name in pictures.strategies():
        assert "order_filled" in pictures.event_flow(name)


# What says nothing of itself is refused


def commands_of(told, asked):
    """Return the commands of a `Typer` with one, whose help and whose option's are these."""
    made = typer.Typer(rich_markup_mode=None)
    made.callback(help="Say what this is.")(lambda: None)

    def tide(high):
        pass

    tide.__annotations__["high"] = Annotated[str, typer.Option("--high", help=asked)]
    made.command("tide", help=told)(tide)
    return list(reference.commands(made))


def test_a_command_or_an_option_that_says_nothing_of_itself_is_refused():
    assert "## tide" in commands_of("Tell when the tide turns.", "At high tide.")
    with pytest.raises(reference.UndocumentedError, match="skim tide is undocumented"):
        commands_of("", "At high tide.")
    with pytest.raises(reference.UndocumentedError, match="high of skim tide is undocumented"):
        commands_of("Tell when the tide turns.", "")


def test_an_error_without_a_code_or_without_words_is_refused(monkeypatch):
    mute = type("MuteError", (SkimError,), {})
    monkeypatch.setattr(skim_core.errors, "MuteError", mute, raising=False)
    with pytest.raises(reference.UndocumentedError, match="MuteError has no code of its own"):
        list(reference.errors())
    mute.error_code = "mute"
    with pytest.raises(reference.UndocumentedError, match="MuteError is undocumented"):
        list(reference.errors())


def test_an_event_without_words_is_refused():
    class Mute(BaseModel):
        kind: str = "mute"

    with pytest.raises(reference.UndocumentedError, match="the event mute is undocumented"):
        list(events.event_lines(Mute))


def test_a_packages_setting_without_words_is_refused():
    class Inner(BaseModel):
        depth: int = 3

    class Mute(BaseModel):
        tide: dict[str, Inner] = Field(default_factory=dict)

    with pytest.raises(reference.UndocumentedError, match=r"setting extension.mute.tide.<name>.d"):
        list(packages.table("extension.mute", Mute))


def test_a_setting_that_says_nothing_of_itself_is_refused(monkeypatch):
    silent = next(describe())._replace(description="")
    monkeypatch.setattr(reference, "describe", lambda: [silent])
    with pytest.raises(reference.UndocumentedError, match="is undocumented"):
        list(reference.settings())
