from __future__ import annotations

import sys

from skim_core.doctor.findings import WORDS, Cause
from skim_core.doctor.probe import probe
from skim_core.plugins.discovery import Group, PluginInfo


def found(name):
    return PluginInfo(Group.STRATEGIES, name, f"site_{name}", f"skim-strategy-{name}", "1.0")


def test_an_import_that_does_not_end_is_cut_off(site, monkeypatch):
    site.install("waits", "import threading; threading.Event().wait()")
    monkeypatch.syspath_prepend(site.folder)
    finding = probe(found("waits"), patience=1.5).finding
    assert (finding.cause, "did not end within 1.5 s" in finding.fault) == (Cause.HUNG, True)


def test_nothing_is_imported_into_the_asking_process(site, monkeypatch):
    site.install("counted")
    monkeypatch.syspath_prepend(site.folder)
    assert probe(found("counted")).finding is None
    assert "site_counted" not in sys.modules


def test_every_cause_has_its_words():
    assert set(WORDS) == set(Cause)
