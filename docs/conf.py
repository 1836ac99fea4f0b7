"""The site: what Sphinx needs to know."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from skim_core.cli.app import app as skim

sys.path.insert(0, str(Path(__file__).parent))
from generators import events, packages, pictures, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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

# The days that are simulated for the pictures have nothing to say.
logging.getLogger("skim").setLevel(logging.WARNING)

html_theme = "furo"
html_title = "skim"


def directive(source: Callable[..., Iterable[str]], arguments: int = 0) -> type[SphinxDirective]:
    """Return a directive that stands for the lines that `source` gives for its arguments."""

    class Generated(SphinxDirective):
        required_arguments = arguments

        def run(self) -> list[nodes.Node]:
            try:
                lines = list(source(*self.arguments))
            except reference.UndocumentedError as error:
                raise ExtensionError(str(error)) from error
            return self.parse_text_to_nodes(
                StringList(lines, source.__name__), allow_section_headings=True
            )

    return Generated


class Picture(SphinxDirective):
    """A picture that is drawn at build time: of a strategy that is named, or of skim itself."""

    optional_arguments = 1
    option_spec: ClassVar = {"alt": str}
    drawn: Callable[..., str]

    def run(self) -> list[nodes.Node]:
        try:
            svg = type(self).drawn(*self.arguments)
        except reference.UndocumentedError as error:
            raise ExtensionError(str(error)) from error
        return [nodes.raw("", pictures.image(svg, self.options["alt"]), format="html")]


def picture(source: Callable[..., str]) -> type[SphinxDirective]:
    """Return a directive that stands for the picture that `source` draws."""
    return type("Drawn", (Picture,), {"drawn": staticmethod(source)})


def setup(app: Sphinx) -> None:
    app.add_directive("settings", directive(reference.settings))
    app.add_directive("exit-codes", directive(reference.exit_codes))
    app.add_directive("errors", directive(reference.errors))
    app.add_directive("error-page", directive(reference.error, arguments=1))
    app.add_directive("events", directive(events.events))
    app.add_directive("commands", directive(lambda: reference.commands(skim)))
    app.add_directive("package-commands", directive(packages.commands))
    app.add_directive("phase-graph", picture(pictures.phase_graph))
    app.add_directive("event-flow", picture(pictures.event_flow))
    app.add_directive("layers", picture(pictures.layers))
    app.add_directive("package-settings", directive(packages.settings))
