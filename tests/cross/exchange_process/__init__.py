"""A simulated exchange in a process of its own, and what is needed to kill whoever trades on it.

`server` is the exchange's process, `hosted` the exchange in it. `remote` is the broker of the
killed process, which `wire` connects to the exchange; `deaths` lets that process kill itself
at a journal append. `market` and `strategy` make the day, `launcher` starts processes
quickly, and `lab` is how a test holds all of it.
"""
