"""What is pasted into a bug report holds no secret, wherever one was planted."""

from __future__ import annotations

import json

import pytest

CANARY = "canary"
CONFIGURATION = f"""
account = "DU{CANARY}1"
exchange = "XNYS"
[strategy.gap]
pin = "{CANARY}2"
login = {{ user = "{CANARY}3", words = ["{CANARY}4"] }}
[brokers.sim]
seed = 7
"""
RAISES = """
import os, tomllib
text = open(os.environ["SKIM_CONFIG"]).read()
raise RuntimeError(text.replace("\\n", " ") + os.environ["BROKER_TOKEN"] + " ftp://u:canary6@host/")
"""


@pytest.fixture(scope="module")
def reported(lab, tmp_path_factory):
    """Give what is to be pasted, and the folder that is the user's home."""
    home = tmp_path_factory.mktemp("home")
    here = home / "here"
    here.mkdir()
    site = lab.site(home / "site")
    site.install("gap", RAISES)
    (here / "skim.toml").write_text(CONFIGURATION)
    code, out, err = lab.run(
        site.folder,
        here,
        "doctor",
        "--bug-report",
        SKIM_CONFIG=str(here / "skim.toml"),
        BROKER_TOKEN=f"{CANARY}5",
        SKIM_STRATEGY__GAP__API_KEY=f"{CANARY}7",
        HOME=str(home),
    )
    assert code == 0, err
    return out, home


def test_no_secret_is_in_it(reported):
    out, home = reported
    assert "importing it raised RuntimeError" in out
    assert CANARY not in out
    assert str(home) not in out


def test_what_helps_is_in_it(reported):
    report = json.loads(reported[0])
    assert {"skim", "python", "platform", "prefix", "dependencies"} <= set(report)
    settings = report["configuration"]["settings"]
    assert settings["exchange"] == {"value": "XNYS", "source": "file"}
    assert settings["account"] == {"value": "***", "source": "file"}
    assert settings["strategy.gap.pin"]["value"] == "***"
    assert "SKIM_STRATEGY__GAP__API_KEY" in report["variables"]
    [gap] = [row for row in report["plugins"] if row["name"] == "gap"]
    assert gap["findings"][0]["cause"] == "raised"
