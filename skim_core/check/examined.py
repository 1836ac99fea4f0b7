"""What a process of the check's own does: watch an import, try rules, or tell a day's digest.

Run as ``python -m skim_core.check.examined ANSWER QUESTION``; both are JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_SEEN_ON_DAYS = {"SK203", "SK204", "SK205", "SK206", "SK207"}

_MOST = 5
"""Faults of one rule that are told."""


def answer(question: Mapping[str, Any]) -> Any:
    """Return the answer to a question, as JSON can hold it."""
    if question["ask"] == "import":
        from skim_core.check.importing import watch_import  # noqa: PLC0415  its imports are timed

        found = watch_import(question["module"])
        return {"acts": found.acts, "ratio": found.ratio, "seconds": found.seconds}
    from skim_core.check.subject import Terms  # noqa: PLC0415
    from skim_core.check.trials import Trial, digest  # noqa: PLC0415

    with TemporaryDirectory(prefix="skim-check-") as folder:
        terms = Terms.model_validate(question["terms"])
        trial = Trial(question["strategy"], terms, Path(folder))
        if question["ask"] == "digest":
            return digest(trial)
        return _all_tried(question["rules"], trial)


def _all_tried(numbers: list[str], trial: Any) -> dict[str, list[str]]:
    """Try rules in their order; where whole days fail, what else is seen on days is left out."""
    found: dict[str, list[str]] = {}
    for number in numbers:
        if not (found.get("SK202") and number in _SEEN_ON_DAYS):
            found[number] = _tried(number, trial)
    return found


def _tried(number: str, trial: Any) -> list[str]:
    from skim_core.check.trials import TRIALS  # noqa: PLC0415
    from skim_core.errors import SkimError  # noqa: PLC0415
    from skim_core.model.text import one_line  # noqa: PLC0415
    from skim_core.ports.boundary import described  # noqa: PLC0415

    faults: list[str] = []
    try:
        for fault in TRIALS[number](trial):
            faults.append(one_line(fault))
            if len(faults) == _MOST:
                break
    except SkimError as error:
        faults.append(one_line(str(error)))
    except Exception as error:  # noqa: BLE001  the strategy's code may raise anything
        faults.append(one_line(f"it broke the trial: {described(error)}"))
    return faults


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(answer(json.loads(sys.argv[2]))), encoding="utf-8")
