"""One examination of an environment in which everything is broken in another way."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest

PYTHON = re.escape(sys.executable)
INSTALL = rf"'(?:{PYTHON} -m pip|uv pip) install "
"""How every command that installs something begins: for this interpreter, and no other."""

EXPECTED = {
    "exits": ("exited", r"importing it raised SystemExit: 7 \(.*site_exits\.py:1\)"),
    "raises": ("raised", r"raised RuntimeError: no news \(.*site_raises\.py:2\)\. Mend it there"),
    "unreadable": ("raised", r"raised SyntaxError: .*site_unreadable\.py:1\)"),
    "dies": ("died", r"the process that imports it died \(exit code 3\); its last words: farewell"),
    "crashes": ("died", r"died \(signal 11\)"),
    "moved": (
        "missing_module",
        rf"'site_gone': correct what is misspelt.* run {INSTALL}.*skim-strategy-moved'",
    ),
    "renamed": ("missing_attribute", r"names 'Strategie', .* \(did you mean 'Strategy'\?\)"),
    "misspelt": ("bad_entry_point", r"its entry point is 'no such thing!'"),
    "hungry": ("missing_dependency", rf"needs nonsuch-food>=2.*run {INSTALL}\"?.*nonsuch-food>=2"),
    "secretly_hungry": ("missing_dependency", "it imports 'nonsuch_drink', which is not installed"),
    "choosy": ("wrong_dependency", r"needs pluggy<0\.1, but \S+ is installed"),
    "aged": ("wrong_dependency", r"needs skim_core<0\.0\.9, but \S+ is installed: .* --upgrade"),
    "modern": ("wrong_python", r"needs Python >=3\.99, this is 3\."),
    "early": (
        "api_too_new",
        rf"version 99 of the plugin contract, too new .*{INSTALL}.*skim-core'",
    ),
    "late": ("api_too_old", r"version 0 of the plugin contract, too old for this skim"),
    "vague": ("breaks_contract", r"its api_version is '1': write the number"),
    "computed": ("api_too_new", "version 98 of the plugin contract"),
    "typo": ("breaks_contract", r"the hook 'skim_scna', which doesn't exist \(did you mean"),
    "cyclic": ("breaks_contract", "GraphError: .*(a -> b -> a|b -> a -> b)"),
    "unhooked": ("breaks_contract", "phase 'scan' needs the hook skim_scan, which it doesn't"),
    "configured": ("faulty_configuration", r"\[strategy.configured\] thresold: .*'threshold'"),
    "quiet": ("blocked", r"'extensions' in .*skim\.toml doesn't name it: .*\"loud\", \"quiet\""),
    "status": ("hidden", r"skim has a command or a phase of that name: give it another"),
    "shapeless": ("breaks_contract", r"its entry point names a module: name a typer\.Typer"),
    "twin": ("two_packages", r"keep one of them, run '.* uninstall"),
}
"""The cause of each plugin, and what is said."""

WORKING = ("loud", "printing")

OTHERS = {
    "wrong_group": r"'typed' in the entry-point group 'skim\.strategy'.*mean 'skim\.strategies'",
    "no_entry_point": r"skim-strategy-bare 1\.0 has no entry point, .* with bare = ",
    "reinstall": r"declares skim\.strategies 'added' = 'stale:Added', but it isn't installed.* -e ",
    "faulty_configuration": r"\[strategy\.cnfigured\].*not installed \(did you mean 'configured'",
    "shadowed": r"skim-strategy-printing 0\.9 in .* is not used, because skim-strategy-printing 1",
}

CONFIGURATION = """
extensions = ["loud"]
[strategy.configured]
thresold = 1
[strategy.cnfigured]
threshold = 2
"""

CONFIGURED = """
    from pydantic import BaseModel

    class Config(BaseModel):
        threshold: int = 3

    @hooks.config_model
    def skim_config_model() -> type[Config]:
        return Config
"""

TYPER = """
    import typer

    app = typer.Typer()

    @app.command()
    def run() -> None: ...
"""

LISTENER = """
    from skim_core import hooks

    @hooks.on_event
    def skim_on_event(event, day):
        pass
"""


def install_all(lab, folder):
    site, sound = lab.site(folder / "site"), lab.sound
    site.install("exits", "import sys; sys.exit(7)")
    site.install("raises", "\nraise RuntimeError('no news')")
    site.install("unreadable", "def")
    site.install(
        "dies", "import os, sys; sys.stderr.write('farewell'); sys.stderr.flush(); os._exit(3)"
    )
    site.install("crashes", "import ctypes; ctypes.string_at(0)")
    site.install("moved", None, value="site_gone.plugin")
    site.install("renamed", "class Strategy: ...", value="site_renamed:Strategie")
    site.install("misspelt", None, value="no such thing!")
    site.install("hungry", "import nonsuch_food", headers=["Requires-Dist: nonsuch-food>=2"])
    site.install("secretly_hungry", "import nonsuch_drink")
    site.install("choosy", headers=["Requires-Dist: pluggy<0.1"])
    site.install("aged", headers=["Requires-Dist: skim_core<0.0.9"])
    site.install("modern", "import nonsuch", headers=["Requires-Python: >=3.99"])
    site.install("early", "import nonsuch\napi_version = 99")
    site.install("late", sound.replace("api_version = 1", "api_version: int = 0"))
    site.install("vague", sound.replace("api_version = 1", "api_version = '1'"))
    site.install("computed", sound.replace("api_version = 1", "api_version = 49 * 2"))
    site.install("typo", sound + "\n    @hooks.hookimpl\n    def skim_scna(ctx): ...\n")
    site.install(
        "cyclic", sound.replace('Phase("scan")', 'Phase("a", after="b"), Phase("b", after="a")')
    )
    site.install("unhooked", sound.partition("    @hooks.scan")[0])
    site.install("configured", sound + CONFIGURED)
    site.install("quiet", LISTENER, group="skim.extensions", distribution="skim-quiet")
    site.install("loud", LISTENER, group="skim.extensions", distribution="skim-loud")
    site.install(
        "status", TYPER, group="skim.commands", distribution="skim-status", value="site_status:app"
    )
    site.install("shapeless", "x = 1", group="skim.commands", distribution="skim-shapeless")
    site.install("twin", distribution="first-twin")
    site.install("twin", distribution="second-twin")
    site.install("printing", f"print('{{}}')\n{sound}".replace("\n    ", "\n"))
    site.install("typed", group="skim.strategy")
    site.install("bare", entries="")
    project = lab.project(folder / "stale", "skim-strategy-stale", {"added": "stale:Added"})
    site.install("stale", entries="", project=project)
    lab.site(folder / "later").install("printing", version="0.9")


@pytest.fixture(scope="module")
def examined(lab, tmp_path_factory):
    """Examine all of them at once; give the exit code and the document."""
    folder = tmp_path_factory.mktemp("broken")
    install_all(lab, folder)
    (folder / "skim.toml").write_text(CONFIGURATION)
    path = f"{folder / 'site'}{os.pathsep}{folder / 'later'}"
    code, out, err = lab.run(path, folder, "doctor", "--json")
    return code, json.loads(out), err


def row(document, name):
    return next(row for row in document["plugins"] if row["name"] == name)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_cause_is_told_with_what_to_do(examined, name):
    cause, words = EXPECTED[name]
    findings = row(examined[1], name)["findings"]
    assert [finding["cause"] for finding in findings] == [cause]
    assert re.search(words, findings[0]["fault"]), findings[0]["fault"]


@pytest.mark.parametrize("name", WORKING)
def test_a_sound_one_among_them_works(examined, name):
    found = row(examined[1], name)
    assert (found["status"], found["findings"]) == ("works", [])
    assert found["milliseconds"] >= 0


@pytest.mark.parametrize("cause", OTHERS)
def test_what_is_wrong_beside_the_plugins_is_told(examined, cause):
    faults = [one["fault"] for one in examined[1]["others"] if one["cause"] == cause]
    assert len(faults) == 1
    assert re.search(OTHERS[cause], faults[0]), faults[0]


def test_it_exits_with_1_and_says_nothing_else(examined):
    code, document, err = examined
    assert (code, document["sound"], err) == (1, False, "")


def test_every_command_is_for_this_interpreter(examined):
    told = json.dumps(examined[1])
    assert "'pip " not in told
    assert '"pip ' not in told
    commands = [
        command
        for one in (*examined[1]["plugins"],)
        for finding in one["findings"]
        for command in finding["commands"]
    ]
    assert any("install" in command for command in commands)
    assert all(sys.executable in command for command in commands if "install" in command)
