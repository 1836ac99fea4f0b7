"""A client that is killed for good, and a gateway that goes on: each a process of its own.

`host` is both processes' main program and their common wall; `strategy` what is traded, `lab`
what a test holds of it, `books` what another client of the gateway sees.
"""
