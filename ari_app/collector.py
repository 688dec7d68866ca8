"""The garbage collector, kept off the callers' lines: while it walks everything there is, nobody is served."""

from __future__ import annotations

import gc


def spare_what_stays() -> None:
    """What is loaded by now lives for ever and is not walked again; a full round comes seldom. Once all is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
