"""The words of MMC."""
