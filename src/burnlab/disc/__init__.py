"""The emulated medium."""
