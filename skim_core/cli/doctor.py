"""``doctor`` and ``plugins``: what is installed, how it stands, and what mends it."""

from __future__ import annotations

import os
from importlib import metadata

from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.wanted import Wanted
from skim_core.doctor.bug_report import bug_report, finding_row, plugin_row
from skim_core.doctor.diagnosis import Diagnosis, Examined, IsOwn, examine, imported, look
from skim_core.doctor.environment import Interpreter, this_interpreter
from skim_core.doctor.findings import Cause, Finding
from skim_core.errors import ConfigError
from skim_core.exits import ExitCode
from skim_core.plugins.discovery import Group
from skim_core.ports.hookspecs import API_VERSION, OLDEST_API_VERSION
from skim_core.settings import Settings

_NO_STRATEGY = "No strategy is installed: run 'pip install skim-strategy-orh-breakout'."


def show_diagnosis(name: str | None, wanted: Wanted, is_own: IsOwn, *, report: bool) -> int:
    """Examine the plugins of a name, or all; return 1 when something is wrong, else 0.

    `is_own` says of a command's name whether skim has one of that name itself.
    With `report` what may be pasted into a bug report is printed, and nothing else.
    """
    settings, fault = _settings(wanted)
    diagnosis = examine(name, settings, wanted.config, is_own)
    if fault is not None:
        diagnosis = Diagnosis(diagnosis.interpreter, diagnosis.plugins, (fault, *diagnosis.others))
    code = ExitCode.DONE if diagnosis.sound else ExitCode.FAILED
    if report:
        print_json(_exact(bug_report(diagnosis, settings, os.environ), diagnosis.interpreter))
        return ExitCode.DONE
    if wanted.as_json:
        print_json(_exact(_as_json(diagnosis), diagnosis.interpreter))
        return code
    _print(name, diagnosis, settings)
    return code


def list_plugins(wanted: Wanted, is_own: IsOwn, *, tree: bool, load: bool) -> int:
    """List the installed plugins; import them, each in its own process, only with `load`.

    Returns 1 when one that was imported doesn't work, else 0.
    """
    settings, _ = _settings(wanted)
    found = look(settings, is_own)
    if load:
        found = imported(found, wanted.config)
    here = this_interpreter()
    if wanted.as_json:
        print_json({"plugins": [_exact(plugin_row(one), here) for one in found]})
    elif tree:
        _print_tree(found)
    else:
        _print_table(found, timed=load)
    if not wanted.as_json:
        if not any(map(_is_strategy, found)):
            echo(_NO_STRATEGY)
        for name in dict.fromkeys(one.plugin.name for one in found if one.findings):
            echo(f"{name}: see 'skim doctor {name}'.", "warning")
    faulty = load and any(one.findings for one in found)
    return ExitCode.FAILED if faulty else ExitCode.DONE


def _settings(wanted: Wanted) -> tuple[Settings | None, Finding | None]:
    try:
        return wanted.settings(), None
    except ConfigError as error:
        return None, Finding(Cause.FAULTY_CONFIGURATION, f"the configuration: {error}")


def _exact(value: object, here: Interpreter) -> object:
    """Return a document with the pip commands in it as they are typed for this interpreter."""
    if isinstance(value, dict):
        return {key: _exact(part, here) for key, part in value.items()}
    if isinstance(value, list):
        return [_exact(part, here) for part in value]
    if not isinstance(value, str):
        return value
    return here.exact(f"'{value}")[1:] if value.startswith("pip ") else here.exact(value)


def _as_json(diagnosis: Diagnosis) -> dict[str, object]:
    here = diagnosis.interpreter
    return {
        "skim": metadata.version("skim-core"),
        "api_versions": [OLDEST_API_VERSION, API_VERSION],
        "python": here.version,
        "interpreter": here.executable,
        "prefix": here.prefix,
        "sound": diagnosis.sound,
        "plugins": [plugin_row(one) for one in diagnosis.plugins],
        "others": [finding_row(finding) for finding in diagnosis.others],
    }


def _print(name: str | None, diagnosis: Diagnosis, settings: Settings | None) -> None:
    here = diagnosis.interpreter
    echo(f"skim {metadata.version('skim-core')}, plugin contract {API_VERSION}", "title")
    echo(f"Python {here.version}, {here.executable}, in {here.prefix}")
    echo(f"configuration: {(settings and settings.file) or 'no file'}")
    for one in diagnosis.plugins:
        echo()
        _print_plugin(one, here)
    for finding in diagnosis.others:
        echo()
        echo(finding.cause.value.replace("_", " "), "error")
        _print_finding(finding, here)
    echo()
    if name is None and not any(_is_strategy(one) for one in diagnosis.plugins):
        echo(_NO_STRATEGY)
    bad = [one for one in diagnosis.plugins if one.findings]
    if diagnosis.sound:
        echo(_count(len(diagnosis.plugins), "plugin works", "plugins work") + ".", "done")
    elif diagnosis.plugins:
        works = len(diagnosis.plugins) - len(bad)
        echo(
            f"{_count(works, 'plugin works', 'plugins work')}, "
            f"{_count(len(bad), 'needs', 'need')} mending"
            + (
                f", and {_count(len(diagnosis.others), 'thing', 'things')} besides"
                if diagnosis.others
                else ""
            )
            + "."
        )
    else:
        echo("When that is done, ask 'skim doctor' again.")


def _is_strategy(one: Examined) -> bool:
    return one.plugin.group is Group.STRATEGIES


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _print_plugin(one: Examined, here: Interpreter) -> None:
    api = "no api_version" if one.api_version is None else f"api_version {one.api_version}"
    taken = "" if one.milliseconds is None else f", imported in {one.milliseconds} ms"
    tone = "error" if one.findings else "done"
    echo(f"{one.plugin}: {one.status}", tone)
    echo(f"  {one.plugin.value}, from {one.source}; {api}{taken}", "aside")
    for finding in one.findings:
        _print_finding(finding, here)
    for told in one.deprecated:
        echo(f"  {told}", "warning")


def _print_finding(finding: Finding, here: Interpreter) -> None:
    echo(f"  {here.exact(finding.fault)}")


def _print_table(found: list[Examined], *, timed: bool) -> None:
    headers = ["kind", "name", "package", "version", "api", "source", "status"]
    rows = [
        [
            one.plugin.group.noun,
            Toned(one.plugin.name, "title"),
            one.plugin.distribution,
            one.plugin.version,
            "-" if one.api_version is None else one.api_version,
            str(one.source),
            Toned(one.status, "error" if one.findings else ""),
            *([one.milliseconds] if timed else []),
        ]
        for one in found
    ]
    table([*headers, *(["ms"] if timed else [])], rows)


def _print_tree(found: list[Examined]) -> None:
    packages: dict[str, list[Examined]] = {}
    for one in found:
        packages.setdefault(f"{one.plugin.distribution} {one.plugin.version}", []).append(one)
    for package, plugins in packages.items():
        echo(f"{package}, from {plugins[0].source}", "title")
        for number, one in enumerate(plugins, 1):
            branch = "└──" if number == len(plugins) else "├──"
            taken = "" if one.milliseconds is None else f", {one.milliseconds} ms"
            echo(
                f"{branch} {one.plugin.group.noun} {one.plugin.name} = {one.plugin.value}: {one.status}{taken}"
            )
