"""How an amount of memory is written in a setting."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

GIB = 2**30
"""Bytes in a gibibyte."""

_UNITS = {"": 1, "MiB": 2**20, "GiB": GIB}
_SIZE = re.compile(r"([0-9]{1,18}) ?(MiB|GiB|)")


def _read_size(value: Any) -> Any:
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else value


Size: TypeAlias = Annotated[int, BeforeValidator(_read_size)]
"""A number of bytes, also written as ``4GiB`` or ``512MiB``."""
