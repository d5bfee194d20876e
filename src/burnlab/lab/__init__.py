"""Plans and reports."""
