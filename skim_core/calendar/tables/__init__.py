"""Sessions of the commonest exchanges as tables, so that a first run needs no pandas.

``python -m skim_core.calendar.tables`` writes them anew; run it when the
exchange_calendars that skim is tested with changes. A table of another version than the
installed one is not used.
"""
