"""What an error's code means, asked for on the command line."""

from __future__ import annotations

from skim_core import errors
from skim_core.errors import SkimError


def test_the_code_that_is_told_is_explained(skim):
    refused = skim("market_data", "BHP", "--broker", "simm")
    told = refused.err.partition(":")[0]
    assert told == "skim[plugin]"
    explained = skim("errors", told)
    assert explained.code == 0
    assert explained.out.splitlines()[0] == f"skim[plugin], exit code {refused.code}"
    assert "skim doctor NAME says why" in " ".join(explained.out.split())
    assert skim("errors", "plugin").out == explained.out


def test_every_error_is_listed_with_its_exit_code(skim):
    kinds = [
        kind
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type) and issubclass(kind, SkimError)
    ]
    rows = skim("errors", "--json").json["errors"]
    assert {(row["code"], row["exit_code"]) for row in rows} == {
        (kind.error_code, int(kind.exit_code)) for kind in kinds
    }
    assert len(rows) == len(kinds) > 10
    listed = skim("errors")
    assert [line.split()[:2] for line in listed.out.splitlines()[1 : len(rows) + 1]] == [
        [row["code"], str(row["exit_code"])] for row in rows
    ]
    assert all(row["text"] for row in rows)


def test_a_code_that_there_is_not_gets_the_nearest(skim):
    refused = skim("errors", "confg")
    assert refused.code == 2
    assert "there is no error 'confg' (did you mean 'config'?)" in refused.err
