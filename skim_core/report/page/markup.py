"""HTML and SVG as text that can't be broken by what is put into it.

`element` escapes every text and every attribute. What is `Markup` already was made by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from skim_core.model.text import printable


class Markup(str):
    """Text that is HTML: made by `element`, or a constant of ours."""

    __slots__ = ()


Content: TypeAlias = "Markup | str | int | Iterable[Content] | None"

_VOID = frozenset({"meta", "input", "br", "col", "path", "line", "rect", "circle", "use", "stop"})
"""Elements that hold nothing; SVG's are closed by themselves."""

_HTML_VOID = frozenset({"meta", "input", "br", "col"})


def element(name: str, /, *content: Content, **attributes: str | float | bool | None) -> Markup:
    """Return an element. An attribute is named as in Python: ``class_``, ``aria_label``.

    One that is None or False is left out, one that is True has no value; a float has at most
    two digits.

    >>> element("td", "<b>", class_="number")
    '<td class="number">&lt;b&gt;</td>'
    """
    opened = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _HTML_VOID:
        return Markup(f"<{opened}>")
    if name in _VOID and not content:
        return Markup(f"<{opened}/>")
    return Markup(f"<{opened}>{joined(content)}</{name}>")


def joined(content: Content) -> Markup:
    """Return the content one after the other, texts escaped."""
    if content is None:
        return Markup()
    if isinstance(content, Markup):
        return content
    if isinstance(content, str | int):
        return Markup(escape(printable(str(content)), quote=False))
    return Markup("".join(joined(part) for part in content))


def number(value: float) -> str:
    """Return a coordinate with at most two digits after the point.

    >>> number(12.0), number(0.125)
    ('12', '0.12')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    name = _CAMEL.get(name, name)
    if value is True:
        return f" {name}"
    text = number(value) if isinstance(value, int | float) else escape(printable(value))
    return f' {name}="{text}"'


_CAMEL = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}
"""SVG's attributes that are not in lower case."""
