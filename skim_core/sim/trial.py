"""What the process does that tries Parquet files for `skim_core.sim.apart`: it may end by one.

Each line of its standard input is the path of a file, in JSON. It reads the file, and answers
with a line of JSON on what was its standard output: why it can't be read, '' when it can.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

import polars as pl

READY = "ready"
"""What it answers before the first path: from then on its end is the file's fault."""


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line and without a full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".: ")


def fault(path: str) -> str:
    """Return why a Parquet file can't be read, '' when it can."""
    try:
        pl.read_parquet(path, glob=False)
    # Polars panics on some damaged files; its panic is no Exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        return first_line(error)
    except MemoryError:
        return "it asks for more memory than there is"
    return ""


def serve() -> None:
    """Try the files that are asked for, until nobody asks any more."""
    _leave_no_core()
    # What a library prints is no answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with suppress(BrokenPipeError):
        print(json.dumps(READY), file=answers, flush=True)
        for line in sys.stdin.buffer:
            print(json.dumps(fault(json.loads(line))), file=answers, flush=True)
    # Python would close what nobody reads any more, and complain.
    os._exit(0)


def _leave_no_core() -> None:
    with suppress(ImportError):  # there are no limits on Windows
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
