"""Brokers and engines are made by their plugins; extensions join in, each on its own."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from skim_core.errors import BrokerError, PluginError
from skim_core.plugins.brokers import load_broker
from skim_core.plugins.engines import load_engine
from skim_core.plugins.extensions import load_extensions
from skim_core.ports.broker import Broker

METHODS = "\n".join(
    f"    def {name}(self): ..."
    for name, member in vars(Broker).items()
    if inspect.isfunction(member) and not name.startswith("_")
)
BROKER = f"""
from skim_core import hooks
from skim_core.errors import BrokerError

class Paper:
{METHODS}

@hooks.make_broker
def skim_make_broker(setup):
    return Paper()
"""
LISTENER = """
from skim_core import hooks
heard = []

@hooks.on_event
def skim_on_event(event):
    heard.append(event)
"""


@pytest.fixture
def make(install):
    def made(code: str) -> Any:
        install("paper", code, group="skim.brokers", distribution="skim-broker-paper")
        return load_broker("paper").make("the setup")

    return made


def test_a_broker_is_made_by_its_plugin(make):
    assert type(make(BROKER)).__name__ == "Paper"


def test_the_setup_is_passed(make):
    broker = make(BROKER.replace("return Paper()", "p = Paper(); p.setup = setup; return p"))

    assert broker.setup == "the setup"


def test_a_brokers_own_refusal_passes_unchanged(make):
    with pytest.raises(BrokerError, match=r"^no gateway: start it\.$"):
        make(BROKER.replace("return Paper()", "raise BrokerError('no gateway: start it.')"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return Paper()", "1 / 0", "skim_make_broker raised ZeroDivisionError"),
        ("return Paper()", "return None", "returned a NoneType without connect, close"),
        ("def cancel(self): ...", "cancel = None", "returned a Paper without cancel: return"),
        ("@hooks.make_broker", "@hooks.setup", "takes an argument 'setup'"),
        (
            "@hooks.make_broker\ndef skim_make_broker(setup)",
            "@hooks.setup\ndef skim_setup()",
            "it doesn't implement skim_make_broker, which every broker must",
        ),
    ],
)
def test_a_plugin_that_makes_no_broker_is_refused(make, old, new, told):
    with pytest.raises(PluginError) as refused:
        make(BROKER.replace(old, new))

    assert str(refused.value).startswith("broker 'paper' (skim-broker-paper 1.0): ")
    assert told in str(refused.value)


def test_the_simulated_broker_loads():
    assert load_broker("sim").info.distribution == "skim-core"


def test_an_engine_is_made_by_its_plugin(install):
    code = """
        from skim_core import hooks

        class Fast:
            async def run(self, assignments): ...
            def stop(self): ...

        @hooks.make_engine
        def skim_make_engine(setup):
            return Fast()
    """
    install("fast", code, group="skim.engines")

    assert type(load_engine("fast").make("the setup")).__name__ == "Fast"


def test_a_plugin_that_makes_no_engine_is_refused(install):
    code = """
        from skim_core import hooks

        @hooks.make_engine
        def skim_make_engine(setup):
            return object()
    """
    install("idle", code, group="skim.engines")

    with pytest.raises(PluginError, match="returned a object without run, stop"):
        load_engine("idle").make("the setup")


def _extension(install: Any, name: str, code: str = LISTENER) -> None:
    install(name, code, group="skim.extensions", distribution=f"skim-{name}")


def test_a_broken_extension_hurts_no_other(install):
    _extension(install, "first")
    _extension(install, "broken", "1 / 0")
    _extension(install, "misspelt", LISTENER.replace("event", "evnt"))
    _extension(install, "last")

    loaded = load_extensions(["first", "broken", "misspelt", "absent", "last"])

    assert [plugin.name for plugin in loaded.plugins] == ["first", "last"]
    assert [str(error).partition(" (")[0].partition(";")[0] for error in loaded.errors] == [
        "extension 'broken'",
        "extension 'misspelt'",
        "extension 'absent' is not installed",
    ]


def test_all_extensions_are_loaded_when_none_is_named_and_a_conflict_is_told_once(install):
    _extension(install, "notify")
    for distribution in ("skim-twice", "other-twice"):
        install("twice", LISTENER, group="skim.extensions", distribution=distribution)

    loaded = load_extensions()

    assert "notify" in [plugin.name for plugin in loaded.plugins]
    assert len([error for error in loaded.errors if "'twice'" in str(error)]) == 1


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_listener_is_what_the_bus_takes(install, kind):
    _extension(install, "observer", LISTENER.replace("def", kind, 1))

    (plugin,) = load_extensions(["observer"]).plugins
    result = plugin.listener("an event", "its day")
    if kind == "async def":
        assert inspect.iscoroutinefunction(plugin.listener)
        asyncio.run(result)

    assert plugin.wants_events
    assert plugin.plugin.target.heard == ["an event"]


def test_a_plugin_without_the_hook_wants_no_events(install):
    install("orb", group="skim.extensions")

    (plugin,) = load_extensions(["orb"]).plugins

    assert not plugin.wants_events
