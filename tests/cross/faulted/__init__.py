"""Trading days over the broker ``ibkr`` and a real socket, on which a seed lets things go wrong.

A seed decides the strategy, the market, the faults of the gateway, of the process and of its
people. The engine, the order desk and the broker's whole code run on the simulated machines of
`skim_core.simulation`, whose event loop here has real sockets too: time moves only when nothing is
on its way. The same invariants are checked as on its simulated days, by what the gateway's exchange
truly has.

Run: ``python -m tests.cross.faulted --start 17`` in the checkout, see ``--help``.
"""
