"""The emulated drive."""
