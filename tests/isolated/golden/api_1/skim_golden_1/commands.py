"""The command: what is configured."""

from __future__ import annotations

import typer

from skim_core.cli import AsJson, Config, Debug

app = typer.Typer(rich_markup_mode=None)


@app.command()
def golden_1(config: Config = None, as_json: AsJson = False, debug: Debug = False) -> None:
    """Tell what the extension is configured for, and on which exchange."""
    from skim_core.cli import Wanted, echo, load_exchange, load_extension, print_json, table
    from skim_core.errors import ConfigError

    settings = Wanted(config, as_json=as_json, debug=debug).settings()
    exchange = load_exchange(settings.exchange)
    section = load_extension("golden_1").configured(settings.extension("golden_1"))
    told = {"exchange": exchange.mic, "currency": exchange.currency, **section.model_dump()}
    if exchange.currency == "USD":
        msg = "the command is for exchanges in other currencies than USD: choose another."
        raise ConfigError(msg)
    if as_json:
        print_json(told)
        return
    echo("what is configured", "title")
    table(("what", "value"), [(key, str(value)) for key, value in told.items()])
