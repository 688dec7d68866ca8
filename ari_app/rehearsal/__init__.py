"""The twin of a real line: scripted callers in virtual time."""
