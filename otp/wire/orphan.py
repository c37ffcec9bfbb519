"""When the parent is gone, so is the node: how the last one alive puts out the light.

The kernel, its launchers and all workers are one process group, and each asks Linux for the bell
(`SIGURG`) when its parent dies (``PR_SET_PDEATHSIG``). Who is adopted by the kernel then has only
lost its launcher: the kernel lives, ends the node itself and kills whoever is left. (Killed by us
in the midst of it, it would have killed us too, and nobody would be left.) Otherwise the kernel was
killed and cannot clean up, so whoever hears of it does:

1. leave the group, so as not to be killed by the next step
2. kill the group: also those that are deaf, stopped, or stuck in C code
3. remove the node's directory, and end

Several may do this at once; each step is as good the second time. The signal cannot be plain
`SIGKILL`: with everyone else dead, nobody would be left for step 3.
"""

from __future__ import annotations

import ctypes
import os
import signal
from contextlib import suppress
from typing import Final, NoReturn

from otp.wire.place import Place

BELL: Final = signal.SIGURG
_SET_PDEATHSIG: Final = 1
_SET_CHILD_SUBREAPER: Final = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def hear_of_parent() -> None:
    """Let the bell ring when the parent dies."""
    _prctl(_SET_PDEATHSIG, BELL)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies (a child subreaper)."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def put_out_the_light(place: Place, group: int) -> NoReturn:
    """End the node of which nobody else may be left.

    The bell is unhung first: another parent's death must not begin this a second time in its midst.
    """
    signal.signal(BELL, signal.SIG_IGN)
    try:
        if os.getpgrp() == group:
            with suppress(PermissionError):  # a session leader has to stay, and dies with the rest
                os.setpgid(0, 0)
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        place.remove()
    finally:
        os._exit(1)


def name_process(name: str) -> None:
    """Show this name in `ps` and `top`; Linux keeps 15 bytes of it."""
    with suppress(OSError):
        comm = os.open("/proc/self/comm", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(comm, name.encode(errors="replace")[:15])
        finally:
            os.close(comm)


def malloc_trim() -> None:
    """Give freed memory back to the system, where the C library can (glibc)."""
    with suppress(AttributeError):
        _libc.malloc_trim(0)
