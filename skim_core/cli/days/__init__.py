"""Running days from the command line: put together, carried on, looked after."""
