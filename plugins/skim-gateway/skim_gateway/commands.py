"""``skim-gateway`` and ``skim gateway``: what they take. The work is elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A simulated exchange behind the TWS API: connect any TWS client to it.",
)

_PORT = 4002


@app.callback()
def gateway() -> None:
    """Group the commands, so that one of them alone is named too."""


@app.command("run")
def run_gateway(
    exchange: Annotated[
        str, typer.Option("--exchange", metavar="MIC", help="The exchange, such as XASX or XNYS.")
    ] = "XASX",
    session: Annotated[
        Optional[str],  # noqa: UP045  typer evaluates it on Python 3.11 too
        typer.Option(
            "--session",
            metavar="DATE",
            help="The session to simulate, YYYY-MM-DD; else the latest recorded, or the next one.",
        ),
    ] = None,
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--data", metavar="DIR", help="Recorded bars; a generated market without."),
    ] = None,
    symbols: Annotated[
        int, typer.Option("--symbols", metavar="N", help="How many symbols a generated market has.")
    ] = 200,
    start: Annotated[
        str, typer.Option("--start", metavar="TIME", help="When to begin: open-5m, open+1h…")
    ] = "open-5m",
    speed: Annotated[
        float,
        typer.Option(
            "--speed", metavar="FACTOR", help="How many times as fast as the wall time runs."
        ),
    ] = 1.0,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="NUMBER", help="Decides the generated market and all chance."
        ),
    ] = 1,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="The address to listen on; others than this machine's.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", help="The port; 0 for any free one.")
    ] = _PORT,
    account: Annotated[
        str, typer.Option("--account", metavar="NUMBER", help="The account's number.")
    ] = "DU1234567",
    linked: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--linked", metavar="NUMBER", help="Another account of the same login."),
    ] = None,
    cash: Annotated[
        str, typer.Option("--cash", metavar="AMOUNT", help="What a new account has.")
    ] = "100000",
    market_data: Annotated[
        str, typer.Option("--market-data", metavar="live|delayed", help="What is subscribed to.")
    ] = "live",
    master_client: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--master-client", metavar="ID", help="The client that hears of all orders."),
    ] = None,
    state: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--state",
            metavar="DIR",
            help="Keep the account and its orders here; they begin anew with each start without.",
        ),
    ] = None,
    short: Annotated[
        bool, typer.Option("--allow-short", help="Permit sales of what is not held.")
    ] = False,
    faults: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--faults", metavar="FILE", help="A script of what goes wrong (TOML)."),
    ] = None,
    control_port: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--control-port", metavar="PORT", help="Take faults at run time at this port."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as JSON.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log every message, and show tracebacks.")
    ] = False,
) -> None:
    """Serve a session until it is stopped (SIGINT or SIGTERM).

    Time stands at --start until the first client connects. Only this machine can connect
    unless --host says otherwise: there is no password.
    """
    from skim_gateway.running import Wanted, serve

    wanted = Wanted(
        exchange=exchange,
        session=session,
        data=data,
        symbols=symbols,
        start=start,
        speed=speed,
        seed=seed,
        host=host,
        port=port,
        account=account,
        linked=tuple(linked or ()),
        cash=cash,
        market_data=market_data,
        master_client=master_client,
        state=state,
        allow_short=short,
        faults=faults,
        control_port=control_port,
        as_json=as_json,
        debug=debug,
    )
    raise typer.Exit(serve(wanted))


@app.command("fault")
def fault(
    do: Annotated[
        str,
        typer.Argument(
            metavar="ACTION", help="What goes wrong, such as reset_after or farm; clear; list."
        ),
    ],
    pairs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(
            metavar="NAME=VALUE",
            help="Such as on=place_order nth=2, or seconds=5; a symbol after halt or resume.",
        ),
    ] = None,
    control_port: Annotated[
        int, typer.Option("--control-port", metavar="PORT", help="The control port of the gateway.")
    ] = 4003,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Let something go wrong in a gateway that runs, or show what did."""
    from skim_gateway.control import ask, read_pairs
    from skim_gateway.wording import told_faults

    answer = ask(control_port, {"do": do, **read_pairs(do, pairs or [])})
    typer.echo(told_faults(answer, as_json=as_json))


@app.command("record")
def record_conversation(
    upstream: Annotated[
        str,
        typer.Option("--upstream", metavar="HOST:PORT", help="The gateway or TWS to hand on to."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to write; a new one.")
    ],
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", help="The port; 0 for any free one.")
    ] = 4004,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Write down what a program and a real gateway say.

    It stands between the two. Account numbers are masked. Stop it with SIGINT or SIGTERM.
    """
    from skim_gateway.recording.commands import record

    raise typer.Exit(record(upstream, host, port, out, as_json=as_json))


@app.command("diff")
def diff_recording(
    recording: Annotated[Path, typer.Argument(metavar="FILE", help="What record wrote.")],
    exchange: Annotated[
        str, typer.Option("--exchange", metavar="MIC", help="The exchange to simulate.")
    ] = "XASX",
    session: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--session", metavar="DATE", help="The session to simulate."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", help="The generated market's seed.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Show where a recording differs from this gateway.

    From what it writes and says; exits with 1 if it does. First field by field in what the recorded gateway wrote, then in what each request led
    to when the simulator is asked the same about contracts of its own.
    """
    from skim_gateway.recording.commands import diff
    from skim_gateway.running import Wanted

    wanted = Wanted(exchange=exchange, session=session, seed=seed)
    raise typer.Exit(diff(recording, wanted, as_json=as_json))


def run() -> None:
    """Run the command line and exit with its code: 0 stopped, 2 wrong usage or data, 3 no port."""
    from skim_core.errors import ExitCode, SkimError

    try:
        app(prog_name="skim-gateway")
    except SkimError as error:
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"skim-gateway: {error}\n")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(ExitCode.INTERRUPTED) from None
