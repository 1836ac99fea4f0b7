"""The site: what Sphinx needs to know."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from skim_core.settings import describe

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

project = "skim"
author = "the skim authors"
copyright = author
release = version_of("skim-core")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"

smartquotes = False  # values are to be copied

html_theme = "furo"
html_title = "skim"


class SettingsTable(SphinxDirective):
    """Every key of the configuration, as the settings describe themselves."""

    def run(self) -> list[nodes.Node]:
        rows = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
        rows += [
            f"| `{row.key}` | {row.type} | {row.default} | {row.description} |"
            for row in describe()
        ]
        escaped = [row.replace("<", "&lt;") for row in rows]
        return self.parse_text_to_nodes(StringList(escaped, "describe()"))


def setup(app: Sphinx) -> None:
    app.add_directive("settings", SettingsTable)
