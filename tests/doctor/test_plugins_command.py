from __future__ import annotations

import json


def listed(lab, site, here, *arguments):
    code, out, err = lab.run(site.folder, here, "plugins", *arguments)
    assert not err, err
    return code, out


def test_all_is_told_from_metadata_and_source_and_nothing_is_imported(lab, site, here, tmp_path):
    mark = tmp_path / "imported"
    site.install("marks", f"api_version = 1\nopen({str(mark)!r}, 'w')", project=tmp_path)
    code, out = listed(lab, site, here)
    assert code == 0
    [line] = [line for line in out.splitlines() if " marks " in line]
    source = [str(tmp_path), "(editable)", "installed"]
    assert line.split() == ["strategy", "marks", "skim-strategy-marks", "1.0", "1", *source]
    assert not mark.exists()


def test_what_is_seen_without_importing_is_in_the_status(lab, site, here):
    site.install("early", "api_version = 99")
    site.install("twin", distribution="first-twin")
    site.install("twin", distribution="second-twin")
    _, out = listed(lab, site, here)
    assert [line.split()[-3:] for line in out.splitlines() if " early " in line] == [
        ["api", "too", "new"]
    ]
    assert sum(line.endswith("two packages") for line in out.splitlines()) == 2
    assert "early: see 'skim doctor early'." in out


def test_loading_imports_each_by_itself_and_times_it(lab, site, here):
    site.install("raises", "raise RuntimeError('no')")
    site.install("sound")
    code, out = listed(lab, site, here, "--load", "--json")
    rows = {row["name"]: row for row in json.loads(out)["plugins"]}
    assert code == 1
    assert (rows["raises"]["status"], rows["raises"]["milliseconds"]) == ("raised", None)
    assert rows["sound"]["status"] == "works"
    assert rows["sound"]["milliseconds"] >= 0


def test_the_tree_has_each_packages_plugins_below_it(lab, site, here):
    site.install(
        "one", entries="[skim.strategies]\none = site_one\n[skim.extensions]\nears = site_one\n"
    )
    lines = listed(lab, site, here, "--tree")[1].splitlines()
    start = lines.index("skim-strategy-one 1.0, from a package index")
    assert lines[start + 1 : start + 3] == [
        "├── strategy one = site_one: installed",
        "└── extension ears = site_one: installed",
    ]
