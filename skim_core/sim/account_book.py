"""The simulated exchange's own memory: what it was told, in a file that only grows.

A real exchange remembers its orders whatever becomes of those who sent them; so must this
one, or a crash could not be told from an order that was never sent. One file holds one
account's session: a first line with what the account had when the session began and the
rules that hold, then each instruction with its place on the timeline, on the disk before it
is answered. What the exchange made of them is not written: following the same instructions
again gives it, to the last execution. A session in which nobody connected did not happen
for the account: what stands when one ends stands when the next one in the files begins.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from skim_core.errors import BrokerError
from skim_core.model.base import Model
from skim_core.model.session import Session
from skim_core.sim.instructions import (
    CallHalt,
    Cancel,
    EndHalt,
    Instruction,
    Modify,
    Opening,
    Submit,
)
from skim_core.sim.options import SimOptions

_MODE = 0o600
_Line: TypeAlias = Annotated[
    Submit | Modify | Cancel | CallHalt | EndHalt, Field(discriminator="kind")
]
_LINE: TypeAdapter[Instruction] = TypeAdapter(_Line)


class Header(Model):
    """The first line: whose session it is, under which rules, and what it began with."""

    kind: Literal["account_book"] = "account_book"
    format: Literal[1] = 1
    account: str
    session: Session
    options: SimOptions
    opening: Opening


@dataclass(frozen=True)
class Record:
    """What a book says: its header, and the instructions in the order they were written.

    A resumed virtual clock may have told something earlier later: their places count.
    """

    header: Header
    instructions: tuple[Instruction, ...]


def book_path(directory: Path, account: str, session: Session) -> Path:
    """Return the file of `account` in `session`."""
    return directory / f"{account}-{session.exchange}-{session.date}.jsonl"


def earlier_books(directory: Path, account: str, session: Session) -> Iterator[Path]:
    """Yield the files of the account's sessions before `session`, the latest first."""
    this = book_path(directory, account, session)
    date = "[0-9]" * 4 + "-[0-9][0-9]-[0-9][0-9]"
    for path in sorted(directory.glob(f"{account}-{session.exchange}-{date}.jsonl"), reverse=True):
        if path.name < this.name:
            yield path


def read_book(path: Path) -> Record | None:
    """Return what the book at `path` says; None when there is none, or nothing whole in it.

    A last line without its end was cut off by a crash before it was answered, and is left
    out. Raises BrokerError naming file and line for any other damage.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot(path, "read", error) from error
    first, *rest = content.split(b"\n")
    if not rest:
        return None
    header = _header(path, first)
    instructions = (
        _instruction(path, number, line) for number, line in enumerate(rest[:-1], start=2)
    )
    return Record(header, tuple(instructions))


class AccountBook:
    """A book that is being written. `header` is its first line, written when it is missing.

    Raises BrokerError when the file can't be written, or when somebody else writes to it.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._fsync = header.options.fsync
        self._descriptor: int | None = None
        self._size = 0
        try:
            # One by one: mkdir's own `parents` would let others into those above.
            for folder in reversed(path.parents):
                folder.mkdir(mode=0o700, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(path, flags, _MODE)
            whole = path.read_bytes().rfind(b"\n") + 1
            os.ftruncate(self._descriptor, whole)
        except OSError as error:
            raise _cannot(path, "open", error) from error
        self._size = whole
        if not whole:
            self._append(header)

    def write(self, instruction: Instruction) -> None:
        """Put an instruction on the disk; it survives the process from then on."""
        self._append(instruction)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, line: Model) -> None:
        descriptor = self._descriptor
        if descriptor is None:
            msg = f"the book {self._path} is closed: connect the broker again."
            raise BrokerError(msg)
        content = line.model_dump_json().encode() + b"\n"
        try:
            self._refuse_foreign_lines(descriptor)
            written = os.write(descriptor, content)
            if written < len(content):
                # A full disk: half a line would be damage as soon as another follows it.
                os.ftruncate(descriptor, self._size)
                msg = f"can't write the book {self._path}: the disk is full. Make room."
                raise BrokerError(msg)
            self._size += written
            if self._fsync:
                os.fsync(descriptor)
        except OSError as error:
            raise _cannot(self._path, "write", error) from error

    def _refuse_foreign_lines(self, descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        if size != self._size:
            msg = (
                f"the book {self._path} has {size} bytes, {self._size} were expected: another "
                "process trades on this account. Let one finish, or give each its own account."
            )
            raise BrokerError(msg)


def _header(path: Path, line: bytes) -> Header:
    try:
        return Header.model_validate_json(line)
    except ValidationError as error:
        raise _damaged(path, 1, error) from error


def _instruction(path: Path, number: int, line: bytes) -> Instruction:
    try:
        return _LINE.validate_json(line)
    except ValidationError as error:
        raise _damaged(path, number, error) from error


def _damaged(path: Path, number: int, error: ValidationError) -> BrokerError:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    where = f"{field}: " if field else ""
    return BrokerError(
        f"{path}, line {number} is damaged: {where}{first['msg']}. Restore the file from a "
        "copy, or move it away: the account's orders of that session are then forgotten."
    )


def _cannot(path: Path, action: str, error: OSError) -> BrokerError:
    return BrokerError(
        f"can't {action} the simulated account's book {path}: {error.strerror or error}. "
        "Give this user a directory with room, or set another."
    )
