"""burnlab: emulated optical recorders, guests that use them, and proof of what worked."""

__version__ = "0.1.0"
