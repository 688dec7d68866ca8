"""What calls leave behind for people to do: callbacks, messages, tickets, alerts, surveys; and by when.

Rule 1: filing never waits and never fails: a caller on the line notices nothing of the database.
Rule 2: what was filed is never lost and never there twice.
Rule 3: numbers and what callers pressed are hostile text: in columns of their own, never in a message or a log.
"""
