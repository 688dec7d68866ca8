"""The watch over this machine's CPUs sees what a host does to them."""

import ctypes
import threading

from ari_app.qa.machine import STOOD_STILL, Watch

NOBODY_RUNS = ctypes.PyDLL(None).poll
"""Waits without giving Python back: for its threads a CPU that stands still."""
MOMENT = 200  # milliseconds


def test_a_moment_in_which_nobody_ran_is_remembered_until_it_is_forgotten() -> None:
    with Watch() as watch:
        threading.Event().wait(0.1)
        watch.forget()
        NOBODY_RUNS(None, 0, MOMENT)
        threading.Event().wait(0.1)
        assert watch.longest() > STOOD_STILL
        watch.forget()
        assert watch.longest() < MOMENT / 1000


def test_a_watch_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with Watch():
        assert threading.active_count() > before
    assert threading.active_count() == before
