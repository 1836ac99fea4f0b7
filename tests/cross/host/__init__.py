"""A host of its own for the commands of a crontab: its wall, its cron, its shell."""
