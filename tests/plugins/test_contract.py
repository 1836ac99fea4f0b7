"""A plugin whose hooks don't fit their specifications is refused when it is loaded."""

from __future__ import annotations

from textwrap import dedent

import pytest

from skim_core.errors import PluginError
from skim_core.plugins.discovery import Group
from skim_core.plugins.loading import Plugin, load

HEAD = """
from __future__ import annotations
from collections.abc import *
from typing import *
import pydantic, skim_core
from skim_core import *
from skim_core.model.events import *

class Config(pydantic.BaseModel): ...
class Found(Candidate): ...
"""


@pytest.fixture
def loaded(install):
    def load_code(code: str) -> Plugin:
        install("tried", HEAD + dedent(code))
        return load(Group.STRATEGIES, "tried")

    return load_code


@pytest.fixture
def refusal(loaded):
    def told(code: str) -> str:
        with pytest.raises(PluginError) as refused:
            loaded(code)
        message = str(refused.value)
        assert message.startswith("strategy 'tried' (skim-strategy-tried 1.0): ")
        return message

    return told


@pytest.mark.parametrize(
    "code",
    [
        "@hooks.scan\ndef skim_scan(): ...",
        "@hooks.scan\ndef find_gaps(ctx): ...",
        "@hooks.scan\nasync def skim_scan(ctx: Context[Config]) -> list[Candidate]: ...",
        "@hooks.scan\ndef skim_scan(ctx: Context[Any]) -> Sequence[Candidate]: ...",
        "@hooks.scan\ndef skim_scan(ctx: Context) -> tuple[Candidate, ...]: ...",
        "@hooks.scan\ndef skim_scan(ctx: object) -> tuple[Found, Candidate]: ...",
        "@hooks.scan\ndef skim_scan(ctx: Context[Config] | None) -> list[Found]: ...",
        "@hooks.scan\ndef skim_scan(ctx: Optional[Context[Config]]) -> list: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> Annotated[list[Candidate], 'found']: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> Awaitable[list[Candidate]]: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> Coroutine[Any, Any, Sequence[Candidate]]: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> list[Candidate] | Awaitable[list[Candidate]]: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> Any: ...",
        "@hooks.scan\ndef skim_scan(ctx) -> NoReturn: ...",
        "@hooks.scan\ndef skim_scan(ctx, *arguments, **more) -> list[Candidate]: ...",
        "@hooks.scan\ndef skim_scan(ctx, chosen: int = 5) -> list[Candidate]: ...",
        "T = TypeVar('T')\n@hooks.scan\ndef skim_scan(ctx: T) -> list[Candidate]: ...",
        "@hooks.trade\ndef skim_trade(ctx: Context[NotKnownAtRunTime]) -> None: ...",
        "@hooks.on_event\nasync def skim_on_event(event: Event) -> None: ...",
        "@hooks.on_event\ndef skim_on_event(event: OrderFilled | Any, day: TradingDay): ...",
        "@hooks.config_model\ndef skim_config_model() -> type[Config]: ...",
        "@hookimpl(optionalhook=True)\ndef skim_of_a_later_version(ctx): ...\n"
        "@hooks.setup\ndef skim_setup(): ...",
    ],
)
def test_hooks_that_fit_are_accepted(loaded, code):
    assert loaded(code).implementations


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "@hookimpl\ndef skim_scna(ctx): ...",
            "implements the hook 'skim_scna', which doesn't exist (did you mean 'skim_scan'?)",
        ),
        (
            "@hookimpl(specname='skim_trades')\ndef trade(ctx): ...",
            "implements the hook 'skim_trades', which doesn't exist (did you mean 'skim_trade'?)",
        ),
        ("def skim_scan(ctx): ...", "would never be called: mark it with @hooks.scan"),
        ("def skim_scna(ctx): ...", "would never be called: mark it with @hookimpl, or rename it"),
        (
            "@hooks.scan\ndef skim_scan(context): ...",
            "takes an argument 'context', which it isn't given (did you mean 'ctx'?): "
            "the hook's arguments are: ctx",
        ),
        (
            "@hooks.on_event\ndef skim_on_event(events, day): ...",
            "'events', which it isn't given (did you mean 'event'?): "
            "the hook's arguments are: event, day",
        ),
        (
            "@hooks.phase_graph\ndef skim_phase_graph(ctx): ...",
            "takes an argument 'ctx', which it isn't given: the hook takes none",
        ),
        ("@hooks.scan\ndef skim_scan(ctx=None): ...", "gives 'ctx' a default: remove it"),
        ("@hooks.scan\ndef skim_scan(*, ctx): ...", "takes 'ctx' by keyword only: remove the '*'"),
        ("@hooks.scan\ndef skim_scan(ctx):\n    yield 1", "is a generator"),
        ("@hooks.scan\nasync def skim_scan(ctx):\n    yield 1", "is a generator"),
        (
            "@hookimpl(wrapper=True)\ndef skim_scan(ctx):\n    return (yield)",
            "is a wrapper, and there is nothing to wrap",
        ),
        (
            "@hooks.scan\ndef one(ctx): ...\n@hooks.scan\ndef two(ctx): ...",
            "both implement skim_scan: keep one of them",
        ),
        ("@hooks.phase_graph\nasync def skim_phase_graph(): ...", "is async, but no event loop"),
        ("@hooks.config_model\nasync def skim_config_model(): ...", "make it a plain 'def'"),
        ("@hooks.hookspecs\nasync def skim_hookspecs(): ...", "make it a plain 'def'"),
        ("@hooks.make_broker\nasync def skim_make_broker(setup): ...", "make it a plain 'def'"),
        ("@hooks.make_engine\nasync def skim_make_engine(setup): ...", "make it a plain 'def'"),
        (
            "@hooks.make_broker\ndef skim_make_broker(setup) -> Awaitable[object]: ...",
            "make it a plain 'def'",
        ),
        (
            "@hooks.scan\ndef skim_scan(ctx: Session): ...",
            "takes 'ctx' as Session, but is given Context[Any]: correct the annotation",
        ),
        (
            "@hooks.on_event\ndef skim_on_event(event: OrderFilled): ...",
            "takes 'event' as OrderFilled, but is given Event",
        ),
        (
            "@hooks.scan\ndef skim_scan(ctx) -> list[Alert]: ...",
            "returns list[Alert], but must return Sequence[Candidate]",
        ),
        ("@hooks.scan\ndef skim_scan(ctx) -> None: ...", "returns None, but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> Candidate: ...", "returns Candidate, but must"),
        ("@hooks.scan\ndef skim_scan(ctx) -> str: ...", "returns str, but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> Iterator[Candidate]: ...", "but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> dict[str, Candidate]: ...", "but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> tuple[Found, int]: ...", "but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> list[Candidate] | None: ...", "but must return"),
        ("@hooks.scan\nasync def skim_scan(ctx) -> list[Alert]: ...", "but must return"),
        ("@hooks.scan\ndef skim_scan(ctx) -> Awaitable[list[Alert]]: ...", "but must return"),
        ("@hooks.scan\nasync def skim_scan(ctx) -> Awaitable[list[Candidate]]: ...", "but must"),
        ("@hooks.trade\ndef skim_trade(ctx) -> bool: ...", "returns bool, but must return None"),
        ("@hooks.trade\ndef skim_trade(ctx) -> Literal[1]: ...", "but must return None"),
        ("@hooks.config_model\ndef skim_config_model() -> Config: ...", "type[BaseModel]"),
        ("@hooks.config_model\ndef skim_config_model() -> type[int]: ...", "type[BaseModel]"),
        ("@hooks.make_broker\ndef skim_make_broker(setup) -> Config: ...", "must return Broker"),
        ("class skim_not_a_function: ...", "implements no hook"),
    ],
)
def test_hooks_that_do_not_fit_are_refused(refusal, code, told):
    assert told in refusal(code)


def test_a_refused_hook_is_told_with_its_place(install):
    file = install("placed", "from skim_core import hookimpl\n\n@hookimpl\ndef skim_scna(): ...")

    with pytest.raises(PluginError) as refused:
        load(Group.STRATEGIES, "placed")

    assert f"skim_scna ({file}:3)" in str(refused.value)


def test_types_imported_for_the_type_checker_alone_are_still_checked(install):
    code = """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from skim_core import hooks
        if TYPE_CHECKING:
            from collections.abc import Sequence
            from skim_core import Alert

        @hooks.scan
        def skim_scan(ctx) -> Sequence[Alert]: ...
    """
    install("lazy", code)

    with pytest.raises(PluginError, match=r"returns Sequence\[Alert\], but must return"):
        load(Group.STRATEGIES, "lazy")


def test_hooks_of_a_class_are_checked_like_those_of_a_module(install):
    code = """
        from skim_core import Alert, hooks

        class Strategy:
            @hooks.scan
            def skim_scan(self, ctx) -> list[Alert]: ...
    """
    install("classy", code, value="installed_classy:Strategy")

    with pytest.raises(PluginError, match=r"returns .*Alert.*, but must return"):
        load(Group.STRATEGIES, "classy")


OWN = """
class Own:
    @hookspec(firstresult=True)
    def skim_enter(self, ctx: Context[Any]) -> Sequence[Alert]: ...

@hooks.hookspecs
def skim_hookspecs():
    return [Own]
"""


def test_a_strategy_may_specify_hooks_of_its_own(loaded):
    plugin = loaded(OWN + "@hookimpl\ndef skim_enter(ctx) -> list[Alert]:\n    return [ctx]")

    assert plugin.call("skim_enter", ctx="the context") == ["the context"]


def test_own_hooks_without_firstresult_give_the_one_result_too(loaded):
    code = OWN.replace("(firstresult=True)", "")
    plugin = loaded(code + "@hookimpl\ndef skim_enter(ctx):\n    return ctx")

    assert plugin.call("skim_enter", ctx="the context") == "the context"


def test_one_plugins_own_hooks_are_unknown_to_another(install, loaded, refusal):
    install("owner", HEAD + OWN)
    load(Group.STRATEGIES, "owner")

    assert "'skim_enter', which doesn't exist" in refusal("@hookimpl\ndef skim_enter(ctx): ...")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (OWN + "@hookimpl\ndef skim_enter(ctx) -> list[int]: ...", "must return Sequence[Alert]"),
        (OWN + "@hookimpl\ndef skim_entre(ctx): ...", "did you mean 'skim_enter'?"),
        (OWN + "@hookimpl\ndef skim_enter(context): ...", "the hook's arguments are: ctx"),
        (OWN.replace("skim_enter", "skim_scan"), "its own hook 'skim_scan' has the name of"),
        (OWN.replace("[Own]", "[Own, Own]"), "its own hook 'skim_enter' has the name of"),
        (OWN.replace("[Own]", "Own"), "return a list of the modules or classes"),
        (OWN.replace("[Own]", "None"), "skim_hookspecs returned None: return a list"),
        (OWN.replace("[Own]", "[Config]"), "specifies no hook"),
        (OWN.replace("return [Own]", "1 / 0"), "skim_hookspecs raised ZeroDivisionError"),
        (OWN.replace("def skim_hookspecs()", "def skim_hookspecs(ctx)"), "the hook takes none"),
    ],
)
def test_unsound_hooks_of_its_own_are_refused(refusal, code, told):
    assert told in refusal(code)


def test_properties_of_a_plugin_are_not_run(install):
    code = """
        from skim_core import hooks

        class Strategy:
            @property
            def skim_surprise(self):
                raise RuntimeError

            @hooks.setup
            def skim_setup(self) -> None: ...
    """
    install("quiet", code, value="installed_quiet:Strategy")

    assert load(Group.STRATEGIES, "quiet").implements("skim_setup")
