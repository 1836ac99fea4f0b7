from __future__ import annotations

import sys


def test_plugins_are_listed_without_importing_them(skim, install):
    install("broken", "raise SystemExit('imported')")
    listed = skim("plugins")
    assert listed.code == 0
    assert ["strategy", "broken", "skim-strategy-broken", "1.0"] in [w[:4] for w in listed.words]
    assert ["broker", "sim"] in [words[:2] for words in listed.words]
    assert "installed_broken" not in sys.modules


def test_two_packages_with_one_name_are_both_shown(skim, install):
    install("twice")
    install("twice", distribution="another-package")
    rows = [row for row in skim("plugins", "--json").json["plugins"] if row["name"] == "twice"]
    assert {row["distribution"]: row["conflict"] for row in rows} == {
        "another-package": ["skim-strategy-twice"],
        "skim-strategy-twice": ["another-package"],
    }
    listed = skim("plugins").out
    assert listed.count("two packages") == 2
    assert listed.count("see 'skim doctor twice'") == 1


def test_sessions_are_in_the_exchanges_time_and_utc(skim, home):
    listed = skim("sessions", "--from", "2026-12-24", "--to", "2026-12-29")
    assert listed.code == 0
    day, utc = ["2026-12-24", "Thursday", "10:00", "14:10"], ["2026-12-23", "23:00"]
    assert [*day, *utc, "2026-12-24", "03:10", "half", "day"] in listed.words
    assert [words[0] for words in listed.words[1:3]] == ["2026-12-24", "2026-12-29"]


def test_two_weeks_are_listed_when_only_the_first_date_is_given(skim):
    dates = [
        row["date"] for row in skim("sessions", "--from", "2026-03-02", "--json").json["sessions"]
    ]
    assert (dates[0], dates[-1], len(dates)) == ("2026-03-02", "2026-03-16", 11)


def test_without_dates_it_begins_today(skim):
    listed = skim("sessions", "--json").json
    assert 8 <= len(listed["sessions"]) <= 11
    assert listed["exchange"] == "XASX"


def test_dates_the_wrong_way_round_are_refused(skim):
    refused = skim("sessions", "--from", "2026-03-02", "--to", "2026-03-01")
    assert (refused.code, "put the earlier date first" in refused.err) == (2, True)


def test_days_off_alone_are_said_to_be_that(skim):
    listed = skim("sessions", "--from", "2026-01-03", "--to", "2026-01-04")
    assert (listed.code, "no session" in listed.out) == (0, True)
