"""``errors``: what an error's code means, why it comes, and how to mend it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from skim_core import errors
from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.errors import ConfigError, SkimError, nearest
from skim_core.exits import ExitCode


@dataclass(frozen=True)
class Explained:
    """An error of skim's own. `text` is what it says of itself: paragraphs, code in backticks."""

    code: str
    name: str
    exit_code: int
    text: str

    @property
    def summary(self) -> str:
        """Its first paragraph, on one line."""
        return " ".join(self.text.split("\n\n", maxsplit=1)[0].split())


def explained() -> Iterator[Explained]:
    """Yield every error of skim's own, in the order in which they are declared."""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, SkimError):
            # A class without words of its own must not have those of the one it is made from.
            text = (inspect.getdoc(kind) or "") if kind.__doc__ else ""
            code = vars(kind).get("error_code", "")
            yield Explained(code, name, int(kind.exit_code), text.replace("``", "`"))


def show_errors(code: str | None, *, as_json: bool) -> int:
    """Print what one code means, or all codes; return the exit code.

    Raises ConfigError for a code that there is not.
    """
    known = {one.code: one for one in explained()}
    asked = (code or "").removeprefix("skim[").removesuffix("]")
    if code is not None and asked not in known:
        msg = (
            f"there is no error {code!r}{nearest(asked, known)}: the codes are {', '.join(known)}."
        )
        raise ConfigError(msg)
    shown = [known[asked]] if code is not None else list(known.values())
    if as_json:
        print_json({"errors": [asdict(one) for one in shown]})
    elif code is not None:
        [one] = shown
        echo(f"skim[{one.code}], exit code {one.exit_code}", "title")
        echo(one.text.replace("`", ""))
    else:
        rows = [(Toned(one.code, "title"), one.exit_code, one.summary) for one in shown]
        table(("code", "exit", "what it means"), rows)
        echo("skim errors CODE tells why, and how to mend it.", "aside")
    return ExitCode.DONE
