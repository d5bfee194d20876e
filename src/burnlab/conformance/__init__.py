"""A conformance suite for MMC units: cases as data, run through the door of any unit.

Rule 1: nothing here knows what is behind the door; what a case expects is the standard's word.
Rule 2: a case that can't apply says why; one that destroys data says so and is only run if that is allowed.
"""
