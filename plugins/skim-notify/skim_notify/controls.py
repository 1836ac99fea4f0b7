"""Notices of what people said while no day was there to tell of it. Pure."""

from __future__ import annotations

from skim_core.events import Control, Halt, Resume
from skim_notify.notices import Kind, Notice, Tone

_NO_DAY = "No running day has taken it up: each that begins or goes on does."


def notice_of(control: Control, exchange: str) -> Notice | None:
    """Return what a halt or its end is worth telling; None for any other control."""
    if isinstance(control, Halt):
        title, tone = "Entries Halted", Tone.BAD
        text = f"{halted(control.by, control.why, flatten=control.flatten)} {_NO_DAY}"
    elif isinstance(control, Resume):
        title, tone = "Entries Resumed", Tone.GOOD
        text = resumed(control.by, control.why)
    else:
        return None
    where = f"{control.strategy or 'all strategies'} · {exchange} · {control.account}"
    return Notice(kind=Kind.HALTS, tone=tone, title=title, text=text, at=control.at, where=where)


def halted(by: str, why: str, *, flatten: bool) -> str:
    """Return the words for a halt."""
    sold = "All that is held is sold." if flatten else "Stops and exits go on."
    return f"By {by}: {why or 'no reason given'}. {sold}"


def resumed(by: str, why: str) -> str:
    """Return the words for the end of a halt."""
    return f"By {by}{f': {why}' if why else ''}."
