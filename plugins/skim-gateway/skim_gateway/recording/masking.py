"""Takes account numbers out of a conversation. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MANAGED_ACCOUNTS = "15"
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(DU|DF|DI|U|F|I)([0-9]{5,10})(?![0-9])")
_LEAST = 5


class Masking:
    """Gives each account a number of its own that says nothing, the same one each time.

    Accounts are those that the gateway names in its message 15, and whatever else looks
    like one (U or DU and digits, and the like).
    """

    def __init__(self) -> None:
        self._masked: dict[str, str] = {}

    def mask(self, fields: Sequence[str]) -> list[str]:
        """Return a message's fields without account numbers."""
        if fields and fields[0] == _MANAGED_ACCOUNTS:
            for account in fields[-1].split(","):
                if len(account) >= _LEAST:
                    self._mask_of(account)
        return [self._masked_field(field) for field in fields]

    def _masked_field(self, field: str) -> str:
        # The longer ones first: one number may be the beginning of another.
        for account in sorted(self._masked, key=len, reverse=True):
            field = field.replace(account, self._masked[account])
        masks = set(self._masked.values())
        return _NUMBER.sub(
            lambda found: found[0] if found[0] in masks else self._mask_of(found[0]), field
        )

    def _mask_of(self, account: str) -> str:
        if account not in self._masked:
            found = _NUMBER.fullmatch(account)
            kind = found[1] if found else "U"
            self._masked[account] = f"{kind}{len(self._masked) + 1:07d}"
        return self._masked[account]
