"""The register: what is known of numbers, and the verdicts it leads to.

Rule 1: a call asks memory and never waits on the database; writing is somebody else's time.
Rule 2: every change is written down with its before and after, and can be undone.
Rule 3: a caller's number is hostile text: it is normalised or called malformed, and never raises.
"""
