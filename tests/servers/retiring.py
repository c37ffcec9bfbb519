"""A module whose thread ends when the process forks, as those of OpenBLAS do, which is numpy's."""

from __future__ import annotations

import os
import threading

_ends = threading.Event()
_thread = threading.Thread(target=_ends.wait, daemon=True)
_thread.start()


def _retire() -> None:
    _ends.set()
    _thread.join()
    while len(os.listdir("/proc/self/task")) > 1:  # Linux takes it away a moment later
        os.sched_yield()


os.register_at_fork(before=_retire)
