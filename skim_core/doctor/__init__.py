"""Why a plugin is not found or doesn't work, with the command that mends it."""
