"""A client that is killed for good, and a gateway that goes on: each a process of its own.

`gateway` and `trader` are the two processes, `host` is what they share, and `turns` the time that
they live by; `strategy` is what is traded, `lab` what a test holds of it all, `books` what
another client of the gateway sees.
"""
