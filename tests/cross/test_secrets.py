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

    from skim_core import Broker, BrokerSetup, Candidate, Context, Phase, PhaseGraph, hooks
    from skim_core.sim.plugin import skim_make_broker as make_sim


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
        return make_sim(
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
