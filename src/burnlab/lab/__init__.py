"""Plans, matching of transcripts, wiring of recorder, target and guest, reports.

Rule 1: a plan is data. What differs between media, sizes and drive models stands in the plan, not in code.
Rule 2: `run` knows a station, never a tool or a place; only `bench` knows guests.
Rule 3: matching and reports are pure: texts and values in, values and texts out.
Rule 4: a check that doesn't hold is an outcome, a broken lab is an exception (`StationError`).
"""
