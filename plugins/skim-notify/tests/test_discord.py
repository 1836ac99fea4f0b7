"""Notices as embeds, always within Discord's limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from skim_notify import discord, text
from skim_notify.notices import Field, Item, Kind, Notice, Tone

AT = datetime(2026, 11, 23, 23, 15, tzinfo=UTC)
TEXTS = st.builds("".ljust, st.sampled_from([0, 1, 30, 255, 1020, 1030, 7000]), st.just("x"))
NOTICES = st.builds(
    Notice,
    kind=st.sampled_from(Kind),
    tone=st.sampled_from(Tone),
    title=TEXTS,
    text=TEXTS,
    at=st.just(AT),
    where=TEXTS,
    fields=st.lists(st.builds(Field, TEXTS, TEXTS, st.booleans()), max_size=30).map(tuple),
    listed=TEXTS,
    items=st.lists(st.builds(Item, TEXTS, TEXTS, TEXTS), max_size=20).map(tuple),
)


def notice(**changes) -> Notice:
    values = {"kind": Kind.TRADES, "tone": Tone.GOOD, "title": "T", "text": "x", "where": "w"}
    return Notice(at=AT, **{**values, **changes})


@settings(max_examples=40)
@given(st.lists(NOTICES, min_size=1, max_size=14))
def test_every_message_is_within_the_limits_and_none_is_lost(notices):
    left = list(notices)
    while left:
        count = discord.fitting(left)
        assert 1 <= count <= len(left)
        message = discord.message(left[:count])
        assert len(message["embeds"]) == count <= 10
        assert sum(map(discord.size, message["embeds"])) <= 6000
        for embed in message["embeds"]:
            assert len(embed["title"]) <= 256
            assert len(embed["description"]) <= 4096
            assert len(embed["footer"]["text"]) <= 2048
            assert len(embed["fields"]) <= 25
            for field in embed["fields"]:
                assert len(field["name"]) <= 256
                assert 1 <= len(field["value"]) <= 1024
        left = left[count:]


def test_candidates_are_told_in_whole_items_and_the_rest_is_counted():
    items = tuple(Item(f"AA{number:02}", "Gap: 4.0%", "A headline") for number in range(40))
    [field] = discord.embed(notice(listed="Candidates", items=items))["fields"]
    *whole, rest = field["value"].split("\n")
    assert field["name"] == "Candidates"
    assert whole[:2] == ["• **AA00** | Gap: 4.0%", "A headline"]
    assert len(whole) % 2 == 0
    assert rest == f"... and {40 - len(whole) // 2} more"


def test_colours_are_those_of_old():
    shades = {tone: discord.embed(notice(tone=tone))["color"] for tone in Tone}
    assert (shades[Tone.GOOD], shades[Tone.WARNING], shades[Tone.BAD]) == (
        0x00FF00,
        0xFFFF00,
        0xFF0000,
    )


def test_nobody_is_pinged():
    assert discord.message([notice(text="@everyone")])["allowed_mentions"] == {"parse": []}


@given(st.text(alphabet="ab*_`~|<>@[]\\# \n", max_size=60))
def test_somebody_elses_text_is_escaped_for_discord_and_nowhere_else(written):
    assert re.sub(r"\\(.)", r"\1", discord.escaped(written), flags=re.DOTALL) == written
    assert not re.search(r"(?<!\\)[*_`~<>@]", discord.escaped(written).replace("\\\\", ""))
    assert text.body([notice(text=written)]).startswith(f"T: {written}")


def test_plain_text_has_everything_that_the_embed_has():
    told = text.body(
        [notice(fields=(Field("Ticker", "BHP"),), items=(Item("BHP", "Gap: 4.0%", "A mine"),))]
    )
    assert told == ("T: x\nTicker: BHP\n• BHP | Gap: 4.0%\n  A mine\nw, 2026-11-23 23:15:00 UTC")
    assert text.title([notice()]) == "skim: T"
    assert text.title([notice(), notice()]) == "skim: T and 1 more"
