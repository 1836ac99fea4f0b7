"""Which halt stands, by all that people have said."""

from __future__ import annotations

from collections.abc import Iterable

from skim_core.model.controls import Control, Halt, Resume


def standing_halt(controls: Iterable[Control], account: str, strategy: str) -> Halt | None:
    """Return the halt that keeps a strategy's entries back, or None.

    An account's halt and a strategy's own stand side by side; taking the account's back
    takes those of its strategies back with it.
    """
    for_account: Halt | None = None
    own: Halt | None = None
    for control in controls:
        if control.account != account:
            continue
        if isinstance(control, Halt):
            if control.strategy is None:
                for_account = control
            elif control.strategy == strategy:
                own = control
        elif isinstance(control, Resume):
            if control.strategy is None:
                for_account = own = None
            elif control.strategy == strategy:
                own = None
    if for_account is not None and own is not None:
        flatten = for_account.flatten or own.flatten
        return for_account.model_copy(update={"flatten": flatten})
    return for_account or own
