"""Which names say that a value is a secret."""

from __future__ import annotations

_MARKS = (
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "webhook",
    "credential",
    "key",
    "bearer",
    "cookie",
)


def is_secret(name: str) -> bool:
    """Whether a key's name says that its value is a secret: never to be shown or written down."""
    return any(mark in name.lower() for mark in _MARKS)
