"""Why a plugin that is asked for by its name is not there."""

from __future__ import annotations

import re
import sys

import pytest

from skim_core.doctor.environment import Interpreter


def only(document):
    assert document["plugins"] == []
    assert not document["sound"]
    return [(one["cause"], one["fault"]) for one in document["others"]]


def environment_of(folder, site_type):
    """Make what looks like a virtual environment, with a folder of packages."""
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return site_type(folder / "lib" / "python3.11" / "site-packages")


def test_a_name_that_is_nearly_right_gets_the_right_one(doctor, site):
    site.install("breakout")
    [(cause, fault)] = only(doctor("braekout"))
    assert (cause, "did you mean 'breakout'?" in fault) == ("not_installed", True)
    assert "install" not in fault.partition("installed:")[2]


def test_an_unknown_name_gets_the_command_that_may_bring_it(doctor):
    [(cause, fault)] = only(doctor("zz_top"))
    assert cause == "not_installed"
    assert re.search(r"install .*skim-strategy-zz-top'", fault)


def test_a_typo_in_the_group_is_shown_by_the_plugins_name(doctor, site):
    site.install("gap", group="skim_strategies")
    [(cause, fault)] = only(doctor("gap"))
    assert (cause, "did you mean 'skim.strategies'?" in fault) == ("wrong_group", True)


def test_a_group_without_skim_in_its_name_is_understood_from_what_the_package_needs(doctor, site):
    site.install("gap", group="strategies", headers=["Requires-Dist: skim-core"])
    site.install("other", group="strategies")
    assert only(doctor("gap"))[0][0] == "wrong_group"
    assert only(doctor("other"))[0][0] == "no_entry_point"


def test_an_entry_point_that_was_declared_after_the_install_needs_another(
    doctor, site, lab, tmp_path
):
    project = lab.project(tmp_path / "project", "skim-strategy-x", {"gap": "site_x"})
    site.install("x", entries="", project=project)
    [(cause, fault)] = only(doctor("gap"))
    assert cause == "reinstall"
    assert f"install -e {project}'" in fault or f"--python {sys.executable} -e {project}'" in fault


def test_a_group_that_was_misspelt_after_the_install_is_to_be_corrected_first(
    doctor, site, lab, tmp_path
):
    project = lab.project(tmp_path / "project", "skim-strategy-x", {"x": "site_x"})
    site.install("x", project=project)
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace("skim.strategies", "skim.strategy"))
    told, gone = (one["fault"] for one in doctor("x")["others"])
    assert "correct the group 'skim.strategy' (did you mean 'skim.strategies'?) there, and" in told
    assert "was installed with skim.strategies 'x'" in gone


def test_an_entry_point_that_changed_after_the_install_needs_another(doctor, site, lab, tmp_path):
    project = lab.project(tmp_path / "project", "skim-strategy-x", {"x": "site_x:Strategy"})
    site.install("x", project=project)
    document = doctor("x")
    assert document["plugins"][0]["findings"] == []
    [stale] = document["others"]
    assert stale["cause"] == "reinstall"
    assert "the installed one is 'site_x'" in stale["fault"]


def test_a_project_in_the_current_folder_that_is_not_installed_is_seen(doctor, lab, here):
    lab.project(here / "mine", "skim-strategy-gap", {"gap": "gap"})
    [(cause, fault)] = only(doctor("gap"))
    assert (cause, f"-e {here / 'mine'}'" in fault) == ("not_installed_here", True)


def test_such_a_project_is_seen_without_its_name_too_and_its_typo(doctor, here):
    text = '[project]\nname = "x"\nversion = "1"\n[project.entry-points."skim.strategeis"]\ngap = "x"\n'
    (here / "pyproject.toml").write_text(text)
    [finding] = doctor()["others"]
    assert finding["cause"] == "not_installed_here"
    assert (
        "correct the group 'skim.strategeis' of its entry point (did you mean" in finding["fault"]
    )


@pytest.mark.parametrize("how", ["active", "beside"])
def test_a_package_in_another_environment_is_found_there(doctor, lab, here, tmp_path, how):
    folder = here / ".venv" if how == "beside" else tmp_path / "other"
    environment_of(folder, lab.site).install("gap")
    variables = {"VIRTUAL_ENV": str(folder)} if how == "active" else {}
    [(cause, fault)] = only(doctor("gap", **variables))
    assert cause == "other_environment"
    assert str(folder) in fault
    assert f"this skim runs in {sys.prefix}" in fault
    assert re.search(r"install .*skim-strategy-gap'", fault)


def test_the_skim_of_another_environment_is_offered(doctor, lab, tmp_path):
    environment_of(tmp_path / "other", lab.site).install("gap")
    skim = tmp_path / "other" / "bin" / "skim"
    skim.parent.mkdir()
    skim.touch()
    [(_, fault)] = only(doctor("gap", VIRTUAL_ENV=str(tmp_path / "other")))
    assert f"'{skim} doctor gap'" in fault


def test_a_package_without_entry_points_is_found_by_its_name(doctor, site):
    site.install(
        "x", entries="", distribution="skim-mine-gap", headers=["Requires-Dist: skim-core"]
    )
    [(cause, fault)] = only(doctor("gap"))
    assert (cause, "skim-mine-gap 1.0 has no entry point" in fault) == ("no_entry_point", True)


def test_a_package_may_be_named_instead_of_its_plugin(doctor, site):
    site.install("gap")
    [found] = doctor("skim-strategy-gap")["plugins"]
    assert (found["name"], found["status"]) == ("gap", "works")


def test_what_works_exits_with_0_and_what_does_not_with_1(lab, site, here):
    site.install("gap")
    assert lab.run(site.folder, here, "doctor", "gap")[0] == 0
    assert lab.run(site.folder, here, "doctor", "gop")[0] == 1


def test_a_faulty_configuration_is_told_once_and_the_plugins_are_examined_all_the_same(
    lab, site, here
):
    site.install("gap")
    (here / "skim.toml").write_text("exchnage = 'XASX'\n")
    code, out, _ = lab.run(site.folder, here, "doctor", "gap")
    assert code == 1
    assert out.count("did you mean 'exchange'?") == 1
    assert "strategy 'gap' (skim-strategy-gap 1.0): works" in out


def test_without_pip_the_commands_are_uvs():
    text = "run 'pip install gap' or 'pip uninstall gap'."
    bare = Interpreter("/x y/bin/python", "/x y", "3.11.7", has_pip=False)
    assert bare.exact(text) == (
        "run 'uv pip install --python '/x y/bin/python' gap' or "
        "'uv pip uninstall --python '/x y/bin/python' gap'."
    )
    whole = Interpreter("/x/bin/python", "/x", "3.11.7", has_pip=True)
    assert whole.exact(text).startswith("run '/x/bin/python -m pip install gap' or ")
