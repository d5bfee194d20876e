"""Handlers of the commands, a module per subject; the table imports them when a command is first called."""
