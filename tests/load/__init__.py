"""What a call costs, beside a pure dialplan: `python -m tests.load`. No test, and not in CI.

Rule 1: every contestant is the same for the caller: same PBX, same prompts, same pauses, same RTP.
Rule 2: what a caller hears is timed by the kernel at the caller's ear, not by what we believe we played.
Rule 3: traffic stays on loopback and ends by itself.
docs/performance.md says how to read the figures.
"""
