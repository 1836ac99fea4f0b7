from __future__ import annotations

import json
import traceback

import pytest
from pydantic import BaseModel, SecretStr

from skim_core.errors import ConfigError
from skim_core.settings import Settings, describe, show, without_secrets

CANARY = "canary-in-the-mine"

SECRETS = f"""
    [brokers.ibkr]
    port = 4002
    password = "{CANARY}"
    [brokers.ibkr.tokens]
    main = "{CANARY}"
    [strategy.orb]
    discord_webhook = "{CANARY}"
    API_Key = "{CANARY}"
    levels = [{{ secret = "{CANARY}", price = 1.5 }}]
"""


def test_each_value_is_shown_with_its_source(load, tmp_path):
    text = 'exchange = "XNYS"\n[strategy.orb]\ngap = 2\nstart = 2026-01-05\n'
    shown = show(load(text, {"SKIM_PACE": "60"}, LEAD="1h", STRATEGY__ORB__LIMIT="5"))
    assert shown["file"] == str(tmp_path / "skim.toml")
    rows = shown["settings"]
    assert rows["broker"] == {"value": "sim", "source": "default"}
    assert rows["exchange"] == {"value": "XNYS", "source": "file"}
    assert rows["lead"] == {"value": "1h", "source": "environment"}
    assert rows["pace"] == {"value": "60", "source": "option"}
    assert rows["strategy.orb.gap"] == {"value": 2, "source": "file"}
    assert rows["strategy.orb.start"] == {"value": "2026-01-05", "source": "file"}
    assert rows["strategy.orb.limit"] == {"value": 5, "source": "environment"}


def test_secrets_are_masked_in_what_is_shown(load):
    settings = load(SECRETS, STRATEGY__ORB__TOKEN=CANARY)
    shown = json.dumps(show(settings), allow_nan=False)
    for text in (shown, repr(settings), str(settings)):
        assert CANARY not in text
        assert "***" in text
    rows = show(settings)["settings"]
    assert rows["brokers.ibkr.password"] == {"value": "***", "source": "file"}
    assert rows["brokers.ibkr.tokens"] == {"value": "***", "source": "file"}
    assert rows["brokers.ibkr.port"] == {"value": 4002, "source": "file"}
    assert rows["strategy.orb.levels"]["value"] == [{"secret": "***", "price": 1.5}]


def test_a_secret_by_type_is_masked_in_what_is_shown(load):
    class Hidden(BaseModel):
        code: SecretStr

    class Config(BaseModel):
        pin: SecretStr | None = None
        doors: list[Hidden] = []
        gap: float = 1

    settings = load(f'[strategy.orb]\npin = "{CANARY}"\ngap = 2\ndoors = [{{ code = "{CANARY}" }}]')
    shown = show(settings, {"strategy.orb": Config})
    assert CANARY not in json.dumps(shown)
    assert shown["settings"]["strategy.orb.gap"]["value"] == 2


def test_an_extensions_table_is_shown_like_a_strategys(load):
    class Config(BaseModel):
        pin: SecretStr

    text = f'[extension.notify]\npin = "{CANARY}"\nwait = "2s"'
    settings = load(text, EXTENSION__NOTIFY__AT_MOST="5")
    assert settings.extension("notify") == {"pin": CANARY, "wait": "2s", "at_most": 5}
    assert settings.extension("other") == {}
    rows = show(settings, {"extension.notify": Config})["settings"]
    assert rows["extension.notify.pin"] == {"value": "***", "source": "file"}
    assert rows["extension.notify.wait"] == {"value": "2s", "source": "file"}
    assert rows["extension.notify.at_most"] == {"value": 5, "source": "environment"}


@pytest.mark.parametrize(
    "text",
    [
        f'token = "{CANARY}"',
        f"token = {CANARY}",
        f'token = "{CANARY}"\ntoken = "{CANARY}"',
        f'token = "{CANARY}',
        f'broker = {{ token = "{CANARY}" }}',
        f'extensions = ["{CANARY}"]',
        f'[strategy]\norb = "{CANARY}"',
        f'[brokers]\ntoken = "{CANARY}"',
        f'[strategy.orb.phases]\nsecret = "{CANARY}"',
        f'{SECRETS}\n[strategy.other]\nphases = "{CANARY}"',
        f'pace = "slow"\n{SECRETS}',
    ],
)
def test_no_secret_is_in_an_error_or_its_traceback(load, text):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["TOKEN", "BROKER__TOKEN", "STRATEGY", "STRATEGY__ORB"])
def test_no_variables_value_is_in_the_error_about_its_name(load, name):
    with pytest.raises(ConfigError) as caught:
        load("", **{name: CANARY})
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_table_without_its_secrets(load):
    options = load(SECRETS).broker_options("ibkr")
    assert without_secrets(options) == {"port": 4002}


def test_what_toml_has_and_json_has_not_is_shown_as_text(load):
    huge = "0x" + "f" * 9000
    settings = load(f"[strategy.orb]\nmost = inf\nhuge = {huge}\nat = 10:30:00\nnone = {{}}")
    rows = json.loads(json.dumps(show(settings), allow_nan=False))["settings"]
    assert rows["strategy.orb.most"]["value"] == "inf"
    assert rows["strategy.orb.huge"]["value"] == huge
    assert rows["strategy.orb.at"]["value"] == "10:30:00"
    assert rows["strategy.orb.none"]["value"] == {}


def test_every_key_is_described():
    rows = list(describe())
    assert all(row.key and row.type and row.default and row.description for row in rows)
    by_key = {row.key: row for row in rows}
    assert by_key["lead"].default == "'15m'"
    assert by_key["broker"].default == "'sim'"
    assert by_key["strategy"].default == "none"
    assert "strategies" not in by_key


def test_every_described_key_can_be_set(load):
    shown = show(load())["settings"]
    assert set(shown) == {row.key for row in describe()} - {"brokers", "strategy", "extension"}


def test_no_secret_is_in_the_error_of_settings_made_by_hand():
    with pytest.raises(ValueError, match="strategy") as caught:
        Settings(strategy={"orb": CANARY})
    assert CANARY not in str(caught.value)
