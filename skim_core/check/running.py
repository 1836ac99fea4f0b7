"""Tries the rules on a strategy, each group of them in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from skim_core.check.rules import RULES, Level, Rule
from skim_core.check.subject import Subject
from skim_core.check.trials import TRIALS
from skim_core.doctor.diagnosis import examine
from skim_core.doctor.findings import Cause
from skim_core.model.text import one_line
from skim_core.plugins.deprecated import deprecated_uses
from skim_core.plugins.discovery import Group, available, find
from skim_core.plugins.sources import normalized

_SLOWEST = 1.0
"""Times what skim and what it needs take to import."""

_PATIENCE = 1800
"""Seconds of wall time for the trials of one level."""


@dataclass(frozen=True)
class Verdict:
    """What came of a rule: its faults, why it is waived, or that it could not be tried."""

    rule: Rule
    faults: tuple[str, ...] = ()
    waived: str = ""
    tried: bool = True

    @property
    def kept(self) -> bool:
        """Whether the rule holds, or need not."""
        return bool(self.waived) or (self.tried and not self.faults)


def try_rules(subject: Subject, strategy: str, level: Level) -> list[Verdict]:
    """Return a verdict on each rule up to a level."""
    with _importable(subject):
        found = _Examination(subject, strategy, level).faults()
    verdicts = []
    for rule in RULES:
        if rule.level.rank <= level.rank:
            faults = found.get(rule.number)
            waived = subject.terms.waive.get(rule.number, "") if faults else ""
            verdicts.append(Verdict(rule, tuple(faults or ()), waived, faults is not None))
    return verdicts


def told_to_author(subject: Subject) -> list[str]:
    """Return a sentence for each deprecated name that a package uses; no rule forbids it."""
    with _importable(subject):
        mine = [
            plugin
            for plugin in available(Group.STRATEGIES)
            if normalized(plugin.distribution) == normalized(subject.distribution)
        ]
        return list(dict.fromkeys(told for plugin in mine for told in deprecated_uses(plugin)))


def reached(verdicts: Sequence[Verdict]) -> Level | None:
    """Return the highest level of which all rules, and all below it, are kept; None for none."""
    found = None
    for level in Level:
        these = [verdict for verdict in verdicts if verdict.rule.level is level]
        if not these or not all(verdict.kept for verdict in these):
            break
        found = level
    return found


class _Examination:
    """The trials of one strategy, which end where a fault makes the next ones senseless."""

    def __init__(self, subject: Subject, strategy: str, level: Level) -> None:
        self._subject = subject
        self._strategy = strategy
        self._level = level

    def faults(self) -> dict[str, list[str]]:
        """Return the faults by the number of each rule that was tried."""
        found = self._found()
        if any(found.values()):
            return found
        found |= self._imported()
        for level in Level:
            if level.rank > self._level.rank:
                break
            numbers = [rule.number for rule in RULES if rule.level is level]
            if level is Level.GOLD and found.get("SK202"):
                break
            tried = [number for number in numbers if number in TRIALS]
            found |= self._ask("rules", rules=tried) or {
                number: ["the process that tried it died"] for number in tried
            }
        if self._level is Level.GOLD and not found.get("SK202"):
            found["SK301"] = self._determined()
            found["SK303"] = self._typed()
        return found

    def _found(self) -> dict[str, list[str]]:
        diagnosis = examine(self._strategy, None, None, lambda _name: False)
        mine = [one for one in diagnosis.plugins if one.plugin.group is Group.STRATEGIES]
        findings = [*(finding for one in mine for finding in one.findings), *diagnosis.others]
        # Checked from its folder it need not be installed, nor installed as it is now.
        left_out = {Cause.SHADOWED, Cause.REINSTALL} if self._subject.path else set()
        faults: dict[str, list[str]] = {"SK101": [], "SK104": []}
        for finding in findings:
            if finding.cause not in left_out:
                broken = finding.cause is Cause.BREAKS_CONTRACT
                faults["SK104" if broken else "SK101"].append(finding.fault)
        return faults

    def _imported(self) -> dict[str, list[str]]:
        module = find(Group.STRATEGIES, self._strategy).module
        watched = [self._ask("import", module=module) for _ in range(2)]
        acts, printed = watched[0]["acts"], watched[0]["printed"]
        if printed:
            acts = [*acts, f"prints {one_line(printed, 80)!r}"]
        fastest = min(watched, key=lambda one: float(one["ratio"]))
        slow = []
        if fastest["ratio"] > _SLOWEST:
            slow = [
                f"it takes {fastest['seconds'] * 1000:.0f} ms, {fastest['ratio']:.1f} times what "
                "skim and what it needs take"
            ]
        return {"SK102": [f"importing it {act}" for act in acts], "SK103": slow}

    def _determined(self) -> list[str]:
        digests = {self._ask("digest", hash_seed=str(seed)) for seed in (1, 2)}
        if len(digests) == 1 and None not in digests:
            return []
        return ["two processes lived the same day differently"]

    def _typed(self) -> list[str]:
        if find_spec("mypy") is None:
            return [f"mypy is not installed: run 'pip install mypy' for {sys.executable}"]
        package = find(Group.STRATEGIES, self._strategy).module.partition(".")[0]
        with tempfile.TemporaryDirectory(prefix="skim-check-") as cache:
            command = ["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", cache]
            done = self._python(
                [*command, "--config-file", os.devnull, "-p", package],
                {"MYPYPATH": os.pathsep.join(map(str, self._subject.path[1:]))},
            )
        return done.stdout.splitlines()[:5] if done.returncode else []

    def _ask(self, ask: str, hash_seed: str = "random", **more: object) -> Any:
        """Ask a process of its own; None when it died."""
        question = {
            "ask": ask,
            "strategy": self._strategy,
            "terms": self._subject.terms.model_dump(mode="json"),
            **more,
        }
        with tempfile.TemporaryDirectory(prefix="skim-check-") as folder:
            file = Path(folder) / "answer.json"
            arguments = ["-P", "-m", "skim_core.check.examined", str(file), json.dumps(question)]
            done = self._python(arguments, {"PYTHONHASHSEED": hash_seed}, folder)
            try:
                told = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return None
        return {**told, "printed": done.stdout.strip()} if ask == "import" else told

    def _python(
        self, arguments: Sequence[str], variables: Mapping[str, str], cwd: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKIM_")}
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        return subprocess.run(  # noqa: S603  this interpreter, and skim or mypy
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
            cwd=cwd,
            env={**kept, "PYTHONPATH": path, **variables},
        )


@contextmanager
def _importable(subject: Subject) -> Iterator[None]:
    path = [str(folder) for folder in subject.path]
    sys.path[:0] = path
    try:
        yield
    finally:
        del sys.path[: len(path)]
