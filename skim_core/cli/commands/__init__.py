"""The commands: what they take and what they say of themselves. The work is elsewhere.

Every import that costs something is inside a command, so that cron's five-minute call
and ``--help`` stay fast.
"""
