"""xorriso's command language: words, one table of commands, program state, messages, exit values."""
