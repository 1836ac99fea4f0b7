"""Notices as plain text, for every channel that is not Discord. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from skim_notify.notices import Notice


def title(notices: Sequence[Notice]) -> str:
    """Return the title of a message that tells these notices."""
    first = notices[0].title
    return f"skim: {first}" if len(notices) == 1 else f"skim: {first} and {len(notices) - 1} more"


def body(notices: Sequence[Notice]) -> str:
    """Return the text of a message that tells these notices."""
    return "\n\n".join(map(_told, notices))


def _told(notice: Notice) -> str:
    lines = [f"{notice.title}: {notice.text}"]
    lines += [f"{name}: {value}" for name, value, _ in notice.fields]
    for name, facts, said in notice.items:
        lines += [f"• {name} | {facts}", *([f"  {said}"] if said else [])]
    lines.append(f"{notice.where}, {notice.at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines)
