"""Extensions in a day: configured, told every event, closed at the end, and harmless."""

from __future__ import annotations

from pathlib import Path

import pytest

from skim_core.journal.sqlite import SqliteJournal

OBSERVER = """
    from pathlib import Path
    from pydantic import BaseModel
    from skim_core import ExtensionSetup, hooks

    class Config(BaseModel):
        mark: str = "none"
        at_most: int = 9

    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config

    class Writer:
        def __init__(self, setup):
            self.path = setup.directory.parent / "heard"
            self.path.parent.mkdir(parents=True)
            self.lines = [f"{setup.config.mark} {setup.exchange.mic} {setup.directory.name}"]

        def hear(self, event, day):
            self.lines.append(f"{event.kind} {day.strategy}")

        def close(self):
            self.path.write_text("\\n".join(self.lines))

    @hooks.make_observer
    def skim_make_observer(setup: ExtensionSetup[Config]) -> Writer:
        return Writer(setup)
"""
DAY = ("start_trading_day", "--strategy", "tiny", "--session", "2026-01-28")


@pytest.fixture
def observe(install):
    """Install the extension ``watch``."""

    def installed(code: str = OBSERVER) -> None:
        install("watch", code, group="skim.extensions")

    return installed


def test_an_observer_is_configured_hears_every_event_and_is_closed(
    skim, tiny, observe, home, monkeypatch
):
    observe()
    monkeypatch.setenv("SKIM_EXTENSION__WATCH__MARK", "seen")
    assert skim(*DAY).code == 0
    first, *heard = (home / "extensions" / "heard").read_text().splitlines()
    assert first == "seen XASX watch"
    assert (heard[0], heard[-1]) == ("day_started tiny", "day_finished tiny")
    assert "position_closed tiny" in heard


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("at_most: int = 9", "at_most: int", "[extension.watch] at_most: it is missing"),
        ("return Writer(setup)", "1 / 0", "skim_make_observer raised ZeroDivisionError"),
        ("return Writer(setup)", "return 3", "returned a int without hear, close"),
        ("def close(self):", "def close(self):\n            1 / 0", "raised when it was closed"),
    ],
)
def test_one_that_breaks_is_named_and_the_day_is_run(skim, tiny, observe, old, new, told):
    observe(OBSERVER.replace(old, new))
    ran = skim(*DAY)
    assert ran.code == 0
    assert told in ran.err
    assert "watch" in ran.err


def test_one_that_is_never_done_is_cut_off(skim, tiny, observe, monkeypatch):
    monkeypatch.setattr("skim_core.cli.days.extending.PATIENCE", 0.1)
    observe(
        OBSERVER.replace(
            "def close(self):",
            "def close(self):\n            import threading; threading.Event().wait()",
        )
    )
    ran = skim(*DAY)
    assert ran.code == 0
    assert "extension 'watch' was not done within 0.1 s and is cut off" in ran.err


def test_a_fault_in_its_table_is_found_by_the_check(skim, observe, home):
    observe()
    (home / "skim.toml").write_text('[extension.watch]\nat_most = "many"\nmarck = "seen"\n')
    checked = skim("config", "check", "--json")
    assert checked.code == 2
    assert [fault.partition(":")[0] for fault in checked.json["faults"]] == [
        "[extension.watch] at_most",
        "[extension.watch] marck",
    ]


def test_one_that_is_not_wanted_is_not_opened(skim, tiny, observe, home, monkeypatch):
    observe()
    monkeypatch.setenv("SKIM_EXTENSIONS", "")
    assert skim(*DAY).code == 0
    assert not (home / "extensions").exists()


SCANNER = """
    from skim_core import Candidate, ExtensionSetup, hooks

    class News:
        name = "news"
        priority = 20

        async def scan(self, ctx):
            return [Candidate(symbol="NEW", reason="news", headline="A new mine")]

    class Known:
        name = "known"

        async def drop(self, ctx, candidates):
            return {found.symbol: "has news" for found in candidates if found.headline}

    @hooks.make_scanners
    def skim_make_scanners(setup: ExtensionSetup[None]) -> list[News]:
        return [News()]

    @hooks.make_filters
    def skim_make_filters(setup: ExtensionSetup[None]) -> list[Known]:
        return [Known()]
"""


@pytest.fixture
def phases(home):
    """Configure the scan of ``tiny``."""

    def configured(text: str) -> None:
        (home / "skim.toml").write_text(f"[strategy.tiny.phases.scan]\n{text}\n")

    return configured


def test_scanners_and_filters_that_a_phase_names_have_their_say(skim, tiny, observe, phases):
    observe(SCANNER)
    phases('scanners = ["news"]')
    assert skim(*DAY).code == 0
    # However wide the screen is on which it is told.
    told = " ".join(skim("explain", "--strategy", "tiny").out.split())
    assert "news found 1." in told
    assert "NEW (news; A new mine)" in told
    assert "found by news" in skim("graph", "tiny").out


def test_a_filter_drops_what_a_scanner_found(skim, tiny, observe, phases):
    observe(SCANNER)
    phases('scanners = ["news"]\nfilters = ["known"]')
    assert skim(*DAY).code == 0
    told = " ".join(skim("explain", "--strategy", "tiny").out.split())
    assert "news found 1; NEW dropped by known: has news." in told
    assert "NEW (news" not in told


def test_a_name_that_no_extension_has_is_refused_before_the_day(skim, tiny, observe, phases):
    observe(SCANNER)
    phases('scanners = ["newz"]')
    refused = skim(*DAY)
    assert refused.code == 2
    assert "names the scanner 'newz', which no loaded extension has (did you mean 'news'?)" in (
        refused.err
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return [News()]", "return 3", "skim_make_scanners returned a int: return a list"),
        ("return [News()]", "return [3]", "returned a int without scan"),
        ("return [Known()]", "1 / 0", "skim_make_filters raised ZeroDivisionError"),
    ],
)
def test_an_extension_that_makes_no_scanner_is_named(skim, tiny, observe, phases, old, new, told):
    observe(SCANNER.replace(old, new))
    phases('scanners = ["news"]')
    refused = skim(*DAY)
    assert refused.code == 2
    assert told in refused.err


def test_a_begun_day_goes_on_when_its_scanner_was_uninstalled(
    skim, tiny, observe, phases, monkeypatch
):
    observe(SCANNER)
    phases('scanners = ["news"]')
    assert skim("setup", *DAY[1:]).code == 0
    monkeypatch.setenv("SKIM_EXTENSIONS", "")
    ran = skim(*DAY)
    assert ran.code == 0
    assert "goes on, but phase 'scan' names the scanner 'news'" in ran.err
    assert "scanner 'news' has nothing to say: no loaded extension has it" in ran.err


def test_a_replay_asks_them_and_gives_the_same_again(skim, tiny, observe, phases, home, tmp_path):
    observe(SCANNER)
    phases('scanners = ["news"]\nfilters = ["known"]')
    folder = str(tmp_path / "replay")
    dates = ("--from", "2026-01-28", "--to", "2026-01-29")
    replayed = skim("replay", "--strategy", "tiny", *dates, "--out", folder)
    assert replayed.code == 0, replayed.err
    journal = SqliteJournal.open(Path(folder) / "journal.sqlite")
    events = [record.event for run in journal.runs() for record in journal.read(run.first.run_id)]
    journal.close()
    joined = [event for event in events if event.kind == "candidates_joined"]
    assert [event.dropped for event in joined] == [{"NEW": "known: has news"}] * 2
    (home / "skim.toml").write_text("")
    again = skim("replay", "--again", folder)
    assert again.code == 0, again.out


def test_a_replay_without_the_extension_is_refused(skim, tiny, phases, tmp_path):
    phases('scanners = ["news"]')
    dates = ("--from", "2026-01-28", "--to", "2026-01-28")
    refused = skim("replay", "--strategy", "tiny", *dates, "--out", str(tmp_path / "replay"))
    assert refused.code == 2
    assert "names the scanner 'news', which no loaded extension has" in refused.err
