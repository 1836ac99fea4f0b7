"""Whatever a file or a variable says, the answer is Settings or ConfigError."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.errors import ConfigError
from skim_core.settings import describe, load_settings, show

KEYS = [row.key for row in describe()]

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def table(rows: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{quoted(key)} = {value}" for key, value in rows.items()) + " }"


def document(rows: dict[str, str]) -> bytes:
    return "\n".join(f"{quoted(key)} = {value}" for key, value in rows.items()).encode()


WORDS = ["fast", "real", "60", "15m", "1e9h", "all", "live", "sim", "ibkr", "~", "~x", "/"]
SCALARS = (
    (TEXT | st.sampled_from(WORDS)).map(quoted)
    | st.sampled_from(["true", "false"])
    | (st.integers(-(2**80), 2**80) | st.floats()).map(repr)
    | (st.datetimes() | st.dates()).map(lambda moment: moment.isoformat())
)
VALUES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]")
        | st.dictionaries(TEXT, below, max_size=3).map(table)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from([*KEYS, "orb", "phases", "_env_file", "strategies", "scan"]) | TEXT
TABLES = st.dictionaries(NAMES, VALUES, max_size=3).map(table)


def check(content: bytes, environment: dict[str, str]) -> None:
    """Load the content: settings that can be shown, or an error in at most two lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "skim.toml")
        path.write_bytes(content)
        try:
            settings = load_settings(path, environment)
        except ConfigError as error:
            told = str(error)
        else:
            told = json.dumps(show(settings), allow_nan=False)
    assert told
    assert told.count("\n") <= 1


@given(st.binary(max_size=200))
def test_any_bytes(content):
    check(content, {})


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text(text):
    check(text.encode(), {})


@given(st.dictionaries(NAMES, VALUES | TABLES, max_size=4))
def test_any_tables(rows):
    check(document(rows), {})


@given(st.sampled_from(KEYS), VALUES)
def test_any_value_of_any_key(key, value):
    check(document({key: value}), {})


@given(st.dictionaries(st.sampled_from(["orb", "ibkr"]) | TEXT, TABLES, max_size=2).map(table))
def test_any_free_tables(tables):
    check(document({"strategy": tables, "brokers": tables}), {})


@given(
    st.dictionaries(
        st.lists(
            st.sampled_from([*(key.upper() for key in KEYS), "ORB", "PHASES", "SCAN", "", "X"]),
            min_size=1,
            max_size=4,
        ).map(lambda parts: "SKIM_" + "__".join(parts)),
        st.text(max_size=12) | st.sampled_from(["1", "true", "[1", "{a=1}", "fast", "live"]),
        max_size=3,
    ).filter(lambda environment: "SKIM_CONFIG" not in environment)
)
def test_any_variables(environment):
    check(b"", environment)


@pytest.mark.parametrize(
    "key", ["_env_file", "_secrets_dir", "_init_state", "model_config", "self"]
)
def test_no_key_reaches_the_library_itself(tmp_path, key):
    path = tmp_path / "skim.toml"
    path.write_bytes(document({key: '"/etc/passwd"'}))
    with pytest.raises(ConfigError, match=f"unknown key '{key}'"):
        load_settings(path, {})
