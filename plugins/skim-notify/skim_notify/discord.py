"""Notices as Discord's embeds, within its limits. Pure.

The limits are those of https://discord.com/developers/docs/resources/message#embed-object
("Embed Limits") and of "Execute Webhook": ten embeds in a message, 6,000 characters in all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skim_notify.notices import Field, Item, Notice, Tone

EMBEDS = 10
CHARACTERS = 6000
_TITLE, _TEXT, _FOOTER = 256, 2000, 512
_NAME, _VALUE, _FIELDS = 256, 1024, 25
_ROOM_FOR_REST = 24
_BAR = "\\|"
"""A single bar is no markup."""

_COLOURS = {Tone.GOOD: 0x00FF00, Tone.PLAIN: 0x3498DB, Tone.WARNING: 0xFFFF00, Tone.BAD: 0xFF0000}


def embed(notice: Notice) -> dict[str, Any]:
    """Return a notice as an embed."""
    made: dict[str, Any] = {
        "title": cut(notice.title, _TITLE),
        "description": cut(escaped(notice.text), _TEXT),
        "color": _COLOURS[notice.tone],
        "fields": [],
        "footer": {"text": cut(notice.where, _FOOTER)},
        "timestamp": notice.at.isoformat(),
    }
    wanted = list(notice.fields[:_FIELDS])
    wanted = [Field(name, escaped(value), short) for name, value, short in wanted]
    if notice.items:
        items = as_many([_line(item) for item in notice.items], _VALUE)
        wanted = [*wanted[: _FIELDS - 1], Field(notice.listed, items, short=False)]
    room = CHARACTERS - size(made)
    for name, value, short in wanted:
        field = {"name": cut(name, _NAME) or "-", "value": cut(value, _VALUE) or "-"}
        room -= len(field["name"]) + len(field["value"])
        if room >= 0:
            made["fields"].append({**field, "inline": short})
    return made


def escaped(text: str) -> str:
    """Return somebody else's text so that Discord takes none of it for markup or a mention."""
    return "".join(f"\\{sign}" if sign in "*_`~|<>@[]\\" else sign for sign in text)


def _line(item: Item) -> str:
    name, facts, said = item
    line = f"• **{name}** | {escaped(facts).replace(_BAR, '|')}"
    return f"{line}\n{escaped(said)}" if said else line


def message(notices: Sequence[Notice]) -> dict[str, Any]:
    """Return the message that tells these notices, as a webhook takes it; nobody is pinged."""
    return {"embeds": [embed(notice) for notice in notices], "allowed_mentions": {"parse": []}}


def fitting(notices: Sequence[Notice]) -> int:
    """Return how many of the first notices one message can tell: at least one."""
    room = CHARACTERS
    for number, notice in enumerate(notices[:EMBEDS]):
        room -= size(embed(notice))
        if room < 0:
            return max(1, number)
    return min(len(notices), EMBEDS)


def size(made: Mapping[str, Any]) -> int:
    """Return how many characters of an embed count."""
    texts = [made["title"], made["description"], made["footer"]["text"]]
    texts += [field[part] for field in made["fields"] for part in ("name", "value")]
    return sum(map(len, texts))


def cut(text: str, longest: int) -> str:
    """Return the text, cut with three dots when it is longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 3].rstrip()}..."


def as_many(lines: Sequence[str], longest: int) -> str:
    """Return as many whole lines as there is room for, and how many more there are."""
    whole = "\n".join(lines)
    if len(whole) <= longest:
        return whole
    kept: list[str] = []
    room = longest - _ROOM_FOR_REST
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        kept = [cut(lines[0], longest - _ROOM_FOR_REST)]
    rest = len(lines) - len(kept)
    return "\n".join([*kept, *([f"... and {rest} more"] if rest else [])])
