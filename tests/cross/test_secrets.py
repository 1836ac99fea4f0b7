"""Canaries in every place that may hold a secret: none of them sings where others can hear it.

Looked through are the journal's files, the broker's book, every other file that skim wrote,
and all that every command said, also with --json and --debug.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

DATE = "2026-11-24"
CANARY = "canary"
"""Every secret of these tests contains it, and nothing else does."""

PLUGINS = """
    import os
    import signal

    from pydantic import BaseModel, ConfigDict, Field, Secret, SecretStr

    from skim_core import Candidate, Context, Phase, PhaseGraph, hooks
    from skim_core.ports.broker import Broker, BrokerSetup
    from skim_core.sim import plugin as sim


    class Login(BaseModel):
        model_config = ConfigDict(extra="forbid")

        user: str = ""
        password: str = ""


    class Config(BaseModel):
        model_config = ConfigDict(extra="forbid")

        shares: int = 100
        pin: SecretStr = SecretStr("")
        number: Secret[int] = Secret(0)
        api_key: str = ""
        webhook: SecretStr = SecretStr("")
        login: Login = Login()
        accounts: list[Login] = []
        channels: dict[str, SecretStr] = Field(default_factory=dict)


    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config


    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(Phase("setup"), Phase("scan", after="setup", at="open+5m"))


    @hooks.setup
    def skim_setup(ctx: Context[Config]) -> None:
        assert knows(ctx.config), "the secrets are not what was configured"


    @hooks.scan
    async def skim_scan(ctx: Context[Config]) -> list[Candidate]:
        if os.path.exists("die"):
            os.unlink("die")
            os.kill(os.getpid(), signal.SIGKILL)
        assert knows(ctx.config), "the secrets are not what was configured"
        if os.path.exists("fail"):
            raise RuntimeError(f"can't log in with {ctx.config.pin}")
        return []


    def knows(config):
        return (
            config.pin.get_secret_value() == "canary-pin"
            and config.number.get_secret_value() == 77
            and config.api_key == "canary-api-key"
            and config.webhook.get_secret_value() == "https://example.org/canary-webhook"
            and config.login == Login(user="me", password="canary-password")
            and config.accounts == [Login(user="other", password="canary-other")]
            and config.channels["desk"].get_secret_value() == "canary-channel"
        )


    @hooks.make_broker
    def skim_make_broker(setup: BrokerSetup) -> Broker:
        options = dict(setup.options)
        assert options.pop("password") == "canary-broker-password"
        assert options.pop("login") == {"host": "here", "token": "canary-broker-token"}
        return sim.skim_make_broker(
            BrokerSetup(
                account=setup.account,
                clock=setup.clock,
                exchange=setup.exchange,
                sessions=setup.sessions,
                directory=setup.directory,
                options=options,
            )
        )
"""

CONFIG = """
broker = "vault"
pace = "real"

[brokers.vault]
symbols = 3
password = "canary-broker-password"
login = { host = "here", token = "canary-broker-token" }

[strategy.keeper]
pin = "canary-pin"
number = 77
api_key = "canary-api-key"
login = { user = "me", password = "canary-password" }
accounts = [{ user = "other", password = "canary-other" }]
channels = { desk = "canary-channel" }
"""


SEVERAL = """
import contextlib, io, json, logging, os, pathlib, sys, traceback
from skim_core.cli.main import run

for step in json.loads(sys.argv[1]):
    os.environ.update(step["environment"])
    if "config" in step:
        pathlib.Path("skim.toml").write_text(step["config"])
    sys.argv, logging.getLogger().handlers, said = ["skim", *step["arguments"]], [], io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            run()
        except SystemExit as left:
            code = left.code or 0
        except Exception:
            traceback.print_exc()
            code = 1
    print(json.dumps([code, said.getvalue()]))
"""
"""Runs commands one after the other in one process, as the console script would."""


@dataclass
class House:
    """A folder with a configuration that is full of secrets, and the command in it."""

    folder: Path
    site: Path

    def run(self, *arguments, **environment):
        """Run a command; return its exit code and all that it said."""
        return self.python("-m", "skim_core", *arguments, **environment)

    def run_several(self, *commands, config=None, **environment):
        """Run commands one after the other; return each one's exit code and what it said."""
        steps = [{"arguments": command, "environment": environment} for command in commands]
        if config is not None:
            steps = [{**step, "config": config} for step in steps]
        return self.run_steps(steps)

    def run_steps(self, steps):
        code, said = self.python("-c", SEVERAL, json.dumps(steps))
        assert code == 0, said
        answers = [tuple(json.loads(line)) for line in said.splitlines()]
        assert len(answers) == len(steps)
        return answers

    def python(self, *arguments, **environment):
        kept = {name: value for name, value in os.environ.items() if name[:5] != "SKIM_"}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={
                **kept,
                "PYTHONPATH": os.pathsep.join((str(self.site), kept.get("PYTHONPATH", ""))),
                "SKIM_DIRECTORY": str(self.folder / "state"),
                "SKIM_STRATEGY__KEEPER__WEBHOOK": "https://example.org/canary-webhook",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def written(self):
        """Return every file that skim wrote, with its bytes."""
        files = [path for path in (self.folder / "state").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def assert_silent(self, *said):
        sung = [line for text in said for line in text.splitlines() if CANARY in line]
        assert not sung
        assert self.written()
        for name, content in self.written().items():
            assert CANARY.encode() not in content, name

    def bodies(self):
        """Return the journal's events."""
        with closing(sqlite3.connect(self.folder / "state" / "journal.sqlite")) as connection:
            found = connection.execute("SELECT body FROM events ORDER BY run_id, sequence")
            return [json.loads(body) for (body,) in found]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Install the strategy ``keeper`` and the broker ``vault``; give the folder they are in."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "skim_strategy_keeper-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: skim-strategy-keeper\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[skim.strategies]\nkeeper = keeper\n[skim.brokers]\nvault = vault\n"
    )
    strategy, broker = dedent(PLUGINS).split("\n\n@hooks.make_broker")
    (site / "keeper.py").write_text(strategy)
    (site / "vault.py").write_text(
        f"{strategy.partition('class Login')[0]}\n\n@hooks.make_broker{broker}"
    )
    return site


@pytest.fixture
def house(tmp_path, site):
    """Give a folder whose configuration is full of secrets."""
    numbers = count()

    def make(config=CONFIG):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        (folder / "skim.toml").write_text(config)
        (folder / "skim.toml").chmod(0o600)
        return House(folder, site)

    return make


SIM = CONFIG.replace('broker = "vault"\npace = "real"', 'broker = "sim"\npace = "fast"')
DAY = ("start_trading_day", "--strategy", "keeper", "--session", DATE)


@pytest.mark.parametrize("form", [(), ("--json", "--debug")], ids=["text", "json and debug"])
def test_no_secret_is_written_down_or_told_by_a_day_or_by_those_who_look_at_it(house, form):
    skim = house(SIM)
    answers = skim.run_several(
        (*DAY, *form),
        ("status", "--session", DATE, *form),
        ("graph", "keeper", *form),
        ("config", "show", *form),
        ("config", "check", *form),
        ("purge_candidates", "--strategy", "keeper", "--session", DATE, *form),
        SKIM_LOG_LEVEL="debug",
    )
    assert [code for code, _ in answers] == [0] * 6, answers
    skim.assert_silent(*(said for _, said in answers))
    (started, *_) = skim.bodies()
    assert started["config"]["shares"] == 100
    assert started["config"]["login"]["user"] == "me"


def test_a_day_that_is_gone_on_with_has_its_secrets_again_from_the_configuration(house):
    skim = house(SIM)
    (skim.folder / "die").touch()
    code, said = skim.run(*DAY)
    assert code < 0, said
    left = skim.written()
    assert "state/journal.sqlite-wal" in left
    skim.assert_silent(said)
    code, again = skim.run("start_monitoring", "--debug")
    assert code == 0, again
    assert "completed" in again
    skim.assert_silent(again)
    assert [event["kind"] for event in skim.bodies()].count("day_resumed") == 1


def test_a_day_that_fails_tells_none(house):
    skim = house(SIM)
    (skim.folder / "fail").touch()
    code, said = skim.run(*DAY, "--debug")
    assert code == 1
    assert "can't log in with ***" in said
    skim.assert_silent(said)


FAULTS = [
    'tokens = "canary-unknown"',
    "pin = ['canary-list']",
    'number = "canary-number"',
    "api_key = ['canary-list']",
    'login = { password = ["canary-list"] }',
    'login = { password = "canary", passwords = "canary" }',
    "accounts = [{ password = ['canary-list'] }]",
    'channels = "canary-channel"',
    'pin = "canary-pin',
]


def test_a_faulty_strategy_section_is_told_without_its_secrets(house):
    skim = house("")
    commands = [(*DAY, "--debug"), ("config", "check"), ("config", "show")]
    steps = [
        {
            "arguments": command,
            "environment": {"SKIM_STRATEGY__KEEPER__WEBHOOK": webhook},
            "config": f'pace = "fast"\n[strategy.keeper]\n{fault}\n',
        }
        for fault in FAULTS
        for webhook in ("[1, 'canary-webhook", "canary-webhook")
        for command in commands
    ]
    answers = skim.run_steps(steps)
    for step, (code, said) in zip(steps, answers, strict=True):
        # A traceback shows lines of code, and whatever the errors in it say.
        assert CANARY not in said, step
        assert code != 0 or step["arguments"] == ("config", "show"), step


BROKER_FAULTS = [
    'password = "canary-unknown"',
    'halts = [{ token = "canary-token" }]',
    'halts = [{ symbol = "BHP", from = "open", to = "close", api_key = "canary" }]',
    'seed = { api_key = "canary-key" }',
]


def test_faulty_broker_options_are_told_without_their_secrets(house):
    skim = house("")
    commands = [(*DAY, "--debug"), DAY, ("config", "check"), ("config", "show")]
    steps = [
        {
            "arguments": command,
            "environment": {"SKIM_STRATEGY__KEEPER__WEBHOOK": ""},
            "config": f'pace = "fast"\n[brokers.sim]\n{fault}\n',
        }
        for fault in BROKER_FAULTS
        for command in commands
    ]
    for step, (code, said) in zip(steps, skim.run_steps(steps), strict=True):
        assert CANARY not in said, step
        assert code != 0 or step["arguments"] == ("config", "show"), step


DAY_AT_THE_VAULT = f"""
import datetime, logging, pathlib, sys
logging.basicConfig(level="DEBUG")
from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.days.launch import request_day, run_days
from skim_core.cli.days.run import Conditions
from skim_core.cli.places import open_journal
from skim_core.settings import load_settings
import os
settings = load_settings(None, os.environ)
session = SessionCalendar("XASX", settings.directory).session(datetime.date.fromisoformat({DATE!r}))
journal = open_journal(settings)
request = request_day(journal, "keeper", session, "paper")
options = settings.broker_options("vault")
(result,) = run_days(settings, journal, [request], Conditions("vault", "fast", options), {{}})
journal.close()
print(request.started, result)
"""


def test_no_secret_of_a_broker_is_written_down_and_a_day_is_gone_on_with_it(house):
    skim = house()
    (skim.folder / "die").touch()
    code, said = skim.python("-c", DAY_AT_THE_VAULT)
    assert code < 0, said
    skim.assert_silent(said)
    code, again = skim.python("-c", DAY_AT_THE_VAULT)
    assert code == 0, again
    assert "COMPLETED" in again
    skim.assert_silent(again)
    options = skim.bodies()[0]["broker_options"]
    assert options["login"] == {"host": "here", "token": "***"}


def test_an_address_with_a_password_in_it_is_hidden_whatever_its_key(house):
    address = "postgresql://me:canary-address@example.org/days"
    skim = house(f'[brokers.vault]\nstore = "{address}"\nplain = "https://example.org/a:b@c"\n')
    code, said = skim.run("config", "show", "--json")
    assert code == 0
    assert CANARY not in said
    assert "https://example.org/a:b@c" in said
