"""A limit on the memory of the process, so that a leak fails a phase and not the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited_memory(limit: int) -> Iterator[None]:
    """Let the process have at most `limit` bytes of data memory inside a ``with`` block.

    Beyond that an allocation raises MemoryError, which fails the phase that asked for it.
    The limit is that of setrlimit(2)'s RLIMIT_DATA, which children inherit; where there is
    none (on Windows and macOS) nothing happens.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource  # noqa: PLC0415  there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    known = [bound for bound in (limit, soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
