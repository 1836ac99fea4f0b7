"""``check``: how far a strategy is proven, rule by rule."""

from __future__ import annotations

from dataclasses import asdict

from skim_core.check.rules import BY_NUMBER, Level
from skim_core.check.running import Verdict, reached, told_to_author, try_rules
from skim_core.check.subject import subject_of
from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.doctor.environment import this_interpreter
from skim_core.errors import ConfigError, nearest
from skim_core.exits import ExitCode

_WAIVED = """\
To waive it, with the reason, in the project's pyproject.toml:
  [tool.skim.check.waive]
  {number} = "why this strategy may break it\""""


def explain_rule(asked: str, package: str | None, *, as_json: bool) -> int:
    """Print why a rule is, how to mend a strategy that breaks it, and how to waive it; return 0.

    Raises ConfigError for a rule that there is not, and when a package is named beside it.
    """
    if package is not None:
        msg = f"--explain tells of a rule and checks nothing: leave {package!r} or --explain out."
        raise ConfigError(msg)
    rule = BY_NUMBER.get(asked.upper())
    if rule is None:
        msg = f"there is no rule {asked!r}: there are {', '.join(BY_NUMBER)}."
        raise ConfigError(msg)
    if as_json:
        told = asdict(rule)
        print_json({"rule": told.pop("number"), **told})
        return ExitCode.DONE
    echo(f"{rule.number}, {rule.level.value}: {rule.words}", "title")
    echo(rule.why)
    echo(f"{rule.mend[0].upper()}{rule.mend[1:]}.")
    echo(_WAIVED.format(number=rule.number), "aside")
    return ExitCode.DONE


def check_package(asked: str | None, level: str | None, *, as_json: bool) -> int:
    """Try the rules on every strategy of a package; return 1 when one isn't kept, else 0.

    Raises ConfigError for what is no package, folder or wheel, and for unsound terms.
    """
    if asked is None:
        msg = (
            "there is nothing to check: name a strategy's package, its folder or a wheel, "
            "or a rule with --explain."
        )
        raise ConfigError(msg)
    wanted = _level(level)
    with subject_of(asked) as subject:
        aim = wanted or subject.terms.level
        found = {name: try_rules(subject, name, aim) for name in subject.strategies}
        deprecated = told_to_author(subject)
        if as_json:
            print_json(
                {
                    "distribution": subject.distribution,
                    "level": aim.value,
                    "strategies": [_as_json(name, verdicts) for name, verdicts in found.items()],
                    "deprecated": deprecated,
                }
            )
        else:
            for name, verdicts in found.items():
                _print(name, subject.distribution, verdicts, aim)
            for told in deprecated:
                echo(told, "warning")
    kept = all(verdict.kept for verdicts in found.values() for verdict in verdicts)
    return ExitCode.DONE if kept else ExitCode.FAILED


def _level(text: str | None) -> Level | None:
    if text is None:
        return None
    try:
        return Level(text)
    except ValueError:
        known = [level.value for level in Level]
        msg = f"there is no level {text!r}{nearest(text, known)}: there are {', '.join(known)}."
        raise ConfigError(msg) from None


def _as_json(name: str, verdicts: list[Verdict]) -> dict[str, object]:
    level = reached(verdicts)
    return {
        "name": name,
        "reached": level.value if level else None,
        "rules": [
            {
                "rule": verdict.rule.number,
                "level": verdict.rule.level.value,
                "verdict": _word(verdict),
                "faults": list(verdict.faults),
                "waived": verdict.waived or None,
            }
            for verdict in verdicts
        ],
    }


def _word(verdict: Verdict) -> str:
    if not verdict.tried:
        return "not tried"
    if not verdict.faults:
        return "kept"
    return "waived" if verdict.waived else "broken"


_TONES = {"kept": "done", "broken": "error", "waived": "warning", "not tried": "aside"}


def _print(name: str, distribution: str, verdicts: list[Verdict], aim: Level) -> None:
    echo(f"strategy {name} of {distribution}, up to {aim.value}", "title")
    rows = [
        (
            verdict.rule.number,
            verdict.rule.level.value,
            Toned(_word(verdict), _TONES[_word(verdict)]),
            verdict.rule.words,
        )
        for verdict in verdicts
    ]
    table(("rule", "level", "verdict", "what holds"), rows)
    here = this_interpreter()
    for verdict in verdicts:
        if verdict.faults:
            echo()
            said = f"waived, {verdict.waived}" if verdict.waived else f"{verdict.rule.mend}."
            echo(f"{verdict.rule.number}: {said}", _TONES[_word(verdict)])
            for fault in verdict.faults:
                echo(f"  {here.exact(fault)}")
    echo()
    level = reached(verdicts)
    if all(verdict.kept for verdict in verdicts):
        echo(f"{name} reaches {aim.value}.", "done")
    else:
        reaches = level.value if level else "no level yet"
        broken = next(verdict.rule.number for verdict in verdicts if not verdict.kept)
        echo(f"{name} reaches {reaches}. 'skim check --explain {broken}' tells more.", "warning")
