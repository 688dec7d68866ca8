"""A standard made readable: told, compared, proofread, drawn; and callers described in words.

Rule 1: nobody here serves a call: everything is read from a loaded standard, and nothing is changed.
Rule 2: what is told is what the engine does: the same facts, in the order a caller meets them.
"""
