"""Text that somebody else wrote, made fit to be kept and shown."""

from __future__ import annotations

LONGEST = 500
"""Characters of a message that are kept: enough for any that was meant to be read."""


def printable(text: str) -> str:
    r"""Return the text with whatever could steer a terminal written out.

    Line breaks and tabs stay; other control characters, and what has no place in UTF-8,
    become escapes.

    >>> printable("done\x1b[2J")
    'done\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else _escaped(sign) for sign in text
    )


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return the text as one printable line of at most `longest` characters."""
    # What is cut off need not be looked at: a message may have any length.
    line = printable(" ".join(text[: 4 * longest].split()))
    if len(line) <= longest and len(text) <= 4 * longest:
        return line
    return f"{line[: longest - 4]} ..."


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
