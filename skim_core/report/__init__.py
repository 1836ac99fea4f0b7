"""The report of a day or a replay: an immutable model, and the page, JSON and CSV made of it."""
