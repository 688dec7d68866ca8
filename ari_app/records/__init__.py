"""What is kept of calls, and where. A record is a fold of a journal; it is written after the call, never during it."""
