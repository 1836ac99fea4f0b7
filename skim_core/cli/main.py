"""The console script: runs the command line, and turns errors into lines and exit codes."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """Run skim's command line and exit with its code.

    Exit codes: 0 done or nothing to do, 1 the day failed, 2 wrong usage or configuration,
    3 the broker can't be reached, 130 and 143 stopped by SIGINT and SIGTERM.
    """
    debug = "--debug" in sys.argv or os.environ.get("SKIM_DEBUG", "") not in {"", "0"}
    # pydantic looks through all installed packages for plugins of its own: cron need not wait
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from skim_core.errors import SkimError

    try:
        from skim_core.cli.app import app

        app()
    except SkimError as error:
        if debug:
            raise
        sys.stderr.write(f"skim: {error}\n")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of a pipe left: not an error, but Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except Exception as error:
        if debug:
            raise
        sys.stderr.write(
            f"skim: internal error, {type(error).__name__}: {error}\n"
            "This is a fault of skim or of a plugin: run it again with --debug and report it.\n"
        )
        raise SystemExit(1) from None
