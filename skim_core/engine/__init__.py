"""The local engine: carries out, in one process, what the sequencer decides."""
