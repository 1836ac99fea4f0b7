"""Frames, however the bytes arrive."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skim_gateway.wire.errors import WireError
from skim_gateway.wire.framing import Frames, frame, join, split


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=8),
    st.lists(st.integers(1, 7), min_size=1),
)
def test_payloads_come_out_as_they_went_in_however_the_stream_is_cut(sent, cuts):
    stream = b"".join(map(frame, sent))
    frames, received, at = Frames(), [], 0
    for turn in range(len(stream) + 1):
        size = cuts[turn % len(cuts)]
        received += frames.feed(stream[at : at + size])
        at += size
    assert received == sent
    assert frames.kept == 0


@pytest.mark.parametrize("length", [0, 101, 2**31, 2**32 - 1])
def test_a_frame_that_is_empty_or_too_large_ends_the_conversation_at_its_length(length):
    frames = Frames(largest=100)
    with pytest.raises(WireError, match=f"a frame of {length} bytes: expected 1 to 100"):
        list(frames.feed(struct.pack(">I", length)))


def test_what_came_before_an_oversized_frame_is_delivered():
    delivered = Frames(largest=100).feed(frame(b"a") + struct.pack(">I", 1000))
    assert next(delivered) == b"a"
    with pytest.raises(WireError):
        next(delivered)


def test_a_slow_drip_keeps_no_more_than_its_frame():
    frames = Frames(largest=1000)
    for byte in frame(b"x" * 999)[:-1]:
        assert not list(frames.feed(bytes([byte])))
        assert frames.kept <= 1003
    assert list(frames.feed(b"x")) == [b"x" * 999]


def test_fields_end_with_a_nul():
    assert join(["1", "", "x"]) == b"1\0\0x\0"
    assert split(b"1\0\0x\0") == ["1", "", "x"]
    assert split(b"1\0x") == ["1", "x"]
    assert split(b"\0") == [""]
    assert split(b"\xff\0") == ["�"]
