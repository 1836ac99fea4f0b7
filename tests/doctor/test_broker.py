"""``doctor --broker``: a broker that can be examined tells what it finds, in words and as data."""

from __future__ import annotations

import json

import pytest

BROKER = """
    from skim_core import hooks
    from skim_core.ports.examination import BrokerFinding, Examination, Severity
    from skim_core.sim.broker import SimBroker
    from skim_core.sim.generated import GeneratedFeed
    from skim_core.sim.options import SimOptions

    api_version = 1

    class Examined(SimBroker):
        async def examine(self, symbols=()):
            findings = [BrokerFinding("port", Severity.OK, "open")]
            if MODE == "away":
                away = BrokerFinding("port", Severity.ERROR, "nothing listens", "start it")
                return Examination(False, (away,))
            if MODE == "late":
                findings.append(BrokerFinding("clock", Severity.ERROR, "9 s late", "use NTP"))
            findings.append(BrokerFinding("data", Severity.WARNING, " ".join(symbols) or "none"))
            return Examination(True, tuple(findings))

        async def close(self):
            await super().close()
            print("closed", file=__import__("sys").stderr)

    @hooks.make_broker
    def skim_make_broker(setup):
        return Examined(setup, SimOptions(), GeneratedFeed(seed=1, symbols=5))

    MODE = "…"
"""


@pytest.fixture
def examined(site, here, lab):
    """Install a broker that finds something; run ``doctor --broker`` on it."""

    def run(mode, *more):
        code = BROKER.replace("…", mode)
        site.install("desk", code, group="skim.brokers", distribution="skim-broker-desk")
        return lab.run(site.folder, here, "doctor", "--broker", "desk", *more)

    return run


@pytest.mark.parametrize(("mode", "code"), [("fine", 0), ("late", 1), ("away", 3)])
def test_the_exit_code_says_whether_something_has_to_be_mended(examined, mode, code):
    found, out, err = examined(mode, "--json")
    document = json.loads(out)
    assert (found, document["broker"]) == (code, "desk")
    assert (document["sound"], document["reached"]) == (mode == "fine", mode != "away")
    assert err == "closed\n"


def test_findings_are_told_with_their_mend(examined):
    code, out, _ = examined("late", "--symbol", "BHP", "--symbol", "CSL")
    rows = [line.split(maxsplit=2) for line in out.splitlines() if line.strip()]
    assert rows == [
        ["port", "ok", "open"],
        ["clock", "error", "9 s late: use NTP"],
        ["data", "warning", "BHP CSL"],
    ]
    assert code == 1


def test_what_may_be_better_is_no_reason_to_fail(examined):
    code, out, _ = examined("fine")
    assert code == 0
    assert out.endswith("Nothing has to be mended.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--broker", "sim"], "the broker 'sim' brings no examination of its account"),
        (["--symbol", "BHP"], "--symbol needs --broker"),
        (["gap", "--broker", "sim"], "--broker examines nothing else"),
        (["--broker", "simm"], "did you mean 'sim'"),
    ],
)
def test_what_cannot_be_examined_is_told(site, here, lab, arguments, says):
    code, out, err = lab.run(site.folder, here, "doctor", *arguments)
    assert (code, out) == (2, "")
    assert says in err
