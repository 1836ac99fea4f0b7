"""Parameters as they are typed, and the grid of their combinations."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skim_core.errors import ConfigError
from skim_core.sweep.grid import combinations, number, read_grid

STEPS = st.decimals("0.001", 5, places=3)


def values(text, most=1000):
    [parameter] = read_grid([text], most)
    return list(parameter.values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n=5,10,15", ["5", "10", "15"]),
        ("n=0.0..0.05/0.01", ["0", "0.01", "0.02", "0.03", "0.04", "0.05"]),
        ("n=-1..1/1", ["-1", "0", "1"]),
        ("n=100..1000/300", ["100", "400", "700", "1000"]),
        ("n=0..10/4", ["0", "4", "8"]),
        ("n=1,5..7/1,9", ["1", "5", "6", "7", "9"]),
        ("n=open+1m, open+2m", ["open+1m", "open+2m"]),
        ('n=["a", "b"],[]', ['["a", "b"]', "[]"]),
        ('n="1..2","a,b"', ['"1..2"', '"a,b"']),
        ("n=5.0,5.5", ["5.0", "5.5"]),
        ("a.b.c=true,false", ["true", "false"]),
    ],
)
def test_values_are_read(text, expected):
    assert values(text) == expected


@given(st.decimals(-100, 100, places=3), STEPS, st.integers(0, 300))
def test_a_range_is_exact_and_has_both_ends(start, step, count):
    read = [Decimal(value) for value in values(f"n={start:f}..{start + count * step:f}/{step:f}")]
    assert len(read) == count + 1
    assert (read[0], read[-1]) == (start, start + count * step)
    assert {later - earlier for earlier, later in pairwise(read)} <= {step}


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d.e"]),
        st.lists(st.integers(0, 99), min_size=1, max_size=5, unique=True),
        min_size=1,
    )
)
def test_the_grid_has_every_combination_once(wanted):
    read = read_grid([f"{key}={','.join(map(str, found))}" for key, found in wanted.items()])
    rows = [tuple(row.items()) for row in combinations(read)]
    size = 1
    for found in wanted.values():
        size *= len(found)
    assert len(set(rows)) == len(rows) == size
    assert {key for row in rows for key, _ in row} == set(wanted)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "a sweep needs parameters"),
        (["n"], "write a key and its values"),
        (["=5"], "write a key and its values"),
        (["N=5"], "write a key and its values"),
        (["n="], "empty value"),
        (["n=1,,2"], "empty value"),
        (["n=1..5"], "needs a step above 0: write 1..5/1"),
        (["n=1..5/0"], "needs a step above 0"),
        (["n=1..5/-1"], "needs a step above 0"),
        (["n=5..1/1"], "ends before it starts"),
        (["n=a..b/1"], "'a..b/1' is no range"),
        (["n=1..2/x"], "'1..2/x' is no range"),
        (["n=1e3..2e3/1"], "is no range"),
        (["n=../file"], "a text with two dots in quotes"),
        (["n=5,5"], "the value 5 twice"),
        (["n=5,5.0"], "the value 5.0 twice"),
        (["n=5,1..9/2"], "the value 5 twice"),
        (["n=1", "n=2"], "given twice"),
    ],
)
def test_what_cant_be_read_is_refused_with_its_mend(texts, told):
    with pytest.raises(ConfigError) as refused:
        read_grid(texts)
    assert told in str(refused.value)


def test_an_absurd_grid_is_refused_before_it_is_made():
    with pytest.raises(ConfigError) as refused:
        read_grid(["a=0..1/0.000000000001", "b=1..1000/1"])
    assert "1,000,000,000,001,000 combinations" in str(refused.value)
    assert "more than 1,000" in str(refused.value)


def test_more_are_allowed_when_it_is_said():
    texts = ["a=1..40/1", "b=1..30/1"]
    with pytest.raises(ConfigError, match=r"1,200 combinations .* --most 1200"):
        read_grid(texts)
    assert len(list(combinations(read_grid(texts, 1200)))) == 1200


@pytest.mark.parametrize("text", ["nan", "inf", "abc", ""])
def test_what_is_no_number_is_text(text):
    assert number(text) is None
