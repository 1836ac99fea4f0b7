"""What a person says is heard by extensions, which can neither hold it up nor stop it."""

from __future__ import annotations

import sys

import pytest

from skim_core.journal.sqlite import SqliteJournal

LISTENER = """
    from collections.abc import Sequence
    from pathlib import Path
    from pydantic import BaseModel
    from skim_core import ExtensionSetup, TradingDay, hooks
    from skim_core.events import Control

    class Config(BaseModel):
        mark: str = "none"

    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config

    @hooks.on_control
    def skim_on_control(
        control: Control, days: Sequence[TradingDay], setup: ExtensionSetup[Config]
    ) -> None:
        setup.directory.mkdir(parents=True, exist_ok=True)
        (setup.directory / control.kind).write_text(
            f"{setup.config.mark} {setup.exchange.mic} {control.why} {len(days)}"
        )
"""
HANG = "import threading; threading.Event().wait()"


@pytest.fixture
def listen(install):
    """Install the extension ``ear``."""

    def installed(code: str = LISTENER, name: str = "ear") -> None:
        install(name, code, group="skim.extensions")

    return installed


def standing(home):
    """Return what was journaled of what people said."""
    journal = SqliteJournal.open(home / "journal.sqlite")
    try:
        return [(record.control.kind, record.control.why) for record in journal.controls()]
    finally:
        journal.close()


def test_a_halt_and_its_end_are_heard_while_no_day_runs(skim, listen, home, monkeypatch):
    listen()
    monkeypatch.setenv("SKIM_EXTENSION__EAR__MARK", "mine")
    assert skim("halt", "--why", "a look").code == 0
    assert skim("resume", "--why", "looked").code == 0
    heard = home / "extensions" / "ear"
    assert (heard / "halt").read_text() == "mine XASX a look 0"
    assert (heard / "resume").read_text() == "mine XASX looked 0"


def test_a_resume_without_a_halt_says_nothing_to_anybody(skim, listen, home):
    listen()
    assert skim("halt", "--strategy", "ear", "--why", "x").code == 2
    assert skim("resume").code == 0
    assert not (home / "extensions").exists()


def test_a_day_that_took_it_up_is_named(skim, tiny, listen, home, on_now, begin):
    listen()
    begin("start_trading_day", "--strategy", "tiny", "--pace", "real", until="tiny")
    assert skim("halt", "--why", "a look").code == 0
    assert (home / "extensions" / "ear" / "halt").read_text() == "none XASX a look 1"


BROKEN = [
    ("import json", "1 / 0", "ZeroDivisionError"),
    ('mark: str = "none"', "mark: str", "[extension.ear] mark: it is missing"),
    (
        "setup.directory.mkdir(parents=True, exist_ok=True)",
        "1 / 0",
        "'ear' raised on this halt: ZeroDivisionError",
    ),
    (
        "setup.directory.mkdir(parents=True, exist_ok=True)",
        "raise SystemExit(5)",
        "raised on this halt: SystemEx",
    ),
    ("def skim_on_control(", "async def skim_on_control(", "make it a plain 'def'"),
]


@pytest.mark.parametrize(("old", "new", "told"), BROKEN)
def test_one_that_breaks_is_named_and_the_others_hear(skim, listen, home, old, new, told):
    listen(f"\n    import json{LISTENER}".replace(old, new))
    listen(LISTENER, "other")
    said = skim("halt", "--why", "a look", "--json")
    assert said.code == 0
    assert said.json["control"]["why"] == "a look"
    assert told in said.err
    assert (home / "extensions" / "other" / "halt").exists()
    assert standing(home) == [("halt", "a look")]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_the_command_says_is_out_before_an_extension_hears(
    skim, listen, home, monkeypatch, form
):
    listen(LISTENER.replace("{control.why} {len(days)}", "{Path('said').read_text()}"))
    with (home / "said").open("w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert skim("halt", "--why", "a look", *form).code == 0
    heard = (home / "extensions" / "ear" / "halt").read_text()
    assert "each that is started begins halted" in heard


@pytest.mark.parametrize("where", ["at its import", "in its hook", "with a thread of its own"])
def test_one_that_hangs_is_cut_off_after_the_halt_was_said(begin, listen, home, where):
    code = {
        "at its import": f"\n    {HANG}{LISTENER}",
        "in its hook": LISTENER.replace("setup.directory.mkdir(parents=True, exist_ok=True)", HANG),
        "with a thread of its own": LISTENER.replace(
            "setup.directory.mkdir(parents=True, exist_ok=True)",
            f"import threading; threading.Thread(target=threading.Event().wait).start(); {HANG}",
        ),
    }[where]
    listen(code)
    child = begin("halt", "--why", "a look", until="each that is started begins halted")
    # It is durable by the time that it is said, and the command still waits for the extension.
    assert standing(home) == [("halt", "a look")]
    assert child.poll() is None
    _, err = child.communicate(timeout=60)
    assert child.returncode == 0
    assert "'ear' has not heard of this halt within 5 s and is cut off" in err


def test_extensions_that_are_not_wanted_are_not_loaded(skim, listen, monkeypatch, home):
    listen("raise RuntimeError")
    monkeypatch.setenv("SKIM_EXTENSIONS", "")
    said = skim("halt", "--why", "a look")
    assert (said.code, said.err) == (0, "")
