"""The words of MMC: commands, features, profiles, mode pages, disc and track information, formats.

Rule: values only, as everywhere in `scsi`. A LBA counts blocks of 2048 bytes.
"""
