"""The greeting and the version that both sides speak."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_gateway.wire.errors import WireError
from skim_gateway.wire.framing import Frames, frame, split
from skim_gateway.wire.handshake import greeting, read_greeting, welcome


@pytest.mark.parametrize(
    ("lowest", "highest", "version"),
    [
        (157, 178, 178),
        (100, 226, 178),
        (157, 173, 173),
        (157, 157, 157),
        (100, 156, None),
        (179, 226, None),
    ],
)
def test_the_version_is_the_newest_that_both_speak(lowest, highest, version):
    assert read_greeting(greeting(lowest, highest)).version() == version


def test_what_follows_the_greeting_is_kept():
    found = read_greeting(greeting(157, 178) + b"rest")
    assert found.rest == b"rest"


@pytest.mark.parametrize("size", range(len(greeting(157, 178))))
def test_a_greeting_may_come_in_pieces(size):
    assert read_greeting(greeting(157, 178)[:size]) is None


def test_connect_options_stand_after_the_versions():
    assert read_greeting(b"API\0" + frame(b"v157..178 +PACEAPI")).options == "+PACEAPI"
    assert read_greeting(b"API\0" + frame(b"v176")).version() == 176


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n",
        b"63\0",
        b"API\0" + frame(b"x157..178"),
        b"API\0" + frame(b"v" + b"9" * 50),
        b"API\0\xff\xff\xff\xff",
        b"API\0\0\0\0\0",
    ],
)
def test_anything_else_is_refused(sent):
    with pytest.raises(WireError):
        read_greeting(sent)


@given(st.binary(max_size=64), st.booleans())
def test_no_bytes_do_more_than_be_refused(data, signed):
    with contextlib.suppress(WireError):
        read_greeting(b"API\0" + data if signed else data)


def test_the_answer_has_two_fields():
    (payload,) = Frames().feed(welcome(178, "20250415 19:38:31 AEST"))
    assert split(payload) == ["178", "20250415 19:38:31 AEST"]
